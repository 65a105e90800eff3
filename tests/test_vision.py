"""Patches, the Vision Transformer, the data it reads, and what the chapter claims about them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention import patchify, rollout
from attention.data.digits import N_CLASSES, SIDE, Part, batches, load_digits, some_of
from attention.interpretation.digit_maps import class_rollout, cover
from attention.models.vision.digit_cnn import DigitCNN
from attention.models.vision.reading_digits import SIZES as READING
from attention.models.vision.reading_digits import (
    logistic_regression,
    new_bag,
    new_cnn,
    new_vit,
    practise,
    share_right,
)
from attention.models.vision.vit import BagOfPatches, VisionTransformer

BATCH, HEADS, LAYERS, CLASSES = 2, 3, 4, 5
SIZES = {"n_classes": CLASSES, "d_model": 12, "n_heads": HEADS, "n_layers": LAYERS, "d_ff": 7}
ORDER = torch.tensor([4, 7, 0, 2, 8, 1, 6, 5, 3])  # of nine patches


def small(cls=VisionTransformer):
    """A model with random weights for images of 6 × 6 in nine patches of 2 × 2."""
    torch.manual_seed(0)
    return cls(6, 2, **SIZES).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture(scope="module")
def quick(digits):
    """A Vision Transformer after 150 of the page's 350 steps."""
    return practise(new_vit, digits.train, seed=0, steps=150)


# --- patches ---


@settings(deadline=None, max_examples=40)
@given(rows=st.integers(1, 4), columns=st.integers(1, 4), patch=st.integers(1, 3))
def test_patchify_agrees_with_a_double_loop(rows, columns, patch):
    """Each token holds the pixels of its square, squares counted row by row."""
    images = torch.rand(2, rows * patch, columns * patch)
    tokens = patchify(images, patch)
    assert tokens.shape == (2, rows * columns, patch**2)
    for r in range(rows):
        for c in range(columns):
            square = images[:, r * patch : (r + 1) * patch, c * patch : (c + 1) * patch]
            assert_close(tokens[:, r * columns + c], square.reshape(2, -1))


def test_patchify_agrees_with_unfold():
    """PyTorch's own cutter, made for convolutions, finds the same patches."""
    images = torch.rand(BATCH, 6, 12)
    theirs = torch.nn.functional.unfold(images[:, None], 3, stride=3).transpose(1, 2)
    assert_close(patchify(images, 3), theirs)


@pytest.mark.parametrize("patch", [0, 4])
def test_patchify_names_the_rule(patch):
    """A side that does not divide is an error that says both numbers."""
    with pytest.raises(ValueError, match=f"multiples of patch, got 6 × 8 and patch {patch}"):
        patchify(torch.rand(6, 8), patch)


def test_patchify_wants_an_image():
    """A list of pixels has no squares."""
    with pytest.raises(ValueError, match=r"\(..., height, width\), got \(6,\)"):
        patchify(torch.rand(6), 2)


# --- the data ---


def test_the_split_never_changes_and_shares_no_image(digits):
    """Three parts make up all 1797 images; each has about a tenth of each digit."""
    again = load_digits()
    assert [len(part.labels) for part in digits] == [1197, 200, 400]
    for part, same in zip(digits, again, strict=True):
        assert torch.equal(part.images, same.images)
        assert part.images.shape == (len(part.labels), SIDE, SIDE)
        share = part.labels.bincount(minlength=N_CLASSES) / len(part.labels)
        assert_close(share, torch.full((N_CLASSES,), 0.1), atol=0.006, rtol=0)
    images = torch.cat([part.images for part in digits])
    assert images.min() == 0 and images.max() == 1
    assert len(images.flatten(1).unique(dim=0)) == len(images)


def test_some_of_the_images_are_about_as_many_of_each_digit(digits):
    """A smaller part is drawn by its seed, from the part, with its labels."""
    few = some_of(digits.train, 30, seed=1)
    assert few.labels.bincount(minlength=N_CLASSES).tolist() == [3] * N_CLASSES
    assert torch.equal(few.images, some_of(digits.train, 30, seed=1).images)
    assert not torch.equal(few.images, some_of(digits.train, 30, seed=2).images)
    for image, label in zip(few.images, few.labels, strict=True):
        (where,) = (digits.train.images == image).flatten(1).all(-1).nonzero()
        assert digits.train.labels[where] == label


