"""Deep stacks of fresh blocks: how different tokens stay, and how training would move weights."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attention.data.dice import by
from attention.transformer.encoder_block import EncoderBlock


def fresh_blocks(
    block: type[EncoderBlock], depth: int, seed: int, d_model: int = 32, n_heads: int = 4
) -> nn.ModuleList:
    """Build untrained blocks as Xiong et al. (2020) start theirs: Xavier weights, no biases.

    Args:
        block: `EncoderBlock` or `PostNormEncoderBlock`.
        depth: how many.
        seed: of the weights.
        d_model, n_heads: of each block; d_ff is 4 · d_model.
    """
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        blocks = nn.ModuleList(block(d_model, n_heads, 4 * d_model) for _ in range(depth))
        for module in blocks.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                nn.init.zeros_(module.bias)
    return blocks


def spread(x: Tensor) -> Tensor:
    """Measure how different the tokens of each sequence are from their average.

        spread = ‖X − mean‖ / ‖X‖,   mean over the tokens, ‖·‖ the root of the sum of squares

    Args:
        x: (batch, length, d_model).

    Returns:
        (batch,) numbers from 0, where all tokens are the same, to 1, where they cancel out.
    """
    apart = x - x.mean(dim=1, keepdim=True)
    return apart.norm(dim=(1, 2)) / x.norm(dim=(1, 2))


@torch.no_grad()
def spread_by_depth(
    step: Callable[[EncoderBlock, Tensor], Tensor],
    blocks: nn.ModuleList,
    seed: int,
    length: int = 8,
) -> Tensor:
    """Send random tokens through a stack and measure their spread after each block.

    In float64: without residual connections, float32 runs out of digits after three blocks.

    Args:
        step: takes a block and x, returns the next x; so it may use only a part of the block.
        blocks: untrained.
        seed: of the tokens.
        length: tokens in each of 8 sequences.

    Returns:
        (depth + 1,) the mean spread of the sequences, that of the tokens first.
    """
    generator = torch.Generator().manual_seed(seed)
    size = (8, length, blocks[0].attention.d_model)
    x = torch.randn(size, dtype=torch.float64, **by(generator))
    spreads = [spread(x).mean()]
    for block in blocks.cpu().double():
        x = step(block, x)
        spreads.append(spread(x).mean())
    return torch.stack(spreads)


def gradient_sizes(blocks: nn.ModuleList, seed: int, length: int = 16) -> Tensor:
    """Measure the first gradient that each block would be trained with, on random tokens.

    The output is normalised once more, as a pre-norm stack's is (a post-norm stack's is already),
    and pulled in a random direction.

    Args:
        blocks: untrained; their gradients are overwritten.
        seed: of the tokens and the direction.
        length: tokens in each of 8 sequences.

    Returns:
        (depth,) the norm of the gradient of each block's `feed_forward.contract.weight`.
    """
    generator = torch.Generator().manual_seed(seed)
    d_model = blocks[0].attention.d_model
    x, direction = torch.randn(2, 8, length, d_model, **by(generator))
    blocks.zero_grad()
    for block in blocks:
        x = block(x)
    (F.layer_norm(x, (d_model,)) * direction).sum(-1).mean().backward()
    return torch.stack([block.feed_forward.contract.weight.grad.norm() for block in blocks])
