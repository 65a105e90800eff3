"""Pictures of all kinds become red, green and blue from 0 to 1, or are refused by name."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from attention.data.photographs import cat, flower, grey, in_patches
from attention.data.pictures import fitted, read_picture

COLOURS = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[9, 99, 199], [0, 0, 0], [255] * 3]])
EXPECTED = torch.from_numpy(COLOURS).permute(2, 0, 1).float() / 255  # (3, 2, 3)


def saved(tmp_path, picture, **options):
    path = tmp_path / "picture.png"
    picture.save(path, **options)
    return path


def test_the_photographs_are_there():
    """Inside of its outline the cat is orange, and the flower red; around it neither is."""
    for photograph, size, share in ((cat(), (300, 451), 0.78), (flower(), (427, 640), 0.18)):
        picture, inside = photograph
        assert picture.shape == (3, *size) and picture.dtype == torch.float32
        assert inside.shape == size and inside.float().mean().item() == pytest.approx(
            share, abs=0.03
        )
        assert picture.min() >= 0 and picture.max() <= 1
        warmth = picture[0] - picture[2]
        assert warmth[inside].mean() > warmth[~inside].mean() + 0.1


def test_grey_is_as_bright_as_the_colours_look():
    """White stays white, green is brighter than red, and red than blue."""
    ends = torch.eye(3)[:, :, None]  # red, green and blue, one below the other
    bright = grey(torch.cat([ends, torch.ones(3, 1, 1)], dim=1))
    assert bright[0].equal(bright[2]) and bright[0, 3, 0].item() == pytest.approx(1)
    assert bright[0, 1] > bright[0, 0] > bright[0, 2] > 0


def test_a_mask_is_averaged_over_each_patch():
    """Row by row, also where the sides are no multiples."""
    mask = torch.zeros(4, 6, dtype=torch.bool)
    mask[:2, 2:5] = True
    assert_close(in_patches(mask, 2, 3), torch.tensor([0, 1, 0.5, 0, 0, 0]))
    assert in_patches(mask, 3, 5).shape == (15,)


def test_colours_stay_what_they_are(tmp_path):
    """Row by row, red before green before blue."""
    path = saved(tmp_path, Image.fromarray(COLOURS.astype("u1")))
    assert_close(read_picture(path), EXPECTED)


def test_grey_becomes_three_equal_colours(tmp_path):
    """With 8 bits, with 1, and with 16, which must not be cut off."""
    grey = np.array([[0, 51, 255]], dtype="u1")
    for picture in (Image.fromarray(grey), Image.fromarray(grey.astype("u2") * 257)):
        found = read_picture(saved(tmp_path, picture))
        assert_close(found, torch.tensor([[0, 0.2, 1.0]]).expand(3, 1, 3))
    bits = Image.fromarray(grey).point(lambda value: value > 99, mode="1")
    assert read_picture(saved(tmp_path, bits)).unique().tolist() == [0, 1]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_white_shines_through(tmp_path, mode):
    """What is transparent has no colour, whatever numbers stand there."""
    picture = Image.fromarray(np.array([[[0, 0, 0, 0], [0, 0, 0, 255]]], dtype="u1"), "RGBA")
    path = saved(tmp_path, picture.convert(mode))
    if mode == "P":
        palette = Image.new("P", (2, 1))
        palette.putpalette([0, 0, 0, 0, 0, 0])
        palette.putpixel((1, 0), 1)
        path = saved(tmp_path, palette, transparency=0)
    assert read_picture(path)[:, 0].T.tolist() == [[1, 1, 1], [0, 0, 0]]


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    """Held upright, its rows are stored as columns."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter, clockwise
    path = saved(tmp_path, Image.fromarray(COLOURS.astype("u1")), exif=exif)
    assert_close(read_picture(path), EXPECTED.rot90(-1, (1, 2)))


def test_two_pixels_are_a_picture(tmp_path):
    """One beside the other, stretched to as many patches as are asked for."""
    two = read_picture(saved(tmp_path, Image.fromarray(COLOURS[:1, :2].astype("u1"))))
    large = fitted(two, short=28, patch=14)
    assert large.shape == (3, 28, 56)
    assert_close(large[:, 0, 0], two[:, 0, 0])
    assert_close(large[:, -1, -1], two[:, 0, 1])


def test_what_is_no_picture_is_refused(tmp_path):
    """By its path: missing, a text, cut short, or with numbers that have no known white."""
    path = tmp_path / "picture.png"
    with pytest.raises(FileNotFoundError, match=r"picture\.png is not a file"):
        read_picture(path)
    whole = io.BytesIO()
    Image.fromarray(np.arange(30_000, dtype="u2").astype("u1").reshape(100, 100, 3)).save(
        whole, "PNG"
    )
    for content in (b"", b"no picture", whole.getvalue()[:200]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"picture\.png cannot be read as a picture .*: save"):
            read_picture(path)
    real = tmp_path / "picture.tiff"
    Image.fromarray(np.ones((2, 2), dtype="f4")).save(real)
    with pytest.raises(ValueError, match=r"picture\.tiff has numbers of 32 bits"):
        read_picture(real)


def test_a_size_is_a_whole_number_of_patches():
    """The shorter side as asked for, the longer one as near as can be; the mean colour stays."""
    picture = cat().picture
    for short, size in ((224, (224, 336)), (448, (448, 672)), (14, (14, 28))):
        small = fitted(picture, short, patch=14)
        assert small.shape == (3, *size)
        assert_close(
            small.mean((1, 2)), picture.mean((1, 2)), atol=0.02, rtol=0
        )  # a resize's error


def test_sizes_that_cannot_be_are_refused():
    """No whole patch, or far too many of them."""
    picture = torch.rand(3, 30, 45)
    for short in (0, 13, 30):
        with pytest.raises(ValueError, match=f"a multiple of patch = 14, got {short}"):
            fitted(picture, short, patch=14)
    with pytest.raises(ValueError, match=r"2 × 4000 pixels would have 16 × 32000 patches, more"):
        fitted(torch.rand(3, 2, 4000), 224, patch=14)
