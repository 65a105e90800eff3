"""Known answers to the exercises of interpretation: what people really write, right and wrong."""

from functools import reduce

import torch

from grading.known import mistake, right_answer

# rollout


def _mixed(maps):
    """(n_layers, length, length): ½ (W̄ + I) of each layer."""
    return (maps.mean(1) + torch.eye(maps.shape[-1], dtype=maps.dtype)) / 2


def _product(tables):
    """The last table on the left."""
    return reduce(lambda below, table: table @ below, tables)


@mistake("rollout", caught_by="test_rollout_is_one_table")
def heads_kept_apart(maps):
    """Multiplies each head with the head of the same number in the layer below."""
    return _product((maps + torch.eye(maps.shape[-1], dtype=maps.dtype)) / 2)


@mistake("rollout", caught_by="test_rollout_is_one_table")
def already_received(maps):
    """Averages the rows: what each token receives, one number a token."""
    return _product(_mixed(maps)).mean(0)


@mistake("rollout", caught_by="test_rollout_leaves_the_maps_alone")
def identity_added_in_place(maps):
    """Adds the identity to the caller's maps."""
    maps += torch.eye(maps.shape[-1], dtype=maps.dtype)
    return _product(maps.mean(1) / 2)


@mistake("rollout", caught_by="test_rollout_takes_double_precision")
def identity_in_float32(maps):
    """Starts from torch.eye(n), which cannot be multiplied with float64."""
    table = torch.eye(maps.shape[-1])
    for layer in maps.mean(1):
        table = (layer + torch.eye(len(layer))) / 2 @ table
    return table


@mistake("rollout", caught_by="test_rollout_rows_sum_to_one")
def half_forgotten(maps):
    """Adds the identity and does not halve: the rows of each layer sum to two."""
    return _product(_mixed(maps) * 2)


@mistake("rollout", caught_by="test_rollout_rows_sum_to_one")
def heads_summed(maps):
    """Sums the heads instead of averaging."""
    return _product((maps.sum(1) + torch.eye(maps.shape[-1], dtype=maps.dtype)) / 2)


@mistake("rollout", caught_by="test_rollout_rows_sum_to_one")
def ones_for_the_identity(maps):
    """Adds 1 to every weight, as if every token went past everywhere."""
    return _product((maps.mean(1) + 1) / 2)


@mistake("rollout", caught_by="test_rollout_rows_sum_to_one")
def entry_by_entry(maps):
    """Multiplies with * instead of @."""
    return _mixed(maps).prod(0)


@mistake("rollout", caught_by="test_rollout_rows_sum_to_one")
def strongest_head(maps):
    """Takes the largest weight of any head."""
    return _product((maps.amax(1) + torch.eye(maps.shape[-1], dtype=maps.dtype)) / 2)


@mistake("rollout", caught_by="test_rollout_mixes_in_the_identity")
def without_the_identity(maps):
    """Multiplies the averaged maps as they are."""
    return _product(maps.mean(1))


@mistake("rollout", caught_by="test_rollout_mixes_in_the_identity")
def identity_normalised_away(maps):
    """Adds a little of the identity and divides by the rows' sums."""
    tables = maps.mean(1) + torch.eye(maps.shape[-1], dtype=maps.dtype) / 2
    return _product(tables / tables.sum(-1, keepdim=True))


@mistake("rollout", caught_by="test_rollout_averages_the_heads")
def first_head_alone(maps):
    """Takes head 0 for the layer."""
    return _product(_mixed(maps[:, :1]))


@mistake("rollout", caught_by="test_rollout_averages_the_heads")
def heads_multiplied(maps):
    """Multiplies heads as if they followed one another."""
    return _product(_mixed(maps.flatten(0, 1)[:, None]))


@mistake("rollout", caught_by="test_rollout_averages_the_heads")
def layers_averaged_and_heads_multiplied(maps):
    """Averages over the axis of the layers."""
    return _product(_mixed(maps.transpose(0, 1)))


@mistake("rollout", caught_by="test_rollout_multiplies_the_layers")
def in_the_other_order(maps):
    """Puts the first layer on the left."""
    return reduce(torch.matmul, _mixed(maps))


@mistake("rollout", caught_by="test_rollout_multiplies_the_layers")
def layers_averaged(maps):
    """Averages the layers' tables."""
    return _mixed(maps).mean(0)


@mistake("rollout", caught_by="test_rollout_multiplies_the_layers")
def last_layer_alone(maps):
    """Looks at the last layer."""
    return _mixed(maps)[-1]


@mistake("rollout", caught_by="test_rollout_multiplies_the_layers")
def identity_at_the_end(maps):
    """Multiplies the maps, and mixes the product with the identity."""
    return (_product(maps.mean(1)) + torch.eye(maps.shape[-1], dtype=maps.dtype)) / 2


@right_answer("rollout")
def by_reduce(maps):
    return _product(_mixed(maps))


@right_answer("rollout")
def row_by_row(maps):
    """Follows each token's shares down, layer by layer, in plain loops."""
    n_layers, _, n, _ = maps.shape
    found = torch.zeros(n, n, dtype=maps.dtype)
    for i in range(n):
        shares = torch.zeros(n, dtype=maps.dtype)
        shares[i] = 1
        for layer in reversed(range(n_layers)):
            below = shares / 2
            for j in range(n):
                below = below + shares[j] / 2 * maps[layer, :, j].mean(0)
            shares = below
        found[i] = shares
    return found


@right_answer("rollout")
def without_an_identity(maps):
    """½ W̄ R + ½ R: half attends to what came from below, half passes by."""
    table = maps.new_zeros(maps.shape[2:]).fill_diagonal_(1)
    for layer in maps:
        table = 0.5 * torch.einsum("hij,jk->ik", layer, table) / len(layer) + 0.5 * table
    return table


# ablate_head


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
def hook_without_return(model, layer, head):
    """Zeroes a copy, and does not hand it back."""
    attention = model.blocks[layer].attention

    def without(module, inputs):
        answers = inputs[0].clone()
        answers[..., _slice(attention, head)] = 0

    return attention.to_output.register_forward_pre_hook(without)


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def slice_ends_too_early(model, layer, head):
    """Writes head * d : head + d, which is right for head 0 only."""
    attention = model.blocks[layer].attention
    d = attention.d_model // attention.n_heads
    return _zeroed(attention, slice(head * d, head + d))


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def zeroes_tokens(model, layer, head):
    """Slices the axis of the tokens."""
    attention = model.blocks[layer].attention

    def without(module, inputs):
        answers = inputs[0].clone()
        answers[:, _slice(attention, head)] = 0
        return (answers,)

    return attention.to_output.register_forward_pre_hook(without)


@mistake("ablate_head", caught_by="test_the_head_says_nothing")
def this_head_alone_is_heard(model, layer, head):
    """Keeps the head and silences the others."""
    attention = model.blocks[layer].attention
    keep = torch.zeros(attention.d_model)
    keep[_slice(attention, head)] = 1
    return attention.to_output.register_forward_pre_hook(lambda module, x: (x[0] * keep,))


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
