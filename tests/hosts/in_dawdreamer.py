"""The built VST3 in DawDreamer: its parameters, its state, audio through it, a render, its window."""
import importlib.metadata
import subprocess
import sys
import time

import dawdreamer
import numpy

RATE, BLOCK, WINDOWS = 48000, 512, 9
bundle, work = sys.argv[1:3]
WINDOW = """
import sys, dawdreamer
engine = dawdreamer.RenderEngine(48000, 512)
engine.make_plugin_processor("plugin", sys.argv[1]).open_editor()
"""


def say(key, words):
    print(f"{key}: {words}", flush=True)


def plugin(engine):
    return engine.make_plugin_processor("plugin", bundle)


def open_and_close():
    """Opens the window in a process of its own and asks it to close; how that ended."""
    host = subprocess.Popen([sys.executable, "-c", WINDOW, bundle], stderr=subprocess.PIPE, text=True)
    seen = None
    for _ in range(120):
        found = subprocess.run(["xdotool", "search", "--name", "^DawDreamer"], capture_output=True,
                               text=True, check=False).stdout.split()
        if found or host.poll() is not None:
            seen = found and found[0]
            break
        time.sleep(0.5)
    time.sleep(2)
    if seen:
        subprocess.run(["wmctrl", "-i", "-c", hex(int(seen))], check=False)
    try:
        _, errors = host.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        host.kill()
        return "it did not close"
    if not seen:
        return f"there was no window: {errors.strip()[-200:]}"
    return None if host.returncode == 0 else f"exit {host.returncode}: {errors.strip()[-200:]}"


say("version", importlib.metadata.version("dawdreamer"))
engine = dawdreamer.RenderEngine(RATE, BLOCK)
begin = time.monotonic()
first = plugin(engine)
say("beside", f"loaded in {time.monotonic() - begin:.1f} s")
count = first.get_plugin_parameter_size()
if count > 20:
    say("wrong", f"{count} parameters are listed")
# The knob moves though nothing was processed yet.
first.set_parameter(0, 0.75)
if abs(first.get_parameter(0) - 0.75) > 1e-6:
    say("wrong", "the knob did not move before the first block")
first.save_state(f"{work}/state.saved")
second = engine.make_plugin_processor("second", bundle)
second.load_state(f"{work}/state.saved")
kept = abs(second.get_parameter(0) - 0.75) < 1e-6
say("state" if kept else "wrong", "the same when it is loaded" if kept else "the state was lost")

# Audio goes through as it comes, and a render waits for its answers.
noise = numpy.random.default_rng(1).uniform(-0.5, 0.5, (2, RATE)).astype(numpy.float32)
source = engine.make_playback_processor("noise", noise)
engine.load_graph([(source, []), (first, ["noise"])])
engine.render(1.0)
same = numpy.array_equal(engine.get_audio()[:, :RATE], noise)
say("beside" if same else "wrong", "audio goes through" if same else "audio was changed")
engine.set_bpm(132)
first.load_midi(f"{work}/clip.mid", beats=True)
engine.load_graph([(first, [])])
begin = time.monotonic()
engine.render(84, beats=True)
say("beside", f"a render of 38 s took {time.monotonic() - begin:.0f} s; MIDI that leaves a plugin goes nowhere")

endings = [open_and_close() for _ in range(WINDOWS)]
# DawDreamer asks for the parents of its own window while the window manager takes them down.
own = sum("X_QueryTree" in why for why in endings if why)
for why in endings:
    if why and "X_QueryTree" not in why:
        say("wrong", f"window: {why}")
words = f"opened and closed {WINDOWS - sum(map(bool, endings))} times of {WINDOWS}"
say("window", words + (f"; {own} ended in its own request ([upstream](upstream.md))" if own else ""))
