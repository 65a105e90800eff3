"""Handwritten digits: real images that come with scikit-learn, in a split that never changes.

1797 images of 8 × 8 pixels, by 13 people. Each person wrote into all three parts, so that none of
them tells how a model reads a new hand.

Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI repository.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from attention.data.dice import by

SIDE, N_CLASSES = 8, 10
N_VALIDATION, N_TEST = 200, 400


class Part(NamedTuple):
    """Some of the digits.

    Args:
        images: (n, 8, 8) from 0, paper, to 1, ink.
        labels: (n,) which digit each one is.
    """

    images: Tensor
    labels: Tensor


class Digits(NamedTuple):
    """Examples to train on, to choose by, and to look at once, in the end."""

    train: Part
    validation: Part
    test: Part


def load_digits() -> Digits:
    """Load the images and split them; each part has about as many of each digit.

    Returns:
        1197 images to train on, 200 for validation and 400 for the test; always the same.
    """
    from sklearn import datasets  # a second of imports, which other users of this file need not pay

    found = datasets.load_digits()
    images = torch.tensor(found.images / 16, dtype=torch.float32, device="cpu")  # 16: the most ink
    labels = torch.tensor(found.target, device="cpu")
    rest, test = _split(Part(images, labels), N_TEST, seed=0)
    return Digits(*_split(rest, N_VALIDATION, seed=0), test)


def some_of(part: Part, size: int, seed: int) -> Part:
    """Draw a smaller part, with about as many of each digit.

    Raises:
        ValueError: there would be no room for one of each digit, in it or in what is left.
    """
    most = len(part.labels) - N_CLASSES
    if not N_CLASSES <= size <= most:
        raise ValueError(f"size must be from {N_CLASSES} to {most} images, got {size}")
    return _split(part, size, seed)[1]


def batches(part: Part, size: int) -> Callable[[torch.Generator], Part]:
    """Return a function that draws `size` of the images, for `attention.models.training.train`.

    Raises:
        ValueError: there are no images, or not a label for each.
    """
    if not 0 < len(part.images) == len(part.labels):
        raise ValueError(
            "a part must have images, and a label for each, "
            f"got {len(part.images)} images and {len(part.labels)} labels"
        )

    def draw(generator: torch.Generator) -> Part:
        rows = torch.randint(len(part.labels), (size,), **by(generator))
        return Part(part.images[rows], part.labels[rows])

    return draw


def _split(part: Part, size: int, seed: int) -> tuple[Part, Part]:
    """Put `size` of the images aside: what is left, and those."""
    from sklearn.model_selection import train_test_split

    rows = train_test_split(
        range(len(part.labels)), test_size=size, stratify=part.labels.cpu(), random_state=seed
    )
    left, aside = (Part(part.images[each], part.labels[each]) for each in rows)
    return left, aside
