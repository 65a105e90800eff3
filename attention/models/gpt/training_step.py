"""One step of learning to write: how wrong is the model here, and which way is less wrong?"""

import torch
from torch import Tensor, nn

from attention.encoder_decoder.next_token import next_token_loss


def training_step(model: nn.Module, optimizer: torch.optim.Optimizer, tokens: Tensor) -> float:
    """Let a model learn from pieces of a text, once.

        loss = mean over t of −ln p(x_t+1 | x_1 … x_t),   then the optimizer's step along ∂loss/∂θ

    What earlier calls have left in the gradients plays no part.

    Args:
        model: takes (batch, length) tokens, returns (batch, length, vocab_size) scores, such as a
            `GPT`. It is trained in the mode in which it comes.
        optimizer: over the parameters θ that are to change.
        tokens: (batch, length) whole numbers, two or more in a row.

    Returns:
        The loss before the step, in nats.

    Raises:
        ValueError: there is no next token to guess.
    """
    loss = next_token_loss(model(tokens), tokens)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()
