// Begins what the page is: a scenario, free play, a script, a capture. Pages of text need nothing of it.
import { words } from "./words.ts";
import type { Language } from "./types.ts";

const language: Language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
const { page, base = "" } = document.body.dataset;
const told = words(language);

if (page === "scenario" || page === "free") {
  void import("./scenario.ts").then(({ begin }) => begin(told, language, base));
} else if (page === "drill") {
  void import("./drill.ts").then(({ begin }) => begin(told));
} else if (page === "explain") {
  void import("./explain.ts").then(({ begin }) => begin(told, language, base));
}
