"""Known answers to the exercise of coreference: what people really write, right and wrong."""

import torch

from grading.known import mistake, right_answer


def _leans(maps, pronouns, nouns):
    """Of each sentence (n_layers, n_heads): the first noun's weight minus the second's."""
    rows = [each[:, :, pronoun] for each, pronoun in zip(maps, pronouns, strict=True)]
    return [row[..., i] - row[..., j] for row, (i, j) in zip(rows, nouns, strict=True)]


@mistake("pair_score", caught_by="test_pair_has_a_score_for_each_head")
def heads_counted(maps, pronouns, nouns):
    """Counts the heads that are right instead of naming them."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0) & (other < 0)).sum()


@mistake("pair_score", caught_by="test_pair_has_a_score_for_each_head")
def heads_averaged(maps, pronouns, nouns):
    """Averages the heads of a layer first."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one.mean(-1) > 0) & (other.mean(-1) < 0)).long()


@mistake("pair_score", caught_by="test_pair_gives_a_habit_nothing")
def share_of_the_sentences(maps, pronouns, nouns):
    """Gives one half where one of the two sentences is right."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0).float() + (other < 0).float()) / 2


@mistake("pair_score", caught_by="test_pair_has_a_score_for_each_head")
def how_far_it_turns(maps, pronouns, nouns):
    """Returns by how much the weights move."""
    one, other = _leans(maps, pronouns, nouns)
    return one - other


@mistake("pair_score", caught_by="test_pair_leaves_the_maps_alone")
def other_tokens_struck_out_in_place(maps, pronouns, nouns):
    """Sets the pronoun's weight on all other tokens to zero, in the caller's maps."""
    for each, pronoun, kept in zip(maps, pronouns, nouns, strict=True):
        for token in range(each.shape[-1]):
            if token not in kept:
                each[:, :, pronoun, token] = 0
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0) & (other < 0)).long()


@mistake("pair_score", caught_by="test_pair_finds_the_head_that_turns")
def the_first_noun_both_times(maps, pronouns, nouns):
    """Takes the first noun for the right one in both sentences."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0) & (other > 0)).long()


@mistake("pair_score", caught_by="test_pair_finds_the_head_that_turns")
def places_of_the_first_sentence(maps, pronouns, nouns):
    """Reads the second map at the places of the first sentence."""
    one, other = _leans(maps, (pronouns[0],) * 2, (nouns[0],) * 2)
    return ((one > 0) & (other < 0)).long()


@mistake("pair_score", caught_by="test_pair_finds_the_head_that_turns")
def layers_and_heads_exchanged(maps, pronouns, nouns):
    """Reads the heads as layers, and gives the table the right shape by a view."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0) & (other < 0)).long().T.reshape(one.shape)


@mistake("pair_score", caught_by="test_pair_finds_the_head_that_turns")
def rows_and_columns_exchanged(maps, pronouns, nouns):
    """Reads what the nouns give to the pronoun."""
    one, other = _leans([each.mT for each in maps], pronouns, nouns)
    return (one > 0) & (other < 0)


@mistake("pair_score", caught_by="test_pair_is_asked_by_the_pronoun")
def asked_by_the_nouns(maps, pronouns, nouns):
    """Reads the nouns' rows at the pronoun's column, where the rows of a head are not even."""
    columns = [each[..., pronoun] for each, pronoun in zip(maps, pronouns, strict=True)]
    one, other = (c[..., i] - c[..., j] for c, (i, j) in zip(columns, nouns, strict=True))
    rows = _leans(maps, pronouns, nouns)
    one, other = (c.where(c != 0, r) for c, r in zip((one, other), rows, strict=True))
    return ((one > 0) & (other < 0)).long()


@mistake("pair_score", caught_by="test_pair_gives_a_habit_nothing")
def one_sentence_is_enough(maps, pronouns, nouns):
    """Joins the two with or."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0) | (other < 0)).long()


