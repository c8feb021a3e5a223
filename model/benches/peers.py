"""The peers of `cargo xtask bench`: the same work in PyTorch, ONNX Runtime and OpenVINO.

    peers.py forward FRAMEWORK FILE THREADS f32|bf16
    peers.py step BASE BLOCKS BATCH THREADS f32|bf16
    peers.py arranger BASE BLOCKS BATCH THREADS f32|bf16
    peers.py arrange FRAMEWORK FILE PASSES THREADS f32|bf16

FILE is safetensors with a network's weights, an input `x` (an arranger's has a `condition`, too) and
our output `y`; its metadata has `blocks` and, of a generator, `skip`. The program says `ready VERSION LARGEST_DIFFERENCE`, then does one pass for
each line that it reads and answers with wall and process seconds.
"""

import sys
import time

import numpy as np

EPSILON = 1e-5
# Numbers that condition the norms of the arranger: style, freedom, 1, and 27 attributes.
CONDITION = 33


def layers(blocks):
    """Name, kind, mirrored border and activation of each layer but the residual sums."""
    yield "input", "conv", 3
    yield "down1", "stride", 0
    yield "down2", "stride", 0
    for block in range(blocks):
        yield f"residual{block}.first", "conv", 1
        yield f"residual{block}.second", "conv", 1
    yield "up1", "transposed", 0
    yield "up2", "transposed", 0


def torch_logits(torch, weights, x, blocks, skip):
    F = torch.nn.functional
    y = x
    for name, kind, border in layers(blocks):
        if name.endswith("first"):
            kept = y
        kernel = weights[f"{name}.kernel"]
        if border:
            y = F.pad(y, (border,) * 4, mode="reflect")
        if kind == "transposed":
            y = F.conv_transpose2d(y, kernel, stride=2, padding=1, output_padding=1)
        elif kind == "stride":
            y = F.conv2d(y, kernel, stride=2, padding=1)
        else:
            y = F.conv2d(y, kernel)
        y = F.instance_norm(y, weight=weights[f"{name}.scale"], bias=weights[f"{name}.offset"], eps=EPSILON)
        y = F.relu(kept + y if name.endswith("second") else y)
    y = F.conv2d(F.pad(y, (3,) * 4, mode="reflect"), weights["output.kernel"])
    return y + skip * (2 * x - 1)


def pytorch(weights, x, blocks, skip, threads, precision):
    import torch

    torch.set_num_threads(threads)
    laid_out = {"memory_format": torch.channels_last} if precision == "bf16" else {}
    tensors = {}
    for name, value in weights.items():
        tensor = torch.from_numpy(value)
        tensors[name] = tensor.to(**laid_out) if tensor.dim() == 4 else tensor
    image = torch.from_numpy(x)

    def run():
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            return torch.sigmoid(torch_logits(torch, tensors, image, blocks, skip)).float().numpy()

    return torch.__version__, run


class Graph:
    """An ONNX model while it is built."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind, inputs, output=None, **attributes):
        from onnx import helper

        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def mirrored(self, y, size):
        pads = self.constant(f"pads{len(self.nodes)}", np.array([0, 0, size, size] * 2, dtype=np.int64))
        return self.node("Pad", [y, pads], mode="reflect")

    def normed(self, y, name, scale, offset):
        constants = [self.constant(f"{name}.scale", scale), self.constant(f"{name}.offset", offset)]
        return self.node("InstanceNormalization", [y, *constants], epsilon=EPSILON)

    def bytes(self, shape, output_shape):
        """The model from `x` to `y`, both of fixed shapes."""
        import onnx
        from onnx import TensorProto, helper

        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(
            self.nodes, "network", [value("x", shape)], [value("y", output_shape)], self.constants
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString()


UP = {"strides": [2, 2], "pads": [1] * 4, "output_padding": [1, 1]}


def onnx_model(weights, x, blocks, skip):
    graph, y = Graph(), "x"
    for name, kind, border in layers(blocks):
        if name.endswith("first"):
            kept = y
        kernel = graph.constant(f"{name}.kernel", weights[f"{name}.kernel"])
        if border:
            y = graph.mirrored(y, border)
        if kind == "transposed":
            y = graph.node("ConvTranspose", [y, kernel], **UP)
        elif kind == "stride":
            y = graph.node("Conv", [y, kernel], strides=[2, 2], pads=[1] * 4)
        else:
            y = graph.node("Conv", [y, kernel])
        y = graph.normed(y, name, *(weights[f"{name}.{part}"] for part in ("scale", "offset")))
        y = graph.node("Relu", [graph.node("Add", [kept, y]) if name.endswith("second") else y])
    kernel = graph.constant("output.kernel", weights["output.kernel"])
    y = graph.node("Conv", [graph.mirrored(y, 3), kernel])
    doubled = graph.node("Mul", ["x", graph.constant("doubled", np.array(2 * skip, dtype=np.float32))])
    skipped = graph.node("Sub", [doubled, graph.constant("skip", np.array(skip, dtype=np.float32))])
    graph.node("Sigmoid", [graph.node("Add", [y, skipped])], "y")
    return graph.bytes(x.shape, x.shape)


def run_onnxruntime(model, threads):
    """The version, and a function from the input to the output."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return onnxruntime.__version__, lambda x: session.run(["y"], {"x": x})[0]


