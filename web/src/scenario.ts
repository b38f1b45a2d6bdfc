// A scenario's page, and free play, which is a scenario in which nothing has happened yet.
import { call } from "./client.ts";
import { button, byId, el } from "./dom.ts";
import * as link from "./link.ts";
import { Player } from "./player.ts";
import { Prediction } from "./predict.ts";
import { type Words, say, seconds } from "./words.ts";
import type { Language, PageData } from "./types.ts";

export async function begin(words: Words, language: Language, base: string): Promise<void> {
  const data = JSON.parse(byId("data").textContent ?? "") as PageData;
  const root = byId("run");
  const seen = link.read(location.hash);
  // What free play begins with, unless the link says what happens.
  if (data.free && !new URLSearchParams(location.hash.slice(1)).has("do")) seen.lines = (root.dataset["lines"] ?? "").split("\n");
  const player = new Player(root, data, words, language, base, seen);
  const prediction = data.free ? null : new Prediction(words, data.right);
  let begun = false;
  let settled: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    const now = { ...player.now(), picked: prediction?.picked ?? null };
    const text = link.write(now, data.free);
    const address = text === "" ? location.pathname + location.search : `#${text}`;
    if (location.hash.replace(/^#/, "") !== text) history.replaceState(null, "", address);
    for (const other of document.querySelectorAll<HTMLAnchorElement>("a.other-language")) {
      other.href = other.href.replace(/#.*$/, "") + (text === "" ? "" : `#${text}`);
    }
  };
  const change = () => {
    // What the link asks for is not overwritten by what is not shown yet.
    if (!begun) return;
    clearTimeout(settled);
    settled = setTimeout(write, 200);
  };
  player.onRun = (right) => prediction?.judge(right);
  if (prediction) {
    prediction.onReveal = change;
    if (seen.picked !== null) prediction.reveal(seen.picked);
  }
  addEventListener("hashchange", () => {
    const wanted = link.read(location.hash);
    if (wanted.picked !== null) prediction?.reveal(wanted.picked);
    void player.see(wanted);
  });
  try {
    await player.begin();
  } catch (error) {
    root.prepend(el("p", { class: "problem", role: "alert" }, words.failed + (error instanceof Error ? error.message : String(error))));
    return;
  }
  begun = true;
  player.onChange = change;
  change();
  root.append(links(words, player, data, write, language));
  if (data.free) {
    const heading = el("h2");
    const calls = el("section", { class: "free-calls" }, heading, player.calls(), el("p", { class: "soft" }, words.freeLine));
    root.prepend(calls);
    const tell = () => (heading.textContent = say(words.callsHead, { time: seconds(player.moment) }));
    player.onChange = () => {
      tell();
      change();
    };
    tell();
  }
}

function links(words: Words, player: Player, data: PageData, write: () => void, language: Language): HTMLElement {
  const said = el("span", { role: "status" });
  const copy = button(words.copyLink, async () => {
    write();
    try {
      await navigator.clipboard.writeText(location.href);
      said.textContent = words.copied;
    } catch {
      said.textContent = words.copyFailed;
    }
  });
  const at = el("select", { "aria-label": words.downloadAt }, el("option", { value: 0 }, "A"), el("option", { value: 1 }, "B"), el("option", { value: 2 }, words.middle));
  const download = button(words.download, async () => {
    const { world, values, seed, lines } = player.now();
    const of = data.free ? { text: data.text } : { number: data.number };
    const request = JSON.stringify({ ...of, values, seed, lines, ...(world === null ? {} : { world }), language, width: 640 });
    const octets = (await call("capture", request, Number(at.value))) as Uint8Array<ArrayBuffer>;
    const address = URL.createObjectURL(new Blob([octets], { type: "application/octet-stream" }));
    el("a", { href: address, download: `${data.number || "free"}.pcapng` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  });
  return el("div", { class: "links" }, copy, said, download, at);
}
