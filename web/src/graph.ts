// The eleven states as a graph, drawn from the engine's own table. Used by the build, and in the page, where the states of
// both ends are marked in it.
import { TRIGGERS } from "../locales/fields.ts";
import { escape } from "./dom.ts";
import { type Words, say } from "./words.ts";
import type { Language, Transitions } from "./types.ts";

const PLACES: Record<string, [x: number, y: number]> = {
  CLOSED: [320, 30],
  LISTEN: [320, 110],
  "SYN-RECEIVED": [120, 190],
  "SYN-SENT": [520, 190],
  ESTABLISHED: [320, 270],
  "FIN-WAIT-1": [120, 350],
  "CLOSE-WAIT": [520, 350],
  "FIN-WAIT-2": [120, 440],
  CLOSING: [320, 400],
  "LAST-ACK": [520, 440],
  "TIME-WAIT": [320, 500],
};
const [WIDE, HIGH] = [116, 34];
/** What leads to CLOSED from almost everywhere: drawn thin, without words. */
const EVERYWHERE = new Set(["Rst", "Abort", "TimedOut"]);

/** Where the line from one middle to another leaves the box around the first. */
function edge(from: [number, number], to: [number, number]): [number, number] {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const part = Math.min(Math.abs((WIDE / 2 + 2) / (dx || 1e-9)), Math.abs((HIGH / 2 + 2) / (dy || 1e-9)));
  return [Math.round(from[0] + dx * part), Math.round(from[1] + dy * part)];
}

/** Lines between the same two states are one, with all their words. */
function lines(table: Transitions, language: Language): { from: string; to: string; words: string[]; thin: boolean }[] {
  const found = new Map<string, { from: string; to: string; words: string[]; thin: boolean }>();
  for (const { from, trigger, to } of table.transitions) {
    const key = `${from} ${to}`;
    const line = found.get(key) ?? { from, to, words: [], thin: true };
    found.set(key, line);
    if (!EVERYWHERE.has(trigger)) {
      line.thin = false;
      line.words.push(TRIGGERS[language][trigger] ?? trigger);
    }
  }
  return [...found.values()];
}

/** The graph as SVG. `marks` has the name of each end with its state. */
export function graph(table: Transitions, words: Words, language: Language, marks: [name: string, state: string][]): string {
  const told = marks.map(([name, state]) => say(words.graphMark, { name, state })).join(" ");
  const drawn = lines(table, language).map((line) => draw(line)).join("");
  const nodes = table.states.map(({ name, gloss }) => node(name, language === "zh" ? gloss : "", marks)).join("");
  return (
    `<svg class="graph" viewBox="0 0 640 530" role="img" aria-label="${escape(say(words.graphLabel, { marks: told }).trim())}">` +
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` +
    `${drawn}${nodes}</svg>`
  );
}

function draw(line: { from: string; to: string; words: string[]; thin: boolean }): string {
  const [a, b] = [PLACES[line.from], PLACES[line.to]];
  if (!a || !b) return "";
  const [from, to] = [edge(a, b), edge(b, a)];
  const back = Number(PLACES[line.from]![1] > PLACES[line.to]![1]);
  // Lines that go up bend aside, so that they do not cover those that go down.
  const bend = back ? (a[0] < 320 ? -70 : a[0] > 320 ? 70 : 0) : 0;
  const [mx, my] = [(from[0] + to[0]) / 2 + bend, (from[1] + to[1]) / 2];
  const outer = line.to === "CLOSED" && line.from !== "LISTEN";
  if (outer && line.thin) {
    if (a[0] === 320) return "";
    const side = a[0] < 320 ? 30 : 610;
    const x = a[0] < 320 ? a[0] - WIDE / 2 - 2 : a[0] + WIDE / 2 + 2;
    const end = b[0] + (a[0] < 320 ? -WIDE / 2 - 2 : WIDE / 2 + 2);
    return `<path class="thin" d="M${x} ${a[1]}H${side}V${b[1]}H${end}" marker-end="url(#tip)"/>`;
  }
  if (outer && (line.from === "TIME-WAIT" || line.from === "LAST-ACK")) {
    // The long ways home run outside.
    const d = line.from === "LAST-ACK" ? `M${a[0] + WIDE / 2 + 2} ${a[1]}H620V${b[1] - 6}H${b[0] + WIDE / 2 + 2}` : `M${a[0] + WIDE / 2 + 2} ${a[1]}H630V${b[1] - 10}H${b[0] + WIDE / 2 + 2}`;
    const y = line.from === "LAST-ACK" ? a[1] - 6 : a[1] - 6;
    return `<path d="${d}" marker-end="url(#tip)"/><text x="${a[0] + WIDE / 2 + 6}" y="${y}">${escape(line.words.join(" / "))}</text>`;
  }
  const path = bend === 0 ? `M${from[0]} ${from[1]}L${to[0]} ${to[1]}` : `M${from[0]} ${from[1]}Q${mx} ${my} ${to[0]} ${to[1]}`;
  const [tx, ty] = bend === 0 ? [mx, my] : [(from[0] + to[0]) / 2 + bend / 2, my];
  const text = line.words.map((word, index) => `<tspan x="${tx}" dy="${index === 0 ? 0 : 11}">${escape(word)}</tspan>`).join("");
  return `<path${line.thin ? ' class="thin"' : ""} d="${path}" marker-end="url(#tip)"/><text class="middle" x="${tx}" y="${ty - 3}">${text}</text>`;
}

function node(name: string, gloss: string, marks: [string, string][]): string {
  const [x, y] = PLACES[name] ?? [0, 0];
  const here = marks.filter(([, state]) => state === name).map(([end]) => end);
  const label = gloss === "" ? `<text class="middle" y="4">${name}</text>` : `<text class="middle" y="-1">${name}</text><text class="middle gloss" y="11">${escape(gloss)}</text>`;
  const badges = here
    .map((end, index) => {
      const at = end === marks[0]?.[0] ? -WIDE / 2 : WIDE / 2;
      return `<g class="badge" transform="translate(${at} ${index === 0 ? -HIGH / 2 : -HIGH / 2})"><circle r="10"/><text class="middle" y="4">${escape(end.slice(0, 2))}</text></g>`;
    })
    .join("");
  return (
    `<g class="node${here.length > 0 ? " here" : ""}" transform="translate(${x} ${y})">` +
    `<rect x="${-WIDE / 2}" y="${-HIGH / 2}" width="${WIDE}" height="${HIGH}" rx="6"/>${label}${badges}</g>`
  );
}

/** The same as a table. */
export function graphTable(table: Transitions, words: Words, language: Language): string {
  const rows = table.transitions.map(
    ({ from, trigger, to }) => `<tr><th scope="row">${from}</th><td>${escape(TRIGGERS[language][trigger] ?? trigger)}</td><td>${to}</td></tr>`,
  );
  const head = [words.from, words.when, words.to].map((text) => `<th scope="col">${escape(text)}</th>`).join("");
  return `<table class="rows"><thead><tr>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
}
