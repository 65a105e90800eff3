"""Known answers to the exercises of efficiency: what people really write, right and wrong."""

import math

import torch
import torch.nn.functional as F

import attention as book
from grading.known import mistake, right_answer

# causal_linear_attention


def _phi(x):
    return F.elu(x) + 1


def _recurrent(query, key, value, *, phi=_phi, read_first=False, total=None):
    """A right answer in a loop over positions; what is not given is right."""
    q, k = phi(query), phi(key)
    state = sums = 0.0
    output = []
    for i in range(query.shape[-2]):
        new = k[..., i, :, None] * value[..., i, None, :], k[..., i, :]  # (..., d, value_dim), d
        before = state, sums
        state, sums = state + new[0], sums + new[1]
        held, weights = before if read_first else (state, sums)
        if read_first and i == 0:
            held, weights = torch.zeros_like(state), torch.zeros_like(sums)
        mixed = (q[..., i, None, :] @ held)[..., 0, :]
        weights = (q[..., i, :] * weights).sum(-1, keepdim=True)
        output.append(mixed / (weights if total is None else total(q, k, i)))
    return torch.stack(output, dim=-2)


@mistake("causal_linear_attention", caught_by="test_linear_output_is_as_wide_as_a_value")
def stacked_in_front(query, key, value):
    """Stacks the outputs along a new first axis."""
    return _recurrent(query, key, value).movedim(-2, 0)


@mistake("causal_linear_attention", caught_by="test_linear_output_is_as_wide_as_a_value")
def last_output_alone(query, key, value):
    """Returns what the state says at the end."""
    return _recurrent(query, key, value)[..., -1, :]


@mistake("causal_linear_attention", caught_by="test_linear_leaves_the_inputs_alone")
def features_in_place(query, key, value):
    """Overwrites query and key by their features."""
    key.copy_(_phi(key))
    return _recurrent(query, key, value)


@mistake("causal_linear_attention", caught_by="test_linear_first_position_hears_itself")
def reads_before_it_adds(query, key, value):
    """Reads the state first, so that no position hears itself."""
    return _recurrent(query, key, value, read_first=True)


@mistake("causal_linear_attention", caught_by="test_linear_first_position_hears_itself")
def not_causal(query, key, value):
    """Sums over all keys, as the formula without a mask does."""
    q, k = _phi(query), _phi(key)
    return q @ (k.mT @ value) / (q * k.sum(-2, keepdim=True)).sum(-1, keepdim=True)


@mistake("causal_linear_attention", caught_by="test_linear_does_not_hear_the_future")
def first_position_alone_is_causal(query, key, value):
    """Writes the first row by hand, and lets the others hear everything."""
    rest = not_causal(query, key, value)
    return torch.cat([value[..., :1, :], rest[..., 1:, :]], dim=-2)


@mistake("causal_linear_attention", caught_by="test_linear_does_not_hear_the_future")
def state_replaced(query, key, value):
    """Keeps the newest key and value alone: the state is overwritten."""
    q, k = _phi(query), _phi(key)
    weights = (q * k).sum(-1, keepdim=True)
    return weights * value / weights


@mistake("causal_linear_attention", caught_by="test_linear_first_position_hears_itself")
def summed_over_all_below(query, key, value):
    """Takes the mixture of the past, and divides by the sum over all keys."""
    return _recurrent(
        query, key, value, total=lambda q, k, i: q[..., i, :].mul(k.sum(-2)).sum(-1, keepdim=True)
    )


@mistake("causal_linear_attention", caught_by="test_linear_first_position_hears_itself")
def never_divided(query, key, value):
    """Returns the weighted sum."""
    return _recurrent(query, key, value, total=lambda *_: 1.0)


@mistake("causal_linear_attention", caught_by="test_linear_weights_sum_to_one")
def divided_by_how_many(query, key, value):
    """Divides by the sum once at the start, and then by the number of positions."""

    def total(q, k, i):
        return (q[..., i, :] * k[..., i, :]).sum(-1, keepdim=True) * (i + 1)

    return _recurrent(query, key, value, total=total)


@mistake("causal_linear_attention", caught_by="test_linear_weights")
def without_features(query, key, value):
    """Takes the bare dot products."""
    return _recurrent(query, key, value, phi=lambda x: x)


