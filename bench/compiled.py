"""The same writing after `torch.compile`, where there is a C++ compiler. It takes minutes."""

import shutil
from functools import partial

import torch
from decoding import NEW, PROMPT, models, tokens_a_second, write_theirs
from timing import compare

from attention import generate

TARGETS = {}


def measure(device="cpu", rounds=11):
    if device == "cpu" and not shutil.which("g++"):
        print("There is no C++ compiler here: nothing to measure.")
        return {}
    measured = {}
    for dtype in (torch.float32, torch.bfloat16):
        torch.compiler.reset()
        ours, theirs = models(dtype, device)
        prompt = torch.randint(50_000, (1, PROMPT), device=device)
        compiled = torch.compile(ours, dynamic=True)  # else each new length is compiled for
        name = f"tokens a second, {dtype}".replace("torch.", "")
        measured[name] = tokens_a_second(
            compare(
                name,
                partial(generate, compiled, prompt, NEW),
                partial(write_theirs, theirs, prompt),
                rounds,
                device,
            )
        )
    return measured
