"""Verdicts: the best answer, the share of right ones, and none at all of a model that is NaN."""

import math

import pytest
import torch
from torch import nn

from attention import head_by_pattern, pattern_scores
from attention.coreference import sentences_right
from attention.data.digits import Part
from attention.interpretation.digit_maps import cover
from attention.models.alignment import mirroring
from attention.models.alignment.bahdanau import Bahdanau
from attention.models.encoder_decoder.translating import share_exact
from attention.models.encoder_decoder.translator import Translator
from attention.models.gpt.ngram import NGram
from attention.models.judging import best, check_numbers, share
from attention.models.recommendation.ranking import hit_rate, ndcg, rank_of
from attention.models.speech.listener import Listener
from attention.models.speech.listening import Heard, right
from attention.models.toys.next_item import NextItem
from attention.models.toys.order import OrderModel, accuracy_by_place
from attention.models.toys.two_questions import TwoQuestions, right_answers
from attention.models.training import accuracy
from attention.models.vision.reading_digits import new_vit, share_right

NAN = "must be numbers, got NaN in "


def broken(model):
    """The model with NaN in all of its weights, as a training that has run away leaves it."""
    for weight in model.parameters():
        nn.init.constant_(weight, math.nan)
    return model.eval()


def draw(generator):
    return torch.randn(4, 3, generator=generator), torch.zeros(4, dtype=torch.long)


def order_task(size, length, generator):
    symbols = torch.randint(8, (size, length), generator=generator)
    return symbols, symbols


HEARD = Heard(torch.zeros(2, 3, 5), torch.tensor([3, 2]), torch.zeros(2, dtype=torch.long), None)
# Each was right about everything whose answer is number 0, or said so of some.
VERDICTS = {
    "accuracy": lambda: accuracy(broken(nn.Linear(3, 2)), draw),
    "digits": lambda: share_right(
        broken(new_vit()), Part(torch.zeros(3, 8, 8), torch.zeros(3, dtype=torch.long))
    ),
    "words heard": lambda: right(broken(Listener(5, 6)), HEARD),
    "mirrored": lambda: mirroring.sentences_right(broken(mirroring.new_translator(Bahdanau, 8)), 2),
    "translated": lambda: share_exact(broken(Translator())),
    "two questions": lambda: right_answers(broken(TwoQuestions(2))),
    "places": lambda: accuracy_by_place(broken(OrderModel("none")), order_task),
    "coreference": lambda: sentences_right(torch.full((2, 2, 2, 3, 4), math.nan)),
    "heads": lambda: head_by_pattern(torch.full((1, 2, 3, 3), math.nan), torch.eye(3) > 0),
    "patterns": lambda: pattern_scores(torch.full((1, 2, 3, 3), math.nan), torch.eye(3) > 0),
    "patches to cover": lambda: cover(torch.zeros(1, 8, 8), torch.full((1, 16), math.nan), 3),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_model_that_is_nan_is_told_so(name):
    """And not given a share of right answers, or a best head."""
    with pytest.raises(ValueError, match=NAN):
        VERDICTS[name]()


@pytest.mark.parametrize("measure", [rank_of, lambda *x: hit_rate(*x, 3), lambda *x: ndcg(*x, 3)])
@pytest.mark.parametrize("place", [0, 2, slice(None)], ids=["target", "another", "all"])
def test_a_list_with_nan_has_no_places(measure, place):
    """At the target it was place 0, a hit of the first rank and an infinite gain."""
    scores = torch.randn(4, 5)
    scores[1, place] = math.nan
    with pytest.raises(ValueError, match=rf"^scores {NAN}(1|5) of 20, first at \(1, "):
        measure(scores, torch.zeros(4, dtype=torch.long))


def test_infinity_has_a_place():
    """It is a number: the first or the last."""
    scores = torch.tensor([[math.inf, 0.0, 1.0], [-math.inf, 0.0, 1.0]])
    assert rank_of(scores, torch.tensor([0, 0])).tolist() == [1, 3]
    check_numbers("scores", scores)


def test_the_best_is_the_first_of_the_largest():
    """Along the last axis."""
    assert best(torch.tensor([[[1.0, 3.0, 3.0], [-math.inf, -9.0, -10.0]]])).tolist() == [[1, 1]]
    with pytest.raises(ValueError, match=r"^weights must be numbers, got NaN in 1 of 2, first at"):
        best(torch.tensor([0.0, math.nan]), "weights")


def test_a_share_is_counted():
    """Exactly, and of something."""
    assert share(torch.tensor([True, False, True])) == 2 / 3
    with pytest.raises(ValueError, match=r"^there is nothing to judge, got shape \(0, 3\)$"):
        share(torch.zeros(0, 3, dtype=torch.bool))


def test_what_has_no_continuation_cannot_be_surprising():
    """A text shorter than the pieces of a table has no average, which was NaN."""
    table = NGram(3, torch.tensor([0, 1, 0, 1]), 2)
    with pytest.raises(ValueError, match="at least order = 3 tokens, got 2"):
        table.surprise(torch.tensor([0, 1]))


def test_verdicts_need_no_float64(refuses_float64):
    """Apple's GPU has none; and they are exact without it."""
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    plain = accuracy(model, draw)
    scores, target = torch.randn(40, 7), torch.randint(7, (40,))
    ranks = rank_of(scores, target)
    with refuses_float64("cpu"):
        assert accuracy(model, draw) == plain
        assert hit_rate(scores, target, 3).item() == pytest.approx((ranks <= 3).sum().item() / 40)
        gains = [1 / math.log2(rank + 1) if rank <= 3 else 0.0 for rank in ranks.tolist()]
        assert ndcg(scores, target, 3).item() == pytest.approx(sum(gains) / 40)
        right_answers(TwoQuestions(2))
    with refuses_float64("meta"):
        for measure in (hit_rate, ndcg):
            assert measure(scores.to("meta"), target.to("meta"), 3).dtype == torch.float32
        assert NextItem(4, 3, 8)(torch.zeros(1, 3, dtype=torch.long)).shape == (1, 3, 4)
