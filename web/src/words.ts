// Words put together.
import { en, type Words } from "../locales/en.ts";
import { zh } from "../locales/zh.ts";
import type { Language } from "./types.ts";

export type { Words };

export const words = (language: Language): Words => (language === "zh" ? zh : en);

/** Puts values into a phrase: `{name}` stands for each. */
export function say(phrase: string, values: Record<string, string | number>): string {
  return phrase.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** Nanoseconds as seconds with six decimals, as in the ladder. */
export function seconds(nanos: number): string {
  const micros = Math.round(nanos / 1000);
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
}

/** A span as short as may be: `1.5 s`, `20 ms`, `13 µs`. */
export function span(nanos: number): string {
  const short = (value: number) => String(Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)));
  if (nanos >= 1e9) return `${short(nanos / 1e9)} s`;
  if (nanos >= 1e6) return `${short(nanos / 1e6)} ms`;
  return `${short(nanos / 1e3)} µs`;
}
