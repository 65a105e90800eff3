"""A task made for two questions at once: whose word is it, and which word is said there?

The data are synthetic. Each entry of a list says who, where, and a word. A question names one who
and one where, which may stand in different entries, and both words are wanted. Used by the chapter
on multi-head attention to ask what heads buy when nothing else is added, and what sharing costs.
"""

from functools import partial

import torch
from torch import Tensor, nn

from attention.data.dice import by, shuffled
from attention.models.judging import best, share
from attention.models.training import trained
from attention.multi_head.attention import MultiHeadAttention

N_KINDS, N_ENTRIES = 12, 6  # whos, wheres and words; and how many entries a list has


class TwoQuestions(nn.Module):
    """Embeddings, one multi-head cross-attention, and a read-out of two words.

    Args:
        n_heads, n_kv_heads: of the attention; n_heads alone changes no number of parameters.
        d_model: the width of each entry's vector.
    """

    def __init__(self, n_heads: int, n_kv_heads: int | None = None, d_model: int = 16):
        super().__init__()
        self.who, self.where, self.word = (nn.Embedding(N_KINDS, d_model) for _ in range(3))
        self.attention = MultiHeadAttention(d_model, n_heads, n_kv_heads)
        self.read = nn.Linear(d_model, 2 * N_KINDS)

    def forward(self, entries: Tensor, question: Tensor, *, return_weights: bool = False):
        """Score the words that answer the two questions.

        Args:
            entries: (batch, N_ENTRIES, 3): a who, a where and a word each.
            question: (batch, 2): a who and a where.
            return_weights: also return the weights.

        Returns:
            (batch, 2, N_KINDS), or that and the weights (batch, n_heads, 1, N_ENTRIES).
        """
        who, where, word = entries.unbind(-1)
        memory = self.who(who) + self.where(where) + self.word(word)  # (batch, N_ENTRIES, d_model)
        x = self.who(question[:, :1]) + self.where(question[:, 1:])  # (batch, 1, d_model)
        found, weights = self.attention(x, memory, return_weights=True)
        scores = self.read(found.squeeze(1)).unflatten(-1, (2, N_KINDS))
        return (scores, weights) if return_weights else scores


def draw_two_questions(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draw lists of entries, a question for each, and its two answers.

    No who and no where stands twice in a list.

    Returns:
        (entries, question, answers): (size, N_ENTRIES, 3), (size, 2) and (size, 2).
    """
    who, where = shuffled((2, size, N_KINDS), generator)[..., :N_ENTRIES]  # (size, N_ENTRIES) each
    word = torch.randint(N_KINDS, (size, N_ENTRIES), **by(generator))
    asked = torch.randint(N_ENTRIES, (size, 2), **by(generator))
    question = torch.stack([who, where], -1).gather(1, asked.unsqueeze(1)).squeeze(1)
    return torch.stack([who, where, word], -1), question, word.gather(1, asked)


def train_two_questions(
    n_heads: int, n_kv_heads: int | None = None, *, seed: int = 0
) -> TwoQuestions:
    """Train a fresh model for a fixed number of steps."""
    build = partial(TwoQuestions, n_heads, n_kv_heads)
    return trained(build, partial(draw_two_questions, 64), steps=250, seed=seed, lr=0.02)


@torch.no_grad()
def right_answers(model: TwoQuestions) -> list[float]:
    """Measure the share of right answers to "who?" and to "where?", on lists never trained on."""
    entries, question, answers = draw_two_questions(2000, torch.Generator().manual_seed(10_000))
    right = best(model(entries, question)) == answers  # (2000, 2)
    return [share(each) for each in right.unbind(-1)]


def in_columns(models: list[TwoQuestions]) -> str:
    """Write each model's share of right answers, those to its better question in the first line."""
    shares = [sorted(right_answers(model)) for model in models]
    worse, better = (" ".join(f"{s:.2f}" for s in side) for side in zip(*shares, strict=True))
    return f"  better {better}\n  worse  {worse}"


@torch.no_grad()
def weight_on_right(model: TwoQuestions) -> Tensor:
    """Average the weight on the entry that is asked for.

    Returns:
        (n_heads, 2): each head's, on the entry with the right who and on that with the right where.
    """
    entries, question, _ = draw_two_questions(300, torch.Generator().manual_seed(1))
    _, weights = model(entries, question, return_weights=True)  # (300, n_heads, 1, N_ENTRIES)
    asked = (entries[..., :2] == question[:, None]).to(weights.dtype)  # (300, N_ENTRIES, 2)
    return (weights.squeeze(2) @ asked).mean(0)
