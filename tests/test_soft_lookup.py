"""Soft lookup: softmax, masked softmax, and the weighted average of values."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention import kernel_regression, masked_softmax, soft_lookup, softmax

BATCH, QUERY_LEN, KEY_LEN, DIM, VALUE_DIM = 2, 4, 5, 6, 7

rows = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8)


@settings(deadline=None)
@given(rows)
def test_each_row_of_weights_sums_to_one(row):
    """Weights are never negative, and each row sums to one, whatever the scores."""
    weights = softmax(torch.tensor(row, dtype=torch.float64))
    assert (weights >= 0).all()
    assert_close(weights.sum(), torch.tensor(1.0, dtype=torch.float64))


@settings(deadline=None)
@given(rows, st.floats(-1e3, 1e3))
def test_adding_a_number_to_all_scores_changes_no_weight(row, shift):
    """Only differences between scores matter."""
    scores = torch.tensor(row, dtype=torch.float64)
    assert_close(softmax(scores + shift), softmax(scores))


def test_softmax_agrees_with_pytorch():
    """Values and gradients are those of torch.softmax over the last axis."""
    scores = torch.randn(BATCH, QUERY_LEN, KEY_LEN, requires_grad=True)
    upstream = torch.randn(BATCH, QUERY_LEN, KEY_LEN)
    ours, theirs = softmax(scores), torch.softmax(scores, dim=-1)
    assert_close(ours, theirs)
    (ours_grad,) = torch.autograd.grad(ours, scores, upstream)
    (theirs_grad,) = torch.autograd.grad(theirs, scores, upstream)
    assert_close(ours_grad, theirs_grad)


@pytest.mark.parametrize("extreme", [1e4, -1e4, 3e38])
def test_huge_scores_do_not_overflow(extreme):
    """Scores that exp cannot take are shifted first."""
    weights = softmax(torch.tensor([extreme, extreme, 0.0]))
    assert_close(weights, torch.softmax(torch.tensor([extreme, extreme, 0.0]), -1))


def test_a_hidden_place_gets_exactly_zero_and_the_rest_sum_to_one():
    """The mask takes hidden places out of the softmax, before it normalises."""
    scores = torch.randn(BATCH, QUERY_LEN, KEY_LEN)
    mask = torch.rand(BATCH, QUERY_LEN, KEY_LEN) > 0.4
    mask[..., 0] = True
    weights = masked_softmax(scores, mask)
    assert (weights[~mask] == 0).all()
    for b in range(BATCH):
        for i in range(QUERY_LEN):
            allowed = mask[b, i]
            assert_close(weights[b, i, allowed], torch.softmax(scores[b, i, allowed], -1))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
def test_a_row_without_any_true_is_zero_and_so_is_its_gradient(dtype):
    """A query with nothing to attend to gets zeros, never NaN, forward and backward."""
    scores = torch.randn(QUERY_LEN, KEY_LEN, dtype=dtype, requires_grad=True)
    mask = torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.bool)
    mask[1] = False
    with torch.autograd.set_detect_anomaly(True):  # raises at a NaN that is computed on the way
        weights = masked_softmax(scores, mask)
        (gradient,) = torch.autograd.grad(weights.square().sum(), scores)
    assert weights.dtype == dtype
    assert (weights[1] == 0).all() and (gradient[1] == 0).all()
    assert weights.isfinite().all() and gradient.isfinite().all()
    rounded = {} if dtype.itemsize > 2 else {"rtol": 8 * torch.finfo(dtype).eps, "atol": 0}
    assert_close(weights[0], torch.softmax(scores[0], -1), **rounded)  # each step is, in half
    assert (gradient[0] != 0).any()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_many_keys_share_in_half_precision(dtype):
    """Seventy thousand ones pass float16's 65 504; their weights are a seventy-thousandth each."""
    scores = torch.zeros(70_000, dtype=dtype)
    for weights in (softmax(scores), masked_softmax(scores[None])[0]):
        assert weights.dtype == dtype
        assert_close(weights, torch.softmax(scores, -1))


def test_what_a_hidden_score_holds_does_not_matter():
    """Infinity or NaN at a hidden place reaches neither the weights nor the gradient."""
    scores = torch.randn(QUERY_LEN, KEY_LEN)
    mask = torch.ones(QUERY_LEN, KEY_LEN, dtype=torch.bool)
    mask[:, 2] = False
    expected = masked_softmax(scores, mask)
    for poison in (math.inf, math.nan):
        poisoned = scores.clone()
        poisoned[:, 2] = poison
        poisoned.requires_grad_()
        weights = masked_softmax(poisoned, mask)
        (gradient,) = torch.autograd.grad(weights.square().sum(), poisoned)
        assert_close(weights, expected)
        assert gradient.isfinite().all()


