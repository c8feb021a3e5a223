// The page's handle of its web worker. The worker's code is text in the page, because browsers
// load no other file for a page opened from a folder.
"use strict";

const Engine = (() => {
  const bytes = (base64) => {
    const text = atob(base64);
    const found = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) found[i] = text.charCodeAt(i);
    return found;
  };

  // `heard` is called with each message of the worker.
  function start(heard) {
    const source = new Blob([THIRD_STREAM.worker], { type: "text/javascript" });
    const address = URL.createObjectURL(source);
    const worker = new Worker(address);
    worker.onmessage = (event) => heard(event.data);
    worker.onerror = (event) => heard({ ended: event.message || "its worker did not start" });
    worker.postMessage({ wasm: bytes(THIRD_STREAM.wasm), weights: bytes(THIRD_STREAM.weights) });
    return {
      open: (file, name) => worker.postMessage({ open: file, name }),
      want: (settings, serial) => worker.postMessage({ settings, serial }),
      end: () => {
        worker.terminate();
        URL.revokeObjectURL(address);
      },
    };
  }

  const isSupported = () =>
    typeof WebAssembly === "object" &&
    // Feature test: a module with one function that uses a 128-bit vector.
    WebAssembly.validate(new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
      10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
    ]));

  return { start, isSupported, bytes };
})();
