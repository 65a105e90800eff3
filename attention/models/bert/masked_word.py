"""One hidden word: what an encoder, trained to restore words, makes of the words around it."""

import torch
from torch import Tensor

from attention.models.bert.encoder import BertEncoder


@torch.no_grad()
def masked_word(model: BertEncoder, tokens: Tensor, place: int, mask_token: int) -> Tensor:
    """Hide one word, and give every word of the vocabulary a probability of standing there.

        p = softmax(E x),   x the encoder's output vector at the hidden word, E the token table

    Args:
        model: an encoder that was trained to restore words by dot products with its own token
            table. It is read in evaluation mode, and each of its modules gets its mode back.
        tokens: (length,) token ids of one sentence. They are not written to.
        place: which of them is hidden, counted from zero.
        mask_token: the id that is read in its place.

    Returns:
        (vocab_size,) probabilities, without gradients.

    Raises:
        ValueError: tokens are not one sentence, or have no such place.

    Source: Devlin et al. (2019), section 3.1, task 1, without the layer that BERT has between x
    and the table.
    """
    if tokens.ndim != 1 or not 0 <= place < len(tokens):
        raise ValueError(
            f"tokens must be one sentence (length,) with a place {place}, got {tuple(tokens.shape)}"
        )
    modes = [(module, module.training) for module in model.modules()]
    read = tokens.clone()
    read[place] = mask_token
    model.eval()
    try:
        x = model(read.unsqueeze(0))[0, place]  # (d_model,)
    finally:
        for module, mode in modes:
            module.training = mode
    return (model.embed.token.weight @ x).softmax(-1)  # (vocab_size,)