def test_hidden_places_stay_zero_beside_the_lowest_scores_of_float16():
    """A hidden place is hidden by −∞, not by a large negative number that a score may reach."""
    scores = torch.full((1, KEY_LEN), torch.finfo(torch.float16).min, dtype=torch.float16)
    mask = torch.tensor([[True, True, False, False, False]])
    assert masked_softmax(scores, mask).tolist() == [[0.5, 0.5, 0, 0, 0]]


def test_masked_softmax_rejects_a_mask_that_is_not_boolean():
    """A mask of numbers could mean 'add' or 'multiply', so it is refused."""
    with pytest.raises(TypeError, match=r"mask must be boolean, True .* got torch\.int64"):
        masked_softmax(torch.randn(QUERY_LEN, KEY_LEN), torch.ones(KEY_LEN, dtype=torch.int64))
    with pytest.raises(TypeError, match=r"mask must be a torch\.Tensor, got list"):
        masked_softmax(torch.randn(QUERY_LEN, KEY_LEN), [True] * KEY_LEN)


@pytest.mark.parametrize("shape", [(QUERY_LEN,), (BATCH, 1, QUERY_LEN, KEY_LEN)])
def test_masked_softmax_rejects_a_mask_that_does_not_broadcast(shape):
    """A mask may not have another length than the scores, nor make them larger."""
    mask = torch.ones(shape, dtype=torch.bool)
    with pytest.raises(ValueError, match=r"mask must broadcast to the scores, got mask \(.*\(4, 5"):
        masked_softmax(torch.randn(QUERY_LEN, KEY_LEN), mask)


def lookup_inputs():
    return (
        torch.randn(BATCH, QUERY_LEN, DIM),
        torch.randn(BATCH, KEY_LEN, DIM),
        torch.randn(BATCH, KEY_LEN, VALUE_DIM),
    )


def test_soft_lookup_agrees_with_a_slow_double_loop():
    """Each output is the sum of the values, each times its weight."""
    query, key, value = (x.double() for x in lookup_inputs())
    expected = torch.zeros(BATCH, QUERY_LEN, VALUE_DIM, dtype=torch.float64)
    for b in range(BATCH):
        for i in range(QUERY_LEN):
            scores = [math.exp((query[b, i] * key[b, j]).sum() / 1.3) for j in range(KEY_LEN)]
            for j in range(KEY_LEN):
                expected[b, i] += scores[j] / sum(scores) * value[b, j]
    assert_close(soft_lookup(query, key, value, temperature=1.3), expected)


def test_a_low_temperature_is_a_dictionary_and_a_high_one_the_average():
    """Near zero the best key takes all; at infinity all values count the same."""
    query, key, value = lookup_inputs()
    best = (query @ key.mT).argmax(-1)  # (BATCH, QUERY_LEN)
    found = torch.stack([value[b, best[b]] for b in range(BATCH)])
    assert_close(soft_lookup(query, key, value, temperature=1e-6), found)
    average = value.mean(1, keepdim=True).expand(-1, QUERY_LEN, -1)
    assert_close(soft_lookup(query, key, value, temperature=1e9), average)


def test_the_order_of_the_keys_does_not_matter():
    """Keys and values that move together give the same answer."""
    query, key, value = lookup_inputs()
    order = torch.randperm(KEY_LEN)
    shuffled = soft_lookup(query, key[:, order], value[:, order])
    assert_close(shuffled, soft_lookup(query, key, value))


def test_a_lookup_writes_into_none_of_its_inputs():
    """Query, key and value, scores and mask are what they were."""
    inputs = lookup_inputs()
    scores, mask = torch.randn(QUERY_LEN, KEY_LEN), torch.rand(QUERY_LEN, KEY_LEN) > 0.5
    before = [x.clone() for x in (*inputs, scores, mask)]
    soft_lookup(*inputs)
    masked_softmax(scores, mask)
    for now, then in zip((*inputs, scores, mask), before, strict=True):
        assert_close(now, then, rtol=0, atol=0)  # untouched is exact


