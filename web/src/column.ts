// One world: its ladder, the same as a table, and what both ends are.
import { el } from "./dom.ts";
import { Chart } from "./chart.ts";
import { Ladder, type Handlers } from "./ladder.ts";
import { Now } from "./now.ts";
import { table } from "./table.ts";
import { type Words, say } from "./words.ts";
import type { Picture, Shown } from "./types.ts";

export class Column {
  readonly element: HTMLElement;
  readonly nowElement: HTMLElement;
  private readonly ladder: Ladder | null;
  private readonly now: Now;
  private readonly chart: Chart | null;
  private readonly picture: Picture | null;

  constructor(
    readonly shown: Shown,
    title: string,
    words: Words,
    gloss: Map<string, string>,
    connection: number | null,
    titled: boolean,
    handlers: Handlers,
  ) {
    const { trace, pictures } = shown;
    this.picture = pictures.find((picture) => picture.number === connection) ?? preferred(shown);
    this.ladder = this.picture ? new Ladder(trace, this.picture, words, handlers) : null;
    const names = trace.hosts.map((host) => host.name);
    this.now = new Now(words, gloss, names, titled ? `${words.nowHead}: ${title}` : words.nowHead);
    this.nowElement = this.now.element;
    this.chart = this.picture ? Chart.of(trace, this.picture.number - 1, words) : null;
    if (titled) this.nowElement.prepend(el("h3", {}, title));
    const caption = el("figcaption", {}, titled ? el("b", {}, `${title}: `) : null, this.picture?.verdict ?? words.nothingSent);
    this.element = el("figure", { class: "column" }, caption, this.ladder?.element ?? null);
    if (trace.cut) this.element.append(el("p", { class: "soft" }, words.cut));
    const undrawn = trace.connections.length - pictures.length;
    if (undrawn > 0 && pictures.length > 0) this.element.append(el("p", { class: "soft" }, say(words.moreConnections, { count: undrawn })));
    if (this.chart) this.element.append(this.chart.element);
    const tallies = this.tallies(words);
    if (tallies) this.element.append(tallies);
    if (this.picture) {
      const twin = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `${words.tableHead}: ${title}` });
      twin.innerHTML = table(this.picture, words);
      this.element.append(el("details", {}, el("summary", {}, words.tableHead), twin));
    }
  }

  /** What was counted, where a listener was under strain. */
  private tallies(words: Words): HTMLElement | null {
    const told = this.shown.trace.hosts.filter(({ tally }) => tally.most_half_open > 1 || tally.cookies > 0 || tally.turned_away > 0);
    if (told.length === 0) return null;
    const items = told.map(({ name, tally }) => {
      const counts = [
        [words.halfOpen, tally.most_half_open],
        [words.cookies, tally.cookies],
        [words.turnedAway, tally.turned_away],
        [words.accepted, tally.accepted],
      ];
      return el("p", { class: "soft" }, `${words.talliesHead}, ${name}: ${counts.map(([what, count]) => `${what} ${count}`).join("; ")}`);
    });
    return el("div", {}, ...items);
  }

  connectionNames(): [number, string][] {
    return this.shown.pictures.map((picture) => [picture.number, `${picture.number}: ${picture.addresses.join(" – ")}, ${picture.verdict}`]);
  }

  has(segment: number): boolean {
    return this.ladder?.has(segment) ?? false;
  }

  choose(segment: number | null): void {
    this.ladder?.choose(segment);
  }

  focusChosen(): void {
    this.ladder?.focusChosen();
  }

  /** Shows a moment, after the event `last`, and returns the states of both ends. */
  show(last: number, time: number, follows: boolean): [string, string] {
    this.ladder?.show(time, follows);
    this.chart?.show(time);
    return this.now.show(this.shown.trace, last, (this.picture?.number ?? 1) - 1, time);
  }

  /** The segment of the drawn connection that was sent last at a moment. */
  lastSegment(time: number): number | null {
    const { segments } = this.shown.trace;
    const connection = (this.picture?.number ?? 1) - 1;
    let found: number | null = null;
    for (let index = 0; index < segments.length && segments[index]!.at <= time; index++) {
      if (segments[index]!.connection === connection) found = index;
    }
    return found;
  }
}

/** The first connection; of a flood the one with the most segments. */
function preferred(shown: Shown): Picture | null {
  const [first] = shown.pictures;
  if (shown.trace.connections.length <= 8) return first ?? null;
  return shown.pictures.reduce<Picture | null>((most, one) => (most && most.segments >= one.segments ? most : one), null);
}
