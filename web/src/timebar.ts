// The time axis, and what can be done to the chosen segment. It stays in view while the reader scrolls.
import { Axis, FINE } from "./axis.ts";
import { button, el } from "./dom.ts";
import type { Act } from "./ladder.ts";
import { type Words, say } from "./words.ts";

interface Handlers {
  move(place: number): void;
  step(by: number): void;
  act(act: Act): void;
}

/** How many events a second are played. */
const PACE = 1.5;

export class Timebar {
  readonly element: HTMLElement;
  private readonly range = el("input", { type: "range", min: 0, max: 0, step: 1, value: 0 });
  private readonly clock = el("output", { class: "clock" });
  private readonly event = el("p", { class: "event" });
  private readonly chosen = el("span", { class: "chosen-name" });
  private readonly acts: HTMLButtonElement[];
  private readonly by = el("input", { type: "text", value: "1500ms", size: 7 });
  private readonly player: HTMLButtonElement;
  private playing: number | null = null;
  private place = 0;

  constructor(
    private readonly words: Words,
    private readonly handlers: Handlers,
  ) {
    this.range.setAttribute("aria-label", words.timeLabel);
    this.range.addEventListener("input", () => {
      this.stop();
      handlers.move(Number(this.range.value));
    });
    this.player = button(words.play, () => this.toggle(), { class: "play" });
    const steps = [
      button("◀", () => this.step(-1), { "aria-label": words.stepBack, title: words.stepBack }),
      this.player,
      button("▶", () => this.step(1), { "aria-label": words.stepOn, title: words.stepOn }),
    ];
    const act = (name: string, act: Act, key: string) => {
      const made = button(name, () => handlers.act(act), { "aria-keyshortcuts": key, disabled: true, "data-act": act });
      made.append(el("kbd", { "aria-hidden": "true" }, key));
      return made;
    };
    this.acts = [act(words.drop, "drop", "D"), act(words.delay, "delay", "L"), act(words.duplicate, "duplicate", "2"), act(words.reorder, "reorder", "R")];
    const by = el("label", { class: "by" }, `${words.by} `, this.by);
    const [drop, delay, ...rest] = this.acts;
    this.element = el(
      "section",
      { class: "timebar", "aria-label": words.timeHead },
      el("div", { class: "times" }, ...steps, this.range, this.clock),
      this.event,
      el("div", { class: "acts" }, this.chosen, drop!, delay!, by, ...rest),
    );
    this.choose(null);
  }

  get delay(): string {
    return this.by.value.trim() || "1500ms";
  }

  extend(axis: Axis): void {
    this.stop();
    this.range.max = String(axis.places);
  }

  show(place: number, clock: string, event: string, text: string): void {
    if (this.playing === null) this.place = place;
    this.range.value = String(place);
    this.range.setAttribute("aria-valuetext", text);
    this.clock.textContent = `${clock} s`;
    this.event.textContent = event;
  }

  choose(chosen: { frame: number; name: string | null } | null): void {
    for (const act of this.acts) act.disabled = chosen === null || chosen.name === null;
    this.chosen.parentElement?.classList.toggle("chosen", chosen !== null);
    this.chosen.textContent = chosen ? `${say(this.words.selected, { frame: chosen.frame })}${chosen.name ? ` (${chosen.name})` : ""}` : this.words.selectHint;
  }

  private step(by: number): void {
    this.stop();
    this.handlers.step(by);
  }

  private toggle(): void {
    if (this.playing !== null) return this.stop();
    const most = Number(this.range.max);
    if (this.place >= most) this.place = 0;
    this.player.textContent = this.words.pause;
    let before: number | null = null;
    const frame = (now: number) => {
      const passed = before === null ? 0 : Math.min(100, now - before);
      before = now;
      this.place = Math.min(most, this.place + (passed / 1000) * PACE * FINE);
      this.playing = requestAnimationFrame(frame);
      this.handlers.move(Math.floor(this.place));
      if (this.place >= most) this.stop();
    };
    this.playing = requestAnimationFrame(frame);
  }

  private stop(): void {
    if (this.playing !== null) cancelAnimationFrame(this.playing);
    this.playing = null;
    this.player.textContent = this.words.play;
    this.place = Number(this.range.value);
  }
}
