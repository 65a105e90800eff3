"""The checks that grade the exercise of the chapter coreference, on made-up maps.

Sizes all differ, so that no axis passes for another: 2 layers, 3 heads, sentences of 6 and 7
tokens. Pronoun and nouns stand at other places in the second sentence than in the first.
"""

import torch

from grading.checks import Failure, assert_unchanged, exercise, maps, points

pair_score = exercise("pair_score")

LAYERS, HEADS, LENGTHS = 2, 3, (6, 7)
PRONOUNS, NOUNS = (4, 5), ((1, 3), (2, 4))
SPOT = (1, 2)


@points(1, hint="Every head of every layer gets a score of its own. Which axes are left, once you "
        "have picked the pronoun's row and a noun's column?")  # fmt: skip
def test_pair_has_a_score_for_each_head(pair_score):
    """There is one whole number for each head of each layer, 0 or 1."""
    scores = _scores(pair_score, _pair({SPOT: ((0.6, 0.2), (0.1, 0.5))}))
    if not ((scores == 0) | (scores == 1)).all():
        raise Failure(
            f"Each score is 1 or 0; among yours is {scores[(scores != 0) & (scores != 1)][0]:.3g}.",
            hint="Two things must hold: the head is right in the first sentence, and right in "
            "the second. One of them alone scores nothing. What makes one yes or no of two?",
        )


@points(1, hint="The maps are the caller's.")
def test_pair_leaves_the_maps_alone(pair_score):
    """The maps are not written to."""
    given = _pair({SPOT: ((0.6, 0.2), (0.1, 0.5))})
    before = [each.clone() for each in given]
    pair_score(given, PRONOUNS, NOUNS)
    for then, now in zip(before, given, strict=True):
        assert_unchanged(then, now, "the maps")


@points(2, hint="A head turns if it prefers the first noun in the first sentence, and the second "
        "in the second. In which sentence is which noun the right one?")  # fmt: skip
def test_pair_finds_the_head_that_turns(pair_score):
    """A head that gives the right noun more in both sentences scores 1."""
    for layer in range(LAYERS):
        for head in range(HEADS):
            given = _pair({(layer, head): ((0.6, 0.1), (0.1, 0.6))})
            _expect(pair_score, given, (layer, head), 1, "gives the right noun 0.6 and the other "
                    "0.1, in both sentences")  # fmt: skip


@points(3, hint="The pronoun asks and the noun answers. Which of the two is the row of the map?")
def test_pair_is_asked_by_the_pronoun(pair_score):
    """What the nouns give to the pronoun does not count."""
    given = _pair({SPOT: ((0.6, 0.2), (0.1, 0.5))})
    for each, pronoun, (first, second) in zip(given, PRONOUNS, NOUNS, strict=True):
        # the other way round in the pronoun's column
        right, wrong = each[*SPOT, pronoun, first].item(), each[*SPOT, pronoun, second].item()
        each[*SPOT, first, pronoun], each[*SPOT, second, pronoun] = wrong, right
    _expect(pair_score, given, SPOT, 1, "turns as it should; only in the nouns' own rows, where "
            "they ask the pronoun, it is the other way round")  # fmt: skip


@points(3, hint="A head that always prefers the same noun is right in one sentence of every pair, "
        "and need not read the deciding word. What must be true of *both* sentences?")  # fmt: skip
def test_pair_gives_a_habit_nothing(pair_score):
    """A head that keeps to one noun scores 0, whichever it is and however its weights move."""
    for one, other in (((0.6, 0.1), (0.6, 0.1)), ((0.1, 0.6), (0.1, 0.6)),
                       ((0.7, 0.1), (0.4, 0.3)), ((0.3, 0.4), (0.1, 0.7))):  # fmt: skip
        _expect(pair_score, _pair({SPOT: (one, other)}), SPOT, 0, _told(one, other))


@points(2, hint="Turning is not enough. In which direction should the head turn?")
def test_pair_gives_the_wrong_way_nothing(pair_score):
    """A head that prefers the wrong noun in both sentences scores 0."""
    one, other = (0.1, 0.6), (0.6, 0.1)
    _expect(pair_score, _pair({SPOT: (one, other)}), SPOT, 0, _told(one, other))


@points(2, hint="Compare the two nouns with each other. What other tokens get, or how much would "
        "be enough, was not asked.")  # fmt: skip
def test_pair_compares_the_nouns_alone(pair_score):
    """Small weights count like large ones, whatever else the pronoun looks at."""
    one, other = (0.05, 0.02), (0.01, 0.02)
    _expect(pair_score, _pair({SPOT: (one, other)}), SPOT, 1, _told(one, other))


@points(1, hint="If both nouns get the same, has the head chosen one?")
def test_pair_counts_equal_weights_as_wrong(pair_score):
    """Where both nouns get the same, the head has not told them apart."""
    for one, other in (((0.3, 0.3), (0.1, 0.6)), ((0.6, 0.1), (0.3, 0.3)), ((0.2,) * 2,) * 2):
        _expect(pair_score, _pair({SPOT: (one, other)}), SPOT, 0, _told(one, other))


