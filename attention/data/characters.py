"""Text as numbers, a character a token, and pieces of it to train on."""

import torch
from torch import Tensor

from attention.data.dice import by
from attention.tokens.training_pairs import training_pairs


class Alphabet:
    """The characters of a text, numbered in their order.

    Args:
        text: whatever is to be written with it.

    Raises:
        ValueError: the text is empty.
    """

    def __init__(self, text: str):
        if not text:
            raise ValueError("the corpus is empty: an alphabet needs a text with some characters")
        self.characters = "".join(sorted(set(text)))
        self._number = {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> Tensor:
        """Number each character: a tensor (length,) of int64, on the CPU.

        Raises:
            ValueError: a character is not in the alphabet.
        """
        unknown = sorted(set(text) - set(self._number))
        if unknown:
            raise ValueError(
                f"the alphabet has no {''.join(unknown)!r}: make it of a text that holds them, "
                "or leave them out"
            )
        numbers = [self._number[character] for character in text]
        return torch.tensor(numbers, dtype=torch.int64, device="cpu")

    def decode(self, tokens: Tensor) -> str:
        """Spell out tokens (length,)."""
        return "".join(self.characters[token] for token in tokens.tolist())


def draw_windows(
    tokens: Tensor, size: int, length: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw pieces of a text, each with its next token at every place.

    Args:
        tokens: (text_len,) the whole text.
        size: how many pieces.
        length: tokens in each.
        generator: the source of chance.

    Returns:
        (read, target), both (size, length): the target is what was read, moved on by one.

    Raises:
        ValueError: the text has no more tokens than one piece.
    """
    check_length(tokens, length)
    start = torch.randint(len(tokens) - length, (size, 1), **by(generator))
    pieces = tokens[start + torch.arange(length + 1, device=start.device)]  # (size, length + 1)
    return training_pairs(pieces)


def check_length(tokens: Tensor, length: int) -> None:
    """Raise unless the text holds a piece of `length` tokens and the one after it."""
    if tokens.ndim != 1:
        raise ValueError(f"tokens must have shape (text_len,), got {tuple(tokens.shape)}")
    if len(tokens) <= length:
        raise ValueError(
            f"the text must be longer than the context of {length} tokens, got {len(tokens)}: "
            "give a longer text or a shorter context"
        )
