"""The whole Transformer: an encoder reads a sentence, a decoder writes it in another language.

Small enough to train while a page is built. Pre-norm, so each of its two stacks ends with a norm.

Source: Vaswani et al. (2017), figure 1; Xiong et al. (2020), table 1, for the norms.
"""

import torch
from torch import Tensor, nn

from attention.data.translation import END, N_TOKENS, PAD, START
from attention.encoder_decoder.decoder_block import DecoderBlock
from attention.models.judging import best
from attention.positions.sinusoidal import sinusoidal
from attention.transformer.encoder_block import EncoderBlock
from attention.transformer.stack import run_blocks


class Translator(nn.Module):
    """Read a sentence in one language and write it in the other, token by token.

    Args:
        d_model: the width of each token's vector, even.
        n_heads: heads in each attention.
        d_ff: the width of the feed-forward networks' hidden layer.
        n_layers: blocks in the encoder, and as many in the decoder.
    """

    def __init__(self, d_model: int = 32, n_heads: int = 2, d_ff: int = 64, n_layers: int = 1):
        super().__init__()
        sizes = d_model, n_heads, d_ff
        self.read_token = nn.Embedding(N_TOKENS, d_model)
        self.encoder = nn.ModuleList(EncoderBlock(*sizes) for _ in range(n_layers))
        self.encoder_norm = nn.LayerNorm(d_model)
        self.written_token = nn.Embedding(N_TOKENS, d_model)
        self.decoder = nn.ModuleList(DecoderBlock(*sizes) for _ in range(n_layers))
        self.decoder_norm = nn.LayerNorm(d_model)
        self.score = nn.Linear(d_model, N_TOKENS)

    def forward(self, source: Tensor, written: Tensor, *, return_weights: bool = False):
        """Score, after each token written, every token as the next.

        Args:
            source: (batch, source_len) tokens of the sentence to translate, filled up with PAD.
            written: (batch, length) START and the tokens written so far.
            return_weights: also return the weights of the cross-attention.

        Returns:
            (batch, length, N_TOKENS) scores, or those and the weights
            (n_layers, batch, n_heads, length, source_len).
        """
        return self.decode(written, *self.encode(source), return_weights=return_weights)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Read the sentence, once.

        Returns:
            memory: (batch, source_len, d_model), each word in the context of all.
            mask: (batch, 1, source_len), False where there is padding.
        """
        mask = (source != PAD).unsqueeze(1)
        x = self._embed(self.read_token, source)
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x), mask

    def decode(
        self, written: Tensor, memory: Tensor, mask: Tensor, *, return_weights: bool = False
    ):
        """Score the next token, given what `encode` returned; otherwise as `forward`."""
        x = self._embed(self.written_token, written)
        x, maps = run_blocks(self.decoder, x, memory, mask, return_weights=return_weights)
        scores = self.score(self.decoder_norm(x))
        return (scores, maps) if return_weights else scores

    def _embed(self, table: nn.Embedding, tokens: Tensor) -> Tensor:
        """What each token is, plus where it stands."""
        x = table(tokens)  # (batch, length, d_model)
        return x + sinusoidal(x.shape[1], x.shape[2], device=x.device)

    @torch.no_grad()
    def translate(self, source: Tensor, longest: int = 20) -> Tensor:
        """Write greedily: at each step the best token, until each sentence has written END.

        Args:
            source: (batch, source_len).
            longest: how many tokens are written at most.

        Returns:
            (batch, length) tokens: END behind the last word, unless `longest` came first; then PAD.
        """
        memory, mask = self.encode(source)
        written = torch.full_like(source[:, :1], START)
        ended = torch.zeros_like(written, dtype=torch.bool)
        while written.shape[1] <= longest and not ended.all():
            newest = best(self.decode(written, memory, mask)[:, -1:])  # (batch, 1)
            written = torch.cat([written, newest.masked_fill(ended, PAD)], dim=1)
            ended = ended | (newest == END)
        return written[:, 1:]
