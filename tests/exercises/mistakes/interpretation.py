"""Known answers to the exercise of interpretation: what people really write, right and wrong."""

import torch

from grading.known import mistake, right_answer


def _slice(attention, head):
    head_dim = attention.d_model // attention.n_heads
    return slice(head * head_dim, (head + 1) * head_dim)


def _zeroed(attention, where, copy=True):
    def without(module, inputs):
        answers = inputs[0].clone() if copy else inputs[0]
        answers[..., where] = 0
        return (answers,)

    return attention.to_output.register_forward_pre_hook(without)


def _zeroed_after(linear, where):
    def without(module, inputs, output):
        output = output.clone()
        output[..., where] = 0
        return output

    return linear.register_forward_hook(without)


@mistake("ablate_head", caught_by="test_returns_a_handle_that_undoes_it")
def returns_nothing(model, layer, head):
    """Registers the hook and forgets to return its handle."""
    attention = model.blocks[layer].attention
    _zeroed(attention, _slice(attention, head))


@mistake("ablate_head", caught_by="test_returns_a_handle_that_undoes_it")
def returns_the_model(model, layer, head):
    """Returns the changed model, as if it were a new one."""
    attention = model.blocks[layer].attention
    _zeroed(attention, _slice(attention, head))
    return model


class _Nothing:
    def remove(self):
        """There is nothing to undo."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


@mistake("ablate_head", caught_by="test_no_weight_is_changed")
def zeroes_the_columns_of_the_output_map(model, layer, head):
    """Writes zeros into the weights that read this head."""
    attention = model.blocks[layer].attention
    with torch.no_grad():
        attention.to_output.weight[:, _slice(attention, head)] = 0
    return _Nothing()


@mistake("ablate_head", caught_by="test_no_weight_is_changed")
def zeroes_the_value_map(model, layer, head):
    """Writes zeros into the rows that make this head's values."""
    attention = model.blocks[layer].attention
    with torch.no_grad():
        attention.to_value.weight[_slice(attention, head)] = 0
        attention.to_value.bias[_slice(attention, head)] = 0
    return _Nothing()


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def does_nothing(model, layer, head):
    """Returns a handle of a hook that changes nothing."""
    return model.blocks[layer].attention.to_output.register_forward_pre_hook(lambda m, x: None)


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def zeroes_after_the_output_map(model, layer, head):
    """Zeroes numbers of the layer's output, in which all heads are mixed."""
    attention = model.blocks[layer].attention
    return _zeroed_after(attention.to_output, _slice(attention, head))


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def zeroes_the_query(model, layer, head):
    """Zeroes the head's queries: its weights become even, and it still answers."""
    attention = model.blocks[layer].attention
    return _zeroed_after(attention.to_query, _slice(attention, head))


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def interleaved(model, layer, head):
    """Takes every n_heads-th number, as if the heads were interleaved."""
    attention = model.blocks[layer].attention
    return _zeroed(attention, slice(head, None, attention.n_heads))


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def head_dim_for_n_heads(model, layer, head):
    """Cuts slices as wide as there are heads."""
    attention = model.blocks[layer].attention
    return _zeroed(attention, slice(head * attention.n_heads, (head + 1) * attention.n_heads))


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def one_number_only(model, layer, head):
    """Zeroes number `head` instead of the head's numbers."""
    return _zeroed(model.blocks[layer].attention, head)


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def averages_instead(model, layer, head):
    """Replaces the head's answer by its average over the tokens."""
    attention = model.blocks[layer].attention

    def without(module, inputs):
        answers, own = inputs[0].clone(), _slice(attention, head)
        answers[..., own] = answers[..., own].mean(dim=1, keepdim=True)
        return (answers,)

    return attention.to_output.register_forward_pre_hook(without)


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def counts_layers_from_one(model, layer, head):
    """Silences the layer before."""
    attention = model.blocks[layer - 1].attention
    return _zeroed(attention, _slice(attention, head))


@mistake("ablate_head", caught_by="test_the_other_heads_are_heard")
def all_heads_from_here_on(model, layer, head):
    """Leaves the slice open at its end."""
    attention = model.blocks[layer].attention
    return _zeroed(attention, slice(_slice(attention, head).start, None))


@mistake("ablate_head", caught_by="test_the_other_heads_are_heard")
def the_whole_layer(model, layer, head):
    """Zeroes the answers of all heads."""
    return model.blocks[layer].attention.to_output.register_forward_pre_hook(
        lambda module, inputs: (torch.zeros_like(inputs[0]),)
    )


@mistake("ablate_head", caught_by="test_only_this_layer_is_changed")
def every_layer(model, layer, head):
    """Silences this head in all layers."""
    handles = [_zeroed(block.attention, _slice(block.attention, head)) for block in model.blocks]

    class All(_Nothing):
        def remove(self):
            for handle in handles:
                handle.remove()

        def __exit__(self, *error):
            self.remove()

    return All()


@mistake("ablate_head", caught_by="test_the_head_comes_back")
def never_removed(model, layer, head):
    """Returns a handle that undoes nothing."""
    attention = model.blocks[layer].attention
    _zeroed(attention, _slice(attention, head))
    return _Nothing()


@mistake("ablate_head", caught_by="test_what_the_hook_is_handed_is_not_written_to")
def writes_into_the_input(model, layer, head):
    """Zeroes in place what it was handed."""
    attention = model.blocks[layer].attention
    return _zeroed(attention, _slice(attention, head), copy=False)


@right_answer("ablate_head")
def by_a_product(model, layer, head):
    """Multiplies by ones and zeros."""
    attention = model.blocks[layer].attention
    keep = torch.ones(attention.n_heads, attention.d_model // attention.n_heads)
    keep[head] = 0
    return attention.to_output.register_forward_pre_hook(
        lambda module, inputs: (inputs[0] * keep.flatten(),)
    )


@right_answer("ablate_head")
def by_its_values(model, layer, head):
    """Zeroes the head's values: a weighted average of zeros is zero."""
    attention = model.blocks[layer].attention
    return _zeroed_after(attention.to_value, _slice(attention, head))


@right_answer("ablate_head")
def by_a_context_manager(model, layer, head):
    """A class of its own instead of the hook's handle."""
    attention = model.blocks[layer].attention

    class Silence:
        def __init__(self):
            self.handle = _zeroed(attention, _slice(attention, head))

        def remove(self):
            self.handle.remove()

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.remove()

    return Silence()
