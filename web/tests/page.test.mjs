// What a reader can do on the pages, in a browser.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { dist, launch, open, ready, scenario, scrub, serve, settled } from "./help.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const numbers = readdirSync(join(dist, "en/lab")).map((name) => name.slice(0, -5)).sort();
let site;
let browser;

before(async () => {
  site = await serve();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  site?.close();
});

/** Runs `look` on a fresh page and asserts that nothing was off meanwhile. */
async function see(options, look) {
  const { page, faults, close } = await open(browser, site.origin, options);
  try {
    await look(page);
    assert.deepEqual(faults, []);
  } finally {
    await close();
  }
}

const states = (page) => page.locator(".now").first().locator(".state b").allTextContents();
const rows = (page) => page.locator(".column").first().locator(".ladder g.s").count();
const lines = (page) => page.locator('textarea[name="lines"]').inputValue();

for (const language of ["en", "zh"]) {
  test(`every scenario loads and scrubs (${language})`, async () => {
    await see({}, async (page) => {
      for (const number of numbers) {
        await page.goto("about:blank");
        await scenario(page, site.origin, number, { language });
        const seen = new Set();
        for (const part of [0, 0.4, 0.7, 1]) {
          await scrub(page, part);
          seen.add(await page.locator(".event").textContent());
          assert.equal((await states(page)).length, 2, `${number} shows no states`);
        }
        assert.ok(seen.size >= 3, `${number}: the axis moves nothing`);
        assert.equal(await page.locator(".problem").textContent(), "", number);
        assert.ok((await rows(page)) > 0, `${number} draws nothing`);
      }
    });
  });
}

test("the prediction is asked before anything is shown, and judged", async () => {
  await see({}, async (page) => {
    await page.goto(`${site.origin}/en/lab/01.html`);
    await page.waitForSelector(".predict");
    assert.equal(await page.locator("#run").isVisible(), false);
    assert.equal(await page.locator(".answer").isVisible(), false);
    await page.locator(".predict input").nth(0).check();
    await page.locator(".predict button.first").click();
    assert.match(await page.locator(".verdict").textContent(), /Not so.*SYN-RECEIVED/);
    assert.equal(await page.locator(".answer").isVisible(), true);
    await page.locator(".predict input").nth(1).check();
    await page.locator(".predict button.first").click();
    assert.match(await page.locator(".verdict").textContent(), /Right/);
  });
});

test("a segment is dropped by mouse, and taken back", async () => {
  await see({}, async (page) => {
    await scenario(page, site.origin, "01");
    const usual = await rows(page);
    await page.locator(".ladder g.s").nth(1).click();
    await page.locator('[data-act="drop"]').click();
    await page.waitForFunction((usual) => document.querySelectorAll(".ladder g.s").length > usual, usual);
    assert.equal(await lines(page), "drop B→A #1");
    assert.match(await page.locator(".ladder g.s").nth(1).getAttribute("aria-description"), /Lost/);
    await page.locator('[data-act="drop"]').click();
    await page.waitForFunction((usual) => document.querySelectorAll(".ladder g.s").length === usual, usual);
    assert.equal(await lines(page), "");
  });
});

