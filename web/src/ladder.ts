// The ladder: the drawing that the engine's crates make, with what a reader can do to it laid over.
import { drawing as parse, el, svg } from "./dom.ts";
import { type Words, say } from "./words.ts";
import type { Picture, Row, Segment, Trace } from "./types.ts";

interface Rung {
  row: Row;
  /** The segment in the trace. */
  index: number;
  group: SVGElement;
  /** The two ends of its arrow. */
  from: [number, number];
  to: [number, number];
}

/** What the reader does to a segment. */
export type Act = "drop" | "delay" | "duplicate" | "reorder";
const KEYS: Record<string, Act> = { d: "drop", l: "delay", "2": "duplicate", r: "reorder" };

export interface Handlers {
  choose(index: number): void;
  act(index: number, act: Act): void;
}

export class Ladder {
  readonly element: HTMLElement;
  private readonly rungs: Rung[] = [];
  private readonly drawing: SVGSVGElement;
  private readonly head: SVGElement;
  private readonly flying: SVGElement;
  private readonly height: number;
  private chosen: number | null = null;

  constructor(
    private readonly trace: Trace,
    picture: Picture,
    words: Words,
    private readonly handlers: Handlers,
  ) {
    this.drawing = adopt(picture.svg);
    this.drawing.setAttribute("aria-label", say(words.ladderLabel, { world: trace.world, verdict: picture.verdict }));
    const box = this.drawing.viewBox.baseVal;
    this.height = box.height;
    // A row is a group. One that comes long after it was sent has two rows: where it leaves and where it comes.
    const groups = [...this.drawing.querySelectorAll<SVGElement>("g.s")];
    picture.rows.forEach((row, index) => this.rung(row, groups[index], words, box.width));
    this.head = svg("path", { class: "playhead", d: `M0 0H${box.width}` });
    this.flying = svg("g", { class: "flying" });
    this.drawing.append(this.head, this.flying);
    this.element = el("div", { class: "ladder", tabindex: picture.rows.length > 0 ? -1 : 0 }, this.drawing);
    this.drawing.addEventListener("keydown", (event) => this.key(event));
    const left = picture.segments - picture.rows.length;
    if (left > 0) this.element.append(el("p", { class: "soft" }, say(words.moreRows, { count: left })));
  }

