"""Distances, main directions and the ranking against a mask, by slow loops and by known cases."""

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.testing import assert_close

from attention.models.dino.looking import (
    class_maps,
    distances,
    main_colours,
    mean_distance,
    ranks_inside,
)

ROWS, COLUMNS, LAYERS, HEADS = 3, 4, 2, 5
LENGTH = 1 + ROWS * COLUMNS


def weights(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(LAYERS, HEADS, LENGTH, LENGTH, generator=generator).softmax(-1)


def test_a_map_is_a_picture_of_the_class_tokens_row():
    """Patch by patch, row by row, without the class token itself."""
    maps = weights()
    pictures = class_maps(maps, ROWS, COLUMNS)
    assert pictures.shape == (LAYERS, HEADS, ROWS, COLUMNS)
    assert pictures[1, 3, 2, 1] == maps[1, 3, 0, 1 + 2 * COLUMNS + 1]


def test_distances_are_those_of_squared_paper():
    """By Pythagoras."""
    far = distances(ROWS, COLUMNS)
    assert far[0, 1] == 1 and far[0, COLUMNS] == 1
    assert far[0, 2 * COLUMNS + 3].item() == pytest.approx(13**0.5)
    assert far.equal(far.T)


def test_mean_distance_agrees_with_a_loop():
    """What goes to the class token counts nowhere."""
    maps, far = weights(), distances(ROWS, COLUMNS)
    looked = 0.0
    for i in range(1, LENGTH):
        row = maps[1, 2, i, 1:]
        looked += sum((row[j] / row.sum() * far[i - 1, j]).item() for j in range(LENGTH - 1))
    expected = looked / (LENGTH - 1) / far.mean().item()
    assert mean_distance(maps, ROWS, COLUMNS)[1, 2].item() == pytest.approx(expected, rel=1e-5)


def test_mean_distance_of_known_heads():
    """Everywhere alike is 1, nobody but itself is 0."""
    alike = torch.full((1, 1, LENGTH, LENGTH), 1 / LENGTH)
    assert mean_distance(alike, ROWS, COLUMNS).item() == pytest.approx(1, rel=1e-5)
    assert mean_distance(torch.eye(LENGTH)[None, None], ROWS, COLUMNS).item() == 0


def test_main_colours_find_the_directions_that_differ():
    """Two groups in a high-dimensional space become two colours, whichever way the axes point."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(40, 9, generator=generator) * 0.01
    vectors[:10] += torch.randn(9, generator=generator)
    colours = main_colours(vectors)
    assert colours.shape == (40, 3) and colours.min() == 0 and colours.max() == 1
    assert colours[:10, 0].min() > 0.9 and colours[10:, 0].max() < 0.1
    turned, _ = torch.linalg.qr(torch.randn(9, 9, generator=generator))
    assert_close(main_colours(vectors @ turned)[:, 0], colours[:, 0], atol=1e-3, rtol=0)


def test_ranks_agree_with_scikit_learn():
    """Row by row, with ties; nothing inside is nothing to ask."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randint(5, (6, 30), generator=generator).float()
    mask = torch.rand(30, generator=generator) < 0.4
    expected = [roc_auc_score(mask, row) for row in scores]
    assert_close(ranks_inside(scores, mask), torch.tensor(expected, dtype=torch.float32))
    with pytest.raises(ValueError, match="an inside and an outside, got 0 of 30"):
        ranks_inside(scores, torch.zeros(30, dtype=torch.bool))
