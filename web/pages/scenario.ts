// The page of a scenario: the question, a still picture of the run, the answer; and what the page's script needs.
import { escape } from "../src/dom.ts";
import { graphTable } from "../src/graph.ts";
import { table } from "../src/table.ts";
import { type Words, words } from "../src/words.ts";
import { NARROW, WIDE, type Made } from "../src/runs.ts";
import type { Language, PageData, Picture, Scenario, Shown, Transitions } from "../src/types.ts";
import * as engine from "./engine.ts";
import type { Page } from "./shell.ts";

/** A run of more octets is made in the page itself. */
const MOST = 1_200_000;
/** Rows of a still picture, so that the page stays light. */
const MOST_STILL = 40;

export interface Built {
  page: Page;
  /** Files beside the page: runs that its script shows at once. */
  files: [name: string, content: string][];
}

export function scenario(of: Scenario, all: Scenario[], language: Language, transitions: Transitions): Built {
  const told = words(language);
  const files: [string, string][] = [];
  const made: string[] = [];
  const first = engine.run(of.number, of.worlds[0]!, language, WIDE);
  const still = engine.run(of.number, of.worlds[0]!, language, NARROW);
  for (const world of of.worlds) {
    const shown = lighten(engine.run(of.number, world, language, WIDE));
    const narrow = engine.run(of.number, world, language, NARROW).pictures.map((picture) => picture.svg);
    const content = JSON.stringify({ shown, narrow } satisfies Made);
    if (content.length > MOST) continue;
    files.push([`data/${of.number}-${world}.${language}.json`, content]);
    made.push(world);
  }
  const data: PageData = { number: of.number, worlds: of.worlds, knobs: of.knobs, right: of.right, text: of.text, made, free: false, transitions };
  const body = `
<p class="eyebrow">${escape(of.chapter_title)} · ${of.number}</p>
<h1>${escape(of.title)}</h1>
<p class="lede">${escape(of.question)}</p>
<section class="ask" aria-labelledby="ask-head">
<h2 id="ask-head">${escape(told.predictHead)}</h2>
<p id="predict-question">${escape(of.predict)}</p>
<ol id="choices" type="a">${of.choices.map((choice) => `<li>${escape(choice)}</li>`).join("")}</ol>
</section>
<section id="run" class="veiled" aria-labelledby="run-head">
<h2 id="run-head">${escape(told.runHead)}</h2>
<div id="still">${pictures(first, still, told)}</div>
<details id="graph-table"><summary>${escape(told.graphTable)}</summary><div class="scroll" tabindex="0" role="region" aria-label="${escape(told.graphTable)}">${graphTable(transitions, told, language)}</div></details>
</section>
<section class="veiled answer prose" aria-labelledby="answer-head">
<h2 id="answer-head">${escape(told.answerHead)}</h2>
<p>${escape(of.answer)}</p>
${of.story ? `<h3>${escape(told.storyHead)}</h3><p class="story">${escape(of.story)}</p>` : ""}
</section>
<section class="veiled prose">
<details><summary>${escape(told.sourceHead)}</summary>
<p>${escape(told.sourceHint)}<code>synfin lab ${of.number}</code></p>
<pre tabindex="0">${escape(of.text)}</pre></details>
</section>
${neighbours(of, all, told)}
<script type="application/json" id="data">${JSON.stringify(data).replace(/</g, "\\u003c")}</script>`;
  const page: Page = { language, path: `lab/${of.number}.html`, title: of.title, description: of.question, kind: "scenario", body };
  return { page, files };
}

/** What the page's script reads of a trace, and no more. */
function lighten(shown: Shown): Shown {
  for (const event of shown.trace.events as { before?: unknown }[]) delete event.before;
  return shown;
}

function neighbours(of: Scenario, all: Scenario[], told: Words): string {
  const at = all.indexOf(of);
  const link = (to: Scenario | undefined, word: string, relation: string) =>
    to ? `<a rel="${relation}" href="${to.number}.html"><span>${escape(word)}</span> ${to.number} ${escape(to.title)}</a>` : "<span></span>";
  return `<nav class="neighbours" aria-label="${escape(told.question)}">${link(all[at - 1], told.before, "prev")}${link(all[at + 1], told.after, "next")}</nav>`;
}

/** The still picture, wide and narrow, and the same as a table. */
function pictures(wide: Shown, narrow: Shown, told: Words): string {
  const most = (shown: Shown) => shown.pictures.reduce<Picture | undefined>((most, one) => (most && most.segments >= one.segments ? most : one), undefined);
  const choose = (shown: Shown) => (shown.trace.connections.length > 8 ? most(shown) : shown.pictures[0]);
  const [one, other] = [choose(wide), choose(narrow)];
  if (!one || !other) return `<p>${escape(told.nothingSent)}</p>`;
  const twin = table({ ...one, rows: one.rows.slice(0, MOST_STILL) }, told);
  return `<figure class="column"><figcaption>${escape(one.verdict)}</figcaption>
<div class="ladder whole wide">${inline(one.svg, "w")}</div>
<div class="ladder whole narrow">${inline(other.svg, "n")}</div>
<details><summary>${escape(told.tableHead)}</summary><div class="scroll" tabindex="0" role="region" aria-label="${escape(told.tableHead)}">${twin}</div></details></figure>`;
}

/** A drawing in a page: its style is the page's, its names are its own. */
export function inline(svg: string, prefix: string): string {
  return cut(svg)
    .replace(/<style>.*?<\/style>/s, "")
    .replace(/<rect class="paper"[^>]*>(<\/rect>)?/, "")
    .replace(/^(<svg[^>]*?) width="\d+" height="\d+"/, "$1")
    .replace(/<g id="[^"]+"/g, "<g")
    .replace(/ id="([^"]+)"/g, ` id="${prefix}$1"`)
    .replace(/aria-(labelledby|describedby)="([^"]+)"/g, `aria-$1="${prefix}$2"`);
}

/** The first rows of a long drawing: its box ends where the next row would begin. */
function cut(svg: string): string {
  const groups = [...svg.matchAll(/<g id="s\d+-\d+"/g)];
  const next = groups[MOST_STILL];
  if (!next) return svg;
  const y = /class="t e">|y="(\d+)"/.exec(svg.slice(next.index))?.[1];
  const at = Number(/<text x="\d+" y="(\d+)"/.exec(svg.slice(next.index))?.[1] ?? y ?? 0);
  const last = svg.slice(0, next.index);
  return `${last.replace(/viewBox="0 0 (\d+) \d+"/, `viewBox="0 0 $1 ${at - 24}"`)}</svg>`;
}
