// Calls of the engine, which lives in worker.ts and is loaded with the first call.
import type { Answer } from "./types.ts";

interface Reply {
  id: number;
  value?: unknown;
  error?: string;
  dead?: boolean;
}

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();

function begin(): Worker {
  const begun = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  begun.onmessage = (event: MessageEvent<Reply>) => {
    const { id, value, error, dead } = event.data;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
    // A module that has trapped is in no state to be called again.
    if (dead) end();
  };
  begun.onerror = (event) => {
    for (const call of waiting.values()) call.reject(new Error(event.message || "the engine cannot be loaded"));
    waiting.clear();
    end();
  };
  return begun;
}

function end(): void {
  worker?.terminate();
  worker = null;
  for (const call of waiting.values()) call.reject(new Error("the engine has stopped"));
  waiting.clear();
}

/** Calls the engine and returns what it says, as it is. */
export function call(name: string, ...args: unknown[]): Promise<unknown> {
  worker ??= begin();
  const id = ++last;
  const target = worker;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    target.postMessage({ id, name, args });
  });
}

/** Calls the engine where it answers with JSON; throws what is wrong with the call. */
export async function ask<T>(name: string, ...args: unknown[]): Promise<T> {
  const answer = JSON.parse((await call(name, ...args)) as string) as Answer<T>;
  if ("error" in answer) throw new Error(answer.error);
  return answer.ok;
}
