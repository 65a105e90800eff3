"""What tiles, and a window, cost beside PyTorch's fused attention.

4 heads of 64 numbers in float32, by 2 threads. Times are ratios to
`torch.nn.functional.scaled_dot_product_attention`, taken in turn; memory is what a call holds at
its peak above its results, in megabytes of 10⁶ bytes.
"""

import torch
from record import spread
from timing import compare
from torch.nn.functional import scaled_dot_product_attention as sdpa

from attention import sliding_window_attention, tiled_attention
from measuring import extra_memory, slope

LENGTHS, HEADS, HEAD_DIM, WINDOW = (4096, 16384), 4, 64, 256
TARGETS = {f"window of {WINDOW}, forward, {LENGTHS[-1]}": ("at most", 0.1)}
for length in LENGTHS:
    TARGETS |= {
        f"tiled, forward, {length}": ("at most", 1.6),
        f"tiled, causal, forward, {length}": ("at most", 1.8),
        f"tiled, forward, {length}: above its output": ("at most", 50),
    }
TARGETS["tiled, forward: slope of memory"] = ("at most", 1.1)


def measure(device: str = "cpu", rounds: int = 5) -> dict[str, dict[str, float]]:
    """Run every comparison; memory and slopes are measured once.

    Returns:
        {what: {"median", "min", "max"}}.
    """
    return _times(device, rounds) | _memory(device)


def _times(device, rounds):
    found = {}
    for length in LENGTHS:
        inputs = _inputs(length, device)
        for causal in (False, True):
            for passes, call in (("forward", _forward), ("forward + backward", _both)):
                if passes != "forward" and length == LENGTHS[-1]:
                    continue  # the slowest by far, and nothing is promised of it
                name = f"tiled{', causal' if causal else ''}, {passes}, {length}"
                ours = call(tiled_attention, inputs, is_causal=causal)
                theirs = call(sdpa, inputs, is_causal=causal)
                found[name] = compare(name, ours, theirs, rounds, device)
    name = f"window of {WINDOW}, forward, {LENGTHS[-1]}"
    near = _forward(sliding_window_attention, inputs, window=WINDOW)
    found[name] = compare(name, near, _forward(sdpa, inputs), rounds, device)
    return found


def _memory(device):
    """What is held above the results: the output, and for both passes the gradients as well."""
    found, lengths = {}, (LENGTHS[0], LENGTHS[0] * 2, LENGTHS[-1])
    for passes, call, results in (("forward", _forward, 1), ("forward + backward", _both, 4)):
        held = [_peak(call(tiled_attention, _inputs(n, device)), device) for n in lengths]
        for length, peak in zip(lengths, held, strict=True):
            if length in LENGTHS:
                above = peak - results * length * HEADS * HEAD_DIM * 4
                what = "output" if results == 1 else "results"
                found[f"tiled, {passes}, {length}: above its {what}"] = _once(above / 1e6, "MB")
        found[f"tiled, {passes}: slope of memory"] = _once(slope(lengths, held), "")
    return found


def _inputs(length, device):
    generator = torch.Generator(device).manual_seed(0)
    shape = 1, HEADS, length, HEAD_DIM
    return [torch.randn(shape, generator=generator, device=device) for _ in range(3)]


def _forward(function, inputs, **options):
    def run():
        with torch.no_grad():
            output = function(*inputs, **options)
        return output

    return run


def _both(function, inputs, **options):
    upstream = torch.ones_like(inputs[0])

    def run():
        leaves = [x.detach().requires_grad_() for x in inputs]
        output = function(*leaves, **options)
        grads = torch.autograd.grad(output, leaves, upstream)
        return output, grads

    return run


def _peak(function, device):
    if torch.device(device).type != "cuda":
        return extra_memory(function)
    function()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    function()
    return float(torch.cuda.max_memory_allocated(device) - before)


def _once(number, unit):
    return spread([number]) | {"unit": unit}
