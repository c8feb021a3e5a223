"""Reference numbers from PyTorch for tests/torch_agreement.rs.

Builds the paper's generator and discriminator as src/family/cyclegan/generator.rs and
src/family/cyclegan/discriminator.rs have them, at a tiny size, with weights, rolls and everything else from
a fixed draw; writes weights, input, outputs and gradients of

    mean((D(G(x)) - 1)^2) + 10 * mean(|G(x) - x|)

to fixtures/torch_tiny.safetensors. Run it again only when the networks change:

    pip install torch numpy safetensors
    python3 model/tests/torch_reference.py
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

BASE, BLOCKS, SKIP, BATCH = 4, 2, 0.5, 2

torch.set_num_threads(1)
draw = np.random.default_rng(2018)


def tensor(shape, scale, mean=0.0):
    values = draw.standard_normal(shape) * scale + mean
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def layer(weights, name, shape, norm_channels=None):
    # Larger than the initial weights of training, so that every activation matters.
    weights[f"{name}.kernel"] = tensor(shape, 0.1)
    if norm_channels:
        weights[f"{name}.scale"] = tensor(norm_channels, 0.2, 1.0)
        weights[f"{name}.offset"] = tensor(norm_channels, 0.2)


def make_generator():
    weights, n = {}, BASE
    layer(weights, "input", (n, 1, 7, 7), n)
    layer(weights, "down1", (2 * n, n, 3, 3), 2 * n)
    layer(weights, "down2", (4 * n, 2 * n, 3, 3), 4 * n)
    for block in range(BLOCKS):
        for part in ("first", "second"):
            layer(weights, f"residual{block}.{part}", (4 * n, 4 * n, 3, 3), 4 * n)
    layer(weights, "up1", (4 * n, 2 * n, 3, 3), 2 * n)
    layer(weights, "up2", (2 * n, n, 3, 3), n)
    layer(weights, "output", (1, n, 7, 7))
    return weights


def make_discriminator():
    weights, n = {}, BASE
    layer(weights, "patch1", (n, 1, 7, 7))
    layer(weights, "patch2", (4 * n, n, 7, 7))
    layer(weights, "score", (1, 4 * n, 7, 7))
    weights["norm.scale"] = tensor(4 * n, 0.2, 1.0)
    weights["norm.offset"] = tensor(4 * n, 0.2)
    return weights


def norm(x, weights, name):
    return F.instance_norm(x, weight=weights[f"{name}.scale"], bias=weights[f"{name}.offset"], eps=1e-5)


def mirrored(x, size):
    return F.pad(x, (size,) * 4, mode="reflect")


def generator_logits(weights, x):
    y = F.conv2d(mirrored(x, 3), weights["input.kernel"])
    y = F.relu(norm(y, weights, "input"))
    for name in ("down1", "down2"):
        y = F.conv2d(y, weights[f"{name}.kernel"], stride=2, padding=1)
        y = F.relu(norm(y, weights, name))
    for block in range(BLOCKS):
        z = y
        for part in ("first", "second"):
            name = f"residual{block}.{part}"
            z = norm(F.conv2d(mirrored(z, 1), weights[f"{name}.kernel"]), weights, name)
            if part == "first":
                z = F.relu(z)
        y = F.relu(y + z)
    for name in ("up1", "up2"):
        y = F.conv_transpose2d(y, weights[f"{name}.kernel"], stride=2, padding=1, output_padding=1)
        y = F.relu(norm(y, weights, name))
    return F.conv2d(mirrored(y, 3), weights["output.kernel"]) + SKIP * (2 * x - 1)


def discriminator(weights, x):
    y = F.leaky_relu(F.conv2d(x, weights["patch1.kernel"], stride=2, padding=3), 0.2)
    y = F.conv2d(y, weights["patch2.kernel"], stride=2, padding=3)
    y = F.leaky_relu(norm(y, weights, "norm"), 0.2)
    return F.conv2d(y, weights["score.kernel"], padding=3)


def main():
    g, d = make_generator(), make_discriminator()
    # Rolls that are mostly silent, as music is.
    x = torch.tensor(draw.random((BATCH, 1, 64, 84)) < 0.05, dtype=torch.float32)
    y = torch.sigmoid(generator_logits(g, x))
    scores = discriminator(d, y)
    loss = ((scores - 1) ** 2).mean() + 10 * (y - x).abs().mean()
    loss.backward()
    out = {"x": x, "y": y, "scores": scores, "loss": loss}
    for network, weights in (("generator", g), ("discriminator", d)):
        for name, value in weights.items():
            out[f"{network}.{name}"] = value
            out[f"gradient.{network}.{name}"] = value.grad
    out = {name: value.detach().contiguous() for name, value in out.items()}
    path = Path(__file__).parent / "fixtures" / "torch_tiny.safetensors"
    path.parent.mkdir(exist_ok=True)
    save_file(out, path, {"torch": torch.__version__, "skip": str(SKIP)})
    print(f"{path}: {path.stat().st_size} bytes, loss {loss.item():.6f}")


if __name__ == "__main__":
    main()
