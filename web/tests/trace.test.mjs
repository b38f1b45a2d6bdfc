// A run in WebAssembly has the octets of a run in the terminal.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as engine from "../wasm/synfin.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

before(() => {
  engine.initSync({ module: readFileSync(new URL("../wasm/synfin_bg.wasm", import.meta.url)) });
});

/** The command of this tree, or the one that SYNFIN names. */
function command() {
  if (process.env.SYNFIN) return process.env.SYNFIN;
  execFileSync("cargo", ["build", "--quiet", "--release", "--package", "synfin-cli"], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  return join(root, "target/release/synfin");
}

test("the trace of each scenario in each of its worlds is the terminal's, octet by octet", () => {
  const synfin = command();
  const scenarios = JSON.parse(engine.scenarios("en")).ok;
  let count = 0;
  for (const { number, worlds } of scenarios) {
    for (const world of worlds) {
      const native = execFileSync(synfin, ["lab", number, "--world", world, "--json"], { encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] });
      const own = engine.trace(JSON.stringify({ number, world }));
      assert.ok(own.length > 1000 && `${own}\n` === native, `${number} in world ${world} differs`);
      count++;
    }
  }
  assert.ok(count >= 60, `only ${count} traces`);
  console.log(`${count} traces are equal`);
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
