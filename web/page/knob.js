// A knob from -100 to 100, for pointer, wheel and keys; accessible as a slider.
"use strict";

function makeKnob(place, turned) {
  const SWEEP = 135;
  const NAMES = "http://www.w3.org/2000/svg";
  const point = (angle, radius) => {
    const a = ((angle - 90) * Math.PI) / 180;
    return `${60 + radius * Math.cos(a)} ${60 + radius * Math.sin(a)}`;
  };
  const arc = (from, to) =>
    `M${point(from, 50)}A50 50 0 ${Math.abs(to - from) > 180 ? 1 : 0} ${to > from ? 1 : 0} ${point(to, 50)}`;

  const svg = document.createElementNS(NAMES, "svg");
  svg.setAttribute("viewBox", "0 0 120 120");
  svg.setAttribute("aria-hidden", "true");
  const add = (name, attributes) => {
    const element = document.createElementNS(NAMES, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    svg.append(element);
    return element;
  };
  const line = { fill: "none", "stroke-width": 8, "stroke-linecap": "round" };
  add("path", { ...line, class: "track", d: arc(-SWEEP, SWEEP) });
  const arcOfValue = add("path", { ...line, class: "value" });
  add("circle", { class: "cap", cx: 60, cy: 60, r: 36 });
  const mark = add("path", { class: "mark", "stroke-width": 4, "stroke-linecap": "round" });
  const label = add("text", { x: 60, y: 112 });
  place.append(svg);
  place.tabIndex = 0;
  const aria = { role: "slider", "aria-label": "Amount", "aria-valuemin": -100, "aria-valuemax": 100 };
  for (const [key, value] of Object.entries(aria)) place.setAttribute(key, value);

  const knob = { value: 0, ends: ["", ""], show, set };

  function show() {
    const angle = (knob.value / 100) * SWEEP;
    arcOfValue.setAttribute("d", knob.value === 0 ? "" : arc(0, angle));
    mark.setAttribute("d", `M${point(angle, 18)}L${point(angle, 32)}`);
    label.textContent = knob.value === 0 ? "as played" : `${Math.abs(knob.value)} %`;
    const end = knob.ends[knob.value < 0 ? 0 : 1];
    const said = knob.value === 0 ? "as played" : `${Math.abs(knob.value)} % ${end}`;
    place.setAttribute("aria-valuenow", knob.value);
    place.setAttribute("aria-valuetext", said);
  }

  function set(value) {
    const within = Math.round(Math.min(100, Math.max(-100, value)));
    if (within === knob.value) return;
    knob.value = within;
    show();
    turned();
  }

  const keys = {
    ArrowUp: () => knob.value + 1, ArrowRight: () => knob.value + 1,
    ArrowDown: () => knob.value - 1, ArrowLeft: () => knob.value - 1,
    PageUp: () => knob.value + 10, PageDown: () => knob.value - 10,
    Home: () => -100, End: () => 100, 0: () => 0,
  };
  place.addEventListener("keydown", (event) => {
    const key = keys[event.key];
    if (!key || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    set(key());
  });
  place.addEventListener("wheel", (event) => {
    event.preventDefault();
    set(knob.value - 2 * Math.sign(event.deltaY));
  }, { passive: false });
  place.addEventListener("dblclick", () => set(0));
  let grip = null;
  place.addEventListener("pointerdown", (event) => {
    place.setPointerCapture(event.pointerId);
    grip = { x: event.clientX, y: event.clientY, value: knob.value };
  });
  place.addEventListener("pointermove", (event) => {
    if (grip) set(grip.value + event.clientX - grip.x + grip.y - event.clientY);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    place.addEventListener(name, () => { grip = null; });
  }
  show();
  return knob;
}