def run_openvino(model, threads, precision):
    """The version, and a function from the input to the output."""
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model), "CPU", {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": "1",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": precision,
        "ENABLE_CPU_PINNING": False,
    })
    request = compiled.create_infer_request()
    return openvino.__version__.split("-")[0], lambda x: request.infer([x])[0]


def onnxruntime(weights, x, blocks, skip, threads, precision):
    version, run = run_onnxruntime(onnx_model(weights, x, blocks, skip), threads)
    return version, lambda: run(x)


def openvino(weights, x, blocks, skip, threads, precision):
    version, run = run_openvino(onnx_model(weights, x, blocks, skip), threads, precision)
    return version, lambda: run(x)


def read(path):
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        return tensors, file.metadata()


def forward(framework, path, threads, precision):
    tensors, metadata = read(path)
    x, expected = tensors.pop("x"), tensors.pop("y")
    make = {"pytorch": pytorch, "onnxruntime": onnxruntime, "openvino": openvino}[framework]
    blocks, skip = int(metadata["blocks"]), float(metadata["skip"])
    version, run = make(tensors, x, blocks, skip, int(threads), precision)
    return version, float(np.abs(run() - expected).max()), run


def step(base, blocks, batch, threads, precision):
    """A training step as the recipe paper/full has it: both generators, four discriminators."""
    import torch

    base, blocks, batch = int(base), int(blocks), int(batch)
    torch.set_num_threads(int(threads))
    F = torch.nn.functional
    draw = lambda *shape: torch.nn.Parameter(0.02 * torch.randn(*shape))

    def norm(channels):
        return torch.nn.Parameter(1 + 0.02 * torch.randn(channels)), torch.nn.Parameter(torch.zeros(channels))

    def generator():
        n, weights = base, {"output.kernel": draw(1, base, 7, 7)}
        shapes = {"input": (n, 1, 7, 7), "down1": (2 * n, n, 3, 3), "down2": (4 * n, 2 * n, 3, 3)}
        shapes |= {"up1": (4 * n, 2 * n, 3, 3), "up2": (2 * n, n, 3, 3)}
        for name, kind, _ in layers(blocks):
            shape = shapes.get(name, (4 * n, 4 * n, 3, 3))
            weights[f"{name}.kernel"] = draw(*shape)
            weights[f"{name}.scale"], weights[f"{name}.offset"] = norm(shape[1 if kind == "transposed" else 0])
        return weights

    def discriminator():
        return [draw(64, 1, 7, 7), draw(256, 64, 7, 7), *norm(256), draw(1, 256, 7, 7)]

    def judge(d, x):
        y = F.leaky_relu(F.conv2d(x, d[0], stride=2, padding=3), 0.2)
        y = F.instance_norm(F.conv2d(y, d[1], stride=2, padding=3), weight=d[2], bias=d[3], eps=EPSILON)
        return F.conv2d(F.leaky_relu(y, 0.2), d[4], padding=3)

    generators, judges = [generator(), generator()], [discriminator() for _ in range(4)]
    adam = lambda parameters: torch.optim.Adam(parameters, 2e-4, betas=(0.5, 0.999))
    teacher = adam([p for g in generators for p in g.values()])
    critic = adam([p for d in judges for p in d])
    roll = lambda: (torch.rand(batch, 1, 64, 84) < 0.05).float()
    a, b, mixed = roll(), roll(), roll()

    def run():
        noise = 0.01 * torch.randn_like(a).abs()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            made = lambda g, x: torch.sigmoid(torch_logits(torch, generators[g], x, blocks, 0.0))
            fakes = [made(0, a), made(1, b)]
            loss = 10 * (F.l1_loss(made(1, fakes[0]), a) + F.l1_loss(made(0, fakes[1]), b))
            for d, which in zip(judges, (1, 0, 1, 0)):
                loss = loss + ((judge([p.detach() for p in d], fakes[which] + noise) - 1) ** 2).mean()
        teacher.zero_grad()
        loss.backward()
        teacher.step()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            loss = 0
            for d, which, real in zip(judges, (1, 0, 1, 0), (a, b, mixed, mixed)):
                scores = judge(d, torch.cat([real, fakes[which].detach()]) + torch.cat([noise, noise]))
                loss = loss + (((scores[:batch] - 1) ** 2).mean() + (scores[batch:] ** 2).mean()) / 2
        critic.zero_grad()
        loss.backward()
        critic.step()

    run()
    return torch.__version__, 0.0, run


