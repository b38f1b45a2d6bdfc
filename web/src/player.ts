// The run: one or two worlds beside each other, on one time axis.
import { Axis, lastBefore } from "./axis.ts";
import { Column } from "./column.ts";
import { Controls } from "./controls.ts";
import { button, byId, el } from "./dom.ts";
import { tell } from "./events.ts";
import * as faults from "./faults.ts";
import { Header } from "./header.ts";
import { graph } from "./graph.ts";
import type { Act } from "./ladder.ts";
import type { Seen } from "./link.ts";
import { Runs } from "./runs.ts";
import { Timebar } from "./timebar.ts";
import { type Words, say, seconds } from "./words.ts";
import type { Language, PageData, Shown } from "./types.ts";

export class Player {
  private readonly runs: Runs;
  private readonly controls: Controls;
  private readonly timebar: Timebar;
  private readonly header: Header;
  private readonly gloss: Map<string, string>;
  private readonly columnsPlace = el("div", { class: "columns" });
  private readonly nows = el("div", { class: "nows" });
  private readonly problem = el("p", { class: "problem", role: "alert" });
  private readonly graphPlace = el("div", { class: "graph-place" });
  private columns: Column[] = [];
  private axis = new Axis([]);
  private time = 0;
  private turn = 0;
  /** Called when there is a new run, with the choice that is right in it. */
  onRun: (right: number | null) => void = () => {};
  /** Called when what is seen has changed. */
  onChange: () => void = () => {};

  constructor(
    private readonly root: HTMLElement,
    private readonly data: PageData,
    private readonly words: Words,
    private readonly language: Language,
    base: string,
    private seen: Seen,
  ) {
    this.runs = new Runs(data, language, base);
    this.gloss = new Map(language === "zh" ? data.transitions.states.map(({ name, gloss }) => [name, gloss]) : []);
    this.header = new Header(words, language);
    this.controls = new Controls(data, words, seen, (change) => {
      Object.assign(this.seen, change);
      void this.run();
    });
    this.timebar = new Timebar(words, {
      move: (place) => this.show(this.axis.timeAt(place), true),
      step: (by) => this.stepBy(by),
      act: (act) => this.act(this.seen.segment === null ? null : this.seen.segment - 1, act),
    });
  }

  /** Puts the player in the place of the still picture, once there is a run to show. */
  async begin(): Promise<void> {
    await this.run();
    const still = this.root.querySelector("#still");
    const side = el("div", { class: "side" }, this.nows, this.header.element);
    const whole = el("div", { class: "stage" }, this.columnsPlace, side);
    const graphOf = el("section", { class: "states" }, el("h3", {}, this.words.graphHead), this.graphPlace, el("p", { class: "soft" }, this.words.graphNote));
    graphOf.append(byId("graph-table"));
    this.root.append(this.controls.element, el("p", { class: "keys" }, this.words.keysHint), this.problem, whole, this.timebar.element, this.controls.lines, graphOf);
    still?.remove();
    this.show(this.time, true);
    this.root.dataset["ready"] = "true";
  }

  now(): Seen {
    return { ...this.seen, time: this.time === this.axis.moments.at(-1) ? null : this.time };
  }

  get moment(): number {
    return this.time;
  }

  /** Shows what a link says. */
  async see(seen: Seen): Promise<void> {
    this.seen = seen;
    this.controls.show(seen);
    await this.run();
  }

  /** Adds a line of the reader's, or takes it back, and runs again. */
  async toggle(line: string): Promise<void> {
    this.seen.lines = faults.toggle(this.seen.lines, line);
    this.controls.show(this.seen);
    await this.run();
  }

  private async run(): Promise<void> {
    const turn = ++this.turn;
    const { world, values, seed, lines, beside } = this.seen;
    const wanted = { values, seed, lines, ...(world === null ? {} : { world }) };
    const asked = [this.runs.run(wanted)];
    if (beside === "undisturbed") asked.push(this.runs.run({ ...wanted, lines: [] }));
    else if (beside?.startsWith("world:")) asked.push(this.runs.run({ ...wanted, world: beside.slice(6) }));
    this.root.setAttribute("aria-busy", "true");
    try {
      const shown = await Promise.all(asked);
      if (turn !== this.turn) return;
      this.problem.textContent = "";
      this.arrange(shown);
      this.onRun(shown[0]!.right);
    } catch (error) {
      if (turn === this.turn) this.problem.textContent = this.words.failed + (error instanceof Error ? error.message : String(error));
      if (this.columns.length === 0) throw error;
    } finally {
      if (turn === this.turn) this.root.removeAttribute("aria-busy");
    }
  }

