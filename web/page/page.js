// The page: the open file, the controls, display, playback and saving.
"use strict";

(() => {
  const find = (id) => document.getElementById(id);
  const NAMES = { jazz: "jazz", classic: "classical", pop: "pop" };
  const state = { engine: null, ready: false, pending: null, name: "", about: null, shown: null, saved: null, serial: 0 };

  const capital = (word) => word[0].toUpperCase() + word.slice(1);
  const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const ends = () => find("pair").value.split("-");
  const wide = () => document.querySelector("input[name=heard]:checked").value;

  const knob = makeKnob(find("knob"), () => want());
  const roll = makeRoll(find("rolls"), find("canvas"), find("length"), (beat) => seek(secondsAt(beat)));
  const player = Sound.makePlayer(followed);

  // Beats to seconds and back, by the file's tempo map.
  function secondsAt(beat) {
    let seconds = 0;
    const tempo = state.about.tempo;
    for (const [index, [from, pace]] of tempo.entries()) {
      if (beat <= from) break;
      const until = index + 1 < tempo.length ? Math.min(beat, tempo[index + 1][0]) : beat;
      seconds += (until - from) * pace;
    }
    return seconds;
  }
  function beatAt(seconds) {
    const tempo = state.about.tempo;
    for (const [index, [from, pace]] of tempo.entries()) {
      const lasts = index + 1 < tempo.length ? (tempo[index + 1][0] - from) * pace : Infinity;
      if (seconds <= lasts) return from + seconds / pace;
      seconds -= lasts;
    }
    return 0;
  }

  function note([onset, release, ring, key, velocity, channel, program, drum], mark) {
    const [start, end] = [secondsAt(onset), secondsAt(ring)];
    return { onset, release, key, velocity, channel, program, drum, mark, start, end };
  }

  function fail(words) {
    find("error").hidden = words === null;
    find("error").textContent = words ?? "";
  }
  function say(words) {
    find("state").textContent = words;
  }

  function settings() {
    return {
      pair: find("pair").value,
      knob: knob.value,
      quantise: Number(find("quantise").value),
      tune: Number(find("tune").value),
      harmony: Number(find("harmony").value),
      variation: Math.round(Math.min(16, Math.max(1, Number(find("variation").value) || 1))),
      melody_lock: find("melody").checked,
    };
  }

  // Requests a rendition with the present controls, debounced.
  let waiting = null;
  function want() {
    if (!state.about) return;
    find("save").disabled = true;
    state.serial += 1;
    waiting ??= setTimeout(() => {
      waiting = null;
      state.engine.want(settings(), state.serial);
    }, 30);
  }

  function showEnds() {
    const [left, right] = ends().map((end) => NAMES[end]);
    find("left").textContent = capital(left);
    find("right").textContent = capital(right);
    knob.ends = [left, right];
    knob.show();
  }

  function heard(message) {
    if (message.ready) {
      state.ready = true;
      if (state.pending) state.engine.open(...state.pending);
    } else if (message.opened) {
      opened(message.opened, message.name);
    } else if (message.progress) {
      const { done, of, serial } = message.progress;
      if (serial !== state.serial) return;
      find("progress").hidden = false;
      find("progress").value = done / of;
      say(`Working: phrase ${done + 1} of ${of} …`);
    } else if (message.took) {
      // Times of the phrases, in order, for the page's test.
      (state.took ??= []).push(message.took);
    } else if (message.shown) {
      if (message.serial === state.serial) show(message);
    } else if (message.refused) {
      if (!message.name) {
        find("progress").hidden = true;
        say("");
      }
      fail(`${message.name ?? state.name}: ${message.refused}.`);
    } else if (message.ended) {
      ended(message.ended);
    }
  }

  function ended(words) {
    const began = state.ready;
    state.engine.end();
    Object.assign(state, { ready: false, about: null, pending: null });
    find("work").hidden = true;
    say("");
    if (began) {
      fail(`The transfer has ended by a fault (${words}). Open the file again; if it happens again, the file shows a fault of ours.`);
      state.engine = Engine.start(heard);
    } else {
      fail(`The networks could not be loaded (${words}). Reload the page; if that does not help, build it again.`);
    }
  }

  function opened(about, name) {
    state.about = about;
    state.name = name;
    state.pending = null;
    state.shown = null;
    fail(about.damage ? `${name} is damaged (${about.damage}); it was read past that.` : null);
    const pitched = about.tracks.reduce((sum, track) => sum + track.notes, 0);
    find("file-line").textContent =
      `${name}: ${plural(about.bars.length - 1, "bar")}, ${plural(pitched, "pitched note")}, ${plural(about.phrases, "phrase")} of four bars`;
    document.body.classList.add("opened");
    find("work").hidden = false;
    player.stop(0);
    listen();
    if (knob.value === 0) knob.set(100);
    else want();
  }

  // Notes for display and playback.
  function listen() {
    const { about, shown } = state;
    const before = about.notes.map((struck, i) => note(struck, shown ? shown.before[i] : "other"));
    const after = shown ? shown.after.map(([struck, mark]) => note(struck, mark)) : before;
    const seconds = Math.max(0, ...[before, after].map((notes) => notes.reduce((most, n) => Math.max(most, n.end), 0)));
    state.notes = { before, after, seconds };
    find("position").max = seconds;
    const pitched = (notes) => notes.filter((n) => !n.drum);
    roll.set(pitched(before), pitched(after), about.bars);
    roll.hear(wide() === "before" ? 0 : 1);
    player.use(state.notes[wide()], seconds);
    followed();
  }

  function show({ shown, file, settings: used }) {
    state.shown = shown;
    state.saved = { file, used };
    find("progress").hidden = true;
    find("save").disabled = false;
    const moved = shown.moved ? ` (${shown.moved} moved)` : "";
    const words = `${plural(shown.kept, "note")} kept${moved}, ${shown.removed} removed, ${shown.added} added.`;
    say(knob.value === 0 ? `As played. ${words}` : words);
    find("rolls").setAttribute("aria-label", `Piano rolls before and after: ${words}`);
    listen();
  }

  function followed() {
    if (!state.about) return;
    const seconds = player.position();
    const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
    find("play").textContent = player.isPlaying() ? "Stop" : "Play";
    find("position").value = seconds;
    find("position").setAttribute("aria-valuetext", clock(seconds));
    find("time").textContent = `${clock(seconds)} / ${clock(state.notes?.seconds ?? 0)}`;
    roll.play(player.isPlaying() || seconds > 0 ? beatAt(seconds) : null);
  }

  function seek(seconds) {
    if (player.isPlaying()) player.play(seconds);
    else player.stop(seconds);
  }

  async function open(file) {
    fail(null);
    const MOST = 16 << 20;
    if (file.size > MOST) {
      fail(`${file.name}: ${Math.ceil(file.size / 1e6)} MB is more than any MIDI file has; choose a file of 16 MB at most.`);
      return;
    }
    try {
      state.pending = [new Uint8Array(await file.arrayBuffer()), file.name];
    } catch (error) {
      fail(`${file.name}: it cannot be read (${error.message}); if it is a folder, drop a file.`);
      return;
    }
    if (state.ready) state.engine.open(...state.pending);
    else say("The networks are being loaded …");
  }

  function save() {
    const { file, used } = state.saved;
    const target = used.pair.split("-")[used.knob < 0 ? 0 : 1];
    const name = state.name.replace(/\.[^.]*$/, "");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file], { type: "audio/midi" }));
    link.download = used.knob === 0 ? `${name}-as-played.mid` : `${name}-${NAMES[target]}-${Math.abs(used.knob)}.mid`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  find("file").addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (file) open(file);
    event.target.value = "";
  });
  find("example").addEventListener("click", () => {
    open(new File([Engine.bytes(THIRD_STREAM.example)], "example.mid"));
  });
  const hover = (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", event.type === "dragover" || event.type === "dragenter");
  };
  for (const type of ["dragenter", "dragover", "dragleave"]) window.addEventListener(type, hover);
  window.addEventListener("drop", (event) => {
    hover(event);
    const files = event.dataTransfer?.files ?? [];
    if (files.length === 1) open(files[0]);
    else fail(files.length ? "Drop one file at a time." : "That is no file; drop a MIDI file.");
  });
  find("pair").addEventListener("change", () => {
    showEnds();
    want();
  });
  for (const id of ["quantise", "tune", "harmony", "variation", "melody"]) {
    find(id).addEventListener("change", want);
  }
  for (const choice of document.querySelectorAll("input[name=heard]")) choice.addEventListener("change", listen);
  find("play").addEventListener("click", () => {
    if (player.isPlaying()) player.stop();
    else player.play(player.position() >= state.notes.seconds ? 0 : player.position());
  });
  find("position").addEventListener("input", (event) => seek(Number(event.target.value)));
  find("save").addEventListener("click", save);

  showEnds();
  if (Engine.isSupported()) {
    state.engine = Engine.start(heard);
  } else {
    fail("This browser is too old: it has no WebAssembly with vectors. Any of 2023 or later has.");
  }
  // For the test of this page.
  globalThis.thirdStream = state;
})();
