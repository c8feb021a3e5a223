// Runs the module in a web worker, so that the page stays responsive.
//
// From the page: {wasm, weights} once; {open} with a file's bytes; {settings, serial}.
// To the page: {ready}, {opened}, {progress}, {shown, file}, {refused} (words), {ended} (words;
// this worker can do no more).
"use strict";

const TASKS = { weights: 0, open: 1, missing: 2, ask: 3, render: 4, file: 5 };
let module = null;
let wanted = null;
let busy = false;

const json = (value) => new TextEncoder().encode(JSON.stringify(value));
const value = (bytes) => JSON.parse(new TextDecoder().decode(bytes));

function output() {
  const { memory, third_stream_output, third_stream_output_bytes } = module;
  return new Uint8Array(memory.buffer, third_stream_output(), third_stream_output_bytes()).slice();
}

// Imports of libraries (for random numbers) that are never called.
function absent(compiled) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(compiled)) {
    imports[from] ??= {};
    imports[from][name] = () => { throw new Error(`${from}.${name} is not there`); };
  }
  return imports;
}

// Runs a task of the module; throws its error message if it is refused.
function call(task, bytes) {
  const at = module.third_stream_input(bytes.length);
  new Uint8Array(module.memory.buffer, at, bytes.length).set(bytes);
  let state;
  try {
    state = module.third_stream_call(task);
  } catch (trap) {
    const where = new TextDecoder().decode(output()) || String(trap);
    throw Object.assign(new Error(where), { ended: true });
  }
  const answer = output();
  if (state !== 0) throw new Error(new TextDecoder().decode(answer));
  return answer;
}

// Yields, so that messages can arrive.
const pause = () => new Promise((go) => setTimeout(go));

// Serves the latest request: runs phrase by phrase, and starts over if the page sends another;
// finished answers are kept.
async function work() {
  if (busy) return;
  busy = true;
  while (wanted) {
    const { settings, serial } = wanted;
    const missing = value(call(TASKS.missing, json(settings)));
    for (const [done, phrase] of missing.entries()) {
      postMessage({ progress: { serial, done, of: missing.length } });
      const start = performance.now();
      call(TASKS.ask, json({ settings, phrase }));
      postMessage({ took: performance.now() - start });
      await pause();
      if (wanted?.serial !== serial) break;
    }
    if (wanted?.serial !== serial) continue;
    wanted = null;
    const shown = value(call(TASKS.render, json(settings)));
    const file = call(TASKS.file, new Uint8Array());
    postMessage({ shown, file, settings, serial });
  }
  busy = false;
}

async function take(message) {
  if (message.wasm) {
    try {
      const compiled = await WebAssembly.compile(message.wasm);
      module = (await WebAssembly.instantiate(compiled, absent(compiled))).exports;
      call(TASKS.weights, message.weights);
    } catch (error) {
      throw Object.assign(error, { ended: true });
    }
    postMessage({ ready: true });
  } else if (message.open) {
    const opened = value(call(TASKS.open, message.open));
    wanted = null;
    postMessage({ opened, name: message.name });
  } else {
    wanted = message;
    await work();
  }
}

onmessage = (event) => {
  take(event.data).catch((error) => {
    if (!event.data.open) {
      wanted = null;
      busy = false;
    }
    const { message: words } = error;
    postMessage(error.ended ? { ended: words } : { refused: words, name: event.data.name });
  });
};
