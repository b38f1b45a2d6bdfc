// Runs: those that lie beside the page, and those that the engine makes.
import { ask } from "./client.ts";
import type { Language, PageData, Request, Shown } from "./types.ts";

/** What a file of the build holds: a run drawn wide, and its drawings once more for a narrow screen. */
export interface Made {
  shown: Shown;
  narrow: string[];
}

export const WIDE = 640;
export const NARROW = 440;

export class Runs {
  private readonly kept = new Map<string, Promise<Shown>>();

  constructor(
    private readonly data: PageData,
    private readonly language: Language,
    private readonly base: string,
  ) {}

  /** The run that is asked for; one that was made before is not made again. */
  run(wanted: Omit<Request, "language" | "width" | "number" | "text">): Promise<Shown> {
    const width = matchMedia("(max-width: 640px)").matches ? NARROW : WIDE;
    const key = JSON.stringify([wanted, width]);
    const known = this.kept.get(key);
    if (known) return known;
    const made = this.make(wanted, width);
    this.kept.set(key, made);
    made.catch(() => this.kept.delete(key));
    if (this.kept.size > 12) this.kept.delete(this.kept.keys().next().value!);
    return made;
  }

  private async make(wanted: Omit<Request, "language" | "width" | "number" | "text">, width: number): Promise<Shown> {
    const world = wanted.world ?? this.data.worlds[0]!;
    const asItIs = wanted.values.length === 0 && wanted.lines.length === 0 && wanted.seed === 0;
    if (asItIs && this.data.made.includes(world)) {
      const answer = await fetch(`${this.base}data/${this.data.number}-${world}.${this.language}.json`);
      if (answer.ok) {
        const { shown, narrow } = (await answer.json()) as Made;
        if (width === NARROW) shown.pictures.forEach((picture, index) => (picture.svg = narrow[index] ?? picture.svg));
        return shown;
      }
    }
    const language = this.language === "zh" ? "zh-CN" : "en";
    const of = this.data.free ? { text: this.data.text } : { number: this.data.number };
    return ask<Shown>("run", JSON.stringify({ ...wanted, ...of, language, width }));
  }
}
