"""PyTorch's side of the benchmark: a SIREN on a picture, one JSON request a line on stdin, one JSON answer a line on stdout.

The step is what the engines do: draw a batch with replacement, forward, mean squared error, backward, Adam, all in float32.
Arguments: number of threads. Requests: {"prepare": {"device", "width", "depth", "batch"}} and {"steps": n}.
Device "cuda-graph" replays a recorded step, without PyTorch's cost of launching kernels one by one.
"""
import json
import sys
import time

try:
    import torch
except Exception as error:  # noqa: BLE001: whatever keeps PyTorch from loading is the answer
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
    sys.exit(0)

torch.set_num_threads(int(sys.argv[1]))
SIDE = 256


def make_step(device, width, depth, batch):
    graph = device == "cuda-graph"
    place = torch.device("cuda" if graph else device)
    torch.manual_seed(1)
    axis = (2 * torch.arange(SIDE, dtype=torch.float32) + 1 - SIDE) / SIDE
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([x.reshape(-1), y.reshape(-1)], 1).to(place)
    colors = torch.rand(SIDE * SIDE, 3).to(place)
    widths = [2] + [width] * depth + [3]
    layers = [torch.nn.Linear(a, b).to(place) for a, b in zip(widths, widths[1:])]
    parameters = [p for layer in layers for p in layer.parameters()]
    options = {"lr": 1e-4, "betas": (0.9, 0.999), "eps": 1e-8}
    if graph:
        options["capturable"] = True
    try:
        optimizer = torch.optim.Adam(parameters, fused=True, **options)
    except (TypeError, RuntimeError):
        optimizer = torch.optim.Adam(parameters, **options)

    def step():
        chosen = torch.randint(SIDE * SIDE, (batch,), device=place)
        values = points[chosen]
        for layer in layers[:-1]:
            values = torch.sin(30.0 * layer(values))
        samples = 0.5 + 0.5 * layers[-1](values)
        loss = torch.nn.functional.mse_loss(samples, colors[chosen])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    if not graph:
        return step
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(4):
            step()
    torch.cuda.current_stream().wait_stream(side)
    recorded = torch.cuda.CUDAGraph()
    optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(recorded):
        step()
    return recorded.replay


def synchronize():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


cuda = torch.cuda.is_available()
blas = "MKL" if torch.backends.mkl.is_available() else "no MKL"
print(
    json.dumps(
        {
            "version": torch.__version__,
            "file": torch.__file__,
            "threads": torch.get_num_threads(),
            "blas": blas,
            "cuda": torch.cuda.get_device_name(0) if cuda else None,
        }
    ),
    flush=True,
)
step = None
for line in sys.stdin:
    request = json.loads(line)
    try:
        if "prepare" in request:
            step = make_step(**request["prepare"])
            answer = {}
        else:
            synchronize()
            began = time.perf_counter()
            for _ in range(request["steps"]):
                step()
            synchronize()
            answer = {"milliseconds": 1e3 * (time.perf_counter() - began)}
    except Exception as error:  # noqa: BLE001: an error is an answer
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
