// The ladder as a table: the twin of the drawing, for whoever hears the page. Used by the build and in the page.
import { escape } from "./dom.ts";
import { type Words, seconds } from "./words.ts";
import type { Picture } from "./types.ts";

/** The rows of a picture as HTML. */
export function table(picture: Picture, words: Words): string {
  const head = [words.frame, words.time, words.way, words.segment, words.statesAfter, words.why];
  const cells = picture.rows.map((row) => {
    const [from, to] = [picture.names[row.from]!, picture.names[1 - row.from]!];
    const numbers = [`SEQ ${row.seq}`, row.ack === null ? "" : `ACK ${row.ack}`, row.len > 0 ? `LEN ${row.len}` : "", row.window === null ? "" : `WIN ${row.window}`];
    const why = [row.sentence, row.fate ?? "", `[${row.clause}]`].filter((text) => text !== "").join(" ");
    return [
      String(row.frame),
      seconds(row.at),
      `${from} → ${to}`,
      `${row.flags} ${numbers.filter((text) => text !== "").join(" ")}`,
      `${picture.names[0]}: ${row.states[0]}, ${picture.names[1]}: ${row.states[1]}`,
      why,
    ];
  });
  const line = (cells: string[]) =>
    `<tr><th scope="row">${escape(cells[0]!)}</th>${cells.slice(1).map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
  return (
    `<table class="rows"><thead><tr>${head.map((cell) => `<th scope="col">${escape(cell)}</th>`).join("")}</tr></thead>` +
    `<tbody>${cells.map(line).join("")}</tbody></table>`
  );
}
