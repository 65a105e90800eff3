"""The checks that grade the exercise of the chapter vision.

Sizes all differ, so that no axis passes for another: 5 images of 6 × 12 pixels in squares of 3,
which makes 2 rows of 4 squares: 8 patches of 9 pixels.
"""

import torch

from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    maps,
    points,
    strip,
)

patchify = exercise("patchify")

BATCH, HEIGHT, WIDTH, PATCH = 5, 6, 12, 3
ROWS, COLUMNS = HEIGHT // PATCH, WIDTH // PATCH
N_PATCHES, PIXELS = ROWS * COLUMNS, PATCH**2


@points(1, hint="Say what each axis of the result counts: the images, the squares of one image, "
        "the pixels of one square. Height and width are the last two axes of images, whatever "
        "stands in front, and they need not be equal.")  # fmt: skip
def test_patches_are_rows_of_pixels(patchify):
    """Five images of 6 × 12, cut into squares of 3, give (5, 8, 9)."""
    found = patchify(torch.randn(BATCH, HEIGHT, WIDTH), PATCH)
    assert_shape(found, (BATCH, N_PATCHES, PIXELS), "the patches")


@points(1, hint="A view shares its numbers with the images. Methods whose name ends in _, and `-=` "
        "too, write into the caller's tensor.")  # fmt: skip
def test_patches_leave_the_images_alone(patchify):
    """The images keep their shape and their pixels."""
    images = torch.randn(BATCH, HEIGHT, WIDTH)
    before = images.clone()
    patchify(images, PATCH)
    assert_unchanged(before, images, "the images")


@points(2, hint="The images stay where they are, in front. If you made a list of squares and "
        "stacked it, which axis did `stack` put first, and did a reshape put it last?")  # fmt: skip
def test_patches_keep_images_apart(patchify):
    """What belongs to one image holds pixels of no other."""
    number = torch.arange(float(BATCH))
    found = patchify(number[:, None, None].repeat(1, HEIGHT, WIDTH), PATCH)
    mixed = (found != number[:, None, None]).flatten(1).any(-1).nonzero().flatten().tolist()
    if mixed:
        images = ", ".join(f"{n:g}" for n in found[mixed[0]].unique().tolist())
        raise Failure(
            f"Image 0 is all 0, image 1 all 1, and so on. Your patches of image {mixed[0]} hold "
            f"pixels of image {images}.",
            pictures=[maps({"yours, the first pixel of each patch": found[..., 0]})],
        )


@points(3, hint="In memory a picture lies line by line, and a line runs through several squares. A "
        "reshape alone takes the pixels in that order, and mixes squares. Give the image four "
        "axes first: which row of squares, which line in it, which column of squares, which "
        "pixel in the line. Which two have to change places?")  # fmt: skip
def test_patches_keep_each_square_together(patchify):
    """A patch holds the pixels of one square, and of no other."""
    found = patchify(_square_numbers().repeat(BATCH, 1, 1), PATCH)[0]
    mixed = (found != found[:, :1]).any(-1).nonzero().flatten().tolist()
    if mixed:
        i = mixed[0]
        squares = ", ".join(f"{n:g}" for n in found[i].unique().tolist())
        raise Failure(
            f"Every pixel below holds the number of its square. Your patch {i} holds pixels of "
            f"squares {squares}.",
            pictures=[maps({"the image": _square_numbers()}), _origins(found[i], i)],
        )


@points(2, hint="Row by row, as you read: the top row of squares from left to right, then the row "
        "below. Which of the two axes that become n_patches has to stand on the left?")  # fmt: skip
def test_patches_are_counted_row_by_row(patchify):
    """Patch 1 lies to the right of patch 0."""
    found = patchify(_square_numbers().repeat(BATCH, 1, 1), PATCH)[0, :, 0]
    if not torch.equal(found, torch.arange(float(N_PATCHES))):
        order = ", ".join(f"{n:g}" for n in found.tolist())
        raise Failure(
            f"The squares of the image below come out in the order {order}.",
            pictures=[maps({"the image": _square_numbers()})],
        )


@points(2, hint="Within a square, too, the pixels are read line by line. Which of its two axes "
        "runs faster in your vector?")  # fmt: skip
