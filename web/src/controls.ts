// What a run is made with: world, what stands beside it, knobs, seed, and the reader's own lines.
import { button, el } from "./dom.ts";
import { type Words, say } from "./words.ts";
import type { Seen } from "./link.ts";
import type { PageData } from "./types.ts";

type Change = Partial<Pick<Seen, "world" | "beside" | "seed" | "values" | "lines">>;

export class Controls {
  readonly element: HTMLElement;
  readonly lines: HTMLElement;
  private readonly world: HTMLSelectElement;
  private readonly beside: HTMLSelectElement;
  private readonly seed: HTMLInputElement;
  private readonly knobs: Map<string, HTMLInputElement>;
  private readonly text: HTMLTextAreaElement;
  private readonly connection = el("select");
  private readonly connectionLabel: HTMLElement;
  private chooseConnection: (number: number) => void = () => {};

  constructor(
    private readonly data: PageData,
    words: Words,
    seen: Seen,
    private readonly change: (change: Change) => void,
  ) {
    const option = (value: string, text = value) => el("option", { value }, text);
    this.world = el("select", { name: "world" }, ...data.worlds.map((name) => option(name)));
    this.beside = el(
      "select",
      { name: "beside" },
      option("", words.besideNone),
      ...(data.worlds.length > 1 ? data.worlds.map((name) => option(`world:${name}`, name)) : []),
      option("undisturbed", words.besideUndisturbed),
    );
    this.seed = el("input", { type: "number", min: 0, max: 999999, step: 1, name: "seed" });
    this.knobs = new Map(data.knobs.map((knob) => [knob.name, el("input", { type: "text", name: `knob-${knob.name}`, size: 7, autocomplete: "off" })]));
    this.text = el("textarea", { rows: 3, spellcheck: "false", autocapitalize: "off", name: "lines" });
    const label = (text: string, control: HTMLElement, hint = "") =>
      el("label", {}, el("span", {}, text), control, hint === "" ? null : el("small", {}, hint));
    this.connectionLabel = label(words.connection, this.connection);
    this.connectionLabel.hidden = true;
    const form = el(
      "form",
      { class: "controls" },
      data.worlds.length > 1 ? label(words.world, this.world) : null,
      label(words.beside, this.beside),
      ...data.knobs.map((knob) => label(knob.name, this.knobs.get(knob.name)!, say(words.knobRange, { least: knob.least, most: knob.most }))),
      label(words.seed, this.seed),
      this.connectionLabel,
      el("button", { type: "submit" }, words.apply),
      button(words.reset, () => this.reset()),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.apply();
    });
    for (const control of [this.world, this.beside]) control.addEventListener("change", () => this.apply());
    this.connection.addEventListener("change", () => this.chooseConnection(Number(this.connection.value)));
    this.element = form;
    const run = el("button", { type: "submit" }, words.apply);
    this.lines = el(
      "form",
      { class: "lines" },
      el("label", {}, el("span", {}, words.linesHead), el("small", {}, words.linesHint), this.text),
      run,
    );
    this.lines.addEventListener("submit", (event) => {
      event.preventDefault();
      this.apply();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.apply();
    });
    this.show(seen);
  }

  show(seen: Seen): void {
    this.world.value = seen.world ?? this.data.worlds[0]!;
    this.beside.value = seen.beside ?? "";
    this.seed.value = String(seen.seed);
    for (const knob of this.data.knobs) {
      const value = seen.values.find(([name]) => name === knob.name)?.[1];
      this.knobs.get(knob.name)!.value = value ?? knob.default;
    }
    this.text.value = seen.lines.join("\n");
  }

  /** The connections that are drawn, where there is a choice. */
  connections(names: [number, string][], choose: (number: number) => void): void {
    this.chooseConnection = choose;
    this.connectionLabel.hidden = names.length < 2;
    const before = this.connection.value;
    this.connection.replaceChildren(...names.map(([number, name]) => el("option", { value: number }, name)));
    if (names.some(([number]) => String(number) === before)) this.connection.value = before;
  }

  private apply(): void {
    const values = this.data.knobs
      .map((knob): [string, string, string] => [knob.name, this.knobs.get(knob.name)!.value.trim(), knob.default])
      .filter(([, value, usual]) => value !== "" && value !== usual)
      .map(([name, value]): [string, string] => [name, value]);
    const lines = this.text.value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    const world = this.world.value === this.data.worlds[0] ? null : this.world.value;
    this.change({ world, beside: this.beside.value || null, seed: Math.max(0, Math.floor(Number(this.seed.value) || 0)), values, lines });
  }

  private reset(): void {
    this.seed.value = "0";
    for (const knob of this.data.knobs) this.knobs.get(knob.name)!.value = knob.default;
    this.text.value = "";
    this.apply();
  }
}
