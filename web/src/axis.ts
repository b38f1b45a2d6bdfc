// The one time axis. A run has microseconds of work between minutes of waiting, so the axis gives each event the same
// room, and time passes evenly between two of them.

/** How many places there are from one event to the next. */
export const FINE = 20;

export class Axis {
  /** The moments at which something happens in any of the runs, nanoseconds, upwards. */
  readonly moments: number[];

  constructor(runs: { events: { at: number }[]; end: number }[]) {
    const all = new Set<number>();
    for (const run of runs) {
      for (const event of run.events) all.add(event.at);
    }
    this.moments = [...all].sort((a, b) => a - b);
    const end = Math.max(0, ...runs.map((run) => run.end));
    if (this.moments.length === 0) this.moments.push(0);
    if (end > this.moments.at(-1)!) this.moments.push(end);
  }

  get places(): number {
    return (this.moments.length - 1) * FINE;
  }

  timeAt(place: number): number {
    const index = Math.min(Math.floor(place / FINE), this.moments.length - 1);
    const from = this.moments[index]!;
    const to = this.moments[index + 1] ?? from;
    return Math.round(from + ((to - from) * (place - index * FINE)) / FINE);
  }

  placeOf(time: number): number {
    const index = this.last(time);
    if (index < 0) return 0;
    const from = this.moments[index]!;
    const to = this.moments[index + 1];
    const part = to === undefined || to === from ? 0 : (time - from) / (to - from);
    return Math.min(this.places, index * FINE + Math.floor(part * FINE + 1e-6));
  }

  /** The number of the last moment that is not after `time`; -1 before the first. */
  last(time: number): number {
    return lastBefore(this.moments, time, (moment) => moment);
  }
}

/** The index of the last item whose key is not beyond `limit`, in a list whose keys ascend; -1 where there is none. */
export function lastBefore<T>(items: readonly T[], limit: number, key: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(items[middle]!) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
