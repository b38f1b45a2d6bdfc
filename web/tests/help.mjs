// A web server for dist, and a browser that looks at it.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const dist = fileURLToPath(new URL("../dist/", import.meta.url));
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".wasm": "application/wasm" };

/** Serves dist on a free port of loopback. */
export async function serve() {
  if (!existsSync(join(dist, "index.html"))) throw new Error("there is no dist: run `npm run build` first");
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    try {
      const content = await readFile(join(dist, path.endsWith("/") ? `${path}index.html` : path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream" }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });

/** A page that notes what it must not do: errors, and requests to others. */
export async function open(browser, origin, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, origin: to } = new URL(request.url());
    if (to !== origin && protocol !== "data:" && protocol !== "blob:") faults.push(`request: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()}: ${response.url()}`);
  });
  return { page, faults, close: () => context.close() };
}

/** Opens a scenario whose run is shown, and waits for it. */
export async function scenario(page, origin, number, { language = "en", hash = "pick=none" } = {}) {
  await page.goto(`${origin}/${language}/lab/${number}.html#${hash}`);
  await ready(page);
}

export const ready = (page) => page.waitForSelector('#run[data-ready="true"]:not([aria-busy])', { state: "attached" });

/** Waits until nothing is running any more. */
export const settled = (page) => page.waitForSelector("#run:not([aria-busy])", { state: "attached" });

/** Puts the time axis to a part of its length. */
export async function scrub(page, part) {
  await page.locator(".times input[type=range]").evaluate((range, part) => {
    range.value = String(Math.round(Number(range.max) * part));
    range.dispatchEvent(new Event("input", { bubbles: true }));
  }, part);
}