@mistake("pair_score", caught_by="test_pair_gives_a_habit_nothing")
def the_first_sentence_alone(maps, pronouns, nouns):
    """Looks at the sentence in which "it" is the animal."""
    return (_leans(maps, pronouns, nouns)[0] > 0).long()


@mistake("pair_score", caught_by="test_pair_gives_a_habit_nothing")
def sentence_and_noun_crossed(maps, pronouns, nouns):
    """Takes the first index of `nouns` for the noun, and the second for the sentence."""
    one, other = _leans(maps, pronouns, list(zip(*nouns, strict=True)))
    return ((one > 0) & (other < 0)).long()


@mistake("pair_score", caught_by="test_pair_gives_a_habit_nothing")
def moves_the_right_way(maps, pronouns, nouns):
    """Asks whether the first noun gains when its ending comes, not whether it wins."""
    one, other = _leans(maps, pronouns, nouns)
    return (one > other).long()


@mistake("pair_score", caught_by="test_pair_gives_the_wrong_way_nothing")
def turns_either_way(maps, pronouns, nouns):
    """Counts a head that prefers another noun in the second sentence, right or wrong."""
    one, other = _leans(maps, pronouns, nouns)
    return (one.sign() * other.sign() < 0).long()


@mistake("pair_score", caught_by="test_pair_compares_the_nouns_alone")
def largest_of_the_row(maps, pronouns, nouns):
    """Wants the right noun to get more than any other token."""
    right = [
        each[:, :, pronoun].argmax(-1) == both[k]
        for k, (each, pronoun, both) in enumerate(zip(maps, pronouns, nouns, strict=True))
    ]
    return (right[0] & right[1]).long()


@mistake("pair_score", caught_by="test_pair_compares_the_nouns_alone")
def by_a_margin(maps, pronouns, nouns):
    """Wants the right noun to get a tenth of the weight more."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one > 0.1) & (other < -0.1)).long()


@mistake("pair_score", caught_by="test_pair_counts_equal_weights_as_wrong")
def equal_is_enough(maps, pronouns, nouns):
    """Counts equal weights as right: `>=` for `>`."""
    one, other = _leans(maps, pronouns, nouns)
    return ((one >= 0) & (other <= 0) & ((one != 0) | (other != 0))).long()


@mistake("pair_score", caught_by="test_pair_judges_each_head_by_itself")
def heads_joined_before_they_are_judged(maps, pronouns, nouns):
    """Asks whether any head of the layer is right in each sentence, and then for the best."""
    one, other = _leans(maps, pronouns, nouns)
    both = (one > 0).any(-1, keepdim=True) & (other < 0).any(-1, keepdim=True)
    swing = one - other
    return (both & (swing == swing.amax(-1, keepdim=True)) & (swing > 0)).long()


@right_answer("pair_score")
def as_booleans(maps, pronouns, nouns):
    one, other = _leans(maps, pronouns, nouns)
    return one.gt(0) & other.lt(0)


@right_answer("pair_score")
def head_by_head(maps, pronouns, nouns):
    n_layers, n_heads = maps[0].shape[:2]
    scores = torch.zeros(n_layers, n_heads)
    for layer in range(n_layers):
        for head in range(n_heads):
            first = maps[0][layer, head, pronouns[0]]
            second = maps[1][layer, head, pronouns[1]]
            if (
                first[nouns[0][0]] > first[nouns[0][1]]
                and second[nouns[1][1]] > second[nouns[1][0]]
            ):
                scores[layer, head] = 1.0
    return scores


@right_answer("pair_score")
def by_sorting_the_two(maps, pronouns, nouns):
    right = torch.ones(maps[0].shape[:2], dtype=torch.int64)
    for k in range(2):
        row = maps[k].select(2, pronouns[k])
        mine, other = row[..., nouns[k][k]], row[..., nouns[k][1 - k]]
        right *= torch.stack([other, mine]).diff(dim=0)[0].sign().clamp(min=0).long()
    return right