@mistake("causal_linear_attention", caught_by="test_linear_weights")
def elu_without_one(query, key, value):
    """Forgets to add one."""
    return _recurrent(query, key, value, phi=F.elu)


@mistake("causal_linear_attention", caught_by="test_linear_weights")
def exponentials_for_features(query, key, value):
    """Takes e^x for φ(x)."""
    return _recurrent(query, key, value, phi=torch.exp)


@mistake("causal_linear_attention", caught_by="test_linear_weights")
def softmax_in_a_triangle(query, key, value):
    """Computes causal attention with a softmax."""
    hidden = torch.ones(query.shape[-2], query.shape[-2]).triu(1).bool()
    return (query @ key.mT).masked_fill(hidden, -math.inf).softmax(-1) @ value


@mistake("causal_linear_attention", caught_by="test_linear_weights")
def keys_without_features(query, key, value):
    """Applies φ to the queries alone."""
    q = _phi(query)
    past = (q @ key.mT).tril()
    return past @ value / past.sum(-1, keepdim=True)


@mistake("causal_linear_attention", caught_by="test_linear_values")
def one_state_for_all_heads(query, key, value):
    """Sums the state over the axes in front."""
    if query.ndim < 4:
        return _recurrent(query, key, value)
    return _recurrent(query, key.mean(1, keepdim=True), value)


@mistake("causal_linear_attention", caught_by="test_linear_never_holds_the_table")
def table_in_a_triangle(query, key, value):
    """Computes all pairs and hides the future."""
    past = (_phi(query) @ _phi(key).mT).tril()
    return past @ value / past.sum(-1, keepdim=True)


@mistake("causal_linear_attention", caught_by="test_linear_work_grows_with_the_length")
def summed_anew_for_each_position(query, key, value):
    """Takes both sums from the start, for each position."""
    q, k, output = _phi(query), _phi(key), []
    for i in range(query.shape[-2]):
        here, past = q[..., i : i + 1, :], k[..., : i + 1, :]
        mixed = here @ (past.mT @ value[..., : i + 1, :])
        output.append(mixed / (here @ past.sum(-2, keepdim=True).mT))
    return torch.cat(output, dim=-2)


@mistake("causal_linear_attention", caught_by="test_linear_hands_back_gradients")
def state_in_place(query, key, value):
    """Adds to the state with +=, which overwrites what the gradient needs."""
    q, k, output = _phi(query), _phi(key), []
    state = torch.zeros(*key.shape[:-2], key.shape[-1], value.shape[-1])
    sums = torch.zeros(*key.shape[:-2], key.shape[-1])
    for i in range(query.shape[-2]):
        state += k[..., i, :, None] * value[..., i, None, :]
        sums += k[..., i, :]
        mixed = (q[..., i, None, :] @ state)[..., 0, :]
        output.append(mixed / (q[..., i, :] * sums).sum(-1, keepdim=True))
    return torch.stack(output, dim=-2)


@mistake("causal_linear_attention", caught_by="test_linear_output_is_as_wide_as_a_value")
def by_the_books_linear_attention(query, key, value):
    """Calls the book's form without a mask for each position, which the exercise forbids."""
    parts = [
        book.linear_attention(
            query[..., i : i + 1, :], key[..., : i + 1, :], value[..., : i + 1, :]
        )
        for i in range(query.shape[-2])
    ]
    return torch.cat(parts, dim=-2)


@right_answer("causal_linear_attention")
def position_by_position(query, key, value):
    return _recurrent(query, key, value)


@right_answer("causal_linear_attention")
def by_cumulative_sums(query, key, value):
    """All states at once, by cumsum: memory like length · d · value_dim."""
    q, k = _phi(query), _phi(key)
    states = torch.einsum("...nd,...nv->...ndv", k, value).cumsum(-3)
    sums = torch.einsum("...nd,...nd->...n", q, k.cumsum(-2))
    return torch.einsum("...nd,...ndv->...nv", q, states) / sums.unsqueeze(-1)