  private rung(row: Row, group: SVGElement | undefined, words: Words, width: number): void {
    if (!group) return;
    const index = row.frame - 1;
    const segment = this.trace.segments[index];
    if (!segment) return;
    const ends = [...group.querySelectorAll("path")].map((path) => /^M(-?\d+) (-?\d+)L(-?\d+) (-?\d+)/.exec(path.getAttribute("d") ?? ""));
    const arrow = ends.find((match) => match)?.slice(1).map(Number) ?? [0, 0, 0, 0];
    const [fromX = 0, fromY = 0, toX = 0, toY = 0] = arrow;
    const names = this.trace.hosts.map((host) => host.name);
    const fate = segment.lost ? words.fateLost : segment.arrivals[0]?.[1] ? words.fateDropped : "";
    group.setAttribute("tabindex", this.rungs.length === 0 ? "0" : "-1");
    group.setAttribute("role", "button");
    group.setAttribute("aria-pressed", "false");
    group.setAttribute("aria-description", say(words.segmentLabel, { frame: row.frame, from: names[row.from]!, to: names[1 - row.from]!, fate }));
    // The words of the drawing are its name: they must not run into each other when it is read out.
    for (const text of group.querySelectorAll("text")) text.append(" ");
    // Something to hit that is larger than a line: the segment with what is said of it.
    const sentence = group.querySelector(".w");
    const below = sentence ? Number(sentence.getAttribute("y")) + 15 * sentence.querySelectorAll("tspan").length + 6 : fromY + 13;
    const hit = svg("rect", { class: "hit", x: 92, width: width - 184, y: fromY - 18, height: below - fromY + 18, rx: 3 });
    group.prepend(hit);
    group.addEventListener("click", () => this.handlers.choose(index));
    this.rungs.push({ row, index, group, from: [fromX, fromY], to: [toX, toY] });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = this.rungs.findIndex((rung) => rung.group === document.activeElement);
    if (at < 0) return;
    const act = KEYS[event.key.toLowerCase()];
    const goto = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.rungs.length - 1 }[event.key];
    if (act) this.handlers.act(this.rungs[at]!.index, act);
    else if (event.key === "Enter" || event.key === " ") this.handlers.choose(this.rungs[at]!.index);
    else if (goto !== undefined) {
      const rung = this.rungs[goto];
      if (rung) {
        this.handlers.choose(rung.index);
        rung.group.focus({ preventScroll: true });
        this.reveal(rung.from[1]);
      }
    } else return;
    event.preventDefault();
  }

  /** Marks a segment as the chosen one. */
  choose(index: number | null): void {
    this.chosen = index;
    const found = this.rungs.find((rung) => rung.index === index);
    for (const rung of this.rungs) {
      const is = found !== undefined && rung.index === found.index;
      rung.group.classList.toggle("chosen", is);
      rung.group.setAttribute("aria-pressed", String(is));
      rung.group.setAttribute("tabindex", rung === (found ?? this.rungs[0]) ? "0" : "-1");
    }
  }

  focusChosen(): void {
    this.rungs.find((rung) => rung.index === this.chosen)?.group.focus({ preventScroll: true });
  }

  has(index: number): boolean {
    return this.rungs.some((rung) => rung.index === index);
  }

  /** Shows a moment: what is still to come is pale, what flies has a mark on its way. */
  show(time: number, follows: boolean): void {
    this.flying.replaceChildren();
    for (const rung of this.rungs) {
      const segment = this.trace.segments[rung.index]!;
      const comes = rung.row.at > time;
      rung.group.classList.toggle("to-come", comes);
      const part = comes || rung.row.at !== segment.at ? null : this.onItsWay(segment, time);
      if (part !== null) {
        const x = rung.from[0] + (rung.to[0] - rung.from[0]) * part;
        const y = rung.from[1] + (rung.to[1] - rung.from[1]) * part;
        this.flying.append(svg("circle", { cx: x, cy: y, r: 5 }));
      }
    }
    const y = this.place(time);
    this.head.setAttribute("transform", `translate(0 ${y.toFixed(1)})`);
    if (follows) this.reveal(y);
  }

  /** How much of its way a segment has behind it, while it is on it. */
  private onItsWay(segment: Segment, time: number): number | null {
    const arrival = segment.arrivals[0]?.[0];
    // One that is lost ends on the drawn half of its way, when a neighbour's would have come.
    const end = arrival ?? segment.at + (this.usualFlight() || 1);
    return time < end || (arrival === undefined && time === segment.at) ? (time - segment.at) / (end - segment.at || 1) : null;
  }

  private usualFlight(): number {
    const arrived = this.trace.segments.find((segment) => segment.arrivals.length > 0);
    return arrived ? arrived.arrivals[0]![0] - arrived.at : 0;
  }

  /** Where a moment stands on the drawing. */
  private place(time: number): number {
    let [before, y] = [0, 56];
    for (const rung of this.rungs) {
      const { at } = rung.row;
      if (at > time) return y + ((rung.from[1] - y) * (time - before)) / (at - before || 1);
      [before, y] = [at, rung.from[1]];
    }
    const end = this.trace.end;
    const rest = Math.max(0, this.height - 4 - y);
    return y + (end > before ? Math.min(1, (time - before) / (end - before)) * rest : 0);
  }

  private reveal(y: number): void {
    const scale = this.drawing.clientWidth / this.drawing.viewBox.baseVal.width || 1;
    const box = this.element;
    const at = y * scale;
    if (at < box.scrollTop + 60 || at > box.scrollTop + box.clientHeight - 90) {
      box.scrollTop = at - box.clientHeight / 2;
    }
  }
}

/** The drawing as part of this page, without names that another may have as well. */
function adopt(text: string): SVGSVGElement {
  const drawing = parse(text);
  for (const part of drawing.querySelectorAll("title, desc")) part.remove();
  for (const named of drawing.querySelectorAll("[id]")) named.removeAttribute("id");
  for (const name of ["aria-labelledby", "aria-describedby"]) drawing.removeAttribute(name);
  drawing.setAttribute("role", "group");
  return drawing;
}
