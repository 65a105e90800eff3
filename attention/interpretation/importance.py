"""Which word mattered? Four answers that should agree, and need not."""

import torch
from torch import Tensor
from torch.nn import functional as F

from attention.interpretation.rollout import rollout
from attention.models.bert.encoder import BertEncoder


def sentence_vector(model: BertEncoder, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
    """Average the vectors of all tokens, as MiniLM was trained to be read.

    Args:
        model: an encoder.
        tokens: (batch, length) token ids, unpadded.
        mask: boolean, broadcast to (batch, length, length); True may attend.

    Returns:
        (batch, d_model) vectors of length one: their dot product is their similarity.

    Source: Reimers and Gurevych (2019), Sentence-BERT, section 3.
    """
    return F.normalize(model(tokens, mask).mean(dim=1), dim=-1)


def effect(before: Tensor, after: Tensor) -> Tensor:
    """Measure how far a change has moved a sentence's vector.

        effect = 1 − before · after

    Args:
        before, after: (..., d_model) vectors of length one.

    Returns:
        (...): 0 if nothing moved, 1 if nothing of the direction is left, at most 2.
    """
    return 1 - (before * after).sum(dim=-1)


@torch.no_grad()
def leave_one_out(model: BertEncoder, tokens: Tensor, blank: int) -> Tensor:
    """Blank one token at a time, and measure how far the sentence's vector moves.

    Args:
        model: an encoder in evaluation mode.
        tokens: (length,) token ids.
        blank: the id that takes a token's place, such as that of [MASK].

    Returns:
        (length,) effects, from 0.
    """
    here = torch.eye(len(tokens), dtype=torch.bool, device=tokens.device)
    blanked = tokens.where(~here, blank)  # (length, length): row i lacks token i
    return effect(sentence_vector(model, tokens[None]), sentence_vector(model, blanked))


def integrated_gradients(model: BertEncoder, tokens: Tensor, blank: int, steps: int = 8) -> Tensor:
    """Share out among the tokens what separates the sentence from one that is all blanks.

    Walk from the blanks' embeddings to the tokens' in a straight line, and at each step ask how
    fast the similarity to the whole sentence's vector grows with each token:

        importance[i] = (e_i − e_blank) · mean over the way of ∂(x̂ · x̂_now) / ∂ embedding_i

    Args:
        model, tokens, blank: as for `leave_one_out`.
        steps: on the way; more of them sum up more exactly.

    Returns:
        (length,) numbers; their sum is the effect of blanking everything, but for the steps' error.

    Source: Sundararajan, Taly and Yan (2017), Axiomatic Attribution for Deep Networks, equation 3.
    """
    table = model.embed.token.weight.detach()
    way = table[tokens] - table[blank]  # (length, d_model)
    middle = torch.arange(steps, dtype=way.dtype, device=way.device) + 0.5  # of each step
    embedded = (table[blank] + middle[:, None, None] / steps * way).requires_grad_()
    with torch.no_grad():
        whole = sentence_vector(model, tokens[None])
    with torch.enable_grad(), model.embed.token.register_forward_hook(lambda *_: embedded):
        vectors = sentence_vector(model, tokens.expand(steps, -1))  # (steps, d_model)
        (slopes,) = torch.autograd.grad((vectors * whole).sum(), embedded)
    return (slopes.mean(dim=0) * way).sum(dim=-1)


def attention_received(maps: Tensor) -> Tensor:
    """Average what each token receives, over all queries, heads and layers.

    Args:
        maps: (n_layers, n_heads, length, length), as `attention_maps` returns them.

    Returns:
        (length,) shares that sum to one.
    """
    return maps.mean(dim=(0, 1, 2))


def rollout_received(maps: Tensor) -> Tensor:
    """Average, over the last layer's tokens, where the ways to them began.

    Args:
        maps: as for `attention_received`.

    Returns:
        (length,) shares that sum to one.
    """
    return rollout(maps).mean(dim=0)
