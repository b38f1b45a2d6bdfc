// What the built site must be, seen without a browser.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { dist } from "./help.mjs";

const pages = readdirSync(dist, { recursive: true }).map(String).filter((name) => name.endsWith(".html"));
const read = (name) => readFileSync(join(dist, name), "utf8");

test("each page is there in both languages and says which it is", () => {
  const of = (language) => pages.filter((name) => name.startsWith(`${language}/`)).map((name) => name.slice(3)).sort();
  assert.deepEqual(of("en"), of("zh"));
  assert.ok(of("en").length > 50, `only ${of("en").length} pages`);
  for (const name of pages) {
    const tag = name.startsWith("zh/") ? "zh-CN" : "en";
    assert.match(read(name), new RegExp(`<html lang="${tag}">`), name);
  }
});

test("each link leads to a page that is there, and to a place in it", () => {
  const ids = new Map(pages.map((name) => [name, new Set([...read(name).matchAll(/ id="([^"]+)"/g)].map((match) => match[1]))]));
  const broken = [];
  for (const name of pages) {
    for (const [, href] of read(name).matchAll(/<a [^>]*href="([^"]+)"/g)) {
      if (/^https?:/.test(href)) continue;
      const { pathname, hash } = new URL(href, `http://x/${name}`);
      const to = decodeURIComponent(pathname.slice(1));
      if (!ids.has(to) || (hash !== "" && !ids.get(to).has(hash.slice(1)))) broken.push(`${name}: ${href}`);
    }
  }
  assert.deepEqual(broken, []);
});

test("nothing is loaded from elsewhere, and there is neither a script nor a style inside a page", () => {
  for (const name of pages) {
    const text = read(name);
    assert.match(text, /http-equiv="Content-Security-Policy" content="default-src 'none'/, name);
    assert.doesNotMatch(text, /<style|\sstyle=|\son\w+="/, name);
    for (const [, attributes, body] of text.matchAll(/<script([^>]*)>(.*?)<\/script>/gs)) {
      assert.ok(/type="application\/json"/.test(attributes) || body === "", `${name} has a script of its own`);
    }
    assert.doesNotMatch(text, /<(?:script|img|link|iframe)[^>]*(?:src|href)="(?:https?:)?\/\//, name);
  }
});

test("the pages read without scripts: question, choices, picture, table and answer are in them", () => {
  const scenarios = pages.filter((name) => /\/lab\//.test(name));
  assert.ok(scenarios.length >= 78, `only ${scenarios.length} scenario pages`);
  for (const name of scenarios) {
    const text = read(name);
    for (const part of ['class="lede"', 'id="choices"', "<svg ", "<table", 'class="veiled answer']) {
      assert.ok(text.includes(part), `${name} lacks ${part}`);
    }
    assert.equal(new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1])).size, [...text.matchAll(/ id="/g)].length, `${name} has an id twice`);
  }
});

test("no page alone is heavy", () => {
  const heavy = pages.map((name) => [name, gzipSync(read(name)).length]).sort((a, b) => b[1] - a[1]);
  console.log(`heaviest page: ${heavy[0][0]}, ${heavy[0][1]} octets compressed`);
  assert.ok(heavy[0][1] < 80_000, String(heavy[0]));
});