@pytest.mark.parametrize("size", [9, 1190])
def test_some_of_the_images_says_how_many_there_can_be(digits, size):
    """Each digit has to be in the part, and some of each have to be left."""
    with pytest.raises(ValueError, match=f"from 10 to 1187 images, got {size}"):
        some_of(digits.train, size, seed=0)


def test_batches_keep_each_image_with_its_label():
    """A batch is drawn by its generator, from all images."""
    labels = torch.arange(7)
    part = Part(labels[:, None, None].expand(-1, 2, 3).float(), labels)
    draw = batches(part, 90)
    images, drawn = draw(torch.Generator().manual_seed(0))
    assert images.shape == (90, 2, 3)
    assert_close(images[:, 1, 2], drawn.float())
    assert set(drawn.tolist()) == set(range(7))
    assert torch.equal(draw(torch.Generator().manual_seed(0)).labels, drawn)


@pytest.mark.parametrize("n_images", [0, 3])
def test_batches_want_a_label_for_each_image(n_images):
    """What does not fit is an error that says both numbers."""
    with pytest.raises(ValueError, match=f"got {n_images} images and {n_images // 2} labels"):
        batches(Part(torch.rand(n_images, 2, 2), torch.arange(n_images // 2)), 4)


# --- the models ---


def test_the_vision_transformer_is_its_formula():
    """Class token and patches plus positions, block after block, and the class token is read."""
    model, images = small(), torch.rand(BATCH, 6, 6)
    patches = (patchify(images, 2) - 0.3) / 0.4
    tokens = patches @ model.to_token.weight.T + model.to_token.bias
    x = torch.stack([torch.cat([model.class_token[None], each]) for each in tokens])
    x = x + model.position
    maps = []
    for block in model.blocks:
        x, weights = block(x, return_weights=True)
        maps.append(weights)
    logits, found = model(images, return_weights=True)
    assert logits.shape == (BATCH, CLASSES)
    assert_close(logits, model.read(model.norm(x[:, 0])))
    assert found.shape == (LAYERS, BATCH, HEADS, 10, 10)
    assert_close(found, torch.stack(maps))
    assert_close(model(images), logits)


@pytest.mark.parametrize("shape", [(BATCH, 6, 8), (BATCH, 8, 6), (6, 6), (BATCH, 1, 6, 6)])
@pytest.mark.parametrize("model", [small(), DigitCNN(8, CLASSES, (3, 4))])
def test_an_image_of_another_size_is_refused(model, shape):
    """The error says which size the model was built for, which came, and what to do."""
    wanted = model.side
    if shape == (BATCH, wanted, wanted):
        pytest.skip("its own size")
    with pytest.raises(ValueError, match=rf"\(batch, {wanted}, {wanted}\).*resize or cut") as error:
        model(torch.rand(shape))
    assert str(tuple(shape)) in str(error.value)


def test_sides_have_to_fit_when_the_models_are_built():
    """Neither model can be built for sides that it cannot halve or cut."""
    with pytest.raises(ValueError, match="multiples of patch, got 7 × 7 and patch 2"):
        VisionTransformer(7, 2, **SIZES)
    with pytest.raises(ValueError, match="side must be a multiple of 4, got 6"):
        DigitCNN(6, CLASSES, (3, 4))


def test_the_cnn_scores_each_class():
    """A tiny one has two layers of filters and one map to the classes."""
    model = DigitCNN(8, CLASSES, (3, 4))
    assert model(torch.rand(BATCH, 8, 8)).shape == (BATCH, CLASSES)
    assert sum(p.numel() for p in model.parameters()) == 3 * 10 + 4 * (3 * 9 + 1) + CLASSES * 17


# --- looking, and covering ---


def test_class_rollout_is_rollout_image_by_image():
    """Each row is the class token's row of its image's rollout, without the class token."""
    model, images = small(), torch.rand(BATCH, 6, 6)
    found = class_rollout(model, images)
    assert found.shape == (BATCH, 9)
    for i in range(BATCH):
        _, maps = model(images[i : i + 1], return_weights=True)
        row = rollout(maps[:, 0])[0, 1:]
        assert_close(found[i], row / row.sum())


def test_cover_lays_paper_over_the_highest_scores():
    """In 9 patches of 2 × 2, two are white afterwards, and the images given stay."""
    images, scores = torch.ones(BATCH, 6, 6), torch.zeros(BATCH, 9)
    scores[0, [1, 5]] = 1.0
    scores[1, [0, 8]] = torch.tensor([3.0, 2.0])
    patches = patchify(cover(images, scores, 2), 2)
    assert_close(patches, (scores == 0).float()[..., None].expand(-1, -1, 4))
    assert images.eq(1).all()


def test_logistic_regression_is_scikit_learns(digits):
    """The copied weights call each image what the fitted model calls it."""
    few = some_of(digits.train, 40, seed=0)
    from sklearn.linear_model import LogisticRegression

    theirs = LogisticRegression(C=10.0, max_iter=2000).fit(few.images.flatten(1), few.labels)
    ours = logistic_regression(few)(digits.test.images)
    assert_close(ours.argmax(-1), torch.tensor(theirs.predict(digits.test.images.flatten(1))))
    assert ours.shape == (400, N_CLASSES)


# --- what the chapter claims ---


def test_the_two_networks_have_as_many_parameters():
    """Vision Transformer and convolutional network differ by at most one part in a hundred."""
    vit, cnn = (sum(p.numel() for p in build().parameters()) for build in (new_vit, new_cnn))
    assert abs(vit - cnn) <= 0.01 * vit


def test_with_few_images_the_cnn_is_ahead(digits):
    """From 60 images a Vision Transformer learns less on average, even in twice as many steps."""

    def mean(build, steps):
        models = [practise(build, some_of(digits.train, 60, seed), seed, steps) for seed in (0, 1)]
        return sum(share_right(model, digits.test) for model in models) / 2

    assert mean(new_cnn, 150) > mean(new_vit, 300) + 0.02


@torch.no_grad()
def test_without_positions_shuffled_patches_change_nothing():
    """A bag of patches gives the same scores in any order; with positions they differ."""
    patches = torch.rand(BATCH, 9, 4)
    bag, model = small(BagOfPatches), small()
    assert_close(bag.read_patches(patches[:, ORDER]), bag.read_patches(patches))
    assert not torch.allclose(model.read_patches(patches[:, ORDER]), model.read_patches(patches))


@torch.no_grad()
def test_patches_shuffled_with_their_positions_change_nothing():
    """The model has no other idea of where a patch is than its position's vector."""
    patches, model = torch.rand(BATCH, 9, 4), small()
    before = model.read_patches(patches)
    model.position[1:] = model.position[1:][ORDER]
    assert_close(model.read_patches(patches[:, ORDER]), before)


def test_without_positions_a_model_reads_far_fewer_digits(digits, quick):
    """Trained alike, the bag of patches loses more than a tenth of the images."""
    bag = practise(new_bag, digits.train, seed=0, steps=150)
    assert share_right(bag, digits.test) < share_right(quick, digits.test) - 0.1


def test_rollout_names_patches_that_matter(digits, quick):
    """Covering the four patches with most rollout hurts more than four by chance, or the last."""
    by = class_rollout(quick, digits.test.images)
    chance = torch.rand(by.shape, generator=torch.Generator().manual_seed(0))
    most, random, least = (
        share_right(quick, digits.test._replace(images=cover(digits.test.images, scores, 4)))
        for scores in (by, chance, -by)
    )
    assert most < random - 0.1
    assert random < least - 0.1


class Strips(VisionTransformer):
    """Cut by a reshape: a token is four pixels of a line."""

    def forward(self, images):
        return self.read_patches(images.reshape(len(images), 16, 4))


def test_a_model_trained_on_strips_reads_about_as_well(digits, quick):
    """A wrong cut shows neither in an error nor, much, in the accuracy."""
    strips = practise(
        lambda: Strips(SIDE, 2, N_CLASSES, **READING), digits.train, seed=0, steps=150
    )
    assert share_right(strips, digits.test) > share_right(quick, digits.test) - 0.1