@right_answer("causal_linear_attention")
def by_halves(query, key, value):
    """The second half hears the first as one state, and each half is done in the same way."""

    def sums(q, k, v):
        n = q.shape[-2]
        if n == 1:
            return (q * k).sum(-1, keepdim=True) * v
        half = n // 2
        first = sums(q[..., :half, :], k[..., :half, :], v[..., :half, :])
        second = sums(q[..., half:, :], k[..., half:, :], v[..., half:, :])
        state = k[..., :half, :].mT @ v[..., :half, :]
        return torch.cat([first, second + q[..., half:, :] @ state], dim=-2)

    ones = torch.ones_like(value[..., :1])
    both = sums(_phi(query), _phi(key), torch.cat([value, ones], dim=-1))
    return both[..., :-1] / both[..., -1:]


# tiled_attention


class _Steps:
    """A right implementation in steps, of which each mistake replaces one."""

    def __call__(self, query, key, value, mask=None, block=256):
        query = self.scale(query)
        n, m = query.shape[-2], key.shape[-2]
        if mask is not None:
            mask = self.widen(mask, n, m)
        output = []
        for rows in self.cut(n, block):
            q = query[..., rows, :]
            state = self.start(q, value)
            for columns in self.cut(m, block):
                scores = q @ key[..., columns, :].mT
                if mask is not None:
                    scores = self.hide(scores, self.piece(mask, rows, columns))
                state = self.add(state, scores, value[..., columns, :])
            output.append(self.finish(*state))
        return torch.cat(output, dim=-2)

    def scale(self, query):
        return query / query.shape[-1] ** 0.5

    def widen(self, mask, n, m):
        return mask.expand(*mask.shape[:-2], n, m)

    def cut(self, length, block):
        return [slice(i, i + block) for i in range(0, length, block)]

    def piece(self, mask, rows, columns):
        return mask[..., rows, columns]

    def hide(self, scores, allowed):
        return scores.masked_fill(~allowed, -math.inf)

    lowest = torch.finfo(torch.float32).min

    def start(self, q, value):
        rows = (*q.shape[:-1], 1)
        mixture = q.new_zeros(*q.shape[:-1], value.shape[-1])
        return q.new_full(rows, self.lowest), q.new_zeros(rows), mixture

    def largest(self, old, scores):
        return torch.maximum(old, scores.amax(-1, keepdim=True))

    def factor(self, old, new):
        return (old - new).exp()

    def add(self, state, scores, values):
        old, total, mixture = state
        new = self.largest(old, scores)
        factor = self.factor(old, new)
        e = (scores - new).exp()
        return new, total * factor + e.sum(-1, keepdim=True), mixture * factor + e @ values

    def finish(self, largest, total, mixture):
        return mixture / total.masked_fill(total == 0, 1)


# the state: maximum, sum, mixture


