// A run in WebAssembly has the octets of a run in the terminal.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as engine from "../wasm/synfin.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = join(root, "target/web-traces");

test("the trace of each scenario is the same, octet by octet", () => {
  execFileSync("cargo", ["run", "--quiet", "--release", "--package", "synfin-web", "--example", "traces", "--", folder], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  engine.initSync({ module: readFileSync(new URL("../wasm/synfin_bg.wasm", import.meta.url)) });
  const files = readdirSync(folder);
  assert.ok(files.length >= 60, `only ${files.length} traces`);
  for (const file of files) {
    const [, number, world] = /^(\w+)\.(.+)\.json$/.exec(file);
    const own = engine.trace(JSON.stringify({ number, world }));
    assert.ok(own === readFileSync(join(folder, file), "utf8"), `${file} differs`);
  }
  console.log(`${files.length} traces are equal`);
});

test("a request that is off says what is wrong", () => {
  const error = (request) => JSON.parse(engine.run(JSON.stringify(request))).error;
  assert.match(error({ number: "99" }), /no scenario of that number/);
  assert.match(error({ number: "01", lines: ["drop A→B #1", "frobnicate"] }), /your line 2, column 1/);
  assert.match(error({ number: "01", world: "flat" }), /no world 'flat'/);
  assert.match(JSON.parse(engine.run("{")).error, /no request/);
  assert.match(JSON.parse(engine.drill("0 socket(")).error, /./);
  assert.match(JSON.parse(engine.explain(new Uint8Array([1, 2, 3]), "en", 640, 0)).error, /./);
});
