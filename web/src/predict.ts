// The prediction: asked before anything is shown, judged by the run.
import { button, byId, el } from "./dom.ts";
import { type Words } from "./words.ts";

export class Prediction {
  /** Which choice was taken; -1 when the run was asked for without one. */
  picked: number | null = null;
  private right: number | null;
  private readonly verdict = el("p", { class: "verdict", role: "status" });
  private readonly choices: string[];
  private readonly inputs: HTMLInputElement[];
  onReveal: () => void = () => {};

  constructor(
    private readonly words: Words,
    right: number | null,
  ) {
    this.right = right;
    const list = byId("choices");
    this.choices = [...list.children].map((item) => item.textContent ?? "");
    this.inputs = this.choices.map((_, index) => el("input", { type: "radio", name: "choice", value: index, required: true }));
    const form = el(
      "form",
      { class: "predict" },
      el(
        "fieldset",
        {},
        el("legend", {}, byId("predict-question").textContent ?? ""),
        ...this.choices.map((choice, index) => el("label", {}, this.inputs[index]!, el("span", {}, choice))),
      ),
      el("button", { type: "submit", class: "first" }, words.predictAnswer),
      button(words.predictSkip, () => this.reveal(-1)),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.reveal(this.inputs.findIndex((input) => input.checked));
    });
    byId("predict-question").replaceWith(form);
    list.remove();
    form.after(this.verdict);
  }

  /** The run is another now. */
  judge(right: number | null): void {
    if (right !== null) this.right = right;
    this.tell();
  }

  reveal(picked: number): void {
    this.picked = picked;
    const input = this.inputs[picked];
    if (input) input.checked = true;
    document.body.classList.add("revealed");
    this.tell();
    this.onReveal();
  }

  private tell(): void {
    if (this.picked === null) return;
    if (this.right === null) {
      this.verdict.textContent = this.words.predictNone;
      return;
    }
    const is = `${this.words.predictIs} ${this.choices[this.right]}`;
    const word = this.picked < 0 ? "" : this.picked === this.right ? `✓ ${this.words.predictRight} ` : `✗ ${this.words.predictWrong} `;
    if (this.verdict.textContent !== word + is) this.verdict.replaceChildren(el("b", {}, word), is);
    this.verdict.dataset["right"] = String(this.picked === this.right);
  }
}
