"""SASRec: a GPT for shopping. It reads a session and scores every item as the next.

Source: Kang and McAuley (2018), Self-Attentive Sequential Recommendation.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.stack import run_blocks


class SASRec(nn.Module):
    """What an item is, plus where it stands; a stack of causal blocks; a score for each item.

    The scores are dot products with the items' own vectors: one table serves input and output.

    Args:
        n_items: how many different items.
        d_model: the width of each item's vector, a multiple of n_heads.
        n_heads: heads in each block.
        n_layers: blocks.
        max_len: the longest session that has learned positions.
        dropout: the share of numbers that training drops, of the input and of each layer's answer.

    Source: Kang and McAuley (2018), section 3; here with GELU in the network.
    """

    def __init__(
        self,
        n_items: int,
        d_model: int,
        n_heads: int,
        n_layers: int,
        max_len: int,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.max_len = max_len
        self.item = nn.Embedding(n_items, d_model)
        self.position = nn.Embedding(max_len, d_model)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            EncoderBlock(d_model, n_heads, 4 * d_model, dropout=dropout) for _ in range(n_layers)
        )
        self.norm = nn.LayerNorm(d_model)
        for table in (self.item, self.position):
            nn.init.normal_(table.weight, std=0.1)

    def forward(
        self, items: Tensor, mask: Tensor | None = None, *, return_weights: bool = False
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Score, at each place, every item as the next.

        Args:
            items: (batch, length) item numbers.
            mask: boolean, broadcast to (batch, length, length); True may attend. For sessions of
                different lengths, padded in front: what is padding. The future is hidden anyway.
            return_weights: also return the weights of all heads.

        Returns:
            (batch, length, n_items), or that and (n_layers, batch, n_heads, length, length).

        Raises:
            ValueError: items are not (batch, length), or longer than max_len.
        """
        if items.ndim != 2 or not 1 <= items.shape[1] <= self.max_len:
            raise ValueError(
                "items must have shape (batch, length) with length from 1 to max_len = "
                f"{self.max_len}, got {tuple(items.shape)}"
            )
        x = self.item(items) + self.position.weight[: items.shape[1]]  # (batch, length, d_model)
        how = {"is_causal": True, "return_weights": return_weights}
        x, maps = run_blocks(self.blocks, self.dropout(x), mask, **how)
        scores = F.linear(self.norm(x), self.item.weight)  # (batch, length, n_items)
        return (scores, maps) if return_weights else scores