def arranger_network(base, blocks):
    """The arranger with weights by chance: its weights, and planes and conditions to logits."""
    import torch

    n, blocks = int(base), int(blocks)
    F = torch.nn.functional
    weights = []

    def draw(*shape):
        weights.append(torch.nn.Parameter(0.05 * torch.randn(*shape)))
        return weights[-1]

    def layer(shape, channels, convolve):
        kernel, norm, bias = draw(*shape), draw(2 * channels, CONDITION), draw(2 * channels)

        def forward(x, condition):
            scale, offset = F.linear(condition, norm, bias).chunk(2, 1)
            y = F.instance_norm(convolve(x, kernel), eps=EPSILON)
            return y * (1 + scale[:, :, None, None]) + offset[:, :, None, None]

        return forward

    conv = lambda padding, stride=1: lambda x, k: F.conv2d(x, k, stride=stride, padding=padding)
    up = lambda x, k: F.conv_transpose2d(x, k, stride=2, padding=1, output_padding=1)
    dilated = lambda d: lambda x, k: F.conv2d(x, k, padding=d, dilation=d)
    first = layer((n, 9, 7, 7), n, conv(3))
    down = [layer((2 * n, n, 3, 3), 2 * n, conv(1, 2)), layer((4 * n, 2 * n, 3, 3), 4 * n, conv(1, 2))]
    square = (4 * n, 4 * n, 3, 3)
    residual = [(layer(square, 4 * n, dilated(1 + i % 2)), layer(square, 4 * n, conv(1))) for i in range(blocks)]
    ups = [layer((4 * n, 2 * n, 3, 3), 2 * n, up), layer((4 * n, n, 3, 3), n, up)]
    output, bias = draw(11, 2 * n, 5, 5), draw(11)

    def logits(planes, condition):
        full = F.relu(first(planes, condition))
        half = F.relu(down[0](full, condition))
        x = F.relu(down[1](half, condition))
        for one, two in residual:
            x = F.relu(x + two(F.relu(one(x, condition)), condition))
        x = F.relu(ups[0](x, condition))
        x = F.relu(ups[1](torch.cat([x, half], 1), condition))
        return F.conv2d(torch.cat([x, full], 1), output, bias, padding=2).float()

    return weights, logits


def arranger(base, blocks, batch, threads, precision):
    """A training step of the arranger as its recipe has it."""
    import torch

    batch = int(batch)
    torch.set_num_threads(int(threads))
    F = torch.nn.functional
    weights, logits = arranger_network(base, blocks)
    adam = torch.optim.AdamW(weights, 1e-3, betas=(0.9, 0.98), weight_decay=1e-3)
    means = [weight.detach().clone() for weight in weights]
    planes = (torch.rand(batch, 9, 64, 84) < 0.05).float()
    condition = F.one_hot(torch.arange(batch) % 3, CONDITION).float()
    onsets = (torch.rand(batch, 64, 84) < 0.02).float()
    hidden = (torch.rand(batch, 64, 84) < 0.6).float()
    classes = torch.randint(0, 10, (batch, 64, 84))

    def run():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            said = logits(planes, condition)
        cells = F.binary_cross_entropy_with_logits(said[:, 0], onsets, reduction="none") * hidden
        at = hidden * onsets
        lengths = (F.cross_entropy(said[:, 1:], classes, reduction="none") * at).sum() / (at.sum() + 1)
        loss = (cells.sum((1, 2)) / hidden.sum((1, 2))).mean() * 40 + 0.5 * lengths
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        adam.step()
        with torch.no_grad():
            for mean, weight in zip(means, weights):
                mean.mul_(0.9995).add_(weight, alpha=0.0005)

    run()
    return torch.__version__, 0.0, run


def arranger_layers(blocks):
    """Name, kind and dilation of each layer but the last."""
    yield "input", "conv", 1
    yield "down1", "stride", 1
    yield "down2", "stride", 1
    for block in range(blocks):
        yield f"residual{block}.first", "conv", 1 + block % 2
        yield f"residual{block}.second", "conv", 1
    yield "up1", "transposed", 1
    yield "up2", "transposed", 1


def folded(weights, condition, blocks):
    """The weights with the norms' constants under a condition, which are the same in all passes."""
    weights = dict(weights)
    for name, _, _ in arranger_layers(blocks):
        linear, bias = weights.pop(f"{name}.norm.weight"), weights.pop(f"{name}.norm.bias")
        scale, offset = np.split(linear @ condition + bias, 2)
        weights[f"{name}.scale"], weights[f"{name}.offset"] = scale + 1, offset
    weights["output.bias"] = np.concatenate([weights.pop("output.onset_bias"), weights.pop("output.length_bias")])
    return weights


