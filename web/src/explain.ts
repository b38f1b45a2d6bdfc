// A capture, explained in the page. It is sent nowhere.
import { ask } from "./client.ts";
import { button, byId, drawing, el } from "./dom.ts";
import { table } from "./table.ts";
import { NARROW, WIDE } from "./runs.ts";
import { type Words, say } from "./words.ts";
import type { Explained, Language, Picture } from "./types.ts";

export function begin(words: Words, language: Language, base: string): void {
  const input = byId("file") as HTMLInputElement;
  const result = byId("result");
  const zone = byId("zone");
  let octets: Uint8Array | null = null;

  const show = async (number: number) => {
    if (!octets) return;
    result.setAttribute("aria-busy", "true");
    try {
      const width = matchMedia("(max-width: 640px)").matches ? NARROW : WIDE;
      const told = await ask<Explained>("explain", octets, language === "zh" ? "zh-CN" : "en", width, number);
      result.replaceChildren(...draw(told, words, (number) => void show(number)));
    } catch (error) {
      result.replaceChildren(el("p", { class: "problem", role: "alert" }, words.failed + (error instanceof Error ? error.message : String(error))));
    }
    result.removeAttribute("aria-busy");
  };
  const take = async (file: Blob) => {
    result.replaceChildren(words.working);
    octets = new Uint8Array(await file.arrayBuffer());
    await show(0);
  };
  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void take(file);
  });
  for (const name of ["dragover", "dragenter"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) void take(file);
  });
  zone.append(
    button(words.explainExample, async () => {
      const answer = await fetch(`${base}data/example.pcapng`);
      await take(await answer.blob());
    }),
  );
  document.body.dataset["ready"] = "true";
}

function draw(told: Explained, words: Words, show: (number: number) => void): HTMLElement[] {
  const parts: HTMLElement[] = [el("p", { role: "status" }, say(words.explainCount, { connections: told.connections, frames: told.frames }))];
  if (told.cut) parts.push(el("p", { class: "problem" }, words.explainCut + told.cut));
  if (told.connections === 0) parts.push(el("p", {}, words.noConnections));
  if (told.listed.length > 1) parts.push(list(told, words, show));
  if (told.shown) parts.push(connection(told.shown, words));
  return parts;
}

function list(told: Explained, words: Words, show: (number: number) => void): HTMLElement {
  const head = el("tr", {}, ...[words.frame, words.ends, words.verdict, words.octets, words.explainFindings].map((text) => el("th", { scope: "col" }, text)));
  const rows = told.listed.map((one) => {
    const name = button(`${one.number}`, () => show(one.number), { "aria-label": `${words.explainShow} ${one.number}`, "aria-pressed": String(one.number === told.shown?.number) });
    const cells = [one.ends.join(" – "), one.verdict, String(one.octets), one.findings.join(", ")];
    return el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((text) => el("td", {}, text)));
  });
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words.ends }, el("table", { class: "rows" }, el("thead", {}, head), el("tbody", {}, ...rows)));
}

function connection(picture: Picture, words: Words): HTMLElement {
  const findings = picture.findings.map((finding) => {
    const terms: [string, string][] = [
      [words.why, finding.cause],
      [words.explainOther, finding.other],
      [words.explainNext, finding.next],
    ];
    const told = terms.filter(([, text]) => text !== "").flatMap(([term, text]) => [el("dt", {}, term), el("dd", {}, text)]);
    return el("li", {}, el("b", {}, finding.name), ` (${finding.severity}; ${finding.frames}) `, finding.what, el("dl", {}, ...told), el("small", {}, finding.clause));
  });
  const twin = el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": words.tableHead });
  twin.innerHTML = table(picture, words);
  const left = picture.segments - picture.rows.length;
  return el(
    "section",
    {},
    el("h2", {}, `${picture.number}: ${picture.addresses.join(" – ")}`),
    el("p", {}, picture.verdict),
    el("h3", {}, words.explainFindings),
    findings.length > 0 ? el("ul", { class: "findings" }, ...findings) : el("p", {}, words.explainNoFindings),
    el("div", { class: "ladder whole" }, drawing(picture.svg)),
    left > 0 ? el("p", { class: "soft" }, say(words.moreRows, { count: left })) : null,
    el("details", {}, el("summary", {}, words.tableHead), twin),
  );
}
