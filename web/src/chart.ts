// The congestion window, the slow start threshold and what is in flight, over the whole run, with the moment that is shown;
// and the same as a table.
import { el, svg } from "./dom.ts";
import { type Words, say, seconds, span } from "./words.ts";
import type { Trace } from "./types.ts";

interface Point {
  at: number;
  cwnd: number;
  ssthresh: number | null;
  flight: number;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [640, 190, 64, 22, 18];
/** Rows of the table: of more points every so many are told. */
const MOST_ROWS = 40;

export class Chart {
  readonly element: HTMLElement;
  private readonly moment = svg("path", { class: "moment", d: `M0 ${TOP}V${HEIGHT - BOTTOM}` });
  private readonly from: number;
  private readonly to: number;

  private constructor(host: string, points: Point[], words: Words) {
    this.from = points[0]!.at;
    this.to = points.at(-1)!.at;
    const most = Math.max(...points.map(({ cwnd, flight }) => Math.max(cwnd, flight)));
    const label = say(words.chartLabel, {
      span: span(this.to - this.from),
      cwnd: Math.max(...points.map(({ cwnd }) => cwnd)),
      flight: Math.max(...points.map(({ flight }) => flight)),
    });
    const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label });
    const text = (x: number, y: number, content: string, name = "") => {
      const made = svg("text", { x, y, class: name });
      made.textContent = content;
      return made;
    };
    const y = (value: number) => TOP + (HEIGHT - BOTTOM - TOP) * (1 - value / most);
    // Steps: a value holds until the next event.
    const line = (of: (point: Point) => number | null, name: string) => {
      let d = "";
      for (const point of points) {
        const value = of(point);
        if (value === null || value > most) continue;
        const [px, py] = [this.x(point.at).toFixed(1), y(value).toFixed(1)];
        d += d === "" ? `M${px} ${py}` : `H${px}V${py}`;
      }
      return svg("path", { class: name, d });
    };
    drawing.append(
      svg("path", { class: "axis", d: `M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH}` }),
      text(LEFT - 6, TOP + 8, String(most), "end"),
      text(LEFT - 6, HEIGHT - BOTTOM, "0", "end"),
      text(LEFT, HEIGHT - 6, `${seconds(this.from)} s`),
      text(WIDTH, HEIGHT - 6, `${seconds(this.to)} s`, "end"),
      text(LEFT, 10, `━ cwnd   ╍ ${words.inFlight}   ┈ ssthresh`),
      line(({ flight }) => flight, "flight"),
      line(({ ssthresh }) => ssthresh, "ssthresh"),
      line(({ cwnd }) => cwnd, "cwnd"),
      this.moment,
    );
    this.element = el("section", { class: "chart", "aria-label": say(words.chartHead, { host }) }, el("h3", {}, say(words.chartHead, { host })), drawing, twin(points, words));
  }

  /** A chart of the end whose window moves most; none where there is little to see. */
  static of(trace: Trace, connection: number, words: Words): Chart | null {
    const ends = [0, 1].map((side) => ({ side, points: points(trace, connection, side) }));
    const moves = (list: Point[]) => new Set(list.map(({ cwnd }) => cwnd)).size;
    ends.sort((a, b) => moves(b.points) - moves(a.points));
    const [best] = ends;
    return best && moves(best.points) >= 4 ? new Chart(trace.hosts[best.side]!.name, best.points, words) : null;
  }

  show(time: number): void {
    this.moment.setAttribute("transform", `translate(${this.x(Math.min(Math.max(time, this.from), this.to)).toFixed(1)} 0)`);
  }

  private x(at: number): number {
    return LEFT + ((WIDTH - LEFT) * (at - this.from)) / (this.to - this.from || 1);
  }
}

function points(trace: Trace, connection: number, side: number): Point[] {
  const found: Point[] = [];
  for (const event of trace.events) {
    const tcb = event.connection === connection ? event.after?.[side]?.tcb : null;
    if (!tcb || !tcb.cwnd) continue;
    const point = { at: event.at, cwnd: tcb.cwnd, ssthresh: tcb.ssthresh, flight: (tcb.snd_nxt - tcb.snd_una) >>> 0 };
    const last = found.at(-1);
    if (!last || last.cwnd !== point.cwnd || last.flight !== point.flight || last.ssthresh !== point.ssthresh) found.push(point);
  }
  return found;
}

function twin(points: Point[], words: Words): HTMLElement {
  const every = Math.ceil(points.length / MOST_ROWS);
  const rows = points.filter((_, index) => index % every === 0 || index === points.length - 1);
  const head = el("tr", {}, ...[words.time, "cwnd", words.inFlight, "ssthresh"].map((text) => el("th", { scope: "col" }, text)));
  const body = rows.map(({ at, cwnd, flight, ssthresh }) =>
    el("tr", {}, el("th", { scope: "row" }, seconds(at)), ...[cwnd, flight, ssthresh ?? "–"].map((value) => el("td", {}, String(value)))),
  );
  const table = el("table", { class: "rows" }, el("thead", {}, head), el("tbody", {}, ...body));
  return el("details", {}, el("summary", {}, words.chartTable), el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words.chartTable }, table));
}
