"""Rotary positions against complex numbers, against Hugging Face, and against their promise."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb

from attention import rotate, rotate_halves, scaled_dot_product_attention
from attention.positions.rotary import angles, turned, turns

BATCH, HEADS, LENGTH, HEAD_DIM = 2, 3, 5, 6
BOTH = pytest.mark.parametrize("turn", [rotate, rotate_halves])
# One number of each pair, then the other: what stands in column n of the halves' layout.
HALVES = torch.cat([torch.arange(0, HEAD_DIM, 2), torch.arange(1, HEAD_DIM, 2)])


@pytest.fixture
def x():
    torch.manual_seed(0)
    return torch.randn(BATCH, HEADS, LENGTH, HEAD_DIM)


@pytest.mark.parametrize("base", [10_000.0, 500.0])
def test_rotate_is_a_complex_multiplication(x, base):
    """A pair as a complex number, times e^(i·angle), in float64."""
    positions = torch.tensor([0.0, 3, 1, -2, 70.5])
    frequency = base ** (-torch.arange(0, HEAD_DIM, 2, dtype=torch.float64) / HEAD_DIM)
    turn = torch.polar(torch.ones(LENGTH, 3).double(), positions.double()[:, None] * frequency)
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)))
    expected = torch.view_as_real(pairs * turn).flatten(-2)
    assert_close(rotate(x.double(), positions, base=base), expected)
    # float32 rounds an angle of 70 radians by up to 4e-6
    assert_close(rotate(x, positions, base=base), expected.float(), atol=2e-5, rtol=0)


@pytest.mark.parametrize("base", [10_000.0, 500.0])
def test_rotate_halves_is_hugging_faces(x, base):
    """The layout of Llama, at any positions."""
    config = LlamaConfig(
        hidden_size=HEADS * HEAD_DIM,
        num_attention_heads=HEADS,
        rope_parameters={"rope_type": "default", "rope_theta": base},
    )
    positions = torch.tensor([0, 1, 2, 40, 17])
    cos, sin = LlamaRotaryEmbedding(config)(x, positions[None])
    query, key = apply_rotary_pos_emb(x, x + 1, cos, sin)
    assert_close(rotate_halves(x, positions, base=base), query)
    assert_close(rotate_halves(x + 1, positions, base=base), key)


def test_one_layout_is_the_other_after_a_permutation(x):
    """Neighbours moved into halves, turned, are neighbours turned and then moved."""
    positions = torch.arange(LENGTH)
    assert_close(
        rotate_halves(x[..., HALVES], positions), rotate(x, positions)[..., HALVES], rtol=0, atol=0
    )


def test_scores_are_the_same_in_both_layouts(x):
    """The dot product does not care in which order its terms are added."""
    query, key, positions = x, x.flip(0), torch.arange(LENGTH)
    neighbours = rotate(query, positions) @ rotate(key, positions).mT
    query, key = query[..., HALVES], key[..., HALVES]
    assert_close(rotate_halves(query, positions) @ rotate_halves(key, positions).mT, neighbours)


@BOTH
@settings(deadline=None, max_examples=50)
@given(
    query_at=st.floats(-50, 50), key_at=st.floats(-50, 50), shift=st.floats(-500, 500),
    pairs=st.integers(1, 4), seed=st.integers(0, 99),
)  # fmt: skip
def test_scores_depend_on_differences_only(turn, query_at, key_at, shift, pairs, seed):
    """Moving query and key by the same distance changes no score."""
    dice = torch.Generator().manual_seed(seed)
    query, key = torch.randn(2, 1, 2 * pairs, generator=dice, dtype=torch.float64)

    def score(start):
        positions = torch.tensor([[query_at], [key_at]], dtype=torch.float64) + start
        return turn(query, positions[0]) @ turn(key, positions[1]).mT

    assert_close(score(shift), score(0.0))


@BOTH
def test_turning_changes_no_length(turn, x):
    """A rotation keeps the norm of each vector, and of each pair."""
    turned = turn(x, torch.arange(LENGTH) * 13)
    assert_close(turned.norm(dim=-1), x.norm(dim=-1))


@BOTH
def test_position_zero_leaves_a_vector_alone(turn, x):
    """At the start there is nothing to turn."""
    assert_close(turn(x, torch.zeros(LENGTH)), x)


@BOTH
def test_one_token_at_its_own_position_is_the_row_of_the_whole(turn, x):
    """A cache continues: the newest token alone, at start + 0, is turned as in the sequence."""
    whole = turn(x, torch.arange(LENGTH))
    for start in range(LENGTH):
        alone = turn(x[..., start : start + 1, :], start + torch.arange(1))
        assert_close(alone, whole[..., start : start + 1, :])


@BOTH
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_turned_in_float32(turn, dtype, x):
    """The result is rounded once, at the end, and keeps its dtype."""
    x, positions = x.to(dtype), torch.tensor([255, 256, 257, 258, 1001])
    turned = turn(x, positions)
    assert turned.dtype == dtype
    assert turned.equal(turn(x.float(), positions).to(dtype))


@BOTH
def test_gradients_are_the_formulas(turn):
    """gradcheck in float64."""
    x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    positions = torch.tensor([0, 2, 7])
    assert torch.autograd.gradcheck(lambda x: turn(x, positions), x)


@BOTH
def test_what_lies_scattered_in_memory_is_turned_and_not_written_to(turn, x):
    """Transposed, expanded and sliced inputs give the same numbers and stay as they were."""
    positions = torch.arange(LENGTH)
    expected = turn(x, positions)
    scattered = x.transpose(1, 2).contiguous().transpose(1, 2)
    assert not scattered.is_contiguous()
    before = scattered.clone()
    assert_close(turn(scattered, positions), expected)
    assert scattered.equal(before)
    row = x[:1, :1].expand(BATCH, HEADS, LENGTH, HEAD_DIM)
    assert_close(turn(row, positions), expected[:1, :1].expand_as(row))


@BOTH
@pytest.mark.parametrize("shape", [(0, 6), (4, 0), (1, 2), (2, 0, 4)])
def test_nothing_to_turn_is_no_error(turn, shape):
    """No tokens, or no numbers."""
    assert turn(torch.ones(shape), torch.arange(shape[-2])).shape == shape


@BOTH
def test_rotating_names_the_rule_that_is_broken(turn, x):
    """The error shows the argument and both shapes."""
    with pytest.raises(ValueError, match=r"axis of x must be even.* got shape \(2, 3, 5, 5\)"):
        turn(x[..., :5], torch.arange(LENGTH))
    with pytest.raises(ValueError, match=r"got positions \(4,\) and x \(2, 3, 5, 6\)"):
        turn(x, torch.arange(4))
    with pytest.raises(ValueError, match=r"got positions \(2, 5\) and x \(2, 3, 5, 6\)"):
        turn(x, torch.zeros(BATCH, LENGTH))
    with pytest.raises(TypeError, match=r"must be whole or real numbers, got torch\.bool"):
        turn(x, torch.ones(LENGTH, dtype=torch.bool))
    with pytest.raises(TypeError, match=r"positions must be a torch\.Tensor, got range"):
        turn(x, range(LENGTH))
    with pytest.raises(TypeError, match=r"x must hold floating-point numbers, got torch\.int64"):
        turn(x.long(), torch.arange(LENGTH))


def test_values_stay_unturned_or_the_output_tells_where_it_stands(x):
    """With queries and keys turned, a shift changes no output; with values turned too, it does."""

    def outputs(start, turn_values):
        positions = start + torch.arange(LENGTH)
        query, key = rotate(x.double(), positions), rotate(x.flip(0).double(), positions)
        value = rotate(x.double(), positions) if turn_values else x.double()
        return scaled_dot_product_attention(query, key, value)

    assert_close(outputs(7, turn_values=False), outputs(0, turn_values=False))
    assert not torch.allclose(outputs(7, turn_values=True), outputs(0, turn_values=True), atol=0.1)


@BOTH
def test_left_to_itself_the_base_is_ten_thousand(turn, x):
    """As in the paper, and in the models that say nothing else."""
    positions = torch.arange(LENGTH)
    assert turn(x, positions).equal(turn(x, positions, base=10_000.0))
    assert not turn(x, positions).equal(turn(x, positions, base=10_001.0))


@BOTH
def test_float64_is_turned_in_float64(turn, x):
    """The angle of a far position keeps all its digits."""
    x, positions = x.double(), torch.full((LENGTH,), 12_345)
    frequency = 10_000.0 ** (-torch.arange(0, HEAD_DIM, 2, dtype=torch.float64) / HEAD_DIM)
    halves = turn is rotate_halves
    pairs = x.unflatten(-1, (2, -1)).mT if halves else x.unflatten(-1, (-1, 2))
    turned = torch.view_as_complex(pairs.contiguous()) * torch.polar(
        torch.ones_like(frequency), 12_345 * frequency
    )
    expected = torch.view_as_real(turned)
    expected = (expected.mT if halves else expected).flatten(-2)
    assert_close(turn(x, positions), expected)


def test_angles_are_float32_on_the_device_of_the_positions():
    """Whole positions make angles of real numbers, where the positions are."""
    found = angles(torch.arange(3), 4, 10_000.0)
    assert found.dtype == torch.float32
    assert angles(torch.arange(3).double(), 4, 10_000.0).dtype == torch.float32
    assert_close(found, torch.tensor([[0, 0], [1, 0.01], [2, 0.02]]))
    assert angles(torch.arange(3, device="meta"), 4, 10_000.0).device.type == "meta"


@BOTH
def test_rotary_errors_are_whole_sentences(turn, x):
    """They name the rule, and what came."""
    with pytest.raises(TypeError, match=r"^positions must be a torch.Tensor, got list$"):
        turn(x, [0, 1, 2, 3, 4])
    with pytest.raises(TypeError, match=r"^positions must be whole or real numbers, got .*bool"):
        turn(x, torch.ones(LENGTH, dtype=torch.bool))
    with pytest.raises(
        ValueError,
        match=r"^positions must be on the device of x, got positions on meta and x on cpu$",
    ):
        turn(x, torch.arange(LENGTH, device="meta"))
    with pytest.raises(
        ValueError,
        match=r"^positions must have shape \(length,\), one for each token \(axis −2 of x\), "
        r"got positions \(4,\) and x \(2, 3, 5, 6\)$",
    ):
        turn(x, torch.arange(LENGTH - 1))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_to_multiply_by_a_turn_is_to_rotate(dtype):
    """A pair of numbers as one complex number; queries of a cut-up tensor, too."""
    x = torch.randn(2, 5, 3, 6, dtype=dtype).transpose(1, 2)  # as `split_heads` returns them
    found = turned(x, turns(4, 5, 6, 30.0, x))
    assert found.dtype == dtype
    assert_close(found, rotate(x, torch.arange(4, 9), base=30.0))
