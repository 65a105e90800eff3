"""Pictures of any kind as tensors, at a size that is a whole number of patches."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

MOST_PATCHES = 3000  # of an image: every layer compares each of them with each
PAPER = 255  # what is seen where a picture is transparent: white


def read_picture(path: str | Path) -> Tensor:
    """Read a photograph or a drawing, of any format that Pillow knows.

    It is turned as its camera says. Grey becomes three equal colours, white shines through what is
    transparent, and of a moving picture the first one is taken.

    Args:
        path: the file.

    Returns:
        (3, height, width) red, green and blue, float32 from 0 to 1.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture, is damaged, is too large to be opened safely, or its numbers
            have no known white.
    """
    from PIL import Image, ImageOps  # here, for whoever has pictures

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not a file: check the path")
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file)
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path} cannot be read as a picture ({error}): save it again as PNG or JPEG"
        ) from error
    if picture.mode in ("F", "I"):
        raise ValueError(
            f"{path} has numbers of 32 bits, of which none is known to be white: save it again as "
            "PNG or JPEG, with 8 bits a colour"
        )
    if picture.mode.startswith("I;16"):  # grey, finer than eyes see; Pillow would cut it off at 255
        grey = torch.from_numpy(np.asarray(picture).astype(np.float32))
        return (grey / 65535).expand(3, -1, -1).contiguous()
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, (PAPER, PAPER, PAPER, 255))
        picture = Image.alpha_composite(paper, picture)
    numbers = torch.from_numpy(np.array(picture.convert("RGB")))  # (height, width, 3)
    return numbers.permute(2, 0, 1).float() / 255


def fitted(picture: Tensor, short: int, patch: int) -> Tensor:
    """Bring a picture to a size that is a whole number of patches, with nearly its own shape.

    Args:
        picture: (3, height, width) from 0 to 1.
        short: pixels along its shorter side, a multiple of patch.
        patch: the side of a patch, in pixels.

    Returns:
        (3, height, width): the shorter side is short, the longer one the nearest multiple of patch.

    Raises:
        ValueError: short is no multiple of patch, or the picture is so long that there would be
            more than 3000 patches.
    """
    if short < patch or short % patch:
        raise ValueError(f"short must be a multiple of patch = {patch}, got {short}")
    height, width = picture.shape[-2:]
    scale = short / patch / min(height, width)
    rows, columns = round(height * scale), round(width * scale)
    if rows * columns > MOST_PATCHES:
        raise ValueError(
            f"a picture of {height} × {width} pixels would have {rows} × {columns} patches, more "
            f"than {MOST_PATCHES}: cut it, or ask for a shorter side than {short}"
        )
    size = (rows * patch, columns * patch)
    return F.interpolate(picture[None], size, mode="bilinear", antialias=True)[0].clamp(0, 1)
