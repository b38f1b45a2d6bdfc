// All pages of the site, and the files beside them.
import { readFileSync } from "node:fs";
import { escape } from "../src/dom.ts";
import { graph, graphTable } from "../src/graph.ts";
import { words } from "../src/words.ts";
import type { Language, PageData, Scenario, Transitions } from "../src/types.ts";
import * as engine from "./engine.ts";
import { guide } from "./guide.ts";
import { inline, scenario } from "./scenario.ts";
import { type Assets, type Page, render } from "./shell.ts";

const LANGUAGES: Language[] = ["en", "zh"];

/** Where free play begins. */
const FREE = `# Two hosts and nothing else.
knob delay 50ms from 1ms to 2s
knob loss 0% from 0% to 50%
host A 10.0.1.1 iss 100
host B 10.0.2.1 iss 300
link delay $delay loss $loss
run 60s
`;
const FREE_LINES = ["at 0s B listen 80", "at 1s A connect B:80", "at 1.5s A send 100"];

/** Every file: its name and what is in it. */
export function site(assets: Assets): [string, string | Uint8Array][] {
  const files: [string, string | Uint8Array][] = [["index.html", door(assets)]];
  files.push(["data/example.pcapng", engine.capture("23", 0)]);
  for (const language of LANGUAGES) {
    const scenarios = engine.scenarios(language);
    const transitions = engine.transitions(language);
    const built = scenarios.map((one) => scenario(one, scenarios, language, transitions));
    const pages = [home(language, scenarios), free(language, transitions), states(language, transitions), drill(language), explain(language)];
    pages.push(...guide(language, scenarios), ...built.map(({ page }) => page));
    for (const page of pages) files.push([`${language}/${page.path}`, render(page, assets)]);
    files.push(...built.flatMap(({ files }) => files));
  }
  return files;
}

/** The first page of all: which language? */
function door(assets: Assets): string {
  const body = `<h1>synfin</h1><p class="lede">${words("en").tagline}<br><span lang="zh-CN">${words("zh").tagline}</span></p>
<p class="door"><a href="en/index.html">English</a> <a href="zh/index.html" lang="zh-CN" hreflang="zh-CN">中文</a></p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>synfin</title><meta name="description" content="${words("en").tagline}"><link rel="icon" href="data:,">
<link rel="stylesheet" href="${assets.style}"></head><body><main>${body}</main></body></html>
`;
}

function home(language: Language, scenarios: Scenario[]): Page {
  const told = words(language);
  const chapters = [...new Map(scenarios.map((one) => [one.chapter, one.chapter_title]))];
  const ladder = engine.run("01", "real", language, 440).pictures[0];
  const lists = chapters.map(([code, title]) => {
    const of = scenarios.filter((one) => one.chapter === code);
    const items = of.map((one) => `<li><a href="lab/${one.number}.html"><b>${one.number}</b>${escape(one.title)}</a><p>${escape(one.question)}</p></li>`);
    return `<section><h2>${escape(title)}</h2><ul class="questions">${items.join("")}</ul></section>`;
  });
  const body = `<div class="hero"><div><h1>${escape(told.tagline)}</h1><p class="lede">${escape(told.lede)}</p>
<p>${escape(told.homeHint)}</p><p>${escape(told.guideLede)} <a href="guide.html">${escape(told.navGuide)}</a></p></div>
<div class="ladder whole">${ladder ? inline(ladder.svg, "h") : ""}</div></div>
<div class="chapters">${lists.join("")}</div>`;
  return { language, path: "index.html", title: told.tagline, description: told.lede, kind: "home", body };
}

function free(language: Language, transitions: Transitions): Page {
  const told = words(language);
  const knobs = [
    { name: "delay", default: "50ms", least: "1ms", most: "2s" },
    { name: "loss", default: "0%", least: "0%", most: "50%" },
  ];
  const data: PageData = { number: "", worlds: ["real"], knobs, right: null, text: FREE, made: [], free: true, transitions };
  const body = `<h1>${escape(told.freeTitle)}</h1><p class="lede">${escape(told.freeLede)}</p>
<section id="run" aria-label="${escape(told.runHead)}" data-lines="${escape(FREE_LINES.join("\n"))}"><div id="still"><pre tabindex="0">${escape(FREE + FREE_LINES.join("\n"))}</pre></div>
<details id="graph-table"><summary>${escape(told.graphTable)}</summary><div class="scroll" tabindex="0" role="region" aria-label="${escape(told.graphTable)}">${graphTable(transitions, told, language)}</div></details></section>
<script type="application/json" id="data">${JSON.stringify(data).replace(/</g, "\\u003c")}</script>`;
  return { language, path: "free.html", title: told.freeTitle, description: told.freeLede, kind: "free", body };
}

function states(language: Language, transitions: Transitions): Page {
  const told = words(language);
  const glosses = transitions.states.filter(({ gloss }) => gloss !== "");
  const names = glosses.map(({ name, gloss }) => `<tr><th scope="row">${name}</th><td>${escape(gloss)}</td></tr>`).join("");
  const head = [told.state, told.stateMeaning].map((text) => `<th scope="col">${escape(text)}</th>`).join("");
  const body = `<h1>${escape(told.graphHead)}</h1><p class="lede">${escape(told.statesLede)}</p>
<div class="graph-place">${graph(transitions, told, language, [])}</div><p class="soft">${escape(told.graphNote)}</p>
<h2>${escape(told.graphTable)}</h2>${graphTable(transitions, told, language)}
${language === "zh" ? `<h2>${escape(told.stateMeaning)}</h2><table class="rows"><thead><tr>${head}</tr></thead><tbody>${names}</tbody></table>` : ""}`;
  return { language, path: "states.html", title: told.graphHead, description: told.statesLede, kind: "states", body };
}

function drill(language: Language): Page {
  const told = words(language);
  const script = readFileSync(new URL("example.pkt", import.meta.url), "utf8");
  const body = `<h1>${escape(told.drillTitle)}</h1><p class="lede">${escape(told.drillLede)}</p>
<form id="drill" class="lines"><label><span>${escape(told.drillScript)}</span><textarea id="script" rows="18" spellcheck="false" autocapitalize="off">${escape(script)}</textarea></label>
<button type="submit" class="first">${escape(told.drillRun)}</button></form><div id="result" aria-live="polite"></div>`;
  return { language, path: "drill.html", title: told.drillTitle, description: told.drillLede, kind: "drill", body };
}

function explain(language: Language): Page {
  const told = words(language);
  const body = `<h1>${escape(told.explainTitle)}</h1><p class="lede">${escape(told.explainLede)}</p>
<div id="zone" class="zone"><label><span>${escape(told.explainFile)}</span> <input type="file" id="file"></label> <span class="soft">${escape(told.explainDrop)}</span> </div>
<div id="result"></div>`;
  return { language, path: "explain.html", title: told.explainTitle, description: told.explainLede, kind: "explain", body };
}
