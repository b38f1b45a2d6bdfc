// The engine in node: the pages' still pictures come from the same module that the pages load.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Answer, Explained, Language, Scenario, Shown, Transitions } from "../src/types.ts";

const folder = new URL("../wasm/", import.meta.url);
const module: typeof import("../wasm/synfin.js") = await import(new URL("synfin.js", folder).href).catch((error: unknown) => {
  throw new Error(`${fileURLToPath(folder)} has no engine: run \`npm run wasm\` first (${String(error)})`);
});
module.initSync({ module: readFileSync(new URL("synfin_bg.wasm", folder)) });

export const TAGS: Record<Language, string> = { en: "en", zh: "zh-CN" };

function ok<T>(text: string): T {
  const answer = JSON.parse(text) as Answer<T>;
  if ("error" in answer) throw new Error(answer.error);
  return answer.ok;
}

export const scenarios = (language: Language) => ok<Scenario[]>(module.scenarios(TAGS[language]));
export const transitions = (language: Language) => ok<Transitions>(module.transitions(TAGS[language]));
export const run = (number: string, world: string, language: Language, width: number) =>
  ok<Shown>(module.run(JSON.stringify({ number, world, language: TAGS[language], width })));
export const capture = (number: string, point: number) => module.capture(JSON.stringify({ number }), point);
export type { Explained };