  private arrange(shown: Shown[]): void {
    const focused = this.columnsPlace.contains(document.activeElement);
    const axis = new Axis(shown.map((one) => one.trace));
    const wasAtEnd = this.columns.length > 0 && this.time === this.axis.moments.at(-1);
    const wanted = this.seen.time ?? (wasAtEnd || this.columns.length === 0 ? Infinity : this.time);
    this.seen.time = null;
    this.axis = axis;
    this.time = Math.min(wanted, axis.moments.at(-1)!);
    const undisturbed = this.seen.beside === "undisturbed";
    const titles = shown.map((one, index) => (undisturbed && index === 1 ? this.words.besideUndisturbed : one.trace.world));
    this.columns = shown.map(
      (one, index) =>
        new Column(one, titles[index]!, this.words, this.gloss, this.seen.connection, shown.length > 1 || this.data.worlds.length > 1, {
          choose: (segment) => this.choose(segment, index),
          act: (segment, act) => this.act(index === 0 ? segment : null, act),
        }),
    );
    this.columnsPlace.replaceChildren(...this.columns.map((column) => column.element));
    this.nows.replaceChildren(...this.columns.map((column) => column.nowElement));
    this.root.classList.toggle("two", shown.length > 1);
    this.timebar.extend(axis);
    this.controls.connections(this.columns[0]!.connectionNames(), (number) => {
      this.seen.connection = number;
      this.arrange(shown);
    });
    const segment = this.seen.segment === null ? null : this.seen.segment - 1;
    this.choose(segment !== null && this.columns[0]!.has(segment) ? segment : null, 0);
    if (focused) this.columns[0]!.focusChosen();
    this.show(this.time, true);
  }

  private choose(segment: number | null, column: number): void {
    if (column === 0) this.seen.segment = segment === null ? null : segment + 1;
    this.columns.forEach((one, index) => one.choose(index === column ? segment : null));
    const trace = this.columns[column]?.shown.trace;
    const chosen = segment === null ? undefined : trace?.segments[segment];
    this.timebar.choose(column === 0 && chosen ? { frame: segment! + 1, name: faults.name(trace!, segment!) } : null);
    if (trace && chosen) this.header.show(trace, segment);
    this.onChange();
  }

  private show(time: number, follows: boolean): void {
    this.time = time;
    const first = this.columns[0];
    if (!first) return;
    const texts: string[] = [];
    let marks: [string, string][] = [];
    this.columns.forEach((column, index) => {
      const { trace } = column.shown;
      const last = lastBefore(trace.events, time, (event) => event.at);
      const states = column.show(last, time, follows);
      texts.push(tell(trace, last, this.words));
      if (index === 0) marks = trace.hosts.map((host, side) => [host.name, states[side === 0 ? 0 : 1]]);
    });
    const text = texts[0]!;
    const number = this.axis.last(time) + 1;
    const count = this.axis.moments.length;
    this.timebar.show(this.axis.placeOf(time), seconds(time), text, say(this.words.timeText, { time: seconds(time), number, count, text }));
    this.header.show(first.shown.trace, first.lastSegment(time));
    this.graphPlace.innerHTML = graph(this.data.transitions, this.words, this.language, marks);
    this.onChange();
  }

  private stepBy(by: number): void {
    const now = this.axis.last(this.time);
    const isOn = this.axis.moments[now] === this.time;
    const next = by > 0 ? now + 1 : isOn ? now - 1 : now;
    const moment = this.axis.moments[Math.max(0, Math.min(next, this.axis.moments.length - 1))]!;
    this.show(moment, true);
  }

  private act(segment: number | null, act: Act): void {
    const trace = this.columns[0]?.shown.trace;
    if (!trace || segment === null) return;
    this.seen.segment = segment + 1;
    const line = faults.line(trace, segment, act, this.timebar.delay);
    if (line === null) {
      this.problem.textContent = faults.name(trace, segment) === null ? this.words.notSent : this.words.noneLater;
      return;
    }
    void this.toggle(line);
  }

  /** Buttons for what programs and machines do, at the moment that is shown. */
  calls(): HTMLElement {
    const { words } = this;
    const calls: [string, string][] = [
      [words.callListen, "listen 80"],
      [words.callConnect, "connect"],
      [words.callSend, "send 100"],
      [words.callShutdown, "shutdown"],
      [words.callClose, "close"],
      [words.callAbort, "abort"],
      [words.callCrash, "crash"],
      [words.callReboot, "reboot"],
    ];
    const of = (host: string, other: string) =>
      el(
        "div",
        { class: "calls", role: "group", "aria-label": say(words.callsLabel, { host }) },
        el("b", {}, host),
        ...calls.map(([name, call]) =>
          button(name, () => {
            const at = `${Math.round(this.time / 1000)}us`;
            void this.toggle(`at ${at} ${host} ${call === "connect" ? `connect ${other}:80` : call}`);
          }),
        ),
      );
    return el("div", {}, of("A", "B"), of("B", "A"));
  }
}
