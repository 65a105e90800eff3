"""Two models for the recall tasks that differ in one layer: a GRU or self-attention."""

from torch import Tensor, nn

from attention.data.recall import N_TAGS, N_WORDS
from attention.self_attention import SelfAttention

D_MODEL = 16
HIDDEN = 32
# The width that gives the attention model exactly as many parameters as a GRU of width 32.
HEAD_DIM = 83


class GRU(nn.Module):
    """PyTorch's gated recurrent unit, returning the state after every step and nothing else.

    Args:
        d_model: the width of each step's input.
        hidden: the width of the state.

    Source: Cho et al. (2014), section 2.3.
    """

    def __init__(self, d_model: int, hidden: int):
        super().__init__()
        self.gru = nn.GRU(d_model, hidden, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        """Read (batch, length, d_model) from left to right; return (batch, length, hidden)."""
        states, _ = self.gru(x)
        return states


class Recall(nn.Module):
    """Embed words and tags, mix the steps once, and answer from the last.

    Args:
        mixer: maps (batch, length, D_MODEL) to (batch, length, width).
        width: of the mixer's output.
    """

    def __init__(self, mixer: nn.Module, width: int):
        super().__init__()
        self.word = nn.Embedding(N_WORDS + 1, D_MODEL)  # and one for "?"
        self.tag = nn.Embedding(N_TAGS, D_MODEL)
        self.mixer = mixer
        self.answer = nn.Linear(width, N_WORDS)

    def embed(self, words: Tensor, tags: Tensor) -> Tensor:
        """Turn words and tags, both (batch, length), into vectors (batch, length, D_MODEL)."""
        return self.word(words) + self.tag(tags)

    def forward(self, words: Tensor, tags: Tensor) -> Tensor:
        """Return a score for each word as the answer, (batch, N_WORDS)."""
        mixed = self.mixer(self.embed(words, tags))  # (batch, length, width)
        return self.answer(mixed[:, -1])


def gru_recall() -> Recall:
    """Build the model whose steps are mixed by a GRU."""
    return Recall(GRU(D_MODEL, HIDDEN), HIDDEN)


def attention_recall() -> Recall:
    """Build the model whose steps are mixed by one head of self-attention."""
    return Recall(SelfAttention(D_MODEL, HEAD_DIM), HEAD_DIM)
