// A packetdrill script, run in the page.
import { ask } from "./client.ts";
import { byId, el } from "./dom.ts";
import type { Words } from "./words.ts";
import type { Drilled } from "./types.ts";

export function begin(words: Words): void {
  const form = byId("drill") as HTMLFormElement;
  const text = byId("script") as HTMLTextAreaElement;
  const result = byId("result");
  const shared = new URLSearchParams(location.hash.replace(/^#/, "")).get("script");
  if (shared !== null) text.value = shared;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    history.replaceState(null, "", `#${new URLSearchParams({ script: text.value })}`);
    result.replaceChildren(words.working);
    try {
      const { verdict, message, lines } = await ask<Drilled>("drill", text.value);
      const name = { passed: `✓ ${words.drillPassed}`, failed: `✗ ${words.drillFailed}`, unsupported: `? ${words.drillUnsupported}` }[verdict] ?? verdict;
      result.replaceChildren(el("p", { class: "verdict", "data-verdict": verdict }, el("b", {}, name)));
      if (message) result.append(el("pre", { tabindex: 0 }, message));
      if (lines.length > 0) result.append(el("h2", {}, words.drillTrace), el("pre", { tabindex: 0 }, lines.join("\n")));
    } catch (error) {
      result.replaceChildren(el("p", { class: "problem" }, words.failed), el("pre", { tabindex: 0 }, error instanceof Error ? error.message : String(error)));
    }
  });
  document.body.dataset["ready"] = "true";
}
