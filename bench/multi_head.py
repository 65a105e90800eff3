"""`MultiHeadAttention` against PyTorch's `nn.MultiheadAttention`, with the same weights."""

from functools import partial

import torch
from timing import compare
from torch import nn
from torch.testing import assert_close

from attention import MultiHeadAttention

D_MODEL, N_HEADS = 512, 8
SIZES = ((1, 128), (8, 128), (8, 512), (1, 2048))  # (batch, length)
TARGETS = {
    "forward, 1 × 128": ("at most", 1.05),
    "forward, 8 × 128": ("at most", 1.05),
    "forward, 8 × 512": ("at most", 0.82),
    "forward, 1 × 2048": ("at most", 0.70),
    "forward + backward, 1 × 128": ("at most", 1.05),
    "forward + backward, 8 × 128": ("at most", 1.05),
    "forward + backward, 8 × 512": ("at most", 1.05),
    "forward + backward, 1 × 2048": ("at most", 1.05),
}


def measure(device="cpu", rounds=11):
    theirs = nn.MultiheadAttention(D_MODEL, N_HEADS, batch_first=True).to(device)
    ours = MultiHeadAttention.from_torch(theirs)

    def by_ours(x):
        return ours(x)

    def by_theirs(x):
        return theirs(x, x, x, need_weights=False)[0]

    def forward(call, x):
        with torch.no_grad():
            return call(x)

    def forward_and_backward(call, x):
        call(x).sum().backward()

    def by_bare_calls(x):
        """What ours computes, by PyTorch's calls alone: nothing is checked."""
        maps = ours.to_query, ours.to_key, ours.to_value
        query, key, value = (to(x).unflatten(-1, (N_HEADS, -1)).transpose(1, 2) for to in maps)
        answers = nn.functional.scaled_dot_product_attention(query, key, value)
        return ours.to_output(answers.transpose(1, 2).flatten(2))

    measured = {}
    for batch, length in SIZES:
        x = torch.randn(batch, length, D_MODEL, device=device, requires_grad=True)
        for name, run, training in (
            ("forward", forward, False),
            ("forward + backward", forward_and_backward, True),
        ):
            ours.train(training)
            theirs.train(training)
            assert_close(by_ours(x), by_theirs(x), rtol=1e-4, atol=1e-5)  # another order of sums
            label = f"{name}, {batch} × {length}"
            measured[label] = compare(
                label, partial(run, by_ours, x), partial(run, by_theirs, x), rounds, device
            )
    ours.eval(), theirs.eval()
    for batch, length in SIZES[:2]:
        x = torch.randn(batch, length, D_MODEL, device=device)
        bare, peer = partial(forward, by_bare_calls, x), partial(forward, by_theirs, x)
        label = f"forward, {batch} × {length}, the bare calls"
        measured[label] = compare(label, bare, peer, rounds, device)
    return measured
