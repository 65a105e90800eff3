"""Known answers to the exercise of recommendation: what people really write, right and wrong."""

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