def test_pixels_are_counted_line_by_line(patchify):
    """Within a patch, pixel 1 lies to the right of pixel 0."""
    square = torch.arange(float(PIXELS)).view(PATCH, PATCH)
    found = patchify(square.repeat(BATCH, ROWS, COLUMNS), PATCH)[0]
    expected = torch.arange(float(PIXELS)).expand(N_PATCHES, -1)
    wrong = (found != expected).any(-1).nonzero().flatten().tolist()
    if wrong:
        order = ", ".join(f"{n:g}" for n in found[wrong[0]].tolist())
        raise Failure(
            f"Every square of the image is the one below. In your patch {wrong[0]} its pixels "
            f"stand in the order {order}.",
            pictures=[maps({"one square": square})],
        )


@points(2, hint="Every pixel of every image has one place in the result. Follow one pixel of the "
        "second image: which step takes it elsewhere, or changes it?")  # fmt: skip
def test_patches_values(patchify):
    """The patches are slices of the images."""
    images = torch.randn(BATCH, HEIGHT, WIDTH)
    assert_values(patchify(images, PATCH), _by_slices(images), "the patches")


@points(1, hint="Three dots stand for any axes in front: none, or a batch of films of images. "
        "Count the axes from the end.")  # fmt: skip
def test_patches_of_one_image_and_of_many(patchify):
    """One image alone works, and so do images in two axes."""
    image = torch.randn(HEIGHT, WIDTH)
    assert_values(patchify(image, PATCH), _by_slices(image), "the patches of one image")
    films = torch.randn(2, BATCH, HEIGHT, WIDTH)
    assert_values(patchify(films, PATCH), _by_slices(films), "the patches of films")


@points(1, hint="An axis of size one is still an axis: squeeze would remove it.")
def test_patches_as_small_and_as_large_as_can_be(patchify):
    """A patch may be one pixel, or the whole image."""
    images = torch.randn(BATCH, HEIGHT, HEIGHT)
    assert_values(patchify(images, 1), images.reshape(BATCH, -1, 1), "patches of one pixel")
    assert_values(patchify(images, HEIGHT), images.reshape(BATCH, 1, -1), "the only patch")


@points(2, hint="What is left over at the border would be lost, or be made up, and nobody would "
        "hear of it. Test both sides, and `raise ValueError`: `//` rounds down silently, and a "
        "reshape that fails says RuntimeError.")  # fmt: skip
def test_patches_refuse_a_remainder(patchify):
    """A side that is not a multiple of patch is a ValueError."""
    by_area = (
        "The product of the sides is a multiple of patch² here, and a side is no multiple of "
        "patch. Do squares of 3 fill an image that is 2 pixels high? Test each side by itself."
    )
    for height, width in ((HEIGHT, WIDTH + 1), (HEIGHT + 1, WIDTH), (7, 11), (2, 9), (9, 4)):
        case = f"an image of {height} × {width} in squares of {PATCH}"
        hint = by_area if height * width % PATCH**2 == 0 else None
        try:
            found = patchify(torch.randn(BATCH, height, width), PATCH)
        except ValueError:
            continue
        except Exception as error:
            message = f"For {case}, expected ValueError, got {type(error).__name__}."
            raise Failure(message, hint=hint) from None
        shape = tuple(found.shape) if isinstance(found, torch.Tensor) else "no tensor"
        raise Failure(f"For {case}, expected ValueError, got a result: {shape}.", hint=hint)


def _square_numbers():
    """An image whose every pixel holds the number of its square."""
    numbers = torch.arange(float(N_PATCHES)).view(ROWS, COLUMNS)
    return numbers.repeat_interleave(PATCH, 0).repeat_interleave(PATCH, 1)


def _by_slices(images):
    """The definition: slice after slice."""
    squares = [
        images[..., r : r + PATCH, c : c + PATCH].flatten(-2)
        for r in range(0, images.shape[-2], PATCH)
        for c in range(0, images.shape[-1], PATCH)
    ]
    return torch.stack(squares, -2)


def _origins(found, i):
    """The picture of which square each pixel of patch i comes from."""
    texts = {"yours": [f"{n:g}" for n in found.tolist()], "expected": [i] * PIXELS}
    return strip("The square that each pixel comes from", texts, [f"patch {i}"])
