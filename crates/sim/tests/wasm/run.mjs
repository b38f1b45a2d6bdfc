// Runs the example `digests` and prints the text that it has left on its heap.
import { readFileSync } from 'node:fs';

const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const { exports } = new WebAssembly.Instance(module);
exports.main(0, 0);
const memory = Buffer.from(exports.memory.buffer);
const start = memory.indexOf('digests: ', exports.__heap_base.value);
const end = memory.indexOf(';', start);
if (start < 0 || end < 0) throw new Error('there is no text on the heap');
console.log(memory.toString('latin1', start, end + 1));
