"""Known answers to the exercise of vision: what people really write, right and wrong."""

import torch
import torch.nn.functional as F

from grading.known import mistake, right_answer


def _check(images, patch):
    if images.shape[-2] % patch or images.shape[-1] % patch:
        raise ValueError("both sides must be multiples of patch")


def _four_axes(images, patch):
    """(..., rows, lines, columns, pixels)."""
    _check(images, patch)
    *front, height, width = images.shape
    return images.reshape(*front, height // patch, patch, width // patch, patch)


@mistake("patchify", caught_by="test_patches_keep_each_square_together")
def reshaped_straight(images, patch):
    """Reshapes to the wanted shape: the right shape, the wrong pixels."""
    _check(images, patch)
    *front, height, width = images.shape
    return images.reshape(*front, height * width // patch**2, patch**2)


@mistake("patchify", caught_by="test_patches_keep_each_square_together")
def swap_forgotten(images, patch):
    """Gives the image four axes, and joins them again without swapping any."""
    return _four_axes(images, patch).flatten(-4).unflatten(-1, (-1, patch**2))


@mistake("patchify", caught_by="test_patches_keep_each_square_together")
def swapped_the_wrong_pair(images, patch):
    """Swaps rows of squares with the lines in them."""
    swapped = _four_axes(images, patch).transpose(-4, -3)
    return swapped.flatten(-4).unflatten(-1, (-1, patch**2))


@mistake("patchify", caught_by="test_patches_keep_each_square_together")
def every_nth_pixel(images, patch):
    """Takes patch for the number of squares: each vector holds pixels from all over the image."""
    _check(images, patch)
    *front, height, width = images.shape
    axes = images.reshape(*front, patch, height // patch, patch, width // patch)
    return axes.transpose(-3, -2).movedim((-2, -1), (-4, -3)).flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_patches_are_counted_row_by_row")
def columns_first(images, patch):
    """Counts the squares column by column."""
    squares = _four_axes(images, patch).transpose(-3, -2)  # (..., rows, columns, lines, pixels)
    return squares.transpose(-4, -3).flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_patches_are_counted_row_by_row")
def from_the_bottom(images, patch):
    """Starts at the bottom left, as the axes of a diagram do."""
    squares = _four_axes(images, patch).transpose(-3, -2)
    return squares.flip(-4).flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_pixels_are_counted_line_by_line")
def pixels_column_by_column(images, patch):
    """Lays out each square's pixels column by column."""
    squares = _four_axes(images, patch).transpose(-3, -2)
    return squares.transpose(-2, -1).flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_patches_are_rows_of_pixels")
def squares_left_square(images, patch):
    """Keeps the two axes of each square."""
    return _four_axes(images, patch).transpose(-3, -2).flatten(-4, -3)


@mistake("patchify", caught_by="test_patches_are_rows_of_pixels")
def a_grid_of_squares(images, patch):
    """Keeps rows and columns of squares apart."""
    return _four_axes(images, patch).transpose(-3, -2).flatten(-2)


@mistake("patchify", caught_by="test_patches_are_rows_of_pixels")
def squares_that_overlap(images, patch):
    """Moves on by one pixel instead of one square, as a convolution does."""
    _check(images, patch)
    windows = images.unfold(-2, patch, 1).unfold(-2, patch, 1)
    return windows.flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_patches_are_rows_of_pixels")
def all_images_in_one_list(images, patch):
    """Joins the images with their squares: nobody knows any more whose patch it is."""
    squares = _four_axes(images, patch).transpose(-3, -2)
    return squares.reshape(-1, patch**2)


@mistake("patchify", caught_by="test_patches_are_rows_of_pixels")
def taken_for_square(images, patch):
    """Takes every image to be as wide as it is high."""
    _check(images, patch)
    side = images.shape[-2] // patch
    squares = [images[..., r * patch : (r + 1) * patch, c * patch : (c + 1) * patch]
               for r in range(side) for c in range(side)]  # fmt: skip
    return torch.stack(squares, -3).flatten(-2)


@mistake("patchify", caught_by="test_patches_leave_the_images_alone")
def scaled_in_place(images, patch):
    """Brings the pixels between 0 and 1 on the way, in the caller's images."""
    images -= images.min()
    images /= images.max()
    return right_by_permute(images, patch)


@mistake("patchify", caught_by="test_patches_keep_images_apart")
def stacked_in_front(images, patch):
    """Stacks the squares along the first axis, and reshapes to the wanted shape."""
    _check(images, patch)
    *front, height, width = images.shape
    squares = [images[..., r : r + patch, c : c + patch].flatten(-2)
               for r in range(0, height, patch) for c in range(0, width, patch)]  # fmt: skip
    return torch.stack(squares).reshape(*front, -1, patch**2)


@mistake("patchify", caught_by="test_patches_values")
def ink_is_never_negative(images, patch):
    """Corrects the pixels on the way, which was not asked for."""
    return right_by_permute(images.clamp(min=0), patch)


@mistake("patchify", caught_by="test_patches_of_one_image_and_of_many")
def three_axes_only(images, patch):
    """Unpacks exactly a batch, a height and a width."""
    _check(images, patch)
    batch, height, width = images.shape
    squares = images.reshape(batch, height // patch, patch, width // patch, patch)
    return squares.transpose(2, 3).reshape(batch, -1, patch**2)


@mistake("patchify", caught_by="test_patches_as_small_and_as_large_as_can_be")
def squeezed(images, patch):
    """Removes every axis of size one."""
    return right_by_permute(images, patch).squeeze()


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def drops_the_border(images, patch):
    """Leaves out what does not fill a square."""
    *_, height, width = images.shape
    return right_by_permute(images[..., : height - height % patch, : width - width % patch], patch)


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def fills_the_border(images, patch):
    """Adds zeros until the squares are full."""
    *_, height, width = images.shape
    return right_by_permute(F.pad(images, (0, -width % patch, 0, -height % patch)), patch)


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def tests_the_height_only(images, patch):
    """Tests one side, and cuts the other short."""
    *_, height, width = images.shape
    if height % patch:
        raise ValueError("the height must be a multiple of patch")
    return right_by_permute(images[..., : width - width % patch], patch)


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def leaves_it_to_reshape(images, patch):
    """Tests nothing; reshape stops with a RuntimeError."""
    *front, height, width = images.shape
    axes = images.reshape(*front, height // patch, patch, width // patch, patch)
    return axes.transpose(-3, -2).flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def tests_the_area(images, patch):
    """Tests whether the number of pixels is a multiple of a patch's."""
    *front, height, width = images.shape
    if height * width % patch**2:
        raise ValueError("the pixels do not fill whole patches")
    axes = images.reshape(*front, height // patch, patch, width // patch, patch)
    return axes.transpose(-3, -2).flatten(-2).flatten(-3, -2)


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def tests_the_area_and_drops_the_border(images, patch):
    """The same, with a cut that never fails."""
    *_, height, width = images.shape
    if height * width % patch**2:
        raise ValueError("the pixels do not fill whole patches")
    return right_by_permute(images[..., : height - height % patch, : width - width % patch], patch)


@mistake("patchify", caught_by="test_patches_refuse_a_remainder")
def tests_the_sum_of_the_sides(images, patch):
    """Tests both sides in one go."""
    *_, height, width = images.shape
    if (height + width) % patch:
        raise ValueError("the sides must be multiples of patch")
    return right_by_permute(images[..., : height - height % patch, : width - width % patch], patch)


@right_answer("patchify")
def right_by_permute(images, patch):
    squares = _four_axes(images, patch).transpose(-3, -2)
    return squares.reshape(*images.shape[:-2], -1, patch**2)


@right_answer("patchify")
def right_by_unfold(images, patch):
    _check(images, patch)
    windows = images.unfold(-2, patch, patch).unfold(-2, patch, patch)
    return windows.flatten(-2).flatten(-3, -2)


@right_answer("patchify")
def right_by_functional_unfold(images, patch):
    _check(images, patch)
    one_channel = images.reshape(-1, 1, *images.shape[-2:])
    columns = F.unfold(one_channel, patch, stride=patch)  # (n, patch², n_patches)
    return columns.transpose(1, 2).reshape(*images.shape[:-2], -1, patch**2)


@right_answer("patchify")
def right_by_a_double_loop(images, patch):
    _check(images, patch)
    squares = []
    for r in range(0, images.shape[-2], patch):
        for c in range(0, images.shape[-1], patch):
            squares.append(images[..., r : r + patch, c : c + patch].flatten(-2))
    return torch.stack(squares, dim=-2)


@right_answer("patchify")
def right_by_chunks(images, patch):
    _check(images, patch)
    rows = images.split(patch, dim=-2)
    return torch.stack([s.flatten(-2) for row in rows for s in row.split(patch, dim=-1)], dim=-2)
