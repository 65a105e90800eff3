"""The checks that grade the exercises of the chapter encoder_decoder.

Sizes all differ, so that no axis passes for another: batch 2, length 5, memory 7, width 12, head 4.
"""

import torch
from torch import nn

from attention.masks.padding import padding_mask
from grading.checks import (
    assert_reads_only,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
    which_inputs_matter,
)

cross_attention = exercise(
    "cross_attention", forbids=["torch.nn.functional.scaled_dot_product_attention"]
)

BATCH, LENGTH, KEY_LEN, D_MODEL, HEAD_DIM = 2, 5, 7, 12, 4


@points(1, hint="The scores have a row for each token that asks, a column for each that answers. "
        "So whose vectors become queries, and whose keys and values?")  # fmt: skip
def test_cross_gives_each_asking_token_an_answer(cross_attention):
    """The result is (batch, query_len, head_dim), however long the memory."""
    assert_shape(cross_attention(*_inputs()), (BATCH, LENGTH, HEAD_DIM), "the output")


@points(1, hint="Compute into new tensors: methods whose name ends in _, and +=, write into the "
        "old ones.")  # fmt: skip
def test_cross_leaves_its_inputs_alone(cross_attention):
    """Neither x, the memory nor a matrix is written to."""
    inputs = _inputs()
    before = [tensor.clone() for tensor in inputs]
    cross_attention(*inputs)
    names = ("x", "memory", "w_query", "w_key", "w_value")
    for name, old, new in zip(names, before, inputs, strict=True):
        assert_unchanged(old, new, name)


@points(2, hint="What is in the memory must reach the output: keys and values are made of it.")
def test_cross_reads_the_memory(cross_attention):
    """Another memory gives another output."""
    x, memory, *weights = _inputs()
    x, memory = x, memory[:, :LENGTH]  # as long as x, so that a mix-up raises no error
    changed = cross_attention(x, memory + torch.randn_like(memory), *weights)
    same = torch.isclose(changed, cross_attention(x, memory, *weights), atol=1e-4).all()
    assert not same, "Another memory gave the same output."


@points(2, hint="The queries come from x: the same memory, asked something else, answers "
        "something else.")  # fmt: skip
def test_cross_asks_with_x(cross_attention):
    """Another question gives another output."""
    x, memory, *weights = _inputs()
    x, memory = x, memory[:, :LENGTH]
    changed = cross_attention(x + torch.randn_like(x), memory, *weights)
    same = torch.isclose(changed, cross_attention(x, memory, *weights), atol=1e-4).all()
    assert not same, "Another x gave the same output."


@points(2, hint="Three matrices, three jobs: w_query turns x into questions, w_key makes the "
        "memory findable, w_value says what is handed over.")  # fmt: skip
def test_cross_uses_all_three_matrices(cross_attention):
    """Changing any one of the matrices changes the output."""
    x, memory, *weights = _inputs()
    before = cross_attention(x, memory, *weights)
    for i, name in enumerate(("w_query", "w_key", "w_value")):
        others = [w.flip(0) if i == j else w for j, w in enumerate(weights)]
        same = torch.isclose(cross_attention(x, memory, *others), before, atol=1e-4).all()
        assert not same, f"Another {name} gave the same output."


@points(2, hint="The keys compete for each query: the softmax runs over the last axis of the "
        "scores.")  # fmt: skip
def test_cross_averages_the_values(cross_attention):
    """If every value is 1, every output is 1: each row of weights sums to one."""
    x, memory, w_query, w_key, w_value = _inputs()
    x[..., 0], memory[..., 0] = 1.0, 1.0
    w_value = torch.zeros_like(w_value)
    w_value[0] = 1.0  # copies a token's first number into every number of its value
    output = cross_attention(x, memory, w_query, w_key, w_value)
    assert_values(output, torch.ones(BATCH, LENGTH, HEAD_DIM), "an average of ones")


@points(2, hint="Nothing of x may be looked at but as a question: keys and values come from the "
        "memory alone.")  # fmt: skip
def test_cross_tokens_of_x_do_not_hear_each_other(cross_attention):
    """A token of x gets the same answer, whatever else is asked."""
    x, memory, *weights = _inputs()
    reads = which_inputs_matter(lambda x: cross_attention(x, memory[:1], *weights), x[:1])
    assert_reads_only(reads, torch.eye(LENGTH, dtype=torch.bool), "token")


@points(2, hint="The memory is all there before the first word is written: nothing of it lies in "
        "the future. Who needs a causal mask, and who does not?")  # fmt: skip
def test_cross_every_token_hears_all_of_the_memory(cross_attention):
    """Without a mask, each output depends on each token of the memory."""
    x, memory, *weights = _inputs()
    reads = which_inputs_matter(lambda m: cross_attention(x[:1], m, *weights), memory[:1])
    deaf = (~reads).nonzero().tolist()
    assert not deaf, f"Output {deaf[0][0]} does not change when memory token {deaf[0][1]} does."


