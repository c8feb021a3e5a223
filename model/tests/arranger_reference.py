"""Reference numbers from PyTorch for tests/arranger_agreement.rs.

Builds the arranger's network as src/family/arranger/network.rs has it, at a tiny size, with
weights and canvases from a fixed draw; writes weights, canvases, logits, and the gradients of the
loss of src/train/arranger/loss.rs to fixtures/arranger_tiny.safetensors. Run it again only when
the network or its loss changes:

    pip install torch numpy safetensors
    python3 model/tests/arranger_reference.py

Cells are bits, 84 in 11 bytes a step, the lowest row in the lowest bit. Of the logits every 21st
step is kept, to keep the file small.
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

BASE, BLOCKS, BATCH = 4, 2, 2
STEPS, ROWS = 64, 84
LENGTHS = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32])

torch.set_num_threads(1)
draw = np.random.default_rng(2022)


def tensor(shape, scale, mean=0.0):
    values = draw.standard_normal(shape) * scale + mean
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def layer(weights, name, shape, channels):
    # Larger than the initial weights of training, so that every part matters.
    weights[f"{name}.kernel"] = tensor(shape, 0.1)
    weights[f"{name}.norm.weight"] = tensor((2 * channels, 6), 0.2)
    weights[f"{name}.norm.bias"] = tensor(2 * channels, 0.1)


def make_network():
    weights, n = {}, BASE
    layer(weights, "input", (n, 9, 7, 7), n)
    layer(weights, "down1", (2 * n, n, 3, 3), 2 * n)
    layer(weights, "down2", (4 * n, 2 * n, 3, 3), 4 * n)
    for block in range(BLOCKS):
        for part in ("first", "second"):
            layer(weights, f"residual{block}.{part}", (4 * n, 4 * n, 3, 3), 4 * n)
    layer(weights, "up1", (4 * n, 2 * n, 3, 3), 2 * n)
    layer(weights, "up2", (4 * n, n, 3, 3), n)
    weights["output.kernel"] = tensor((11, 2 * n, 5, 5), 0.1)
    weights["output.onset_bias"] = tensor(1, 0.1, -3.0)
    weights["output.length_bias"] = tensor(10, 0.1)
    return weights


def norm(x, weights, name, condition):
    both = condition @ weights[f"{name}.norm.weight"].T + weights[f"{name}.norm.bias"]
    scale, offset = both.chunk(2, 1)
    return F.instance_norm(x) * (1 + scale[:, :, None, None]) + offset[:, :, None, None]


def network(weights, planes, condition):
    def conv(name, x, **how):
        return norm(F.conv2d(x, weights[f"{name}.kernel"], **how), weights, name, condition)

    def up(name, x):
        y = F.conv_transpose2d(x, weights[f"{name}.kernel"], stride=2, padding=1, output_padding=1)
        return F.relu(norm(y, weights, name, condition))

    full = F.relu(conv("input", planes, padding=3))
    half = F.relu(conv("down1", full, stride=2, padding=1))
    x = F.relu(conv("down2", half, stride=2, padding=1))
    for block in range(BLOCKS):
        dilation = 1 + block % 2
        y = F.relu(conv(f"residual{block}.first", x, padding=dilation, dilation=dilation))
        x = F.relu(x + conv(f"residual{block}.second", y, padding=1))
    x = torch.cat([up("up1", x), half], 1)
    x = torch.cat([up("up2", x), full], 1)
    bias = torch.cat([weights["output.onset_bias"], weights["output.length_bias"]])
    return F.conv2d(x, weights["output.kernel"], bias, padding=2)


def notes(share):
    """Sounding cells, onsets, and of each onset the length in steps; a new note cuts the one before."""
    shape = (BATCH, STEPS, ROWS)
    onset, length = draw.random(shape) < share, LENGTHS[draw.integers(0, 10, shape)]
    return rendered(onset, length)


def rendered(onset, length):
    sounding, cut = np.zeros(onset.shape, bool), np.zeros(onset.shape, int)
    for phrase, step, row in zip(*np.nonzero(onset)):
        end = step + 1
        while end < min(STEPS, step + length[phrase, step, row]) and not onset[phrase, end, row]:
            end += 1
        sounding[phrase, step:end, row] = True
        cut[phrase, step, row] = end - step
    return sounding, onset, cut


def classes(length):
    return np.abs(np.log(LENGTHS) - np.log(np.clip(length, 1, 32))[..., None]).argmin(-1)


def main():
    sounding, onset, length = notes(0.02)
    hidden = (draw.random((BATCH, STEPS // 8, ROWS)) < 0.6).repeat(8, 1)
    shown = rendered(onset & ~hidden, length)[:2]
    tune = notes(0.002)[:2]
    harmony = draw.random((BATCH, 8, 12)) < 0.25
    t = np.arange(STEPS)
    place = [np.cos(2 * np.pi * t / 16), (t % 4 == 0) - 0.5 * (t % 2 == 1)]
    place = [np.broadcast_to(p[:, None], (STEPS, ROWS)) for p in place]
    place.append(np.broadcast_to(np.linspace(-1, 1, ROWS), (STEPS, ROWS)))
    drawn = [*shown, hidden, *tune, np.tile(harmony.repeat(8, 1), (1, 1, 7))]
    planes = drawn + [np.broadcast_to(p, (BATCH, STEPS, ROWS)) for p in place]
    planes = torch.tensor(np.stack(planes, 1), dtype=torch.float32)
    condition = torch.tensor([[1, 0, 0, 0, 0.5, 1], [0, 0.25, 0.75, 0, 0, 1]])

    weights = make_network()
    logits = network(weights, planes, condition)
    on, of = torch.tensor(onset).float(), torch.tensor(hidden).float()
    cells = F.binary_cross_entropy_with_logits(logits[:, 0], on, reduction="none") * of
    onset_loss = (cells.sum((1, 2)) / of.sum((1, 2))).mean() * 40
    at = on * of
    lengths = F.cross_entropy(logits[:, 1:], torch.tensor(classes(length)), reduction="none") * at
    length_loss = 0.5 * lengths.sum() / (at.sum() + 1)
    (onset_loss + length_loss).backward()

    rolls = {"sounding": sounding, "onset": onset, "shown.sounding": shown[0], "shown.onset": shown[1]}
    rolls |= {"hidden": hidden, "tune.sounding": tune[0], "tune.onset": tune[1]}
    bits = lambda roll: torch.tensor(np.packbits(roll, -1, "little"))
    out = {name: bits(roll) for name, roll in rolls.items()}
    out |= {"harmony": bits(harmony), "condition": condition, "logits": logits[:, :, ::21]}
    out |= {"loss.onset": onset_loss, "loss.length": length_loss}
    for name, value in weights.items():
        out[name] = value
        out[f"gradient.{name}"] = value.grad
    out = {name: value.detach().contiguous() for name, value in out.items()}
    path = Path(__file__).parent / "fixtures" / "arranger_tiny.safetensors"
    save_file(out, path, {"torch": torch.__version__})
    print(f"{path}: {path.stat().st_size} bytes, loss {onset_loss.item():.6f} + {length_loss.item():.6f}")


if __name__ == "__main__":
    main()
