// A small synthesiser and its player: struck and blown sounds, noise for drums.
"use strict";

const Sound = (() => {
  const RELEASE = 0.12; // Seconds.
  // Partials of the waves, from the first.
  const WAVES = {
    struck: [1, 0.55, 0.28, 0.2, 0.1, 0.07, 0.04],
    plucked: [1, 0.7, 0.45, 0.3, 0.2, 0.14, 0.1, 0.07],
    blown: [1, 0.3, 0.42, 0.12, 0.16, 0.05],
    bowed: [1, 0.6, 0.42, 0.3, 0.22, 0.16, 0.12],
    organ: [1, 0.5, 0.2, 0.35, 0, 0.12, 0, 0.15],
  };
  // General MIDI's drums: skins with their pitch in Hz; ringing metal.
  const SKINS = {
    35: 58, 36: 58, 38: 180, 40: 190, 41: 68, 43: 84, 45: 100, 47: 116, 48: 124, 50: 140,
  };
  const RINGING = [46, 49, 51, 52, 53, 55, 57, 59];
  const made = new WeakMap(); // Waves and noise of each context.

  function kindOf(program) {
    if (program < 16) return "struck";
    if (program < 24) return "organ";
    if (program < 40) return "plucked";
    if (program < 56) return program === 45 || program === 46 ? "plucked" : "bowed";
    if (program < 104) return "blown";
    return "plucked";
  }

  function parts(context) {
    let found = made.get(context);
    if (!found) {
      found = { waves: {}, noise: context.createBuffer(1, context.sampleRate, context.sampleRate) };
      for (const [name, partials] of Object.entries(WAVES)) {
        const imaginary = Float32Array.from([0, ...partials]);
        found.waves[name] = context.createPeriodicWave(new Float32Array(imaginary.length), imaginary);
      }
      const samples = found.noise.getChannelData(0);
      let state = 1;
      for (let i = 0; i < samples.length; i += 1) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        samples[i] = state / 2 ** 31 - 1;
      }
      made.set(context, found);
    }
    return found;
  }

  // Plays a note {key, velocity, program, drum} from `when`, for a number of seconds.
  function strike(context, to, note, when, seconds) {
    const loud = 0.22 * (note.velocity / 127) ** 1.5;
    const gain = context.createGain();
    const pan = context.createStereoPanner();
    pan.pan.value = Math.max(-0.4, Math.min(0.4, (note.key - 60) / 90));
    gain.connect(pan).connect(to);
    if (note.drum) return drum(context, gain, note.key, loud, when);
    const kind = kindOf(note.program);
    const source = context.createOscillator();
    source.setPeriodicWave(parts(context).waves[kind]);
    source.frequency.value = 440 * 2 ** ((note.key - 69) / 12);
    const fades = kind === "struck" || kind === "plucked";
    const attack = fades ? 0.004 : 0.04;
    const end = when + Math.max(seconds, attack + 0.02);
    const level = gain.gain;
    level.setValueAtTime(0, when);
    level.linearRampToValueAtTime(loud, when + attack);
    // Low strings ring longer.
    if (fades) level.setTargetAtTime(0, when + attack, 0.9 * 2 ** ((60 - note.key) / 24));
    else level.setTargetAtTime(loud * 0.75, when + attack, 0.3);
    level.setTargetAtTime(0, end, RELEASE / 4);
    source.connect(gain);
    source.start(when);
    source.stop(end + RELEASE);
  }

  function drum(context, gain, key, loud, when) {
    const skin = SKINS[key] ?? 0;
    const metal = skin === 0 && key !== 37 && key !== 39;
    const seconds = RINGING.includes(key) ? 0.6 : skin ? 0.25 : 0.08;
    const level = gain.gain;
    level.setValueAtTime(loud * (metal ? 0.5 : 1.2), when);
    level.exponentialRampToValueAtTime(0.0001, when + seconds);
    if (skin) {
      const tone = context.createOscillator();
      tone.frequency.setValueAtTime(skin * 1.8, when);
      tone.frequency.exponentialRampToValueAtTime(skin, when + 0.06);
      tone.connect(gain);
      tone.start(when);
      tone.stop(when + seconds);
    }
    if (skin > 100 || !skin) {
      const noise = context.createBufferSource();
      noise.buffer = parts(context).noise;
      const filter = context.createBiquadFilter();
      filter.type = metal ? "highpass" : "bandpass";
      filter.frequency.value = metal ? 6000 : 1800;
      noise.connect(filter).connect(gain);
      noise.start(when, (key % 10) / 20, seconds);
    }
  }

  // Plays notes {start, end, …} (seconds, in order of start). `moved` is called on each change.
  function makePlayer(moved) {
    const AHEAD = 0.5;
    let context = null;
    let bus = null;
    let notes = [];
    let next = 0;
    let began = 0; // The context's time at second 0 of the song.
    let timer = null;
    let at = 0; // Position while stopped.
    let end = 0;

    const isPlaying = () => timer !== null;
    const position = () => (isPlaying() ? Math.max(0, Math.min(end, context.currentTime - began)) : at);

    function open() {
      context ??= new AudioContext();
      context.resume();
    }

    function silence() {
      if (!bus) return;
      const old = bus;
      bus = null;
      old.gain.setTargetAtTime(0, context.currentTime, 0.015);
      setTimeout(() => old.disconnect(), 200);
    }

    function fill() {
      const now = context.currentTime - began;
      while (next < notes.length && notes[next].start < now + AHEAD) {
        const note = notes[next];
        next += 1;
        const start = Math.max(note.start, now);
        if (note.end > start + 0.01) strike(context, bus, note, began + start, note.end - start);
      }
      if (now > end + 0.3) stop(0);
      moved();
    }

    function begin(from) {
      bus = context.createGain();
      const limit = context.createDynamicsCompressor();
      bus.connect(limit).connect(context.destination);
      next = 0;
      // Skips notes that are over or began long before the position.
      while (next < notes.length && (notes[next].end <= from || notes[next].start < from - 2)) next += 1;
    }

    function play(from) {
      open();
      stop(from);
      began = context.currentTime + 0.06 - from;
      begin(from);
      timer = setInterval(fill, 60);
      fill();
    }

    function stop(where = position()) {
      clearInterval(timer);
      timer = null;
      silence();
      at = where;
      moved();
    }

    // Replaces the notes from here on, without a gap.
    function use(others, seconds) {
      notes = others;
      end = seconds;
      if (isPlaying()) {
        silence();
        begin(position());
        fill();
      } else {
        at = Math.min(at, end);
      }
    }

    return { play, stop, use, isPlaying, position };
  }

  return { strike, makePlayer };
})();
