// Both ends at the moment that is shown: states, variables, timers, windows.
import { el, svg } from "./dom.ts";
import { type Words, say, span } from "./words.ts";
import type { EndView, Happening, Tcb, Trace } from "./types.ts";

const VARIABLES: [string, (tcb: Tcb) => number | null | string][] = [
  ["SND.UNA", (tcb) => tcb.snd_una],
  ["SND.NXT", (tcb) => tcb.snd_nxt],
  ["SND.WND", (tcb) => tcb.snd_wnd],
  ["RCV.NXT", (tcb) => tcb.rcv_nxt],
  ["RCV.WND", (tcb) => tcb.rcv_wnd],
  ["cwnd", (tcb) => tcb.cwnd],
  ["ssthresh", (tcb) => tcb.ssthresh],
  ["SRTT", (tcb) => (tcb.srtt === null ? null : span(tcb.srtt))],
  ["RTO", (tcb) => (tcb.rto === null ? null : span(tcb.rto))],
];

/** The last event that shows a connection's two ends at a moment, and before it the ends that there were. */
export function at(events: Happening[], last: number, connection: number): { now: [EndView, EndView] | null; before: [EndView, EndView] | null } {
  const found: [EndView, EndView][] = [];
  for (let index = last; index >= 0 && found.length < 2; index--) {
    const event = events[index]!;
    if (event.connection === connection && event.after) found.push(event.after);
  }
  return { now: found[0] ?? null, before: found[1] ?? null };
}

export class Now {
  readonly element: HTMLElement;
  private readonly heads: [HTMLElement, HTMLElement];
  private readonly body = el("tbody");
  private readonly bars = el("div", { class: "bars" });

  constructor(
    private readonly words: Words,
    private readonly gloss: Map<string, string>,
    names: string[],
    title: string,
  ) {
    this.heads = [el("span", { class: "state" }), el("span", { class: "state" })];
    const columns = names.map((name, side) =>
      el("th", { scope: "col" }, el("span", { class: "end" }, name), this.heads[side === 0 ? 0 : 1]),
    );
    const head = el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, words.variable)), ...columns);
    this.element = el(
      "section",
      { class: "now", "aria-label": title },
      el("table", {}, el("thead", {}, head), this.body),
      this.bars,
    );
  }

  /** Shows the ends as they are after the last event at `time`; what that event has changed is set off. */
  show(trace: Trace, last: number, connection: number, time: number): [string, string] {
    const { now, before } = at(trace.events, last, connection);
    const states: [string, string] = [now?.[0].state ?? "CLOSED", now?.[1].state ?? "CLOSED"];
    const is = trace.events[last]?.connection === connection && trace.events[last]?.at === time;
    for (const side of [0, 1] as const) {
      const gloss = this.gloss.get(states[side]) ?? "";
      const was = before?.[side].state ?? "CLOSED";
      this.heads[side].replaceChildren(
        el("b", { class: is && was !== states[side] ? "changed" : "" }, states[side]),
        el("span", { class: "gloss" }, now?.[side].up === false ? this.words.off : gloss),
      );
    }
    const rows = VARIABLES.map(([name, of]) => this.row(name, [0, 1].map((side) => this.cell(now, is ? before : now, side, of))));
    rows.push(this.row(this.words.timers, [0, 1].map((side) => this.timers(now?.[side], time))));
    this.body.replaceChildren(...rows);
    this.bars.replaceChildren(...[0, 1].map((side) => this.bar(trace.hosts[side]!.name, now?.[side]?.tcb ?? null)));
    return states;
  }

  private row(name: string, cells: HTMLElement[]): HTMLElement {
    return el("tr", {}, el("th", { scope: "row" }, name), ...cells);
  }

  private cell(now: [EndView, EndView] | null, before: [EndView, EndView] | null, side: number, of: (tcb: Tcb) => number | string | null): HTMLElement {
    const tcb = now?.[side]?.tcb ?? null;
    const was = before?.[side]?.tcb ?? null;
    const value = tcb ? of(tcb) : null;
    const changed = tcb !== null && value !== (was ? of(was) : null);
    return el("td", { class: changed ? "changed" : "" }, value === null ? "–" : changed ? el("b", {}, String(value)) : String(value));
  }

  private timers(end: EndView | undefined, time: number): HTMLElement {
    const lines = (end?.timers ?? []).map(([timer, due]) => el("div", {}, say(this.words.inTime, { timer, time: span(Math.max(0, due - time)) })));
    return el("td", {}, ...(lines.length > 0 ? lines : ["–"]));
  }

  /** What is in flight and what may still follow, as a bar; the table above says the same. */
  private bar(name: string, tcb: Tcb | null): HTMLElement {
    const flight = tcb ? (tcb.snd_nxt - tcb.snd_una) >>> 0 : 0;
    const window = Math.min(tcb?.snd_wnd ?? 0, tcb?.cwnd ?? Infinity);
    const room = Math.max(0, window - flight);
    const label = say(this.words.windowsLabel, { name, flight, room });
    const all = Math.max(1, flight + room);
    const width = (part: number) => (flight + room === 0 ? 0 : (part / all) * 100);
    const drawing = svg("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" });
    drawing.append(
      svg("rect", { class: "room", x: 0, y: 0.5, width: 100, height: 5 }),
      svg("rect", { class: "flight", x: 0, y: 0.5, width: width(flight).toFixed(1), height: 5 }),
    );
    return el("div", { class: "bar" }, el("span", {}, label), drawing);
  }
}
