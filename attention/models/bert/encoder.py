"""BERT's encoder: embeddings, and a stack of the book's own post-norm blocks.

Hugging Face also drops attention weights while training; here only hidden numbers are dropped,
so the two agree in evaluation mode.

Source: Devlin et al. (2019), BERT: Pre-training of Deep Bidirectional Transformers.
"""

import torch
from torch import Tensor, nn

from attention.transformer.encoder_block import PostNormEncoderBlock
from attention.transformer.stack import run_blocks

NORM_EPS = 1e-12  # BERT's own; PyTorch's default of 1e-5 shows in the fifth digit


class Table(nn.Embedding):
    """An embedding that starts as BERT's: normal with deviation 0.02, cut at two deviations."""

    def reset_parameters(self) -> None:
        """Draw the rows. (On the meta device this is quick; `normal_` imports 1.6 s of torch.)"""
        nn.init.trunc_normal_(self.weight, std=0.02, a=-0.04, b=0.04)


class Embeddings(nn.Module):
    """What a token is, plus where it stands, plus which sentence it belongs to."""

    def __init__(self, vocab_size: int, d_model: int, max_len: int, dropout: float):
        super().__init__()
        self.max_len = max_len
        self.token = Table(vocab_size, d_model)
        self.position = Table(max_len, d_model)
        self.sentence = Table(2, d_model)  # of a pair; only sentence 0 is used here
        self.norm = nn.LayerNorm(d_model, eps=NORM_EPS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Embed whole numbers (batch, length) as vectors (batch, length, d_model)."""
        if tokens.ndim != 2 or tokens.shape[1] > self.max_len:
            raise ValueError(
                f"tokens must have shape (batch, length) with length at most {self.max_len}, "
                f"got {tuple(tokens.shape)}"
            )
        positions = torch.arange(tokens.shape[1], device=tokens.device)  # (length,)
        x = self.token(tokens) + self.position(positions) + self.sentence.weight[0]
        return self.dropout(self.norm(x))  # (batch, length, d_model)


class BertEncoder(nn.Module):
    """Embeddings and a stack of blocks: token ids in, one vector in context per token out.

    Args:
        vocab_size: how many different tokens.
        d_model: the width of each token's vector, a multiple of n_heads.
        n_heads: heads in each block.
        n_layers: blocks.
        d_ff: the width of the feed-forward networks' hidden layer.
        max_len: the longest sequence that has learned positions.
        dropout: the share of hidden numbers that training drops.

    Source: Devlin et al. (2019), section 3.
    """

    def __init__(self, vocab_size, d_model, n_heads, n_layers, d_ff, max_len, dropout=0.1):
        super().__init__()
        self.embed = Embeddings(vocab_size, d_model, max_len, dropout)
        self.blocks = nn.ModuleList(
            PostNormEncoderBlock(d_model, n_heads, d_ff, dropout=dropout, norm_eps=NORM_EPS)
            for _ in range(n_layers)
        )

    def forward(self, tokens: Tensor, mask: Tensor | None = None, *, return_weights: bool = False):
        """Read each token in the context of the others.

        Args:
            tokens: (batch, length) token ids, whole numbers.
            mask: boolean, broadcast to (batch, length, length); True may attend.
            return_weights: also return the weights of all heads.

        Returns:
            hidden (batch, length, d_model), or that and one tensor of weights
            (n_layers, batch, n_heads, length, length).

        Raises:
            ValueError: tokens are not (batch, length), longer than max_len, or the mask does
                not broadcast.
            TypeError: the mask is not boolean.
        """
        hidden, maps = run_blocks(
            self.blocks, self.embed(tokens), mask, return_weights=return_weights
        )
        return (hidden, maps) if return_weights else hidden


@torch.no_grad()
def attention_maps(model: nn.Module, tokens: Tensor) -> Tensor:
    """Record what every head attends to while the model reads one sentence.

    The model is put in evaluation mode for the call (dropout would blur the picture) and each
    of its modules gets its own mode back. Special tokens are kept: heads use them.

    Args:
        model: an encoder, or another that returns its weights if asked, such as `GPT`.
        tokens: (length,) token ids.

    Returns:
        (n_layers, n_heads, length, length), without gradients; maps[layer, head, i, j] is the
        weight that token i gives to token j in that head of that layer, each counted from zero.

    Raises:
        ValueError: tokens are not one sentence.
    """
    if tokens.ndim != 1:
        raise ValueError(f"tokens must be one sentence (length,), got {tuple(tokens.shape)}")
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        _, weights = model(tokens.unsqueeze(0), return_weights=True)
    finally:
        for module, mode in modes:
            module.training = mode
    return weights.squeeze(1)  # (n_layers, n_heads, length, length)
