// The TCP header, field by field (RFC 9293 section 3.1), from the bytes that were sent.

export interface Field {
  key: string;
  /** The first bit, counted from the start of the header, and how many there are. */
  bit: number;
  bits: number;
  hex: string;
  value: string;
}

const FLAGS = ["CWR", "ECE", "URG", "ACK", "PSH", "RST", "SYN", "FIN"];
const OPTIONS: Record<number, string> = { 0: "EOL", 1: "NOP", 2: "MSS", 3: "WS", 4: "SACK-permitted", 5: "SACK", 8: "TS", 34: "TFO" };

/** The fields of the TCP header in the bytes of an IP and a TCP header, given in hexadecimal. */
export function fields(header: string): Field[] {
  const all = Uint8Array.from(header.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const start = all[0] !== undefined && all[0] >> 4 === 4 ? (all[0] & 15) * 4 : 40;
  const tcp = all.subarray(start);
  if (tcp.length < 20) return [];
  const view = new DataView(tcp.buffer, tcp.byteOffset, tcp.length);
  const hex = (from: number, to: number) => [...tcp.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const flags = tcp[13]!;
  const set = FLAGS.filter((_, index) => flags & (128 >> index));
  const offset = tcp[12]! >> 4;
  const found: Field[] = [
    { key: "source", bit: 0, bits: 16, hex: hex(0, 2), value: String(view.getUint16(0)) },
    { key: "destination", bit: 16, bits: 16, hex: hex(2, 4), value: String(view.getUint16(2)) },
    { key: "sequence", bit: 32, bits: 32, hex: hex(4, 8), value: String(view.getUint32(4)) },
    { key: "acknowledgment", bit: 64, bits: 32, hex: hex(8, 12), value: String(view.getUint32(8)) },
    { key: "offset", bit: 96, bits: 4, hex: hex(12, 13), value: `${offset} (${offset * 4})` },
    { key: "reserved", bit: 100, bits: 4, hex: hex(12, 13), value: String(tcp[12]! & 15) },
    { key: "flags", bit: 104, bits: 8, hex: hex(13, 14), value: set.join(",") || "0" },
    { key: "window", bit: 112, bits: 16, hex: hex(14, 16), value: String(view.getUint16(14)) },
    { key: "checksum", bit: 128, bits: 16, hex: hex(16, 18), value: `0x${hex(16, 18).replace(" ", "")}` },
    { key: "urgent", bit: 144, bits: 16, hex: hex(18, 20), value: String(view.getUint16(18)) },
  ];
  const end = Math.min(offset * 4, tcp.length);
  if (end > 20) found.push({ key: "options", bit: 160, bits: (end - 20) * 8, hex: hex(20, end), value: options(tcp.subarray(20, end)) });
  return found;
}

function options(bytes: Uint8Array): string {
  const told: string[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at]!;
    const name = OPTIONS[kind] ?? `#${kind}`;
    const length = kind < 2 ? 1 : (bytes[at + 1] ?? 0);
    if (length === 0 || at + length > bytes.length) break;
    if (kind === 2 && length === 4) told.push(`${name} ${view.getUint16(at + 2)}`);
    else if (kind === 3 && length === 3) told.push(`${name} ${bytes[at + 2]}`);
    else if (kind === 8 && length === 10) told.push(`${name} ${view.getUint32(at + 2)} ${view.getUint32(at + 6)}`);
    else if (kind === 5 && (length - 2) % 8 === 0) {
      const blocks = Array.from({ length: (length - 2) / 8 }, (_, block) => `${view.getUint32(at + 2 + block * 8)}–${view.getUint32(at + 6 + block * 8)}`);
      told.push(`${name} ${blocks.join(" ")}`);
    } else if (kind > 1) told.push(name);
    at += length;
  }
  return told.join(", ");
}
