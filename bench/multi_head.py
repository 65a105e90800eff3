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
    return measured
