"""Synthetic sentences in which a hidden word can be told from the words around it.

    the queen reads her letter

Each sentence is drawn by chance by two rules. "his" or "her" goes with the person, to its left. The
verb goes with the thing, to its right. So what can be known of each word is known exactly.
"""

import torch
from torch import Tensor

from attention.data.dice import by

PEOPLE = dict(his=("king", "boy", "man"), her=("queen", "girl", "woman"))
THINGS = dict(
    reads=("letter", "book"),
    rides=("horse", "camel"),
    eats=("bread", "apple"),
    opens=("door", "box"),
)
MASK = 0
"""The token that stands where a word is hidden."""
WORDS = (
    "[MASK]", "the", *THINGS, *PEOPLE, *sum(PEOPLE.values(), ()), *sum(THINGS.values(), ())
)  # fmt: skip
PLACES = ("the", "person", "verb", "his/her", "thing")
"""What stands at each place of a sentence."""


def numbers(text: str) -> Tensor:
    """Number the words of a text, (length,)."""
    return torch.tensor([WORDS.index(word) for word in text.split()], device="cpu")


def draw_sentences(size: int, generator: torch.Generator) -> Tensor:
    """Draw sentences of five words, (size, 5) numbers of words.

    Args:
        size: how many.
        generator: the source of chance.
    """
    people = [f"the {person} {{}} {whose} {{}}" for whose in PEOPLE for person in PEOPLE[whose]]
    things = [(verb, thing) for verb in THINGS for thing in THINGS[verb]]
    every = [numbers(person.format(*thing)) for person in people for thing in things]
    which = torch.randint(len(every), (size,), **by(generator))
    return torch.stack(every).to(which.device)[which]


def hide(sentences: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Hide one word of each sentence, picked by chance, and keep it as the target.

    Args:
        sentences: (size, length) tokens.
        generator: the source of chance.

    Returns:
        (read, target), both (size, length): in `read` MASK stands for the hidden word. `target` is
        the hidden word there, and −100 elsewhere, which the loss leaves out.

    Source: Devlin et al. (2019), section 3.1. (BERT, whose texts are longer, hides 15 of 100
    tokens, a tenth of them behind some other word, and asks for another tenth without hiding it.)
    """
    place = torch.randint(sentences.shape[1], (len(sentences), 1), **by(generator))
    hidden = torch.arange(sentences.shape[1], device=place.device) == place
    return sentences.masked_fill(hidden, MASK), sentences.masked_fill(~hidden, -100)
