// What an event is, in a few words.
import { type Words, say } from "./words.ts";
import type { Trace } from "./types.ts";

export function tell(trace: Trace, last: number, words: Words): string {
  const event = trace.events[last];
  if (!event) return words.nothingYet;
  const segment = event.segment === null ? undefined : trace.segments[event.segment];
  const host = event.host ?? "";
  const text = event.text ?? "";
  const from = segment?.from ?? "";
  const to = trace.hosts.find((other) => other.name !== from)?.name ?? "";
  const flags = segment ? `#${event.segment! + 1} ${segment.flags}${segment.len > 0 ? ` (${segment.len})` : ""}` : "";
  switch (event.what) {
    case "sent":
      return say(words.sentText, { from, flags }) + (segment?.lost ? `, ${words.lostText}` : "");
    case "arrived": {
      const discarded = segment?.arrivals.find(([at]) => at === event.at)?.[1];
      return discarded ? `${say(words.discardedText, { to, flags })} [${discarded}]` : say(words.arrivedText, { to, flags });
    }
    case "called":
      return say(words.calledText, { host, text });
    case "timer":
      return say(words.timerText, { host, text });
    case "fault":
      return say(words.faultText, { text });
    case "icmp":
      return say(words.icmpText, { host });
    case "taken-for-open":
      return say(words.takenText, { host });
  }
}