@mistake("tiled_attention", caught_by="test_tiles_rescale_when_the_maximum_rises")
def rescaling_forgotten(query, key, value, mask=None, block=256):
    """Follows the maximum, and leaves sum and mixture counted from the old one."""

    class Wrong(_Steps):
        def factor(self, old, new):
            return 1.0

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_rescale_when_the_maximum_rises")
def rescaled_the_wrong_way(query, key, value, mask=None, block=256):
    """Multiplies by e^(new − old)."""

    class Wrong(_Steps):
        def factor(self, old, new):
            return (new - old).exp().clamp(max=1e30)

        def start(self, q, value):
            first = (q @ key[..., :block, :].mT).amax(-1, keepdim=True)
            return first, *super().start(q, value)[1:]

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_rescale_when_the_maximum_rises")
def maximum_of_each_tile_alone(query, key, value, mask=None, block=256):
    """Subtracts each tile's own maximum, so that every tile counts alike."""

    class Wrong(_Steps):
        def largest(self, old, scores):
            return scores.amax(-1, keepdim=True).clamp_min(self.lowest)

        def factor(self, old, new):
            return 1.0

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_have_a_maximum_for_each_query")
def maximum_of_the_whole_tile(query, key, value, mask=None, block=256):
    """Subtracts the largest score of the tile from all its rows."""

    class Wrong(_Steps):
        def largest(self, old, scores):
            return torch.maximum(old, scores.max())

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_share_one_sum")
def rescaled_the_wrong_way_from_the_lowest(query, key, value, mask=None, block=256):
    """Multiplies by e^(new − old), which is infinite for the first tile."""

    class Wrong(_Steps):
        def factor(self, old, new):
            return (new - old).exp()

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_survive_large_scores")
def maximum_starts_at_zero(query, key, value, mask=None, block=256):
    """Starts the maximum at 0, which scores far below never reach."""

    class Wrong(_Steps):
        lowest = 0.0

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_keep_the_maximum_when_scores_fall")
def maximum_replaced(query, key, value, mask=None, block=256):
    """Takes the newest tile's maximum for the running one: the factor can overflow."""

    class Wrong(_Steps):
        def largest(self, old, scores):
            return scores.amax(-1, keepdim=True).clamp_min(self.lowest)

        def factor(self, old, new):
            return (old - new).exp()

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_rescale_sum_and_mixture_alike")
def sum_not_rescaled(query, key, value, mask=None, block=256):
    """Rescales the mixture and forgets the sum."""

    class Wrong(_Steps):
        def add(self, state, scores, values):
            new, _, mixture = super().add(state, scores, values)
            return new, state[1] + (scores - new).exp().sum(-1, keepdim=True), mixture

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_rescale_sum_and_mixture_alike")
def mixture_not_rescaled(query, key, value, mask=None, block=256):
    """Rescales the sum and forgets the mixture."""

    class Wrong(_Steps):
        def add(self, state, scores, values):
            new, total, _ = super().add(state, scores, values)
            return new, total, state[2] + (scores - new).exp() @ values

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_share_one_sum")
def divides_inside_each_tile(query, key, value, mask=None, block=256):
    """Divides by the sum so far in every tile, and adds up the quotients."""

    class Wrong(_Steps):
        def add(self, state, scores, values):
            old, total, mixture = state
            new = self.largest(old, scores)
            factor, e = self.factor(old, new), (scores - new).exp()
            total = total * factor + e.sum(-1, keepdim=True)
            return new, total, mixture * factor + e @ values / total

        def finish(self, largest, total, mixture):
            return mixture

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_share_one_sum")
def average_of_the_tiles(query, key, value, mask=None, block=256):
    """Takes a softmax in each tile and averages the tiles' answers."""
    parts = []
    for j in range(0, key.shape[-2], block):
        scores = query @ key[..., j : j + block, :].mT / query.shape[-1] ** 0.5
        if mask is not None:
            allowed = mask.expand(*mask.shape[:-2], query.shape[-2], key.shape[-2])
            scores = scores.masked_fill(~allowed[..., j : j + block], -math.inf)
        parts.append(scores.softmax(-1) @ value[..., j : j + block, :])
    return sum(parts) / len(parts)


@mistake("tiled_attention", caught_by="test_tiles_survive_large_scores")
def no_maximum(query, key, value, mask=None, block=256):
    """Exponentiates the scores as they are: nothing to rescale, until e^s overflows."""

    class Wrong(_Steps):
        def largest(self, old, scores):
            return torch.zeros_like(old)

        def factor(self, old, new):
            return 1.0

    return Wrong()(query, key, value, mask, block)


# cutting


