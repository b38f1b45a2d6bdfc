// The header figure: 32 bits a row, with the values of the segment that is shown, and its twin as a table.
import { FIELDS } from "../locales/fields.ts";
import { el } from "./dom.ts";
import { type Field, fields } from "./fields.ts";
import { type Words, say } from "./words.ts";
import type { Language, Segment, Trace } from "./types.ts";

export class Header {
  readonly element: HTMLElement;
  private readonly caption = el("p", { class: "caption" });
  private readonly figure = el("div", { class: "bits" });
  private readonly told = el("p", { class: "told", "aria-live": "polite" });
  private readonly body = el("tbody");
  private shown: string | null = null;
  private chosen = "sequence";
  private now: Field[] = [];

  constructor(
    private readonly words: Words,
    private readonly language: Language,
  ) {
    const heads = [words.field, words.bits, words.hex, words.value, words.meaning];
    const head = el("tr", {}, ...heads.map((text) => el("th", { scope: "col" }, text)));
    this.element = el(
      "section",
      { class: "header", "aria-label": words.headerHead },
      el("h3", {}, words.headerHead),
      this.caption,
      this.figure,
      this.told,
      el(
        "details",
        {},
        el("summary", {}, words.headerTable),
        el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words.headerTable }, el("table", {}, el("thead", {}, head), this.body)),
      ),
    );
  }

  show(trace: Trace, index: number | null): void {
    const segment: Segment | undefined = index === null ? undefined : trace.segments[index];
    const key = segment ? `${index} ${segment.header}` : null;
    if (key === this.shown && this.caption.textContent !== "") return;
    this.shown = key;
    this.element.classList.toggle("empty", !segment);
    if (!segment || index === null) {
      this.caption.textContent = this.words.headerNone;
      this.figure.replaceChildren();
      this.told.textContent = "";
      this.body.replaceChildren();
      return;
    }
    const names = trace.hosts.map((host) => host.name);
    const to = names.find((name) => name !== segment.from) ?? "";
    this.caption.textContent = say(this.words.headerOf, { frame: index + 1, from: segment.from, to });
    this.now = fields(segment.header);
    this.draw();
  }

  private draw(): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset["field"] : undefined;
    const within = this.figure.contains(document.activeElement);
    const cells = this.now.map((field) => this.cell(field));
    this.figure.replaceChildren(...cells);
    if (within) cells.find((cell) => cell.dataset["field"] === focused)?.focus();
    this.body.replaceChildren(...this.now.map((field) => this.row(field)));
    this.tell();
  }

  private cell(field: Field): HTMLButtonElement {
    const [name] = FIELDS[this.language][field.key]!;
    const cell = el(
      "button",
      { type: "button", class: `w${Math.min(32, field.bits)}`, "data-field": field.key, "aria-pressed": field.key === this.chosen },
      el("span", { class: "name" }, name),
      el("span", { class: "value" }, field.value),
    );
    cell.addEventListener("click", () => {
      this.chosen = field.key;
      for (const other of this.figure.children) other.setAttribute("aria-pressed", String(other === cell));
      this.tell();
    });
    return cell;
  }

  private row(field: Field): HTMLTableRowElement {
    const [name, meaning] = FIELDS[this.language][field.key]!;
    const cells = [`${field.bit}–${field.bit + field.bits - 1}`, field.hex, field.value, meaning];
    return el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((text) => el("td", {}, text)));
  }

  private tell(): void {
    const field = this.now.find((field) => field.key === this.chosen) ?? this.now[2];
    const [name, meaning] = field ? FIELDS[this.language][field.key]! : ["", ""];
    const text = field ? say(this.words.chosenField, { name, value: field.value, meaning }) : "";
    // Not said again while the reader scrubs past the same words.
    if (this.told.textContent !== text) this.told.textContent = text;
  }
}
