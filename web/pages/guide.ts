// The guide, from docs/guide, and the list of its rows, from docs/rows.md.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import MarkdownIt from "markdown-it";
import { words } from "../src/words.ts";
import type { Language, Scenario } from "../src/types.ts";
import type { Page } from "./shell.ts";

const docs = fileURLToPath(new URL("../../docs/", import.meta.url));
const REPOSITORY = "https://github.com/synfin/synfin/blob/main/";

/** Where a link of the guide leads to among the pages. */
function target(href: string, language: Language, known: Set<string>): string {
  if (/^[a-z]+:/.test(href) || href.startsWith("#")) return href;
  const [path = "", anchor] = href.split("#");
  const behind = anchor === undefined ? "" : `#${anchor}`;
  const other = /^\.\.\/(en|zh)\/(.+)\.md$/.exec(path);
  if (other) return `../${other[1]}/${page(other[2]!)}${behind}`;
  const same = /^([\w-]+)\.md$/.exec(path);
  if (same) return page(same[1]!) + behind;
  if (path === "../../rows.md") return `rows.html${behind}`;
  const scenario = /crates\/lab\/scenarios\/(\d+b?)-[\w-]+\.lab$/.exec(path)?.[1];
  if (scenario !== undefined) {
    if (!known.has(scenario)) throw new Error(`the guide links lab ${scenario}, which there is not`);
    return `lab/${scenario}.html`;
  }
  const inner = new URL(path, `file:///docs/guide/${language}/`).pathname.slice(1);
  return REPOSITORY + inner + behind;
}

const page = (name: string) => (name === "index" ? "guide.html" : `${name}.html`);

function markdown(language: Language, known: Set<string>): InstanceType<typeof MarkdownIt> {
  // The guide's own anchors are HTML; it is ours, and the policy of the pages lets no script of it run.
  const parser = new MarkdownIt({ html: true });
  parser.core.ruler.push("links", (state) => {
    for (const token of state.tokens.flatMap((token) => token.children ?? [])) {
      if (token.type === "link_open") token.attrSet("href", target(String(token.attrGet("href") ?? ""), language, known));
    }
  });
  parser.core.ruler.push("headings", (state) => {
    const used = new Set<string>();
    state.tokens.forEach((token, index) => {
      if (token.type !== "heading_open") return;
      // As code hosts name them.
      const name = (state.tokens[index + 1]?.content ?? "").toLowerCase().replace(/[^\p{L}\p{N} -]/gu, "").replaceAll(" ", "-");
      if (name !== "" && !used.has(name)) token.attrSet("id", name);
      used.add(name);
    });
  });
  const plain = parser.renderer.rules;
  plain["table_open"] = () => '<div class="scroll" tabindex="0" role="group"><table>';
  plain["table_close"] = () => "</table></div>";
  plain["fence"] = (tokens, index) => `<pre tabindex="0">${parser.utils.escapeHtml(tokens[index]!.content)}</pre>`;
  return parser;
}

function title(text: string): string {
  return /^# (.+)$/m.exec(text)?.[1]?.replace(/[`*]/g, "") ?? "synfin";
}

export function guide(language: Language, scenarios: Scenario[]): Page[] {
  const known = new Set(scenarios.map(({ number }) => number));
  const parser = markdown(language, known);
  const folder = `${docs}guide/${language}/`;
  const files = readdirSync(folder).filter((name) => name.endsWith(".md")).sort();
  const told = words(language);
  const pages = files.map((file): Page => {
    const text = readFileSync(folder + file, "utf8");
    const name = page(file.slice(0, -3));
    return { language, path: name, title: title(text), description: told.tagline, kind: "text", body: `<article class="prose">${parser.render(text)}</article>` };
  });
  return [...pages, rows(language, known)];
}

/** The list of rows is in English; its links are those of a file two folders up. */
function rows(language: Language, known: Set<string>): Page {
  const told = words(language);
  const text = readFileSync(`${docs}rows.md`, "utf8")
    .replace(/\]\(guide\/(en|zh)\/([\w-]+)\.md/g, (_, to: string, name: string) => `](../${to}/${name}.md`)
    .replace(/\]\((?!https?:|#|\.\.\/(?:en|zh)\/)([\w./-]+)/g, "](../../$1");
  const body = markdown("en", known).render(text);
  return { language, path: "rows.html", title: told.rowsTitle, description: told.tagline, kind: "text", body: `<article class="prose" lang="en">${body}</article>` };
}
