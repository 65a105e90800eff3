"""Known answers to the exercises of recommendation: what people really write, right and wrong."""

import math

import torch

from grading.known import mistake, right_answer


@mistake("training_pairs", caught_by="test_returns_a_pair_of_tensors")
def one_list_of_pairs(session):
    """Returns a list of pairs of numbers, one for each place."""
    return list(zip(session[:-1].tolist(), session[1:].tolist(), strict=True))


@mistake("training_pairs", caught_by="test_returns_a_pair_of_tensors")
def plain_lists(session):
    """Returns two lists."""
    return session[:-1].tolist(), session[1:].tolist()


@mistake("training_pairs", caught_by="test_returns_a_pair_of_tensors")
def a_list_of_beginnings(session):
    """Writes out for each place all that was read up to it."""
    return [session[: i + 1] for i in range(len(session) - 1)], session[1:]


@mistake("training_pairs", caught_by="test_returns_a_pair_of_tensors")
def only_the_targets(session):
    """Returns the shifted session alone."""
    return session[1:]


@mistake("training_pairs", caught_by="test_there_are_as_many_targets_as_inputs")
def the_whole_session_is_read(session):
    """Reads the last item too, after which nothing is known."""
    return session, session[1:]


@mistake("training_pairs", caught_by="test_there_are_as_many_targets_as_inputs")
def only_the_last_item_is_named(session):
    """Makes one example of a session: all but the last, and the last."""
    return session[:-1], session[-1:]


@mistake("training_pairs", caught_by="test_there_are_as_many_targets_as_inputs")
def around_the_end(session):
    """Shifts by `roll`, so that the last place is to name the first item."""
    return session, session.roll(-1)


@mistake("training_pairs", caught_by="test_there_are_as_many_targets_as_inputs")
def two_places_on(session):
    """Drops two items at each end."""
    return session[:-2], session[2:]


@mistake("training_pairs", caught_by="test_no_target_has_been_read")
def names_what_it_reads(session):
    """Targets are the inputs: the model has only to copy."""
    return session[:-1], session[:-1]


@mistake("training_pairs", caught_by="test_no_target_has_been_read")
def shifted_the_wrong_way(session):
    """Reads the later item and is to name the earlier one, which it has read."""
    return session[1:], session[:-1]


@mistake("training_pairs", caught_by="test_the_target_comes_right_after_the_input")
def backwards(session):
    """Reads the session from its end."""
    back = session.flip(0)
    return back[:-1], back[1:]


@mistake("training_pairs", caught_by="test_the_target_comes_right_after_the_input")
def always_the_last(session):
    """Names the last item of the session at each place."""
    return session[:-1], session[-1:].expand(len(session) - 1)


@mistake("training_pairs", caught_by="test_two_items_make_one_example")
def made_for_five(session):
    """Counts with the length of the example."""
    return session[:4], session[1:5]


@mistake("training_pairs", caught_by="test_items_stay_whole_numbers")
def as_floats(session):
    """Turns item numbers into real ones."""
    return session[:-1], session[1:].float()


@mistake("training_pairs", caught_by="test_session_is_not_written_to")
def marks_the_end(session):
    """Writes an end mark into the session after reading it."""
    inputs, targets = session[:-1].clone(), session[1:].clone()
    session[-1] = -100
    return inputs, targets


@right_answer("training_pairs")
def by_narrow(session):
    """Names start and length."""
    return session.narrow(0, 0, len(session) - 1), session.narrow(0, 1, len(session) - 1)


@right_answer("training_pairs")
def by_a_loop(session):
    """Place by place."""
    places = range(len(session) - 1)
    inputs = torch.stack([session[t] for t in places])
    return inputs, torch.stack([session[t + 1] for t in places])


@right_answer("training_pairs")
def by_windows(session):
    """Windows of two, transposed."""
    inputs, targets = session.unfold(0, 2, 1).T
    return inputs, targets


def _ranks(scores, target):
    return (scores >= scores.gather(-1, target[:, None])).sum(-1)


def _gains(ranks, k):
    return torch.where(ranks <= k, 1 / (ranks + 1).log2(), 0.0)


@mistake("ndcg", caught_by="test_one_number_comes_back")
def a_number_for_each_list(scores, target, k):
    """Forgets the mean."""
    return _gains(_ranks(scores, target), k)


@mistake("ndcg", caught_by="test_one_number_comes_back")
def a_plain_number(scores, target, k):
    """Returns a number of Python's."""
    return _gains(_ranks(scores, target), k).mean().item()


@mistake("ndcg", caught_by="test_scores_are_not_written_to")
def sorts_the_callers_scores(scores, target, k):
    """Marks the right item by raising it out of reach, in the caller's table."""
    ranks = _ranks(scores, target)
    scores.scatter_(-1, target[:, None], float("-inf"))
    return _gains(ranks, k).mean()


@mistake("ndcg", caught_by="test_the_first_place_counts_one")
def lowest_score_first(scores, target, k):
    """Ranks from the lowest score up, as `sort` does unless told otherwise."""
    return _gains(_ranks(-scores, target), k).mean()


@mistake("ndcg", caught_by="test_the_first_place_counts_one")
def ranks_from_zero(scores, target, k):
    """Counts the items that score higher, and forgets that the first place is place 1."""
    ranks = (scores > scores.gather(-1, target[:, None])).sum(-1)
    return _gains(ranks, k).mean()