@points(2, hint="A score is a sum of head_dim products. Divide by the root of how many there are.")
def test_cross_scales_by_the_width_of_the_head(cross_attention):
    """Scores are divided by √head_dim."""
    x = torch.ones(1, 1, D_MODEL)
    memory = torch.stack([torch.ones(D_MODEL), torch.zeros(D_MODEL)])[None]
    eye = torch.eye(D_MODEL)[:, :HEAD_DIM]
    weight = cross_attention(x, memory, eye, eye, eye)  # of the token of ones
    expected = torch.softmax(torch.tensor([HEAD_DIM / HEAD_DIM**0.5, 0.0]), 0)[0]
    assert_values(weight, expected.expand(1, 1, HEAD_DIM), "the weight of a score 4 against 0")


@points(1, hint="The mask is an argument. Where does it meet the scores? Both have the axes "
        "(batch, query_len, key_len): here are no heads.")  # fmt: skip
def test_cross_uses_the_mask(cross_attention):
    """Hiding part of the memory changes the output."""
    inputs = _inputs()
    same = torch.isclose(cross_attention(*inputs, _mask()), cross_attention(*inputs), atol=1e-4)
    assert not same.all(), "Part of the memory was hidden, and the output stayed the same."


@points(1, hint="The next layer needs the same mask again. `~mask` is a new tensor; methods whose "
        "name ends in _ write into the caller's.")  # fmt: skip
def test_cross_leaves_the_mask_alone(cross_attention):
    """The mask is not written to."""
    mask = _mask()
    before = mask.clone()
    cross_attention(*_inputs(), mask)
    assert_unchanged(before, mask, "the mask")


@points(2, hint="In this book True means “may attend”. nn.MultiheadAttention reads masks the other "
        "way round.")  # fmt: skip
def test_cross_reads_true_as_may_attend(cross_attention):
    """A token that is allowed counts for more than one that is hidden."""
    x, memory = torch.ones(1, HEAD_DIM, D_MODEL), torch.zeros(1, HEAD_DIM, D_MODEL)
    memory[..., 0], memory[0, :, 1:5] = 1.0, torch.eye(HEAD_DIM)
    key, value = torch.zeros(D_MODEL, HEAD_DIM), torch.zeros(D_MODEL, HEAD_DIM)
    key[0], value[1:5] = 1.0, torch.eye(HEAD_DIM)  # all scores are equal; the output is the weights
    weights = cross_attention(x, memory, key, key, value, torch.eye(HEAD_DIM).bool())[0]
    assert weights[0, 0] > weights[0, 1], (
        f"The allowed token got a weight of {weights[0, 0]:.2f}, a hidden one {weights[0, 1]:.2f}."
    )


@points(2, hint="Hide scores before the softmax, by the one score whose exponential is exactly "
        "zero. Zeros written into finished weights leave a row that sums to less than one, and a "
        "score of 0 still has e⁰ = 1.")  # fmt: skip
def test_cross_padding_counts_for_nothing(cross_attention):
    """A padded memory gives what the memory without its padding gives."""
    x, memory, *weights = _inputs()
    lengths = [KEY_LEN, 3]
    output = cross_attention(x, memory, *weights, padding_mask(lengths, KEY_LEN))
    for b, length in enumerate(lengths):
        alone = cross_attention(x[b : b + 1], memory[b : b + 1, :length], *weights)
        what = f"the answers from a memory of {length} tokens, padded to {KEY_LEN}"
        assert_values(output[b : b + 1], alone, what)


@points(2, hint="When every score of a row is −∞, softmax computes 0/0; with a large negative "
        "number instead, hidden tokens share the weight. Such a row must give zeros.")  # fmt: skip
def test_cross_survives_a_memory_of_nothing_but_padding(cross_attention):
    """A token with nothing to attend to gets zeros, and its neighbours are not disturbed."""
    inputs = _inputs()
    mask = padding_mask([KEY_LEN, 0], KEY_LEN)
    output = cross_attention(*inputs, mask)
    assert_values(output[1], torch.zeros(LENGTH, HEAD_DIM), "the answers from padding alone")
    assert_values(output[0], cross_attention(*inputs)[0], "the answers beside it")


@points(2, hint="Name the three products: x with w_query, memory with w_key, memory with w_value.")
def test_cross_values(cross_attention):
    """The numbers are those of nn.MultiheadAttention with one head."""
    x, memory, *weights = _inputs()
    mask = _mask()
    query, key, value = x @ weights[0], memory @ weights[1], memory @ weights[2]
    theirs = nn.MultiheadAttention(HEAD_DIM, 1, bias=False, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.eye(HEAD_DIM).repeat(3, 1))
        theirs.out_proj.weight.copy_(torch.eye(HEAD_DIM))
        expected, _ = theirs(query, key, value, attn_mask=~mask)
    assert_values(cross_attention(x, memory, *weights, mask), expected, "the output")


def _inputs():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(BATCH, LENGTH, D_MODEL, generator=generator)
    memory = torch.randn(BATCH, KEY_LEN, D_MODEL, generator=generator)
    weights = torch.randn(3, D_MODEL, HEAD_DIM, generator=generator) / D_MODEL**0.5
    return x, memory, *weights.unbind()


def _mask():
    """Every other token of the memory hidden, so that each row has some of both."""
    return (torch.arange(LENGTH)[:, None] + torch.arange(KEY_LEN)) % 2 == 0
