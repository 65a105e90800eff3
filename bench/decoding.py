"""Writing token by token with a cache, against Hugging Face's `generate`, with the same weights.

The shape is GPT-2 small's: 12 blocks of 12 heads, 768 wide, 124 million numbers. The weights are
random: what they say makes no difference to the time.
"""

from functools import partial

import torch
from timing import compare
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from attention import generate
from attention.models.gpt.gpt2 import from_gpt2

PROMPT, NEW = 16, 32
TARGETS = {
    "tokens a second, float32": ("at least", 1.0),
    "tokens a second, bfloat16": ("at least", 1.25),
}


def models(dtype, device):
    """Hugging Face's and ours with its weights."""
    torch.manual_seed(0)
    theirs = GPT2LMHeadModel(GPT2Config()).eval().to(device, dtype)
    return from_gpt2(theirs), theirs


def write_theirs(model, prompt):
    return model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=NEW,
        do_sample=False,
        eos_token_id=None,  # it would stop there
        pad_token_id=0,
    )


def products_alone(model):
    """Multiply one vector with every matrix of the model, NEW times: what no writing can spare."""
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
    matrices = [*(layer.weight for layer in layers), model.token.weight]
    vectors = [matrix[:1, None] for matrix in matrices]  # any numbers of the right width and dtype
    with torch.no_grad():
        for _ in range(NEW):
            for vector, matrix in zip(vectors, matrices, strict=True):
                nn.functional.linear(vector, matrix)


def tokens_a_second(compared):
    """Turn shares of their time into how many times their tokens a second."""
    ratios = {"median": "median", "min": "max", "max": "min"}
    swapped = {ours: round(1 / compared[theirs], 4) for ours, theirs in ratios.items()}
    return swapped | {name: NEW / compared[name] for name in ("ours", "theirs")}


def measure(device="cpu", rounds=11):
    measured = {}
    for dtype in (torch.float32, torch.bfloat16):
        ours, theirs = models(dtype, device)
        prompt = torch.randint(50_000, (1, PROMPT), device=device)
        if dtype == torch.float32:  # in bfloat16 the best two tokens may tie
            assert generate(ours, prompt, NEW).equal(write_theirs(theirs, prompt))
        writing = partial(generate, ours, prompt, NEW)
        number = str(dtype).removeprefix("torch.")
        name = f"the matrix products alone, {number}"
        measured[name] = compare(name, partial(products_alone, ours), writing, rounds, device)
        name = f"tokens a second, {number}"
        measured[name] = tokens_a_second(
            compare(
                name,
                writing,
                partial(write_theirs, theirs, prompt),
                rounds,
                device,
            )
        )
    return measured
