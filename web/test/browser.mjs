// Tests the page in Chromium, over its debugging pipe: real drops, keys, clicks and downloads.
// Takes a plan from `cargo xtask web --test`; exits with 1 if a check fails.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const folder = mkdtempSync(join(tmpdir(), "third-stream-web-"));
const downloads = join(folder, "downloads");
const browser = spawn(process.env.CHROMIUM, [
  "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
  `--user-data-dir=${join(folder, "profile")}`, "--window-size=1180,1000",
  // Chromium's sandbox refuses to run as root, which containers do.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });

const calls = new Map();
const faults = [];
let number = 0;
let rest = "";
let session;
browser.stdio[4].on("data", (data) => {
  const parts = (rest + data).split("\0");
  rest = parts.pop();
  for (const part of parts) heard(JSON.parse(part));
});
browser.on("exit", (code) => {
  if (calls.size) fail(`the browser ended (${code})`);
});

function heard(message) {
  const call = calls.get(message.id);
  if (call) {
    calls.delete(message.id);
    if (message.error) call.refuse(new Error(`${call.method}: ${message.error.message}`));
    else call.resolve(message.result);
  } else if (message.method === "Runtime.exceptionThrown") {
    faults.push(message.params.exceptionDetails.exception?.description ?? "an exception");
  } else if (message.method === "Log.entryAdded" && message.params.entry.level === "error") {
    faults.push(message.params.entry.text);
  }
}

function send(method, params = {}) {
  number += 1;
  const id = number;
  const to = session && !method.startsWith("Browser.") ? { sessionId: session } : {};
  browser.stdio[3].write(`${JSON.stringify({ id, method, params, ...to })}\0`);
  return new Promise((resolve, refuse) => calls.set(id, { method, resolve, refuse }));
}

const wait = (ms) => new Promise((go) => setTimeout(go, ms));

async function page(expression) {
  const options = { expression, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await send("Runtime.evaluate", options);
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? expression);
  return result.value;
}

async function until(expression, seconds, what) {
  for (const end = Date.now() + 1000 * seconds; Date.now() < end; await wait(50)) {
    if (await page(expression)) return;
  }
  const said = await page("document.getElementById('error').textContent + ' ' + document.getElementById('state').textContent");
  throw new Error(`${what}: not after ${seconds} s; the page says: ${said}`);
}

async function key(name, times = 1) {
  for (let i = 0; i < times; i += 1) {
    await send("Input.dispatchKeyEvent", { type: "keyDown", key: name });
    await send("Input.dispatchKeyEvent", { type: "keyUp", key: name });
  }
}

async function middle(id) {
  const text = await page(`(() => { const e = document.getElementById("${id}"); e.scrollIntoView({ block: "nearest" }); const r = e.getBoundingClientRect(); return JSON.stringify({ x: r.x + r.width / 2, y: r.y + r.height / 2 }); })()`);
  return JSON.parse(text);
}

async function click(id) {
  const at = { ...(await middle(id)), button: "left", clickCount: 1 };
  await send("Input.dispatchMouseEvent", { ...at, type: "mousePressed" });
  await send("Input.dispatchMouseEvent", { ...at, type: "mouseReleased" });
}

async function drop(file) {
  const at = { ...(await middle("drop")), data: { items: [], files: [file], dragOperationsMask: 1 } };
  for (const type of ["dragEnter", "dragOver", "drop"]) await send("Input.dispatchDragEvent", { ...at, type });
}

async function choose(id, value) {
  await page(`(() => { const e = document.getElementById("${id}"); e.value = "${value}"; e.dispatchEvent(new Event("change")); })()`);
}

// Turns the knob by keyboard.
async function turn(to) {
  await page("document.getElementById('knob').focus()");
  await key(to < 0 ? "Home" : "End");
  const back = 100 - Math.abs(to);
  await key(to < 0 ? "PageUp" : "PageDown", Math.floor(back / 10));
  await key(to < 0 ? "ArrowUp" : "ArrowDown", back % 10);
}

async function saved() {
  rmSync(downloads, { recursive: true, force: true });
  await click("save");
  for (const end = Date.now() + 10_000; Date.now() < end; await wait(50)) {
    let names = [];
    try { names = readdirSync(downloads); } catch { continue; }
    const [name] = names.filter((one) => one.endsWith(".mid"));
    if (name) return { name, bytes: readFileSync(join(downloads, name)) };
  }
  throw new Error("nothing was saved");
}

let passed = 0;
const pass = (what) => {
  passed += 1;
  console.log(`ok: ${what}`);
};
function fail(why) {
  console.error(`failed: ${why}`);
  console.log(`${passed} passed, 1 failed`);
  end(1);
}
function end(code) {
  const leave = () => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    process.exit(code);
  };
  calls.clear();
  browser.once("exit", leave);
  if (browser.exitCode !== null || !browser.kill()) leave();
}
function check(holds, what) {
  if (!holds) throw new Error(what);
}

async function transfer({ file, expected, pair, knob, controls }) {
  await choose("pair", pair);
  for (const [id, value] of Object.entries({ quantise: 100, tune: 50, harmony: 3, variation: 1, ...controls })) await choose(id, value);
  await drop(file);
  const name = file.split("/").pop();
  await until(`document.getElementById("file-line").textContent.startsWith(${JSON.stringify(name)})`, 10, `${name} is open`);
  await turn(knob);
  await until(`!document.getElementById("save").disabled && thirdStream.saved.used.knob === ${knob}`, 300, `${name} is transferred`);
  const found = await saved();
  const wanted = readFileSync(expected);
  check(found.bytes.equals(wanted), `${name}, ${pair} at ${knob}: the page saved other bytes (${found.bytes.length}) than transfer wrote (${wanted.length})`);
  const source = readFileSync(file);
  check(!wanted.equals(source), `${name}: the transfer changed nothing, so nothing was compared`);
  pass(`${found.name} (${pair} at ${knob}) is what transfer writes, byte for byte`);
}

// Loudness of both versions, rendered to memory.
async function loudness(which) {
  return page(`(async () => {
    const notes = thirdStream.notes["${which}"];
    const context = new OfflineAudioContext(2, 44100 * 6, 44100);
    for (const note of notes) if (note.start < 5.5) Sound.strike(context, context.destination, note, note.start, note.end - note.start);
    const samples = (await context.startRendering()).getChannelData(0);
    return Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
  })()`);
}

async function picture(file, scheme) {
  await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await page("document.activeElement?.blur(); window.scrollTo(0, 0)");
  await wait(300);
  const { cssContentSize: { width, height } } = await send("Page.getLayoutMetrics");
  const clip = { x: 0, y: 0, width, height, scale: 1 };
  const options = { format: "png", captureBeyondViewport: true, clip };
  const { data } = await send("Page.captureScreenshot", options);
  writeFileSync(file, Buffer.from(data, "base64"));
}

async function run() {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  ({ sessionId: session } = await send("Target.attachToTarget", { targetId, flatten: true }));
  await send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
  for (const domain of ["Page", "Runtime", "Log", "Accessibility"]) await send(`${domain}.enable`);
  await send("Page.navigate", { url: pathToFileURL(plan.page).href });
  await until("globalThis.thirdStream?.ready === true", 60, "the networks are loaded");
  pass("the page works from a folder");

  for (const one of plan.cases) await transfer(one);
  const took = (await page("thirdStream.took")).sort((a, b) => a - b);
  check(took.length >= 4, "phrases were timed");
  console.log(`a phrase takes ${Math.round(took[0])} ms in this browser (the least of ${took.length}; ${Math.round(took[took.length >> 1])} ms in the middle)`);

  const before = took.length;
  await turn(33);
  await until("thirdStream.saved.used.knob === 33", 10, "the knob is turned");
  check((await page("thirdStream.took.length")) === before, "another amount of the same end took passes");
  pass("an amount between needs no pass");

  const [one, other] = [await loudness("before"), await loudness("after")];
  check(one > 1e-3 && other > 1e-3 && one !== other, `sound: ${one} before, ${other} after`);
  pass("before and after sound, and differ");
  await click("play");
  await until("Number(document.getElementById('position').value) > 0.5", 10, "it plays");
  await click("play");
  check((await page("document.getElementById('play').textContent")) === "Play", "it stops");
  pass("it plays and stops");

  const { nodes } = await send("Accessibility.getFullAXTree");
  const roles = ["button", "slider", "combobox", "radio", "checkbox", "spinbutton"];
  const controls = nodes.filter((node) => !node.ignored && roles.includes(node.role?.value));
  const nameless = controls.filter((node) => !node.name?.value);
  check(controls.length >= 8 && nameless.length === 0, `${nameless.length} of ${controls.length} controls have no name`);
  pass(`${controls.length} controls have names`);

  if (plan.picture) {
    await page("document.getElementById('example').click()");
    await until("document.getElementById('file-line').textContent.startsWith('example.mid')", 10, "the example is open");
    await choose("pair", "jazz-classic");
    await turn(70);
    await until("!document.getElementById('save').disabled && thirdStream.saved.used.knob === 70", 120, "the example is transferred");
    await picture(plan.picture.replace(/\.png$/, "-dark.png"), "dark");
    await picture(plan.picture, "light");
  }

  await drop(plan.refused);
  await until("!document.getElementById('error').hidden", 10, "a file that is no MIDI file is refused");
  const said = await page("document.getElementById('error').textContent");
  check(said.includes("README.md") && said.includes("MIDI"), `the error names file and reason: ${said}`);
  pass(`no MIDI file: “${said}”`);
  check(faults.length === 0, `the page had faults: ${faults.join("; ")}`);
  console.log(`${passed} passed, 0 failed`);
  end(0);
}

run().catch((error) => fail(error.message));