def arrange_pytorch(weights, blocks, threads, precision):
    import torch

    torch.set_num_threads(threads)
    F = torch.nn.functional
    laid_out = {"memory_format": torch.channels_last} if precision == "bf16" else {}
    w = {name: torch.from_numpy(value) for name, value in weights.items()}
    w = {name: value.to(**laid_out) if value.dim() == 4 else value for name, value in w.items()}

    def logits(y):
        for name, kind, dilation in arranger_layers(blocks):
            if name.endswith("first"):
                kept = y
            kernel = w[f"{name}.kernel"]
            if kind == "transposed":
                y = torch.cat([y, half], 1) if name == "up2" else y
                y = F.conv_transpose2d(y, kernel, stride=2, padding=1, output_padding=1)
            elif kind == "stride":
                y = F.conv2d(y, kernel, stride=2, padding=1)
            else:
                y = F.conv2d(y, kernel, padding=kernel.shape[2] // 2 * dilation, dilation=dilation)
            y = F.instance_norm(y, weight=w[f"{name}.scale"], bias=w[f"{name}.offset"], eps=EPSILON)
            y = F.relu(kept + y if name.endswith("second") else y)
            if name == "input":
                full = y
            if name == "down1":
                half = y
        return F.conv2d(torch.cat([y, full], 1), w["output.kernel"], w["output.bias"], padding=2)

    def run(x):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
            return logits(torch.from_numpy(x).to(**laid_out)).float().numpy()

    return torch.__version__, run


def onnx_arranger(weights, shape, blocks):
    graph, y = Graph(), "x"
    for name, kind, dilation in arranger_layers(blocks):
        if name.endswith("first"):
            kept = y
        kernel = graph.constant(f"{name}.kernel", weights[f"{name}.kernel"])
        if kind == "transposed":
            y = graph.node("Concat", [y, half], axis=1) if name == "up2" else y
            y = graph.node("ConvTranspose", [y, kernel], **UP)
        elif kind == "stride":
            y = graph.node("Conv", [y, kernel], strides=[2, 2], pads=[1] * 4)
        else:
            border = weights[f"{name}.kernel"].shape[2] // 2 * dilation
            y = graph.node("Conv", [y, kernel], pads=[border] * 4, dilations=[dilation] * 2)
        y = graph.normed(y, name, weights[f"{name}.scale"], weights[f"{name}.offset"])
        y = graph.node("Relu", [graph.node("Add", [kept, y]) if name.endswith("second") else y])
        if name == "input":
            full = y
        if name == "down1":
            half = y
    last = [graph.constant(f"output.{part}", weights[f"output.{part}"]) for part in ("kernel", "bias")]
    graph.node("Conv", [graph.node("Concat", [y, full], axis=1), *last], "y", pads=[2] * 4)
    return graph.bytes(shape, [1, 11, *shape[2:]])


def sigmoid(logits):
    return 0.5 * (1 + np.tanh(0.5 * logits))


def chances(logits):
    """What is drawn from: the probability of an onset, and those of the lengths."""
    lengths = np.exp(logits[:, 1:] - logits[:, 1:].max(1, keepdims=True))
    return np.concatenate([sigmoid(logits[:, :1]), lengths / lengths.sum(1, keepdims=True)], 1)


def arrange(framework, path, passes, threads, precision):
    """An answer of the arranger: passes over one phrase, each with its draw of the onsets."""
    weights, metadata = read(path)
    x, condition, expected = (weights.pop(name) for name in ("x", "condition", "y"))
    blocks, threads = int(metadata["blocks"]), int(threads)
    weights = folded(weights, condition[0], blocks)
    if framework == "pytorch":
        version, logits = arrange_pytorch(weights, blocks, threads, precision)
    else:
        model = onnx_arranger(weights, list(x.shape), blocks)
        if framework == "onnxruntime":
            version, logits = run_onnxruntime(model, threads)
        else:
            version, logits = run_openvino(model, threads, precision)
    difference = float(np.abs(chances(logits(x)) - chances(expected)).max())
    chance = np.random.default_rng(1)

    def run():
        for _ in range(int(passes)):
            said = logits(x)[0, 0]
            x[0, 1] = chance.random(said.shape, dtype=np.float32) < sigmoid(said)

    return version, difference, run


def main():
    what = {"forward": forward, "step": step, "arranger": arranger, "arrange": arrange}[sys.argv[1]]
    version, difference, run = what(*sys.argv[2:])
    print("ready", version, difference, flush=True)
    for _ in sys.stdin:
        process, wall = time.process_time(), time.perf_counter()
        run()
        print(time.perf_counter() - wall, time.process_time() - process, flush=True)


if __name__ == "__main__":
    main()
