// The engine, on a thread of its own: the page stays responsive, and whatever happens here can be ended.
import init, * as engine from "../wasm/synfin.js";

const calls = {
  run: engine.run,
  trace: engine.trace,
  capture: engine.capture,
  explain: engine.explain,
  drill: engine.drill,
};

const ready = (async () => {
  // The octets and not the response: a web server need not know the type of this file.
  const answer = await fetch(new URL("../wasm/synfin_bg.wasm", import.meta.url));
  if (!answer.ok) throw new Error(`the engine cannot be loaded: ${answer.status}`);
  await init({ module_or_path: await answer.arrayBuffer() });
})();

self.onmessage = async (event: MessageEvent<{ id: number; name: keyof typeof calls; args: unknown[] }>) => {
  const { id, name, args } = event.data;
  try {
    await ready;
    const call = calls[name] as (...args: unknown[]) => unknown;
    self.postMessage({ id, value: call(...args) });
  } catch (error) {
    self.postMessage({ id, error: String(error), dead: error instanceof WebAssembly.RuntimeError });
  }
};
