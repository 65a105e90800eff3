"""A small BERT that learns to restore hidden words, in seconds."""

import torch
from torch import Tensor, nn

from attention.data.hidden_words import MASK, PLACES, WORDS, draw_sentences, hide
from attention.masks.causal import causal_mask
from attention.models.bert.encoder import BertEncoder
from attention.models.training import trained, warmup_cosine


class Restorer(nn.Module):
    """An encoder, and a score for each word at every place: dot products with the token table.

    Args:
        one_sided: hide from each place the words after it, for comparison; BERT sees both sides.
    """

    def __init__(self, one_sided: bool = False):
        super().__init__()
        self.encoder = BertEncoder(
            len(WORDS), d_model=32, n_heads=2, n_layers=1, d_ff=64, max_len=len(PLACES), dropout=0.0
        )
        self.one_sided = one_sided

    def forward(self, tokens: Tensor) -> Tensor:
        """Score (batch, length) tokens, some of them hidden: (batch, length, vocab_size)."""
        mask = causal_mask(tokens.shape[1], device=tokens.device) if self.one_sided else None
        return self.encoder(tokens, mask) @ self.encoder.embed.token.weight.T


def learn_to_restore(seed: int, one_sided: bool = False) -> Restorer:
    """Train a new model on 300 batches of 64 sentences, in each of which one word is hidden.

    Args:
        seed: of the first weights, the sentences and the hidden words.
        one_sided: as for `Restorer`.
    """

    def draw(generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return hide(draw_sentences(64, generator), generator)

    return trained(lambda: Restorer(one_sided), draw, steps=300, seed=seed, schedule=warmup_cosine)


@torch.no_grad()
def share_restored(model: Restorer, sentences: Tensor, place: int) -> float:
    """Hide one place of every sentence, and measure in what share the best score is the word's.

    Args:
        model: a trained one.
        sentences: (size, length) tokens.
        place: which word is hidden.
    """
    read = sentences.clone()
    read[:, place] = MASK
    best = model(read)[:, place].argmax(-1)
    return (best == sentences[:, place]).double().mean().item()
