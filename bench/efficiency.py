"""What tiles, and a window, cost beside PyTorch's fused attention.

4 heads of 64 numbers in float32, by 2 threads. Times are ratios to
`torch.nn.functional.scaled_dot_product_attention`, taken in turn; memory is what a call holds at
its peak above its results, in megabytes of 10⁶ bytes.
"""

from statistics import median

import torch
from torch.nn.functional import scaled_dot_product_attention as sdpa

from attention import sliding_window_attention, tiled_attention
from measuring import extra_memory, ratios, slope

LENGTHS, HEADS, HEAD_DIM, WINDOW, THREADS = (4096, 16384), 4, 64, 256, 2


def measure(device: str = "cpu", rounds: int = 5) -> dict[str, dict[str, float]]:
    """Run every comparison.

    Returns:
        {what: {"median", "min", "max"} over the rounds}; memory and slopes are measured once.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        return _times(device, rounds) | _window(device, rounds) | _memory(device)
    finally:
        torch.set_num_threads(threads)


def _times(device, rounds):
    found = {}
    for length in LENGTHS:
        for causal in (False, True):
            for passes, call in (("forward", _forward), ("forward + backward", _both)):
                inputs = _inputs(length, device)
                ours = call(tiled_attention, inputs, is_causal=causal)
                theirs = call(sdpa, inputs, is_causal=causal)
                name = f"tiled{', causal' if causal else ''}, {passes}, {length}: time / SDPA"
                found[name] = _summary(ratios(ours, theirs, rounds))
    return found


def _window(device, rounds):
    inputs = _inputs(LENGTHS[-1], device)
    near = _forward(sliding_window_attention, inputs, window=WINDOW)
    full = _forward(sdpa, inputs)
    name = f"window of {WINDOW}, forward, {LENGTHS[-1]}: time / full SDPA"
    return {name: _summary(ratios(near, full, rounds))}


def _memory(device):
    """Above the results: the output, and for both passes the gradients as well."""
    found, lengths = {}, (LENGTHS[0], LENGTHS[0] * 2, LENGTHS[-1])
    for passes, call, results in (("forward", _forward, 1), ("forward + backward", _both, 4)):
        held = []
        for length in lengths:
            held.append(_peak(call(tiled_attention, _inputs(length, device)), device))
            above = held[-1] - results * length * HEADS * HEAD_DIM * 4
            if length in LENGTHS:
                name = f"tiled, {passes}, {length}: MB above its results"
                found[name] = _summary([above / 1e6])
        found[f"tiled, {passes}: slope of memory"] = _summary([slope(lengths, held)])
    return found


def _inputs(length, device):
    generator = torch.Generator(device).manual_seed(0)
    shape = 1, HEADS, length, HEAD_DIM
    return [torch.randn(shape, generator=generator, device=device) for _ in range(3)]


def _forward(function, inputs, **options):
    def run():
        with torch.no_grad():
            output = function(*inputs, **options)
        _wait(output)
        return output

    return run


def _both(function, inputs, **options):
    upstream = torch.ones_like(inputs[0])

    def run():
        leaves = [x.detach().requires_grad_() for x in inputs]
        output = function(*leaves, **options)
        grads = torch.autograd.grad(output, leaves, upstream)
        _wait(output)
        return output, grads

    return run


def _wait(tensor):
    if tensor.is_cuda:
        torch.cuda.synchronize(tensor.device)


def _peak(function, device):
    if torch.device(device).type != "cuda":
        return extra_memory(function)
    function()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    function()
    return float(torch.cuda.max_memory_allocated(device) - before)


def _summary(numbers):
    return {"median": median(numbers), "min": min(numbers), "max": max(numbers)}


if __name__ == "__main__":
    for what, found in measure().items():
        print(f"{what:55} {found['median']:8.2f}  ({found['min']:.2f} to {found['max']:.2f})")
