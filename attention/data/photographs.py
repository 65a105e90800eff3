"""Two photographs, each with an outline of what it shows: a cat and a flower."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from attention.data.pictures import read_picture

CAT = Path(__file__).with_name("chelsea.png")
# Drawn by hand for this book, without the whiskers: corners, pixels from the left and from the top
CAT_OUTLINE = [
    (38, 0), (36, 20), (33, 60), (32, 110), (0, 135), (0, 300), (388, 300), (384, 262), (352, 225),
    (322, 212), (338, 196), (356, 165), (364, 130), (362, 100), (355, 75), (380, 45), (397, 8),
    (398, 0),
]  # fmt: skip


class Photograph(NamedTuple):
    """A photograph, and where in it the thing is that it shows."""

    picture: Tensor  # (3, height, width) red, green and blue from 0 to 1
    inside: Tensor  # (height, width) booleans


def cat() -> Photograph:
    """Load Chelsea, the cat, 300 × 451 pixels, with an outline that was drawn by hand.

    Source: Stéfan van der Walt, who has put the photograph into the public domain (CC0); as shipped
    with scikit-image.
    """
    from PIL import Image, ImageDraw  # here, for whoever has pictures

    picture = read_picture(CAT)
    drawn = Image.new("1", (picture.shape[2], picture.shape[1]))
    ImageDraw.Draw(drawn).polygon(CAT_OUTLINE, fill=1)
    return Photograph(picture, torch.from_numpy(np.array(drawn)))


def flower() -> Photograph:
    """Load a dahlia, 427 × 640 pixels; inside is what is red or orange.

    Source: Flickr user vultilion, CC BY 2.0, https://www.flickr.com/photos/vultilion/6056698931;
    as shipped with scikit-learn.
    """
    from sklearn.datasets import load_sample_image

    pixels = torch.from_numpy(load_sample_image("flower.jpg").copy())
    picture = pixels.permute(2, 0, 1).float() / 255
    red, green, blue = picture
    return Photograph(picture, (red > 0.35) & (red > 1.3 * green) & (red > 1.3 * blue))


def grey(picture: Tensor) -> Tensor:
    """Take the colours out of a picture, (3, height, width): each becomes as bright as it looks.

    Source: ITU-R BT.601, section 2.5.1, for how bright red, green and blue look.
    """
    bright = (torch.tensor([0.299, 0.587, 0.114]).to(picture)[:, None, None] * picture).sum(0)
    return bright.expand(3, -1, -1)


def in_patches(numbers: Tensor, rows: int, columns: int) -> Tensor:
    """Average numbers, such as a mask, over each patch.

    Args:
        numbers: (height, width), of any size.
        rows, columns: of patches.

    Returns:
        (rows · columns), row by row.
    """
    return F.adaptive_avg_pool2d(numbers[None].float(), (rows, columns)).flatten()
