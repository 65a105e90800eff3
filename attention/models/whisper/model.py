"""Whisper: the encoder listens once, the decoder writes token by token."""

from torch import Tensor, nn

from attention.models.whisper.decoder import WhisperDecoder
from attention.models.whisper.encoder import WhisperEncoder


class Whisper(nn.Module):
    """Encoder and decoder of one width; what the encoder has heard is the decoder's memory.

    Args:
        vocab_size: how many different tokens.
        d_model, n_heads, n_layers: of both stacks; the feed-forward networks are 4 · d_model wide.
        n_mels: numbers in a frame.
        n_heard: the vectors that the encoder returns, half as many as there are frames.
        max_len: the longest text.
        n_decoder_layers: where the decoder has another depth, as in the turbo models.

    Source: Radford et al. (2023), Robust Speech Recognition via Large-Scale Weak Supervision.
    """

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        n_heads: int,
        n_layers: int,
        *,
        n_mels: int = 80,
        n_heard: int = 1500,
        max_len: int = 448,
        n_decoder_layers: int | None = None,
    ):
        super().__init__()
        sizes = d_model, n_heads, 4 * d_model
        self.encoder = WhisperEncoder(n_mels, *sizes, n_layers, n_heard)
        self.decoder = WhisperDecoder(vocab_size, *sizes, n_decoder_layers or n_layers, max_len)

    def forward(self, frames: Tensor, tokens: Tensor, *, return_weights: bool = False):
        """Listen, and score at each token every token as the next.

        Args:
            frames: (batch, 2 · n_heard, n_mels), from `whisper_frames`.
            tokens: (batch, length), the right ones: teacher forcing.
            return_weights: also return the weights of the cross-attention.

        Returns:
            (batch, length, vocab_size), or that and the weights
            (n_layers, batch, n_heads, length, n_heard).
        """
        return self.decoder(tokens, self.encoder(frames), return_weights=return_weights)