@points(2, hint="Each head is judged by its own weights. What one head gives says nothing of "
        "another.")  # fmt: skip
def test_pair_judges_each_head_by_itself(pair_score):
    """Two heads that are right in one sentence each do not make one that is right."""
    given = _pair({(0, 0): ((0.8, 0.1), (0.6, 0.1)), (0, 1): ((0.1, 0.6), (0.1, 0.8)),
                   (1, 0): ((0.3, 0.2), (0.2, 0.3)), (1, 1): ((0.8, 0.1), (0.5, 0.2))})  # fmt: skip
    expected = torch.zeros(LAYERS, HEADS)
    expected[1, 0] = 1
    scores = _scores(pair_score, given)
    if not torch.equal(scores, expected):
        raise Failure(
            "Of six heads only layer 1, head 0 turns as it should.",
            pictures=[maps({"yours": scores, "expected": expected},
                           marked=(scores != expected).nonzero().tolist())],
        )  # fmt: skip


def _pair(heads):
    """Two even maps, but for some heads: {(layer, head): what the pronoun gives the two nouns}.

    What is left of the pronoun's row goes to token 0.
    """
    made = [torch.full((LAYERS, HEADS, n, n), 1 / n) for n in LENGTHS]
    for spot, both in heads.items():
        for each, pronoun, nouns, given in zip(made, PRONOUNS, NOUNS, both, strict=True):
            row = torch.zeros(each.shape[-1])
            row[list(nouns)] = torch.tensor(given)
            row[0] = 1 - sum(given)
            each[*spot, pronoun] = row
    return made


def _scores(pair_score, given):
    """The answer as numbers (LAYERS, HEADS), or a failure that says what came instead."""
    scores = pair_score([each.clone() for each in given], PRONOUNS, NOUNS)
    if not isinstance(scores, torch.Tensor) or scores.shape != (LAYERS, HEADS):
        what = "None" if scores is None else f"a {type(scores).__name__}"
        if isinstance(scores, torch.Tensor):
            what = f"shape {tuple(scores.shape)}"
        raise Failure(f"Expected a tensor of shape {(LAYERS, HEADS)}, got {what}.")
    return scores.detach().float()


def _told(one, other):
    return (
        f"gives the two nouns {one[0]} and {one[1]} in the first sentence, {other[0]} and "
        f"{other[1]} in the second"
    )


def _expect(pair_score, given, spot, right, what):
    """Fail with a picture of both rows, unless this head gets the score."""
    found = _scores(pair_score, given)[spot].item()
    if found != right:
        rows = [each[*spot, pronoun][None] for each, pronoun in zip(given, PRONOUNS, strict=True)]
        pictures = [
            maps(
                {
                    f"first sentence, nouns at {NOUNS[0]}": rows[0],
                    f"second sentence, nouns at {NOUNS[1]}": rows[1],
                }
            )
        ]
        turned = _scores(pair_score, [each.mT.contiguous() for each in given])[spot].item()
        asks = "Which token asks, and so is the row of the map: the pronoun or the noun?"
        raise Failure(
            f"Layer {spot[0]}, head {spot[1]} {what}. Its score is {right}; yours is {found:g}.",
            pictures=pictures,
            hint=_slip(pair_score) or (asks if right == turned == 1 else None),
        )


def _prefers(given, sentence, pronoun, one, other):
    """(LAYERS, HEADS): does the pronoun's row give one place more than the other?"""
    row = given[sentence][:, :, pronoun]
    return row[..., one] > row[..., other]


def _slip(pair_score):
    """The hint for a slip that explains the answer on maps drawn by chance, if one does."""
    generator = torch.Generator().manual_seed(3)
    drawn = [[torch.rand(LAYERS, HEADS, n, n, generator=generator) for n in LENGTHS]
             for _ in range(8)]  # fmt: skip
    found = torch.stack([_scores(pair_score, given) for given in drawn])
    (asks, asks_2), ((first, second), (first_2, second_2)) = PRONOUNS, NOUNS
    places = (
        "In the second sentence the pronoun and the nouns stand elsewhere. Whose places do you "
        "look at there?"
    )
    crossed = "`nouns[0]` holds both nouns of the first sentence. What does each index count?"
    slips = [  # what is compared in the first sentence, and in the second
        ((asks, first, second), (asks, second, first), places),
        ((asks, first, second), (asks_2, second, first), places),
        ((asks, first, second), (asks, second_2, first_2), places),
        ((asks, first, first_2), (asks_2, second_2, second), crossed),
    ]
    for one, two, hint in slips:
        guess = [_prefers(given, 0, *one) & _prefers(given, 1, *two) for given in drawn]
        if torch.stack(guess).float().equal(found):
            return hint
    return None
