// What all pages have: head, navigation, foot.
import { words } from "../src/words.ts";
import { escape } from "../src/dom.ts";
import type { Language } from "../src/types.ts";

/** Names of the files that the bundler has made. */
export interface Assets {
  script: string;
  style: string;
}

export interface Page {
  language: Language;
  /** Where it lies, from the folder of its language: `lab/05.html`. */
  path: string;
  title: string;
  description: string;
  /** What kind it is; the script begins accordingly. */
  kind: "text" | "home" | "scenario" | "free" | "states" | "drill" | "explain";
  body: string;
}

/** Nothing is loaded but the page's own files, and no script is run but its own. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const ICON = "data:image/svg+xml," + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M2 4l12 3M14 9L2 12" stroke="#0b57a4" stroke-width="2" fill="none"/></svg>');

const OTHER: Record<Language, Language> = { en: "zh", zh: "en" };

export function render(page: Page, assets: Assets): string {
  const told = words(page.language);
  const up = "../".repeat(page.path.split("/").length - 1);
  const base = `${up}../`;
  const other = OTHER[page.language];
  const links: [string, string, boolean][] = [
    ["index.html", told.navQuestions, page.kind === "home" || page.kind === "scenario"],
    ["guide.html", told.navGuide, page.kind === "text"],
    ["free.html", told.navFree, page.kind === "free"],
    ["states.html", told.navStates, page.kind === "states"],
    ["drill.html", told.navDrill, page.kind === "drill"],
    ["explain.html", told.navExplain, page.kind === "explain"],
  ];
  const nav = links.map(([to, text, is]) => `<a href="${up}${to}"${is ? ' aria-current="true"' : ""}>${escape(text)}</a>`);
  return `<!doctype html>
<html lang="${told.tag}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(page.title)} – synfin</title>
<meta name="description" content="${escape(page.description)}">
<link rel="icon" href="${ICON}">
<link rel="alternate" hreflang="${told.otherTag}" href="${base}${other}/${page.path}">
<link rel="stylesheet" href="${base}${assets.style}">
<script type="module" src="${base}${assets.script}"></script>
</head>
<body data-page="${page.kind}" data-base="${base}">
<a class="skip" href="#main">${escape(told.skip)}</a>
<header>
<nav aria-label="${escape(told.navLabel)}"><a class="site" href="${up}index.html">synfin</a> ${nav.join(" ")}</nav>
<a class="other-language" href="${base}${other}/${page.path}" lang="${told.otherTag}" hreflang="${told.otherTag}">${told.other}</a>
</header>
<main id="main" tabindex="-1">
${page.body}
</main>
<footer><p>${escape(told.footer)}</p></footer>
</body>
</html>
`;
}
