// Two piano rolls, one below the other: before and after, on one canvas that scrolls through time.
"use strict";

function makeRoll(frame, canvas, length, clicked) {
  const HEAD = 22; // Pixels above a roll, for its name and bar numbers.
  const LEFT = 34; // For the names of octaves.
  const BLACK = [1, 3, 6, 8, 10];
  const view = { notes: [[], []], bars: [0, 4], end: 4, cursor: null, heard: 1 };
  let scale = 20; // Pixels per beat.
  let lane = 5; // Pixels per semitone.
  let low = 48;
  let high = 72;

  const x = (beat) => LEFT + beat * scale - frame.scrollLeft;

  // `before` and `after`: {onset, release, key, mark}, in beats.
  function set(before, after, bars) {
    view.notes = [before, after];
    view.bars = bars;
    view.end = bars[bars.length - 1];
    const keys = [...before, ...after].map((note) => note.key);
    low = keys.reduce((least, key) => Math.min(least, key), 60) - 2;
    high = keys.reduce((most, key) => Math.max(most, key), 72) + 2;
    resize();
  }

  function resize() {
    const width = Math.max(200, frame.clientWidth);
    lane = Math.max(4, Math.min(7, Math.round(260 / (high - low + 1))));
    const height = 2 * (HEAD + (high - low + 1) * lane) + 6;
    scale = Math.max(16, Math.min(60, (width - LEFT) / view.end));
    length.style.width = `${Math.max(width, LEFT + view.end * scale)}px`;
    const dots = window.devicePixelRatio || 1;
    canvas.width = width * dots;
    canvas.height = height * dots;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    draw();
  }

  function draw() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const dots = window.devicePixelRatio || 1;
    const pen = canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    const width = canvas.width / dots;
    pen.fillStyle = colour("ground");
    pen.fillRect(0, 0, width, canvas.height / dots);
    pen.font = "12px system-ui, Arial, sans-serif";
    pen.textBaseline = "middle";
    const tall = (high - low + 1) * lane;
    for (const half of [0, 1]) {
      const top = half * (HEAD + tall + 3) + HEAD;
      lines(pen, colour, top, tall, width);
      for (const note of view.notes[half]) drawNote(pen, colour, top, note, width);
      pen.fillStyle = colour("ground");
      pen.fillRect(0, top - HEAD, LEFT, HEAD + tall);
      pen.fillStyle = colour("quiet");
      for (let key = Math.ceil(low / 12) * 12; key <= high; key += 12) {
        pen.fillText(`C${key / 12 - 1}`, 6, top + (high - key + 0.5) * lane);
      }
      numbers(pen, colour, top - HEAD / 2, width);
      pen.fillStyle = colour("ground");
      pen.fillRect(0, top - HEAD, 56, HEAD);
      pen.fillStyle = colour(half === view.heard ? "main" : "text");
      pen.font = "bold 13px system-ui, Arial, sans-serif";
      pen.fillText(half === 0 ? "Before" : "After", 6, top - HEAD / 2);
      pen.font = "12px system-ui, Arial, sans-serif";
    }
    if (view.cursor !== null) {
      const at = x(view.cursor);
      pen.fillStyle = colour("cursor");
      if (at >= LEFT) pen.fillRect(at, HEAD, 1.5, 2 * tall + HEAD + 3);
    }
  }

  function lines(pen, colour, top, tall, width) {
    pen.fillStyle = colour("black");
    for (let key = low; key <= high; key += 1) {
      if (BLACK.includes(((key % 12) + 12) % 12)) {
        pen.fillRect(LEFT, top + (high - key) * lane, width, lane);
      }
    }
    pen.fillStyle = colour("beat");
    for (let beat = Math.floor(frame.scrollLeft / scale); x(beat) < width; beat += 1) {
      pen.fillRect(x(beat), top, 1, tall);
    }
    pen.fillStyle = colour("bar");
    for (const bar of view.bars) {
      if (x(bar) >= LEFT && x(bar) < width) pen.fillRect(x(bar), top, 1, tall);
    }
  }

  function numbers(pen, colour, y, width) {
    pen.fillStyle = colour("quiet");
    let free = 60;
    for (const [index, bar] of view.bars.slice(0, -1).entries()) {
      const at = x(bar) + 4;
      if (at < free || at > width) continue;
      pen.fillText(String(index + 1), at, y);
      free = at + 36;
    }
  }

  function drawNote(pen, colour, top, note, width) {
    const left = x(note.onset);
    const wide = Math.max(2, (note.release - note.onset) * scale - 1);
    if (left > width || left + wide < LEFT) return;
    const y = top + (high - note.key) * lane;
    const tall = lane - 1;
    if (note.mark === "removed") {
      // Pale and crossed out.
      pen.fillStyle = colour("removed");
      pen.globalAlpha = 0.22;
      pen.fillRect(left, y, wide, tall);
      pen.globalAlpha = 1;
      pen.fillRect(left - 2, y + (tall - 1.5) / 2, wide + 4, 1.5);
      return;
    }
    pen.fillStyle = colour(note.mark);
    pen.fillRect(left, y, wide, tall);
    if (note.mark !== "other") {
      pen.fillStyle = colour("text");
      pen.fillRect(left, y, 1.5, tall);
    }
  }

  // Moves the playhead and scrolls along; `null` hides it.
  function play(beat) {
    view.cursor = beat;
    if (beat !== null) {
      const at = x(beat);
      if (at > frame.clientWidth - 40 || at < LEFT) frame.scrollLeft = Math.max(0, beat * scale - 60);
    }
    draw();
  }

  frame.addEventListener("scroll", draw);
  window.addEventListener("resize", resize);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  canvas.addEventListener("click", (event) => {
    const beat = (event.offsetX - LEFT + frame.scrollLeft) / scale;
    clicked(Math.min(view.end, Math.max(0, beat)));
  });

  return { set, play, hear: (half) => { view.heard = half; draw(); } };
}
