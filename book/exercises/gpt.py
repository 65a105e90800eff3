"""Exercises of the chapter "A model that writes". Replace each `raise` with your code; save; grade.

make grade EXERCISE=gpt
"""

import torch


def training_step(model, optimizer, tokens):
    """Let a model learn from pieces of a text, once: loss, gradients, one step of the optimizer.

    What you can use: `model(tokens)` takes (batch, length) token ids and returns scores
    (batch, length, vocab_size). The scores at place t are for the token that comes *after* it.
    `optimizer.zero_grad()` forgets old gradients, `optimizer.step()` moves the parameters along
    those that `loss.backward()` has left.

    Args:
        model: a GPT.
        optimizer: as those of torch.optim, over the model's parameters.
        tokens: (batch, length) token ids, two or more in each row.

    Returns:
        The mean of −ln p of the next token before the step: one number, without gradients. What
        was left in the parameters' gradients before the call plays no part.
    """
    raise NotImplementedError


class KVCache:
    """The keys and values of all tokens so far, in room that is set aside once.

    Args:
        batch: sequences side by side.
        n_kv_heads: heads of keys and values.
        max_len: the most tokens that it will hold.
        head_dim: numbers in one key, and in one value.

    The checks, and the book's GPT, read one attribute:
        self.length, how many tokens are kept; 0 at first.
    """

    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        raise NotImplementedError

    def append(self, key, value):
        """Add the newest tokens' keys and values, and return those of all tokens so far.

        Args:
            key, value: (batch, n_kv_heads, new, head_dim), of one new token or of several.

        Returns:
            (keys, values), both (batch, n_kv_heads, length, head_dim), the oldest token first:
            the part of the room that is in use. What was kept is not copied again.

        Raises:
            ValueError: there is no room for all of them. The cache stays as it was.
        """
        raise NotImplementedError


def generate(model, prompt, n_new, temperature=0.0):
    """Go on from a prompt, token by token.

    What you can use: `model(tokens)` takes (batch, length) token ids and returns scores
    (batch, length, vocab_size). The scores at place t are for the token that comes *after* it.
    (`caches = model.new_cache(batch)` and `model(newest, caches)` spare the model reading the
    same tokens again. With or without them, the answer is the same.)

    Args:
        model: a GPT.
        prompt: (batch, length) token ids, at least one in each row.
        n_new: how many tokens to write, 0 or more. They fit into the model with the prompt.
        temperature: 0 to take the token with the highest score; above 0 to draw it with the
            probabilities softmax(scores / temperature).

    Returns:
        (batch, length + n_new) token ids, the prompt first.
    """
    raise NotImplementedError