@mistake("ndcg", caught_by="test_the_first_place_counts_one")
def logarithm_of_the_rank(scores, target, k):
    """Leaves the + 1 out, so that the first place is divided by log 1 = 0."""
    ranks = _ranks(scores, target)
    return torch.where(ranks <= k, 1 / ranks.float().log2(), 0.0).mean()


@mistake("ndcg", caught_by="test_the_first_place_counts_one")
def natural_logarithm(scores, target, k):
    """Takes the logarithm to base e."""
    ranks = _ranks(scores, target)
    return torch.where(ranks <= k, 1 / (ranks + 1).log(), 0.0).mean()


@mistake("ndcg", caught_by="test_the_first_place_counts_one")
def argsort_for_the_rank(scores, target, k):
    """Looks the target up in the order of the items instead of searching it there."""
    order = scores.argsort(-1, descending=True)
    return _gains(order.gather(-1, target[:, None]).squeeze(-1) + 1, k).mean()


@mistake("ndcg", caught_by="test_lower_places_count_less")
def one_divided_by_the_rank(scores, target, k):
    """The mean reciprocal rank, another measure."""
    ranks = _ranks(scores, target)
    return torch.where(ranks <= k, 1 / ranks, 0.0).mean()


@mistake("ndcg", caught_by="test_lower_places_count_less")
def only_hits(scores, target, k):
    """The hit rate: every place counts the same."""
    return (_ranks(scores, target) <= k).float().mean()


@mistake("ndcg", caught_by="test_beyond_k_nothing_counts")
def never_cut_off(scores, target, k):
    """Lets places beyond k count, too."""
    return (1 / (_ranks(scores, target) + 1).log2()).mean()


@mistake("ndcg", caught_by="test_beyond_k_nothing_counts")
def place_k_is_not_shown(scores, target, k):
    """Cuts one place too early."""
    return _gains(_ranks(scores, target), k - 1).mean()


@mistake("ndcg", caught_by="test_beyond_k_nothing_counts")
def argmax_finds_nothing(scores, target, k):
    """Searches the first k items, and takes a search without success for a first place."""
    hit = scores.topk(k, dim=-1).indices == target[:, None]
    return (1 / torch.log2(hit.float().argmax(-1) + 2.0)).mean()


@mistake("ndcg", caught_by="test_every_list_is_in_the_mean")
def mean_of_the_hits(scores, target, k):
    """Leaves lists that miss out of the mean."""
    gains = _gains(_ranks(scores, target), k)
    return gains.sum() / (gains > 0).sum().clamp(min=1)


@mistake("ndcg", caught_by="test_beyond_k_nothing_counts")
def mean_of_no_hits(scores, target, k):
    """Takes the mean over the lists that hit; where none does, that is NaN."""
    ranks = _ranks(scores, target)
    return (1 / torch.log2(ranks[ranks <= k] + 1.0)).mean()


@mistake("ndcg", caught_by="test_every_list_is_in_the_mean")
def every_target_for_every_list(scores, target, k):
    """Picks the columns of all targets, so that each list is asked for each list's item."""
    own = scores[:, target]
    rank = (scores[:, None] >= own[:, :, None]).sum(-1)
    return torch.where(rank <= k, 1 / torch.log2(rank + 1.0), 0.0).mean()


@mistake("ndcg", caught_by="test_every_list_is_in_the_mean")
def sum_over_lists(scores, target, k):
    """Adds up."""
    return _gains(_ranks(scores, target), k).sum()


@mistake("ndcg", caught_by="test_every_list_is_in_the_mean")
def first_target_for_all(scores, target, k):
    """Looks for the first list's item in all lists."""
    own = scores[:, target[0]]
    return _gains((scores >= own[:, None]).sum(-1), k).mean()


@mistake("ndcg", caught_by="test_who_scores_all_alike_earns_nothing")
def equals_stand_behind(scores, target, k):
    """Counts only those that score higher, so that scoring all alike is perfect."""
    ranks = 1 + (scores > scores.gather(-1, target[:, None])).sum(-1)
    return _gains(ranks, k).mean()


@mistake("ndcg", caught_by="test_who_scores_all_alike_earns_nothing")
def equals_as_sort_leaves_them(scores, target, k):
    """Searches the sorted list, where equals stand in the order of their numbers."""
    order = scores.argsort(dim=-1, descending=True, stable=True)
    ranks = (order == target[:, None]).int().argmax(-1) + 1
    return _gains(ranks, k).mean()


@right_answer("ndcg")
def list_by_list(scores, target, k):
    """In loops, with Python's logarithm."""
    total = 0.0
    for row, wanted in zip(scores.tolist(), target.tolist(), strict=True):
        rank = sum(score >= row[wanted] for score in row)
        total += 1 / math.log2(rank + 1) if rank <= k else 0.0
    return torch.tensor(total / len(target))


@right_answer("ndcg")
def by_searching_sorted_scores(scores, target, k):
    """Sorts the scores and asks where the right item's would have to stand."""
    own = scores[torch.arange(len(target)), target]
    below = torch.searchsorted(scores.sort(-1).values, own[:, None])
    ranks = scores.shape[-1] - below.squeeze(-1)
    return (1 / (ranks + 1).log2() * (ranks <= k)).mean()


@right_answer("ndcg")
def by_a_table_of_discounts(scores, target, k):
    """A list of what each place counts, with zeros from place k + 1."""
    places = torch.arange(1, scores.shape[-1] + 1)
    counts = 1 / torch.log2(places + 1.0)
    counts[k:] = 0
    own = scores.gather(1, target.view(-1, 1))
    others = torch.sum(scores > own, 1) + torch.sum(scores == own, 1) - 1
    return counts[others].mean()