@mistake("tiled_attention", caught_by="test_tiles_reach_every_query_and_key")
def last_tile_of_keys_dropped(query, key, value, mask=None, block=256):
    """Counts whole tiles only."""
    whole = max(1, key.shape[-2] // block) * block
    if mask is not None and mask.shape[-1] > 1:
        mask = mask[..., :whole]
    return _Steps()(query, key[..., :whole, :], value[..., :whole, :], mask, block)


@mistake("tiled_attention", caught_by="test_tiles_reach_every_query_and_key")
def last_tile_of_queries_dropped(query, key, value, mask=None, block=256):
    """Leaves the zeros in which the output began in its last rows."""
    output = query.new_zeros(*query.shape[:-1], value.shape[-1])
    whole = max(1, query.shape[-2] // block) * block
    if mask is not None and mask.shape[-2] > 1:
        mask = mask[..., :whole, :]
    output[..., :whole, :] = _Steps()(query[..., :whole, :], key, value, mask, block)
    return output


@mistake("tiled_attention", caught_by="test_tiles_share_one_sum")
def padded_with_zeros(query, key, value, mask=None, block=256):
    """Fills up the last tile with zero keys, whose score of 0 counts as e⁰ = 1."""
    short = -key.shape[-2] % block
    if mask is not None:
        mask = F.pad(mask.expand(*mask.shape[:-1], key.shape[-2]), (0, short), value=True)
    key, value = (F.pad(x, (0, 0, 0, short)) for x in (key, value))
    return _Steps()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_values")
def values_cut_by_the_queries(query, key, value, mask=None, block=256):
    """Takes the values of the queries' slice for the first tile of keys."""
    output = _Steps()(query, key, value, mask, block)
    if query.ndim < 3 or block >= key.shape[-2]:
        return output
    shifted = torch.cat([value[..., block:, :], value[..., :block, :]], dim=-2)
    output[..., block:, :] = _Steps()(query, key, shifted, mask, block)[..., block:, :]
    return output


# scores


@mistake("tiled_attention", caught_by="test_tiles_are_scaled")
def never_scaled(query, key, value, mask=None, block=256):
    """Uses the bare dot products."""

    class Wrong(_Steps):
        def scale(self, query):
            return query

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_leave_the_inputs_alone")
def scaled_in_place(query, key, value, mask=None, block=256):
    """Divides slices of the caller's query."""
    query /= query.shape[-1] ** 0.5

    class Wrong(_Steps):
        def scale(self, query):
            return query

    return Wrong()(query, key, value, mask, block)


# masks


@mistake("tiled_attention", caught_by="test_tiles_take_their_piece_of_the_mask")
def mask_of_the_first_tile(query, key, value, mask=None, block=256):
    """Gives every tile the upper left corner of the mask."""

    class Wrong(_Steps):
        def hide(self, scores, allowed):
            corner = self.mask[..., : scores.shape[-2], : scores.shape[-1]]
            return super().hide(scores, corner)

        def widen(self, mask, n, m):
            self.mask = super().widen(mask, n, m)
            return self.mask

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_take_their_piece_of_the_mask")
def mask_cut_by_keys_alone(query, key, value, mask=None, block=256):
    """Slices the mask's columns and takes the rows from the top."""

    class Wrong(_Steps):
        def piece(self, mask, rows, columns):
            return mask[..., : min(rows.stop, mask.shape[-2]) - rows.start, columns]

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_take_their_piece_of_the_mask")
def mask_sliced_the_wrong_way_round(query, key, value, mask=None, block=256):
    """Slices the mask by (keys, queries)."""

    class Wrong(_Steps):
        def piece(self, mask, rows, columns):
            return mask[..., columns, rows]

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_take_a_mask_that_broadcasts")
def mask_sliced_where_it_broadcasts(query, key, value, mask=None, block=256):
    """Slices an axis of size one, of which a later tile finds nothing."""

    class Wrong(_Steps):
        def widen(self, mask, n, m):
            return mask

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_go_where_the_mask_is_true")
def mask_inverted(query, key, value, mask=None, block=256):
    """Hides what is True, as nn.MultiheadAttention does."""
    return _Steps()(query, key, value, None if mask is None else ~mask, block)


@mistake("tiled_attention", caught_by="test_tiles_may_be_hidden_entirely")
def starts_from_minus_infinity(query, key, value, mask=None, block=256):
    """Starts the maximum at −∞: in a hidden first tile −∞ − (−∞) is NaN."""

    class Wrong(_Steps):
        lowest = -math.inf

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_give_zeros_to_a_query_without_keys")
def divides_by_nothing(query, key, value, mask=None, block=256):
    """Divides zero by zero where all is hidden."""

    class Wrong(_Steps):
        def finish(self, largest, total, mixture):
            return mixture / total

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_give_zeros_to_a_query_without_keys")
def hidden_by_a_billion(query, key, value, mask=None, block=256):
    """Hides with −10⁹, which among equals is no obstacle."""

    class Wrong(_Steps):
        def hide(self, scores, allowed):
            return scores.masked_fill(~allowed, -1e9)

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_give_hidden_keys_nothing")
def hidden_by_ten_thousand(query, key, value, mask=None, block=256):
    """Hides with −10⁴, and strikes out what sees nothing."""

    class Wrong(_Steps):
        def hide(self, scores, allowed):
            return scores.masked_fill(~allowed, -1e4)

    output = Wrong()(query, key, value, mask, block)
    return output if mask is None else output * mask.any(-1, keepdim=True)


# gradients and memory


@mistake("tiled_attention", caught_by="test_tiles_hand_back_gradients")
@torch.no_grad()
def without_a_gradient(query, key, value, mask=None, block=256):
    """Switches the recording off to save memory."""
    return _Steps()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_hand_back_gradients")
def nan_replaced_too_late(query, key, value, mask=None, block=256):
    """Overwrites NaN at the end; the gradient still meets it."""

    class Wrong(_Steps):
        def finish(self, largest, total, mixture):
            return (mixture / total).nan_to_num(0.0)

    return Wrong()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_never_hold_the_table")
def whole_table_then_tiles(query, key, value, mask=None, block=256):
    """Computes all scores at once and walks over their tiles."""
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    steps, output = _Steps(), []
    for rows in steps.cut(query.shape[-2], block):
        state = steps.start(query[..., rows, :], value)
        for columns in steps.cut(key.shape[-2], block):
            state = steps.add(state, scores[..., rows, columns], value[..., columns, :])
        output.append(steps.finish(*state))
    return torch.cat(output, dim=-2)


@mistake("tiled_attention", caught_by="test_tiles_never_hold_the_table")
def all_keys_for_a_block_of_queries(query, key, value, mask=None, block=256):
    """Cuts the queries and not the keys: needs no online softmax, and holds a strip."""
    steps = _Steps()
    if mask is not None:
        mask = steps.widen(mask, query.shape[-2], key.shape[-2])
    output = []
    for rows in steps.cut(query.shape[-2], block):
        scores = steps.scale(query)[..., rows, :] @ key.mT
        allowed = None if mask is None else mask[..., rows, :]
        if allowed is not None:
            dead = ~allowed.any(-1, keepdim=True)
            scores = scores.masked_fill(~allowed & ~dead, -math.inf)
            output.append(scores.softmax(-1).masked_fill(dead, 0) @ value)
        else:
            output.append(scores.softmax(-1) @ value)
    return torch.cat(output, dim=-2)


@mistake("tiled_attention", caught_by="test_tiles_never_hold_the_table")
def every_tile_kept(query, key, value, mask=None, block=256):
    """Keeps a row's tiles to find their common maximum, which makes a strip of them."""
    steps = _Steps()
    if mask is not None:
        mask = steps.widen(mask, query.shape[-2], key.shape[-2])
    output = []
    for rows in steps.cut(query.shape[-2], block):
        q, tiles = steps.scale(query)[..., rows, :], []
        for columns in steps.cut(key.shape[-2], block):
            tile = q @ key[..., columns, :].mT
            tiles.append(tile if mask is None else steps.hide(tile, mask[..., rows, columns]))
        top = torch.stack([t.amax(-1, keepdim=True) for t in tiles]).amax(0)
        top = top.clamp_min(steps.lowest)
        exponentials = [(t - top).exp() for t in tiles]
        total = sum(e.sum(-1, keepdim=True) for e in exponentials)
        parts = zip(exponentials, steps.cut(key.shape[-2], block), strict=True)
        mixture = sum(e @ value[..., columns, :] for e, columns in parts)
        output.append(mixture / total.masked_fill(total == 0, 1))
    return torch.cat(output, dim=-2)


@mistake("tiled_attention", caught_by="test_tiles_never_hold_the_table")
def mask_written_out(query, key, value, mask=None, block=256):
    """Works in tiles, and first makes the mask as large as the table."""
    if mask is not None:
        mask = mask & torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool)
    return _Steps()(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_output_is_as_wide_as_a_value")
def by_torch(query, key, value, mask=None, block=256):
    """Calls the ready-made function, which the exercise forbids."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


@mistake("tiled_attention", caught_by="test_tiles_output_is_as_wide_as_a_value")
def by_the_books_row_blocks(query, key, value, mask=None, block=256):
    """Calls the book's half-way house, which the exercise forbids."""
    return book.row_blocked_attention(query, key, value, mask, block)


@mistake("tiled_attention", caught_by="test_tiles_output_is_as_wide_as_a_value")
def by_the_books_online_softmax(query, key, value, mask=None, block=256):
    """Leaves the lesson itself to the book."""
    running = book.OnlineSoftmax(query.shape[:-1], value.shape[-1])
    running.add(query @ key.mT / query.shape[-1] ** 0.5, value)
    return running.average()


@right_answer("tiled_attention")
def in_steps(query, key, value, mask=None, block=256):
    return _Steps()(query, key, value, mask, block)


@right_answer("tiled_attention")
def in_two_passes(query, key, value, mask=None, block=256):
    """Finds the maximum first and computes every score twice: nothing to rescale."""
    n, m, d = query.shape[-2], key.shape[-2], query.shape[-1]
    mask = mask if mask is None else mask.expand(*mask.shape[:-2], n, m)
    lowest = torch.finfo(query.dtype).min

    def scores(i, j):
        tile = query[..., i : i + block, :] @ key[..., j : j + block, :].mT / math.sqrt(d)
        if mask is None:
            return tile
        return torch.where(mask[..., i : i + block, j : j + block], tile, -math.inf)

    rows = []
    for i in range(0, n, block):
        top = torch.tensor(lowest)
        for j in range(0, m, block):
            top = torch.maximum(top, scores(i, j).detach().amax(-1, keepdim=True))
        total = mixture = 0
        for j in range(0, m, block):
            e = (scores(i, j) - top).exp()
            total = total + e.sum(-1, keepdim=True)
            mixture = mixture + e @ value[..., j : j + block, :]
        rows.append(mixture / torch.where(total == 0, 1.0, total))
    return torch.cat(rows, -2)


@right_answer("tiled_attention")
def by_logsumexp(query, key, value, mask=None, block=256):
    """Each tile's own softmax, merged by the tiles' shares of the whole sum."""
    n, m = query.shape[-2], key.shape[-2]
    if mask is not None:
        mask = torch.broadcast_to(mask, (*mask.shape[:-2], n, m))
    output = []
    for i, q in enumerate(query.split(block, -2)):
        answer, log_total = 0.0, torch.tensor(-1e30)
        for j, (k, v) in enumerate(zip(key.split(block, -2), value.split(block, -2), strict=True)):
            scores = torch.einsum("...qd,...kd->...qk", q, k) * q.shape[-1] ** -0.5
            if mask is not None:
                allowed = mask[..., i * block : (i + 1) * block, j * block : (j + 1) * block]
                scores = scores.masked_fill(~allowed, -1e30)
                here = torch.where(allowed, scores, -math.inf)
                some = allowed.any(-1, keepdim=True)
                here = torch.where(some, here, 0.0)
                log_tile = torch.where(some, here.logsumexp(-1, keepdim=True), -1e30)
                part = torch.where(some, here.softmax(-1), 0.0) @ v
            else:
                log_tile, part = scores.logsumexp(-1, keepdim=True), scores.softmax(-1) @ v
            both = torch.logaddexp(log_total, log_tile)
            answer = answer * (log_total - both).exp() + part * (log_tile - both).exp()
            log_total = both
        output.append(answer)
    return torch.cat(output, -2)


@right_answer("tiled_attention")
def into_a_buffer(query, key, value, mask=None, block=256):
    """Writes each block of rows into the output; keys in the outer loop of a running state."""
    leading = query.shape[:-2]
    n, m = query.size(-2), key.size(-2)
    out = torch.zeros(*leading, n, value.size(-1), dtype=query.dtype)
    for start in range(0, n, block):
        stop = min(start + block, n)
        q = query[..., start:stop, :] / math.sqrt(query.size(-1))
        m_i = torch.full((*leading, stop - start), -1e38)
        l_i = torch.zeros(*leading, stop - start)
        acc = torch.zeros(*leading, stop - start, value.size(-1))
        for j in range(0, m, block):
            s = torch.matmul(q, key[..., j : j + block, :].transpose(-2, -1))
            if mask is not None:
                piece = mask if mask.size(-2) == 1 else mask[..., start:stop, :]
                piece = piece if piece.size(-1) == 1 else piece[..., j : j + block]
                s = s.masked_fill(piece.logical_not(), float("-inf"))
            m_new = torch.max(m_i, s.max(dim=-1).values)
            p = torch.exp(s - m_new.unsqueeze(-1))
            alpha = torch.exp(m_i - m_new)
            l_i = alpha * l_i + p.sum(dim=-1)
            acc = alpha.unsqueeze(-1) * acc + torch.matmul(p, value[..., j : j + block, :])
            m_i = m_new
        out[..., start:stop, :] = acc / torch.where(l_i > 0, l_i, 1.0).unsqueeze(-1)
    return out
