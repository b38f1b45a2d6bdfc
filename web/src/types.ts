// What the engine answers: the shapes of crates/web and of crates/lab/src/json.rs.

export type Language = "en" | "zh";

export interface Tcb {
  iss: number;
  snd_una: number;
  snd_nxt: number;
  snd_wnd: number | null;
  irs: number | null;
  rcv_nxt: number | null;
  rcv_wnd: number | null;
  cwnd: number | null;
  ssthresh: number | null;
  srtt: number | null;
  rttvar: number | null;
  rto: number | null;
  backoff: number;
  retransmissions: number;
  probes: number;
  recovery: string;
  mss: number | null;
  send_queued: number;
  receive_queued: number;
}

export interface EndView {
  state: string;
  up: boolean;
  tcb: Tcb | null;
  /** Each with the moment at which it runs out, nanoseconds. */
  timers: [string, number][];
}

export interface Segment {
  connection: number | null;
  from: string;
  /** Nobody has sent it now: it is an old duplicate, or forged. */
  injected: boolean;
  at: number;
  seq: number;
  ack: number;
  flags: string;
  len: number;
  window: number;
  /** The bytes of its IP and TCP headers, in hexadecimal. */
  header: string;
  reason: string | null;
  clause: string | null;
  lost: string | null;
  befell: string[];
  arrivals: [number, string | null][];
}

export interface Happening {
  at: number;
  what: "sent" | "arrived" | "called" | "timer" | "fault" | "icmp" | "taken-for-open";
  segment: number | null;
  host: string | null;
  text: string | null;
  connection: number | null;
  after: [EndView, EndView] | null;
}

export interface Tally {
  most_half_open: number;
  most_connections: number;
  cookies: number;
  accepted: number;
  turned_away: number;
}

export interface Trace {
  world: string;
  seed: number;
  values: [string, string][];
  hosts: { name: string; tally: Tally }[];
  connections: { ends: [string, string] }[];
  segments: Segment[];
  events: Happening[];
  end: number;
  cut: boolean;
}

export interface Row {
  frame: number;
  at: number;
  from: number;
  seq: number;
  ack: number | null;
  flags: string;
  len: number;
  window: number | null;
  states: [string, string];
  sentence: string;
  fate: string | null;
  clause: string;
}

export interface Finding {
  severity: string;
  name: string;
  frames: string;
  what: string;
  cause: string;
  other: string;
  next: string;
  clause: string;
}

export interface Picture {
  number: number;
  verdict: string;
  names: [string, string];
  addresses: [string, string];
  svg: string;
  rows: Row[];
  segments: number;
  findings: Finding[];
}

export interface Knob {
  name: string;
  default: string;
  least: string;
  most: string;
}

export interface Shown {
  trace: Trace;
  pictures: Picture[];
  knobs: Knob[];
  worlds: string[];
  right: number | null;
}

export interface Scenario {
  number: string;
  name: string;
  chapter: string;
  chapter_title: string;
  title: string;
  question: string;
  predict: string;
  choices: [string, string, string];
  answer: string;
  story: string | null;
  right: number | null;
  knobs: Knob[];
  worlds: string[];
  text: string;
}

export interface Transitions {
  states: { name: string; gloss: string }[];
  transitions: { from: string; trigger: string; to: string }[];
}

export interface Drilled {
  verdict: string;
  message: string | null;
  lines: string[];
}

export interface Explained {
  frames: number;
  cut: string | null;
  connections: number;
  listed: { number: number; ends: [string, string]; verdict: string; worst: string | null; findings: string[]; octets: number }[];
  shown: Picture | null;
}

export type Answer<T> = { ok: T } | { error: string };

/** What a run is asked with; `crates/web/src/lab.rs` reads it. */
export interface Request {
  number?: string;
  text?: string;
  world?: string;
  values: [string, string][];
  seed: number;
  lines: string[];
  language: string;
  width: number;
}

/** What a page tells its script. */
export interface PageData {
  number: string;
  worlds: string[];
  knobs: Knob[];
  right: number | null;
  text: string;
  /** The worlds whose runs lie beside the page, made when it was built. */
  made: string[];
  /** The reader begins without anything having happened, and calls himself. */
  free: boolean;
  transitions: Transitions;
}
