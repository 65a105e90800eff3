"""What the chapter `seeing` claims of DINOv2's heads and vectors, on its two photographs."""

import pytest
import torch
from torch.nn import functional as F
from torch.nn.functional import cosine_similarity

from attention import ablate_head
from attention.data.photographs import cat, flower, grey, in_patches
from attention.data.pictures import fitted
from attention.models.dino.looking import main_colours, mean_distance, ranks_inside

SHORT = 224


class Seen:
    """A photograph as the model sees it: its vectors, its maps and the patches inside."""

    def __init__(self, model, photograph, change=lambda picture: picture, short=SHORT):
        self.picture = fitted(change(photograph.picture), short, model.patch)
        self.grid = [size // model.patch for size in self.picture.shape[1:]]
        self.inside = in_patches(photograph.inside, *self.grid) > 0.5
        vectors, maps = model(self.picture[None], return_weights=True)
        self.vectors, self.maps = vectors[0], maps[:, 0]
        self.agrees = ranks_inside(self.maps[:, :, 0, 1:], self.inside)  # (12, 6)


@pytest.fixture(scope="module")
def seen(dino):
    """The cat in colour and in grey, and the dahlia."""
    return {
        "cat": Seen(dino, cat()),
        "grey": Seen(dino, cat(), grey),
        "flower": Seen(dino, flower()),
    }


def chosen(seen):
    """The head that the dahlia chooses."""
    return divmod(seen["flower"].agrees.argmax().item(), 6)


def test_in_grey_a_head_finds_the_cat_and_no_baseline_does(seen):
    """Over .95 against under .7, for warmth, brightness and contrast."""
    assert seen["grey"].agrees[chosen(seen)] > 0.95
    picture, inside = seen["grey"].picture, seen["grey"].inside
    pixels = picture.mean(0).unfold(0, 14, 14).unfold(1, 14, 14).flatten(2).flatten(0, 1)
    warm = in_patches(picture[0] - picture[2], *seen["grey"].grid)
    for baseline in (pixels.mean(-1), pixels.std(-1), warm):
        assert 0.3 < ranks_inside(baseline, inside) < 0.7
    # and in colour warmth is as good as a head, as the page says
    picture = seen["cat"].picture
    warm = in_patches(picture[0] - picture[2], *seen["cat"].grid)
    assert ranks_inside(warm, inside) > 0.95


def test_one_head_looks_at_the_background(seen):
    """Head 3 of the last layer, under .1; so the mean of the heads agrees less than each other."""
    for name in ("cat", "grey"):
        assert seen[name].agrees[-1, 3] < 0.1
        others = seen[name].agrees[-1, [0, 1, 2, 4, 5]]
        mean = ranks_inside(seen[name].maps[-1, :, 0, 1:].mean(0), seen[name].inside)
        assert mean < others.min()


def test_what_the_answer_needs(dino, seen):
    """Without the chosen head the class token's vector turns most, without head 3 least."""
    layer, head = chosen(seen)
    assert layer == 11
    for name in ("cat", "flower"):
        turned = []
        for out in range(6):
            with ablate_head(dino, 11, out):
                vector = dino(seen[name].picture[None])[0, 0]
            turned.append(1 - cosine_similarity(vector, seen[name].vectors[0], dim=0).item())
        assert max(turned) == turned[head] and min(turned) == turned[3]


def test_the_first_direction_is_the_cat(seen):
    """One way round or the other, over .95."""
    for name in ("cat", "grey"):
        first = main_colours(seen[name].vectors[1:], 1).T
        split = ranks_inside(first, seen[name].inside).item()
        assert max(split, 1 - split) > 0.95


def test_near_heads_stand_in_the_first_half(seen):
    """Every head that looks less than .3 of the way; in its layer another looks over .75."""
    far = mean_distance(seen["cat"].maps, *seen["cat"].grid)
    near = (far < 0.3).nonzero()
    assert len(near) >= 4 and near[:, 0].max() < 6
    assert (far[near[:, 0].unique()].amax(1) > 0.75).all()


def with_places(dino, seen, change):
    """The last vectors if the places' vectors (rows, columns, d_model) are changed."""
    rows, columns = seen.grid
    right = dino.places(rows, columns)[1:].unflatten(0, (rows, columns))
    tokens = dino.embed(seen.picture[None])
    tokens[:, 1:] += (change(right) - right).flatten(0, 1)
    for block in dino.blocks:
        tokens = block(tokens)
    return cosine_similarity(dino.norm(tokens)[0], seen.vectors, dim=-1)


def test_a_wrong_stretch_costs_little(dino, seen):
    """Corners on corners, and the nearest place: the cosines are over .99 in the mean."""
    grid = dino.position[1:].T.unflatten(1, (37, 37))[None]
    for how in ({"mode": "bicubic", "align_corners": True}, {"mode": "nearest"}):
        wrong = F.interpolate(grid, seen["cat"].grid, **how)[0].permute(1, 2, 0)
        alike = with_places(dino, seen["cat"], lambda _, wrong=wrong: wrong)
        assert 0.99 < alike.mean() < 0.99999 and alike[0] > 0.99


def test_a_wrong_order_costs_much(dino, seen):
    """Upside down and by lot: under .7, and less alike than right places are to themselves."""
    assert with_places(dino, seen["cat"], lambda right: right).min() > 0.999
    lot = torch.randperm(16 * 24, generator=torch.Generator().manual_seed(0))
    for change in (lambda x: x.flip(0), lambda x: x.flatten(0, 1)[lot].unflatten(0, (16, 24))):
        alike = with_places(dino, seen["cat"], change)
        assert alike[1:].mean() < 0.7 and alike[0] < 0.7


def test_no_patch_stands_out(dino):
    """In no layer, in neither photograph, at 224 pixels and at 336."""
    for photograph in (cat(), flower()):
        for short in (224, 336):
            tokens = dino.embed(fitted(photograph.picture, short, 14)[None])
            for block in dino.blocks:
                tokens = block(tokens)
                lengths = tokens[0, 1:].norm(dim=-1)
                assert lengths.max() < 3 * lengths.median()
