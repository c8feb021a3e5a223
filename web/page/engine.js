// The worker as the page sees it. It is made of text that came with the page, since browsers open
// no other file from a folder.
"use strict";

const Engine = (() => {
  const bytes = (base64) => {
    const text = atob(base64);
    const found = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) found[i] = text.charCodeAt(i);
    return found;
  };

  // `heard` gets the worker's messages.
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
    // A module with one function that uses a vector of 128 bits.
    WebAssembly.validate(new Uint8Array([
      0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
      10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
    ]));

  return { start, isSupported, bytes };
})();
