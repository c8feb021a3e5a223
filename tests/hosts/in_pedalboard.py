"""The built VST3 in pedalboard: its parameters, its state, audio through it, its window."""
import subprocess
import sys
import time

import numpy
import pedalboard

RATE, WINDOWS = 48000, 3
bundle, _ = sys.argv[1:3]
WINDOW = """
import sys, threading, pedalboard
plugin = pedalboard.load_plugin(sys.argv[1])
closing = threading.Event()
threading.Timer(3, closing.set).start()
plugin.show_editor(closing)
"""


def say(key, words):
    print(f"{key}: {words}", flush=True)


def load():
    return pedalboard.load_plugin(bundle)


say("version", pedalboard.__version__)
begin = time.monotonic()
first = load()
took = time.monotonic() - begin
say("beside" if took < 5 else "wrong", f"loaded in {took:.1f} s")
if len(first.parameters) > 20:
    say("wrong", f"{len(first.parameters)} parameters are listed")
first.parameters["genre"].raw_value = 0.75
if abs(first.parameters["genre"].raw_value - 0.75) > 1e-3:
    say("wrong", "the knob did not move before the first block")
second = load()
second.raw_state = first.raw_state
kept = abs(second.parameters["genre"].raw_value - 0.75) < 1e-3
say("state" if kept else "wrong", "the same when it is loaded" if kept else "the state was lost")

noise = numpy.random.default_rng(1).uniform(-0.5, 0.5, (2, RATE)).astype(numpy.float32)
same = numpy.array_equal(first.process(noise, RATE), noise)
say("beside" if same else "wrong", "audio goes through" if same else "audio was changed")
say("beside", "it gives no MIDI to an effect")

# In a process of its own, which this host's own code may end.
ends = [subprocess.run([sys.executable, "-c", WINDOW, bundle], capture_output=True, text=True,
                       check=False, timeout=60) for _ in range(WINDOWS)]
bad = [end.stderr.strip().splitlines() or [f"exit {end.returncode}"] for end in ends if end.returncode]
say("window", f"opened and closed {WINDOWS - len(bad)} times of {WINDOWS}"
    + (f" ({bad[0][0]})" if bad else ""))