test("segments are dropped, delayed, duplicated and reordered by keyboard", async () => {
  await see({}, async (page) => {
    await scenario(page, site.origin, "10");
    const first = page.locator(".ladder g.s").first();
    await first.focus();
    await page.keyboard.press("ArrowDown");
    assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-description")), /^#2,/);
    const expected = { d: /^drop B→A #1$/, l: /^delay B→A #1 by 1500ms$/, 2: /^duplicate B→A #1$/, r: /^delay B→A #1 by \d+us$/ };
    for (const [key, line] of Object.entries(expected)) {
      await page.keyboard.press(key);
      await page.waitForFunction(() => document.querySelector('textarea[name="lines"]').value !== "");
      await settled(page);
      assert.match(await lines(page), line);
      assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-description")), /^#2,/, "the focus was lost");
      if (key !== "r") await page.keyboard.press(key);
      else break;
      await page.waitForFunction(() => document.querySelector('textarea[name="lines"]').value === "");
      await settled(page);
    }
  });
});

test("a fault is written as text; one that makes no sense is explained", async () => {
  await see({}, async (page) => {
    await scenario(page, site.origin, "01");
    const usual = await rows(page);
    await page.locator('textarea[name="lines"]').fill("drop A->B syn #1");
    await page.locator(".lines button").click();
    await page.waitForFunction((usual) => document.querySelectorAll(".ladder g.s").length > usual, usual);
    await page.locator('textarea[name="lines"]').fill("drop A->C #1");
    await page.locator(".lines button").click();
    await page.waitForFunction(() => /your line 1, column 6/.test(document.querySelector(".problem").textContent));
  });
});

test("a link reproduces what is seen, in the other language too", async () => {
  let [address, event, shown] = ["", "", []];
  await see({}, async (page) => {
    await scenario(page, site.origin, "05", { hash: "pick=b&beside=world%3Atwo-way&set=delay%3D60s&seed=3&do=drop+A%E2%86%92B+%234" });
    await scrub(page, 0.6);
    event = await page.locator(".event").textContent();
    shown = await page.locator(".now .state b").allTextContents();
    assert.equal(shown.length, 4);
    await page.waitForFunction(() => /[#&]t=\d+/.test(location.hash));
    address = page.url();
  });
  await see({}, async (page) => {
    await page.goto(address);
    await ready(page);
    assert.equal(await page.locator(".event").textContent(), event);
    assert.deepEqual(await page.locator(".now .state b").allTextContents(), shown);
    assert.equal(await lines(page), "drop A→B #4");
    assert.equal(await page.locator('input[name="seed"]').inputValue(), "3");
    assert.equal(await page.locator('input[name="knob-delay"]').inputValue(), "60s");
    await page.waitForFunction(() => /do=/.test(document.querySelector("a.other-language").href));
    assert.match(page.url(), /[#&]t=\d+/);
    await page.locator("a.other-language").click();
    await ready(page);
    assert.match(page.url(), /\/zh\/lab\/05\.html/);
    assert.deepEqual(await page.locator(".now .state b").allTextContents(), shown);
  });
});

test("another world, and the run undisturbed, stand beside on the same axis", async () => {
  await see({}, async (page) => {
    await scenario(page, site.origin, "05");
    await page.locator('select[name="beside"]').selectOption("world:two-way");
    await page.waitForFunction(() => document.querySelectorAll(".column").length === 2);
    await scrub(page, 1);
    const ends = await page.locator(".now .state b").allTextContents();
    assert.equal(ends[3], "ESTABLISHED", "with two segments the server stays open");
    assert.notEqual(ends[1], "ESTABLISHED");
    await page.locator('select[name="beside"]').selectOption("undisturbed");
    await settled(page);
    assert.equal(await page.locator(".column").count(), 2);
  });
});

test("the time axis goes by keyboard, and the header and the graph go with it", async () => {
  await see({}, async (page) => {
    await scenario(page, site.origin, "01");
    await page.locator(".times input[type=range]").focus();
    await page.keyboard.press("Home");
    const back = page.locator(".times button").nth(2);
    const headers = new Set();
    const graphs = new Set();
    for (let step = 0; step < 14; step++) {
      await back.click();
      headers.add(await page.locator(".bits").textContent());
      graphs.add(await page.locator(".graph").getAttribute("aria-label"));
    }
    assert.ok(headers.size >= 5, "a header a segment");
    assert.ok(graphs.size >= 4, "the graph marks the states");
    await page.locator('.bits [data-field="window"]').click();
    assert.match(await page.locator(".told").textContent(), /^Window: \d+/);
    assert.equal(await page.locator(".header tbody tr").count(), 11);
  });
});

test("playing can be stopped, begins never by itself, and is not offered where less motion is wanted", async () => {
  await see({}, async (page) => {
    await scenario(page, site.origin, "01");
    const clock = page.locator(".times .clock");
    const still = await clock.textContent();
    await page.waitForTimeout(300);
    assert.equal(await clock.textContent(), still);
    await page.locator(".play").click();
    await page.waitForFunction((still) => document.querySelector(".times .clock").textContent !== still, still);
    await page.locator(".play").click();
    const stopped = await clock.textContent();
    await page.waitForTimeout(300);
    assert.equal(await clock.textContent(), stopped);
  });
  await see({ reducedMotion: "reduce" }, async (page) => {
    await scenario(page, site.origin, "01");
    assert.equal(await page.locator(".play").isVisible(), false);
  });
});

test("in free play the reader calls, at the time that is shown", async () => {
  await see({}, async (page) => {
    await page.goto(`${site.origin}/en/free.html`);
    await ready(page);
    await scrub(page, 1);
    await page.locator(".times button").first().click();
    await page.locator(".calls").first().getByText("close").click();
    await page.waitForFunction(() => /A close$/.test(document.querySelector('textarea[name="lines"]').value));
    await settled(page);
    await scrub(page, 1);
    assert.deepEqual(await states(page), ["FIN-WAIT-2", "CLOSE-WAIT"]);
    await page.locator(".calls").nth(1).getByText("crash").click();
    await settled(page);
    assert.equal(await page.locator(".problem").textContent(), "");
  });
});

test("a script is drilled: it holds, or it is said where it does not", async () => {
  await see({}, async (page) => {
    await page.goto(`${site.origin}/en/drill.html`);
    await page.locator("#drill button").click();
    await page.waitForSelector('[data-verdict="passed"]');
    const script = await page.locator("#script").inputValue();
    await page.locator("#script").fill(script.replace("ack 101\n+0 read", "ack 102\n+0 read"));
    await page.locator("#drill button").click();
    await page.waitForSelector('[data-verdict="failed"]');
    assert.match(await page.locator("#result pre").first().textContent(), /expected[\s\S]*found/);
  });
});

test("a capture is explained in the page, and goes nowhere", async () => {
  await see({}, async (page) => {
    const sent = [];
    page.on("request", (request) => sent.push(request.method() + (request.postData() ?? "")));
    await page.goto(`${site.origin}/zh/explain.html`);
    await page.locator("#file").setInputFiles(join(dist, "data/example.pcapng"));
    await page.waitForSelector("#result svg g.s");
    assert.ok((await page.locator("#result tbody tr").count()) > 20);
    assert.ok(sent.every((request) => request === "GET"));
    await page.locator("#file").setInputFiles({ name: "x.pcap", mimeType: "text/plain", buffer: Buffer.from("no capture") });
    await page.waitForSelector("#result .problem");
  });
});

test("the first view is light, and soon there", async () => {
  const { page, close } = await open(browser, site.origin);
  let octets = 0;
  const loaded = [];
  page.on("response", async (response) => {
    const { pathname, protocol } = new URL(response.url());
    if (protocol !== "http:") return;
    const size = gzipSync(readFileSync(join(dist, decodeURIComponent(pathname)))).length;
    octets += size;
    loaded.push(`${pathname} ${size}`);
  });
  const begun = performance.now();
  await page.goto(`${site.origin}/en/lab/05.html`);
  await page.waitForSelector(".predict");
  await ready(page);
  const took = Math.round(performance.now() - begun);
  console.log(`first view: ${octets} octets compressed, everything usable after ${took} ms`);
  assert.ok(octets < 300_000, loaded.join("\n"));
  assert.ok(!loaded.some((name) => name.includes(".wasm")), "the engine is loaded before it is needed");
  await close();
});

test("without scripts all of it can be read", async () => {
  const { page, close } = await open(browser, site.origin, { javaScriptEnabled: false });
  await page.goto(`${site.origin}/en/lab/05.html`);
  assert.equal(await page.locator("#still svg").first().isVisible(), true);
  assert.equal(await page.locator(".answer").isVisible(), true);
  assert.equal(await page.locator("#choices li").count(), 3);
  await close();
});

const AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const KINDS = ["index.html", "lab/05.html#pick=b&beside=world%3Atwo-way&segment=2", "lab/18.html#pick=none", "lab/23.html#pick=none", "free.html", "states.html", "drill.html", "explain.html", "guide.html", "header.html", "rows.html"];
for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing (${colorScheme})`, async () => {
    await see({ colorScheme, bypassCSP: true }, async (page) => {
      for (const language of colorScheme === "light" ? ["en", "zh"] : ["en"]) {
        for (const kind of KINDS) {
          await page.goto("about:blank");
          await page.goto(`${site.origin}/${language}/${kind}`);
          if (/^lab|^free/.test(kind)) await ready(page);
          if (kind.startsWith("explain")) {
            await page.locator(".zone button").click();
            await page.waitForSelector("#result svg");
          }
          await page.evaluate(() => document.querySelectorAll("details").forEach((part) => (part.open = true)));
          await page.evaluate(AXE);
          const found = await page.evaluate((only) => globalThis.axe.run(document, { runOnly: only, resultTypes: ["violations"] }), AXE_RULES);
          const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
          assert.deepEqual(told, [], `${language}/${kind}`);
        }
      }
    });
  });
}

test("nothing sticks out at 390 pixels or at twice the size", async () => {
  for (const viewport of [{ width: 390, height: 844 }, { width: 640, height: 450 }, { width: 320, height: 640 }]) {
    await see({ viewport }, async (page) => {
      for (const kind of KINDS) {
        await page.goto("about:blank");
        await page.goto(`${site.origin}/en/${kind}`);
        if (/^lab|^free/.test(kind)) await ready(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(wide <= 0, `${kind} is ${wide} pixels too wide at ${viewport.width}`);
      }
    });
  }
});
