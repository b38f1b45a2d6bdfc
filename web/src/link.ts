// A link that reproduces what is seen: everything that the reader has chosen, behind the number sign. The language and
// the scenario are the page's own address.

export interface Seen {
  world: string | null;
  /** `world:NAME`, or `undisturbed`. */
  beside: string | null;
  seed: number;
  values: [string, string][];
  lines: string[];
  /** Nanoseconds. */
  time: number | null;
  /** Which choice was taken; -1 when none was and the run is shown; null before that. */
  picked: number | null;
  connection: number | null;
  segment: number | null;
}

const PICKS = ["a", "b", "c"];

export function read(hash: string): Seen {
  const from = new URLSearchParams(hash.replace(/^#/, ""));
  const whole = (name: string): number | null => {
    const text = from.get(name);
    return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  const pick = from.get("pick");
  const known = pick === null ? null : PICKS.indexOf(pick);
  return {
    world: from.get("world"),
    beside: from.get("beside"),
    seed: whole("seed") ?? 0,
    values: from.getAll("set").flatMap((text): [string, string][] => {
      const at = text.indexOf("=");
      return at > 0 ? [[text.slice(0, at), text.slice(at + 1)]] : [];
    }),
    lines: from.getAll("do").filter((line) => line !== ""),
    time: whole("t"),
    picked: known,
    connection: whole("connection"),
    segment: whole("segment"),
  };
}

/** With `says`, that there are no lines is said too: where there are some to begin with, it matters. */
export function write(seen: Seen, says = false): string {
  const to = new URLSearchParams();
  if (seen.world !== null) to.set("world", seen.world);
  if (seen.beside !== null) to.set("beside", seen.beside);
  if (seen.seed !== 0) to.set("seed", String(seen.seed));
  for (const [name, value] of seen.values) to.append("set", `${name}=${value}`);
  for (const line of says && seen.lines.length === 0 ? [""] : seen.lines) to.append("do", line);
  if (seen.connection !== null) to.set("connection", String(seen.connection));
  if (seen.segment !== null) to.set("segment", String(seen.segment));
  if (seen.time !== null) to.set("t", String(seen.time));
  if (seen.picked !== null) to.set("pick", PICKS[seen.picked] ?? "none");
  return to.toString();
}