def test_soft_lookup_names_the_rule_that_its_inputs_break():
    """Each error says which rule, which argument, and the shapes that came."""
    query, key, value = lookup_inputs()
    with pytest.raises(ValueError, match=r"same last axis, got query \(2, 4, 6\) and key \(2, 5"):
        soft_lookup(query, value, value)
    with pytest.raises(ValueError, match=r"one value .* got key \(2, 5, 6\) and value \(2, 3, 7\)"):
        soft_lookup(query, key, value[:, :3])
    with pytest.raises(ValueError, match=r"before the last two .* query \(2, 4, 6\) and key \(3,"):
        soft_lookup(query, torch.randn(3, KEY_LEN, DIM), torch.randn(3, KEY_LEN, VALUE_DIM))
    with pytest.raises(ValueError, match=r"before the last two .* key \(2, 5, 6\) and value \(3,"):
        soft_lookup(query, key, torch.randn(3, KEY_LEN, VALUE_DIM))
    with pytest.raises(ValueError, match=r"at least one key, got key \(2, 0, 6\)"):
        soft_lookup(query, key[:, :0], value[:, :0])
    with pytest.raises(ValueError, match=r"query must have at least 2 axes, got shape \(6,\)"):
        soft_lookup(query[0, 0], key, value)
    with pytest.raises(TypeError, match=r"key must hold floating-point numbers, got torch\.int64"):
        soft_lookup(query, key.long(), value)
    with pytest.raises(TypeError, match=r"query must be a torch\.Tensor, got list"):
        soft_lookup(query.tolist(), key, value)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_a_temperature_must_be_positive(temperature):
    """Zero would divide by zero, and a negative one would prefer the worst key."""
    with pytest.raises(ValueError, match="temperature must be greater than zero, got"):
        soft_lookup(*lookup_inputs(), temperature=temperature)


# What the chapter claims.


def test_soft_lookup_is_torch_attention_without_scaling():
    """With scale=1, PyTorch's attention function gives the same output."""
    query, key, value = torch.randn(2, 4, 6), torch.randn(2, 5, 6), torch.randn(2, 5, 7)
    theirs = torch.nn.functional.scaled_dot_product_attention(query, key, value, scale=1.0)
    assert_close(soft_lookup(query, key, value), theirs)


def test_temperature_runs_from_dictionary_to_average():
    """Cold, the best key's value comes out; hot, the mean of all values."""
    query, key, value = torch.randn(4, 6), torch.randn(5, 6), torch.randn(5, 7)
    best = (query @ key.T).argmax(-1)
    assert_close(soft_lookup(query, key, value, temperature=1e-4), value[best])
    hot = soft_lookup(query, key, value, temperature=1e7)
    assert_close(hot, value.mean(0).expand(4, 7))


def test_every_key_receives_a_gradient():
    """The output depends smoothly on every key, also on those that match badly."""
    query, key, value = torch.randn(4, 6), torch.randn(5, 6, requires_grad=True), torch.randn(5, 7)
    soft_lookup(query, key, value).square().sum().backward()
    assert (key.grad.abs().sum(-1) > 0).all()


def test_middle_bandwidth_predicts_best():
    """Averaged over 20 noisy sine waves, a bandwidth of 0.4 has a smaller error than 0.05 and 3."""
    errors = {0.05: 0.0, 0.4: 0.0, 3.0: 0.0}
    asked_at = torch.linspace(0, 6, 50)[:, None]
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        measured_at = torch.rand(40, 1, generator=generator) * 6
        measured = torch.sin(measured_at) + 0.3 * torch.randn(40, 1, generator=generator)
        for bandwidth in errors:
            fit = kernel_regression(asked_at, measured_at, measured, bandwidth)
            errors[bandwidth] += (fit - torch.sin(asked_at)).square().mean().item() / 20
    assert errors[0.4] < min(errors[0.05], errors[3.0]) / 2, errors


def test_a_floating_point_mask_is_added_and_minus_infinity_hides():
    """In the scores' dtype, whatever the mask's; a row of −∞ alone gives zeros."""
    scores = torch.randn(QUERY_LEN, KEY_LEN)
    mask = torch.randn(QUERY_LEN, KEY_LEN, dtype=torch.float64)
    mask[0, 1], mask[2] = -torch.inf, -torch.inf
    weights = masked_softmax(scores, mask)
    assert weights.dtype == scores.dtype
    assert weights[0, 1] == 0 and (weights[2] == 0).all()
    others = [0, 1, 3]
    assert_close(weights[others], torch.softmax(scores + mask.float(), -1)[others])
