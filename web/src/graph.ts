// The eleven states as a graph, drawn from the engine's own table. Used by the build, and in the page, where the states of
// both ends are marked in it.
import { TRIGGERS } from "../locales/fields.ts";
import { escape } from "./dom.ts";
import { type Words, say } from "./words.ts";
import type { Language, Transitions } from "./types.ts";

const PLACES: Record<string, [x: number, y: number]> = {
  CLOSED: [340, 30],
  LISTEN: [340, 115],
  "SYN-RECEIVED": [140, 200],
  "SYN-SENT": [540, 200],
  ESTABLISHED: [340, 275],
  "FIN-WAIT-1": [140, 355],
  "CLOSE-WAIT": [540, 355],
  CLOSING: [340, 410],
  "FIN-WAIT-2": [140, 465],
  "LAST-ACK": [540, 440],
  "TIME-WAIT": [340, 520],
};
const [WIDE, HIGH] = [120, 36];
const MIDDLE = 340;
/** What leads to CLOSED from almost everywhere: drawn thin, without words. */
const EVERYWHERE = new Set(["Rst", "Abort", "TimedOut"]);
/** Lines whose straight way is another's: how far they bend across and down, and where on them their words stand. */
const BENT: Record<string, [across: number, down: number, at: number]> = {
  "CLOSED LISTEN": [-60, 0, 0.5],
  "LISTEN CLOSED": [60, 0, 0.5],
  "CLOSED SYN-SENT": [120, -10, 0.6],
  "SYN-SENT CLOSED": [10, 0, 0.45],
  "SYN-RECEIVED LISTEN": [-50, -40, 0.45],
  "LISTEN SYN-RECEIVED": [30, 12, 0.5],
  "SYN-RECEIVED CLOSE-WAIT": [0, 150, 0.5],
};

/** Where the line from one middle to another leaves the box around the first. */
function edge(from: [number, number], to: [number, number]): [number, number] {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const part = Math.min(Math.abs((WIDE / 2 + 2) / (dx || 1e-9)), Math.abs((HIGH / 2 + 2) / (dy || 1e-9)));
  return [Math.round(from[0] + dx * part), Math.round(from[1] + dy * part)];
}

interface Line {
  from: string;
  to: string;
  words: string[];
  thin: boolean;
}

/** Lines between the same two states are one, with all their words. */
function lines(table: Transitions, language: Language): Line[] {
  const found = new Map<string, Line>();
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
  const parts = lines(table, language).map((line) => draw(line));
  const drawn = [...parts.map(([path]) => path), ...parts.map(([, text]) => text)].join("");
  const nodes = table.states.map(({ name, gloss }) => node(name, language === "zh" ? gloss : "", marks)).join("");
  return (
    `<svg class="graph" viewBox="0 0 690 550" role="img" aria-label="${escape(say(words.graphLabel, { marks: told }).trim())}">` +
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>` +
    `${drawn}${nodes}</svg>`
  );
}

/** The line, and its words, which are drawn above all lines. */
function draw(line: Line): [string, string] {
  const [a, b] = [PLACES[line.from], PLACES[line.to]];
  if (!a || !b) return ["", ""];
  if (line.to === "CLOSED" && line.from !== "LISTEN" && line.from !== "SYN-SENT") return home(line, a, b);
  const [from, to] = [edge(a, b), edge(b, a)];
  const [across, down, at] = BENT[`${line.from} ${line.to}`] ?? [0, 0, 0.5];
  const [mx, my] = [(from[0] + to[0]) / 2 + across, (from[1] + to[1]) / 2 + down];
  // On a curve of Bezier's, at its part `at`.
  const on = (p: number, q: number, r: number) => Math.round((1 - at) * (1 - at) * p + 2 * at * (1 - at) * q + at * at * r);
  const [x, y] = [on(from[0], mx, to[0]), on(from[1], my, to[1])];
  const text = line.words.map((word, index) => `<tspan x="${x}" dy="${index === 0 ? 0 : 11}">${escape(word)}</tspan>`).join("");
  const path = `<path class="${line.thin ? "thin" : "way"}" d="M${from[0]} ${from[1]}Q${mx} ${my} ${to[0]} ${to[1]}" marker-end="url(#tip)"/>`;
  return [path, `<text class="middle" x="${x}" y="${y + 3 - 5 * (line.words.length - 1)}">${text}</text>`];
}

/** The long ways back to CLOSED, which run outside: those in the middle go no way of their own but by the word below. */
function home(line: Line, a: [number, number], b: [number, number]): [string, string] {
  const outer: Record<string, [side: number, dy: number]> = { "TIME-WAIT": [672, -9], "LAST-ACK": [655, -3] };
  const [own, dy] = outer[line.from] ?? [0, 9];
  if (own === 0 && a[0] === MIDDLE) return ["", ""];
  const right = a[0] > MIDDLE || own > 0;
  const side = own || (right ? 638 : 30);
  const half = right ? WIDE / 2 + 2 : -WIDE / 2 - 2;
  const words = line.words.length > 0 ? `<text x="${a[0] + half + 4}" y="${a[1] + (line.from === "LAST-ACK" ? 26 : -5)}">${escape(line.words.join(" / "))}</text>` : "";
  return [`<path class="${line.thin ? "thin" : "way"}" d="M${a[0] + half} ${a[1]}H${side}V${b[1] + dy}H${b[0] + half}" marker-end="url(#tip)"/>`, words];
}

function node(name: string, gloss: string, marks: [string, string][]): string {
  const [x, y] = PLACES[name] ?? [0, 0];
  const here = marks.filter(([, state]) => state === name).map(([end]) => end);
  const label = gloss === "" ? `<text class="middle" y="4">${name}</text>` : `<text class="middle" y="-1">${name}</text><text class="middle gloss" y="11">${escape(gloss)}</text>`;
  const badges = here
    .map((end) => {
      const at = end === marks[0]?.[0] ? -WIDE / 2 : WIDE / 2;
      return `<g class="badge" transform="translate(${at} ${-HIGH / 2})"><circle r="10"/><text class="middle" y="4">${escape(end.slice(0, 2))}</text></g>`;
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
