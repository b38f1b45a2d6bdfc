// A segment that the reader points at becomes a line of text, in the language of the scenarios.
import type { Act } from "./ladder.ts";
import type { Trace } from "./types.ts";

/** The way of a segment and its number on it, as the scenarios count: `A→B #3`. Null for one that nobody sends. */
export function name(trace: Trace, index: number): string | null {
  const segment = trace.segments[index];
  if (!segment || segment.injected) return null;
  const to = trace.hosts.find((host) => host.name !== segment.from);
  const before = trace.segments.slice(0, index).filter((other) => !other.injected && other.from === segment.from);
  return `${segment.from}→${to?.name ?? "?"} #${before.length + 1}`;
}

/** The line that does `act` to a segment, or null where nothing can. */
export function line(trace: Trace, index: number, act: Act, delay: string): string | null {
  const target = name(trace, index);
  if (target === null) return null;
  if (act === "delay") return `delay ${target} by ${delay}`;
  if (act !== "reorder") return `${act} ${target}`;
  const span = behindTheNext(trace, index);
  return span === null ? null : `delay ${target} by ${span}us`;
}

/** How long a segment must be held up to come a little after the next one that goes the same way, microseconds. */
function behindTheNext(trace: Trace, index: number): number | null {
  const segment = trace.segments[index]!;
  const next = trace.segments.slice(index + 1).find((other) => !other.injected && other.from === segment.from && other.arrivals.length > 0);
  if (!next) return null;
  // One that was lost would have come as late after it was sent as the next one does.
  const own = segment.arrivals[0]?.[0] ?? segment.at + (next.arrivals[0]![0] - next.at);
  return Math.ceil((next.arrivals[0]![0] - own) / 1000) + 1000;
}

/** Adds a line, or takes it away where it is there already. */
export function toggle(lines: string[], added: string): string[] {
  const without = lines.filter((line) => line !== added);
  return without.length < lines.length ? without : [...lines, added];
}
