"""The checks that grade the exercises of the chapter multi_head.

Sizes all differ, so that no axis passes for another: batch 2, length 5, 3 heads of 4 numbers.
"""

import torch
from torch import nn

from attention.data.sentence import VECTORS
from attention.masks.causal import causal_mask
from attention.masks.padding import padding_mask
from grading.checks import (
    Failure,
    assert_scale,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    gradients,
    maps,
    points,
    strip,
    which_inputs_matter,
)

split_heads = exercise("split_heads")
merge_heads = exercise("merge_heads")
share_heads = exercise("share_heads")
MultiHeadAttention = exercise("MultiHeadAttention")

BATCH, LENGTH, KEY_LEN, HEADS, HEAD_DIM = 2, 5, 7, 3, 4
D_MODEL = HEADS * HEAD_DIM
MAPS = ("to_query", "to_key", "to_value", "to_output")


# --- split_heads


@points(1, hint="Four axes: name them in the order of the result, batch, n_heads, length, "
        "head_dim. Which two does your result have swapped or joined?")  # fmt: skip
def test_split_brings_the_head_axis_forward(split_heads):
    """The result is (batch, n_heads, length, head_dim)."""
    heads = split_heads(torch.randn(BATCH, LENGTH, D_MODEL), HEADS)
    if isinstance(heads, torch.Tensor) and heads.shape == (BATCH, HEAD_DIM, LENGTH, HEADS):
        raise Failure(
            f"{HEADS} heads of {HEAD_DIM} numbers were asked for, and {HEAD_DIM} heads of {HEADS} "
            "came back.",
            hint="n_heads says how many pieces, not how wide one is. Which of the two new axes "
            "comes first when you cut?",
        )
    assert_shape(heads, (BATCH, HEADS, LENGTH, HEAD_DIM), "the heads")


@points(1, hint="A method whose name ends in _ changes the caller's tensor. Use the one without.")
def test_split_leaves_its_input_alone(split_heads):
    """The tokens keep their shape and their numbers."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    before = x.clone()
    split_heads(x, HEADS)
    assert_unchanged(before, x, "the tokens")


@points(2, hint="The shape is right, but the numbers of several tokens landed in one row: a view "
        "straight to the final shape pours them in as they lie in memory. Which one axis can a "
        "view cut, and what then brings the heads forward?")  # fmt: skip
def test_split_keeps_tokens_apart(split_heads):
    """Row t of each head holds numbers of token t, and of no other."""
    token = torch.arange(float(LENGTH))  # every number of token t is t
    heads = split_heads(token[None, :, None].repeat(BATCH, 1, D_MODEL), HEADS)
    expected = token[:, None].expand(LENGTH, HEAD_DIM)
    for h in range(HEADS):
        _assert_origins(heads[0, h], expected, "token", f"head {h}", "row")


@points(2, hint="Head 0 takes the first head_dim numbers of each token, head 1 the next. In which "
        "order do the two new axes stand when you cut the last one?")  # fmt: skip
def test_split_gives_each_head_its_own_slice(split_heads):
    """Head h holds the numbers h · head_dim and up, in their order."""
    place = torch.arange(float(D_MODEL))  # every token is 0, 1, 2, …
    heads = split_heads(place.repeat(BATCH, LENGTH, 1), HEADS)
    for t in range(LENGTH):
        expected = place.view(HEADS, HEAD_DIM)
        _assert_origins(heads[0, :, t], expected, "place", f"token {t}", "head")


@points(2, hint="Every number of every sentence has one place in the result. Follow one number of "
        "the second sentence by hand: which step takes it elsewhere?")  # fmt: skip
def test_split_values(split_heads):
    """The heads are slices of the vectors."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    expected = torch.stack(x.split(HEAD_DIM, dim=-1), dim=1)
    assert_values(split_heads(x, HEADS), expected, "the heads")


@points(1, hint="An axis of size one is still an axis: squeeze would remove it.")
def test_split_works_with_one_head(split_heads):
    """One head, or one sentence of one token, keeps all four axes."""
    x = torch.randn(1, LENGTH, D_MODEL)
    assert_values(split_heads(x, 1), x[:, None], "the only head")
    one = torch.randn(1, 1, D_MODEL)
    assert_values(split_heads(one, D_MODEL), one.view(1, D_MODEL, 1, 1), "heads of one number")


# --- merge_heads


@points(1, hint="After two axes have changed places, the numbers do not lie in memory in the order "
        "of the axes, and view refuses. reshape copies them where it must.")  # fmt: skip
def test_merge_runs(merge_heads):
    """It runs and returns a tensor."""
    merged = merge_heads(torch.randn(BATCH, HEADS, LENGTH, HEAD_DIM))
    assert isinstance(merged, torch.Tensor), "Expected a tensor."


@points(1, hint="One row for each token, and all heads' numbers in it: n_heads · head_dim.")
def test_merge_gives_each_token_one_vector(merge_heads):
    """The result is (batch, length, d_model)."""
    merged = merge_heads(torch.randn(BATCH, HEADS, LENGTH, HEAD_DIM))
    assert_shape(merged, (BATCH, LENGTH, D_MODEL), "the merged heads")


@points(1, hint="A method whose name ends in _ changes the caller's tensor. Use the one without.")
def test_merge_leaves_its_input_alone(merge_heads):
    """The heads keep their shape and their numbers."""
    x = torch.randn(BATCH, HEADS, LENGTH, HEAD_DIM)
    before = x.clone()
    merge_heads(x)
    assert_unchanged(before, x, "the heads")


@points(2, hint="Reshaping joins axes that stand next to each other. head_dim must join n_heads, "
        "and length stands between them: move it out of the way first.")  # fmt: skip
def test_merge_keeps_tokens_apart(merge_heads):
    """Row t holds numbers of token t, and of no other."""
    token = torch.arange(float(LENGTH))
    merged = merge_heads(token[:, None].repeat(BATCH, HEADS, 1, HEAD_DIM))
    for t in range(LENGTH):
        vector = merged[0, t].view(HEADS, HEAD_DIM)
        expected = torch.full((HEADS, HEAD_DIM), float(t))
        _assert_origins(vector, expected, "token", f"row {t}", "part")


@points(2, hint="First all numbers of head 0, then all of head 1. Which of the two axes that you "
        "join stands on the left?")  # fmt: skip
def test_merge_puts_heads_side_by_side(merge_heads):
    """Each vector is head 0, then head 1, and so on."""
    head = torch.arange(float(HEADS))
    merged = merge_heads(head[:, None, None].repeat(BATCH, 1, LENGTH, HEAD_DIM))
    expected = head[:, None].expand(HEADS, HEAD_DIM)
    for t in range(LENGTH):
        _assert_origins(merged[0, t].view(HEADS, HEAD_DIM), expected, "head", f"row {t}", "part")


@points(2, hint="Split and then merge must give the same tokens: undo your two steps in reverse.")
def test_merge_undoes_splitting(merge_heads):
    """Every number is back in its place."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    heads = torch.stack(x.split(HEAD_DIM, dim=-1), dim=1)
    assert_values(merge_heads(heads), x, "what was split and merged")


@points(1, hint="An axis of size one is still an axis: squeeze would remove it.")
def test_merge_works_with_one_head(merge_heads):
    """One head of one sentence keeps its batch axis."""
    x = torch.randn(1, 1, LENGTH, HEAD_DIM)
    assert_values(merge_heads(x), x[:, 0], "the only head")
    assert_values(merge_heads(x.transpose(1, 2)), x.view(1, 1, -1), "heads of a single token")


# --- share_heads


@points(1, hint="One head for each query head, and each as it was: the head axis grows from "
        "n_kv_heads to n_heads, and no other. How many query heads share one head?")  # fmt: skip
def test_share_gives_each_query_head_one(share_heads):
    """The result is (batch, n_heads, key_len, head_dim)."""
    heads = torch.randn(BATCH, HEADS, KEY_LEN, HEAD_DIM)
    try:
        shared = share_heads(heads, 2 * HEADS)
    except ValueError as error:
        raise Failure(
            f"With 3 heads for 6 query heads it raises ValueError: {error}",
            hint="6 is a multiple of 3, so nothing is to be refused. Which of the two is to "
            "be divided by which?",
        ) from error
    assert_shape(shared, (BATCH, 2 * HEADS, KEY_LEN, HEAD_DIM), "the shared heads")


@points(2, hint="Neighbours share: the first n_heads / n_kv_heads query heads all get head 0. "
        "Write down for each query head which head it gets.")  # fmt: skip
def test_share_keeps_neighbours_together(share_heads):
    """With 3 heads for 6 query heads, they get 0, 0, 1, 1, 2, 2."""
    head = torch.arange(float(HEADS))[:, None, None]
    shared = share_heads(head.expand(BATCH, HEADS, KEY_LEN, HEAD_DIM).clone(), 2 * HEADS)
    found = [f"{number:g}" for number in shared[0, :, 0, 0].tolist()]
    expected = [str(h // 2) for h in range(2 * HEADS)]
    in_turns = [str(h % HEADS) for h in range(2 * HEADS)]
    if found != expected:
        raise Failure(
            f"The 6 query heads get the heads {', '.join(found)}; expected {', '.join(expected)}.",
            pictures=[
                strip("Which head each query head gets", {"yours": found, "expected": expected},
                      ["query heads 0 to 5"])
            ],
            hint="Your query heads take turns: all heads once, then all again. `repeat` does so; "
            "what repeats each one before it goes on to the next?" if found == in_turns else None,
        )  # fmt: skip


@points(2, hint="Each copy is the whole head, token by token as it was. A reshape that joins "
        "another axis than the one you repeated moves numbers to other tokens.")  # fmt: skip
def test_share_values(share_heads):
    """Each query head gets all numbers of its head, in their places."""
    heads = torch.randn(BATCH, HEADS, KEY_LEN, HEAD_DIM)
    expected = torch.stack([heads[:, h // 2] for h in range(2 * HEADS)], dim=1)
    assert_values(share_heads(heads, 2 * HEADS), expected, "the shared heads")


@points(1, hint="If there are as many heads as query heads, each has its own; if there is one, all "
        "share it.")  # fmt: skip
def test_share_works_at_both_ends(share_heads):
    """Nothing shared, or one head for all."""
    heads = torch.randn(BATCH, HEADS, KEY_LEN, HEAD_DIM)
    assert_values(share_heads(heads, HEADS), heads, "the heads, where nothing is shared,")
    one = torch.randn(BATCH, 1, KEY_LEN, HEAD_DIM)
    shared = share_heads(one, HEADS)
    assert_values(shared, one.expand(-1, HEADS, -1, -1), "the one head, shared by 3,")


@points(1, hint="Three heads cannot be dealt out evenly to 4 query heads, nor to 2. Whole-number "
        "division hides that: ask for the remainder, and raise a ValueError.")  # fmt: skip
def test_share_refuses_uneven_groups(share_heads):
    """A number of query heads that is no multiple raises a ValueError."""
    for n_heads in (4, 2):
        try:
            shared = share_heads(torch.randn(BATCH, HEADS, KEY_LEN, HEAD_DIM), n_heads)
            instead = f"a result of shape {tuple(shared.shape)}"
        except ValueError:
            continue
        except Exception as error:
            instead = f"{type(error).__name__}: {error}"
        raise Failure(
            f"Expected a ValueError for 3 heads and {n_heads} query heads, got {instead}."
        )


@points(1, hint="A head that is shared learns from all who share it. Copy with torch's functions, "
        "without `detach`, `.data` or `torch.tensor`.")  # fmt: skip
def test_share_learns(share_heads):
    """The gradient of each head is the sum over its query heads."""
    heads = torch.randn(BATCH, HEADS, KEY_LEN, HEAD_DIM, requires_grad=True)
    shared = share_heads(heads, 2 * HEADS)
    slope = gradients(shared, {"the heads": heads})["the heads"]
    assert slope.abs().min() > 0, "Some numbers of the heads get no gradient."


# --- MultiHeadAttention


@points(2, hint="Set each map on self, as nn.Linear(d_model, d_model): all heads share one wide "
        "map and take slices of what it gives. A map inside a plain list is not found by "
        "parameters(), so no optimiser trains it and no file saves it.")  # fmt: skip
def test_attention_registers_its_four_maps(MultiHeadAttention):
    """to_query, to_key, to_value and to_output are layers of the module."""
    parameters = dict(MultiHeadAttention(D_MODEL, HEADS).named_parameters())
    for name in MAPS:
        assert f"{name}.weight" in parameters, (
            f"The module's parameters do not include {name}.weight; "
            f"they are {', '.join(parameters) or 'none'}."
        )
        assert_shape(parameters[f"{name}.weight"], (D_MODEL, D_MODEL), f"{name}.weight")
        if f"{name}.bias" not in parameters:
            raise Failure(
                f"{name} has no bias, which PyTorch's module has too.",
                hint="The formula leaves the learned constants out. nn.Linear adds one to each "
                "number by itself, unless it is told bias=False.",
            )


@points(1, hint="Write the shape of each step beside it: after the split there are four axes, and "
        "the last two of query and key meet.")  # fmt: skip
def test_attention_runs(MultiHeadAttention):
    """A module of 3 heads takes (2, 5, 12)."""
    module = _known(MultiHeadAttention)
    try:
        module(torch.randn(BATCH, LENGTH, D_MODEL))
    except (TypeError, AttributeError) as error:
        if "NoneType" not in str(error):
            raise
        raise Failure(
            f"Called without memory and mask, it raises {type(error).__name__}: {error}",
            hint="Both may be None. Without a memory x asks itself: where do keys and values come "
            "from then? Without a mask nothing is hidden.",
        ) from error


@points(1, hint="The output has as many tokens as x, and each is as wide as before.")
def test_attention_keeps_the_shape(MultiHeadAttention):
    """The output is (batch, query_len, d_model)."""
    output = _known(MultiHeadAttention)(torch.randn(BATCH, LENGTH, D_MODEL))
    assert_shape(output, (BATCH, LENGTH, D_MODEL), "the output")


@points(1, hint="Compute into a new tensor: methods whose name ends in _, and +=, write into the "
        "old one.")  # fmt: skip
def test_attention_leaves_the_tokens_alone(MultiHeadAttention):
    """x is not written to."""
    x = torch.randn(BATCH, LENGTH, D_MODEL)
    before = x.clone()
    _known(MultiHeadAttention)(x)
    assert_unchanged(before, x, "x")


@points(1, hint="Dropout belongs to training. nn.Dropout hears of module.eval() by itself; "
        "nn.functional.dropout drops unless it is told otherwise.")  # fmt: skip
def test_attention_leaves_nothing_to_chance(MultiHeadAttention):
    """In evaluation mode the same question gets the same answer."""
    module, x = _known(MultiHeadAttention), torch.randn(BATCH, LENGTH, D_MODEL)
    first = module(x)
    differ = max((module(x) - first).abs().max().item() for _ in range(8))
    assert differ == 0, f"Asked nine times after module.eval(), the answers differ by {differ:.2g}."


@points(2, hint="The formula has four maps: W_q, W_k, W_v before the heads, W_o after them.")
def test_attention_uses_all_four_maps(MultiHeadAttention):
    """Changing the weights of any one map changes the output."""
    module, x = _known(MultiHeadAttention), torch.randn(BATCH, LENGTH, D_MODEL)
    before = module(x)
    for name in MAPS:
        changed = _known(MultiHeadAttention, **{name: torch.randn(D_MODEL, D_MODEL)})
        assert not torch.allclose(changed(x), before, atol=1e-4), (
            f"Other weights in {name} gave the same output."
        )


@points(2, hint="Softmax runs over the keys, the last axis of the scores (batch, n_heads, "
        "query_len, key_len): the keys compete for each query of each head.")  # fmt: skip
def test_attention_averages(MultiHeadAttention):
    """If every value is 1, every output is 1: each row of weights sums to one."""
    output = _ones_as_values(MultiHeadAttention)(torch.randn(BATCH, LENGTH, D_MODEL))
    assert_values(output, torch.ones(BATCH, LENGTH, D_MODEL), "an average of ones")


@points(2, hint="Where could the order of tokens get in? A view straight to (batch, n_heads, "
        "length, head_dim) mixes neighbours, and so does a reshape straight back.")  # fmt: skip
def test_attention_ignores_the_order_of_tokens(MultiHeadAttention):
    """Reordering the tokens reorders the output, and changes nothing else."""
    module, x = _known(MultiHeadAttention), torch.randn(BATCH, LENGTH, D_MODEL)
    order = torch.tensor([3, 0, 4, 1, 2])
    assert_values(module(x[:, order]), module(x)[:, order], "the output for reordered tokens")


@points(2, hint="Attention runs along the last axis but one. Which axis stands there after your "
        "split: the tokens, or the heads of one token?")  # fmt: skip
def test_attention_lets_every_token_hear_every_other(MultiHeadAttention):
    """A change in one token reaches all outputs."""
    hears = which_inputs_matter(_known(MultiHeadAttention), torch.randn(1, LENGTH, D_MODEL))
    deaf = (~hears).nonzero().tolist()
    if deaf:
        token, changed = deaf[0]
        raise Failure(
            f"Token {changed} changed, and the output of token {token} did not "
            f"({len(deaf)} of {LENGTH**2} pairs are deaf).",
            pictures=[maps({"row hears column": hears.float()}, marked=deaf)],
        )


@points(3, hint="“sat” asks “who?” with head 0 and “where?” with head 1. Each head has weights of "
        "its own for its own slice of the values. Where do yours meet?")  # fmt: skip
def test_attention_keeps_heads_apart(MultiHeadAttention):
    """With one head for each question, “sat” receives the cat's who and the mat's where."""
    eye, doubled = torch.eye(2), torch.diag(torch.tensor([1.0, 2.0]))  # so that they differ
    module = _known(MultiHeadAttention, 2, 2, to_query=40 * eye, to_key=eye, to_value=doubled,
                    to_output=eye, bias=0.0)  # fmt: skip
    sat = module(VECTORS[None])[0, 2]
    what = "what “sat” receives, the where doubled,"
    assert_values(sat, torch.tensor([2.0, 4.0]), what, atol=0.05)  # a wrong scale is not meant


@points(2, hint="A head's scores are sums over its own head_dim numbers. Divide them by the root "
        "of how many numbers were added up.")  # fmt: skip
def test_attention_scales_by_the_width_of_a_head(MultiHeadAttention):
    """Scores are divided by √head_dim."""
    products, eye = torch.arange(5.0), torch.eye(18)
    to_key = torch.zeros(18, 18)
    to_key[:, :5] = products / 9  # key j meets a query of ones, in each head of 9, with product j
    module = _known(MultiHeadAttention, 18, 2, to_query=torch.ones(18, 18), to_key=to_key,
                    to_value=eye, to_output=eye, bias=0.0)  # fmt: skip
    weights = module(eye[None, :5])[0, 0, :5]  # value j is axis j, so the output is the weights
    guesses = {"1/√head_dim": 1 / 3, "1": 1.0, "1/head_dim": 1 / 9, "1/√d_model": 18**-0.5,
               "1/d_model": 1 / 18, "√head_dim": 3.0}  # fmt: skip
    where = "d_model = 18 and two heads of 9"  # 9, for of 4 the root is the half
    assert_scale(products, weights, "1/√head_dim", where=where, guesses=guesses)


@points(1, hint="exp(89) is more than float32 can hold. A softmax stays the same if all scores of "
        "a row are shifted alike: which shift keeps exp in bounds?")  # fmt: skip
def test_attention_survives_large_scores(MultiHeadAttention):
    """Scores in the hundreds give one key all the weight, and no NaN."""
    eye = torch.eye(4)
    module = _known(MultiHeadAttention, 4, 2, to_query=400 * eye, to_key=eye, to_value=eye,
                    to_output=eye, bias=0.0)  # fmt: skip
    x = torch.tensor([[[1.0, 0, 1, 0], [2.0, 0, 2, 0]]])  # the second token outshines the first
    assert_values(module(x)[0, 0], x[0, 1], "what token 0 receives from a key that outshines all")


@points(2, hint="Keys and values come from the memory, queries from x.")
def test_attention_reads_the_memory(MultiHeadAttention):
    """x says what is asked; memory says what is answered."""
    module = _known(MultiHeadAttention)
    x, memory, _ = _inputs()
    try:
        output = module(x, memory=memory)
    except (RuntimeError, ValueError) as error:
        raise Failure(
            f"With 5 tokens in x and 7 in the memory it raises {type(error).__name__}: {error}",
            hint="`memory or x` asks whether a tensor is true; many numbers have no answer. "
            "Ask whether it is None."
            if "Boolean value" in str(error)
            else "Queries come from x; keys and values both come from the memory, so there is a "
            "value for each key. Does one of the two still come from x?",
        ) from error
    if output.shape[1] == KEY_LEN:
        raise Failure(
            "With 5 tokens in x and 7 in the memory there are 7 outputs.",
            hint="Those who ask are the tokens of x: one query, and one output, for each of them.",
        )
    assert_shape(output, (BATCH, LENGTH, D_MODEL), "the output for a longer memory")
    assert not torch.allclose(module(x, memory=memory + 1), output, atol=1e-4), (
        "Another memory gave the same output."
    )
    order = torch.randperm(KEY_LEN)
    assert_values(module(x, memory=memory[:, order]), output, "the output for a shuffled memory")
    alone = module(x[:, :1], memory=memory)
    assert_values(alone, output[:, :1], "the output for the first query asked alone")


@points(1, hint="The mask is an argument of forward. Where does it meet the scores?")
def test_attention_uses_the_mask(MultiHeadAttention):
    """Hiding some keys changes the output."""
    module, x = _known(MultiHeadAttention), torch.randn(BATCH, LENGTH, D_MODEL)
    mask = _chequered(LENGTH, LENGTH)
    try:
        output = module(x, mask=mask)
    except (RuntimeError, ValueError, IndexError) as error:
        if not _runs(module, x, mask.expand(BATCH, -1, -1)):
            raise
        raise Failure(
            "A mask with three axes, (2, 5, 5), is taken. One with two axes, (5, 5), raises "
            f"{type(error).__name__}: {error}",
            hint="Only a mask with three axes lacks the axis for the heads. One with two, "
            "(query_len, key_len), broadcasts over batch and heads as it is; with an axis more, "
            "(5, 1, 5), its queries stand where the heads belong.",
        ) from error
    assert not torch.allclose(output, module(x), atol=1e-4), (
        "Half the keys were hidden, and the output stayed the same."
    )


@points(2, hint="Hide the scores before the softmax, so that the weights that remain still sum to "
        "one. Zeros written in after it leave less than one.")  # fmt: skip
def test_attention_still_averages_under_a_mask(MultiHeadAttention):
    """With half the keys hidden, an average of ones is still one."""
    module = _ones_as_values(MultiHeadAttention)
    output = module(torch.randn(BATCH, LENGTH, D_MODEL), mask=_chequered(LENGTH, LENGTH))
    assert_values(output, torch.ones(BATCH, LENGTH, D_MODEL), "an average of ones under a mask")


@points(1, hint="Invert or widen a mask into a new tensor: the caller will use it for the next "
        "layer.")  # fmt: skip
def test_attention_leaves_memory_and_mask_alone(MultiHeadAttention):
    """Memory and mask are not written to."""
    x, memory, mask = _inputs()
    before = memory.clone(), mask.clone()
    _known(MultiHeadAttention)(x, memory=memory, mask=mask)
    assert_unchanged(before[0], memory, "the memory")
    assert_unchanged(before[1], mask, "the mask")


@points(2, hint="In this book True means “may attend”. nn.MultiheadAttention reads masks the other "
        "way round; nn.functional.scaled_dot_product_attention reads them as we do.")  # fmt: skip
def test_attention_reads_true_as_may_attend(MultiHeadAttention):
    """A token that is allowed counts for more than one that is hidden."""
    mask = torch.eye(4).bool()
    weights = _reading(MultiHeadAttention)(torch.eye(4)[None], mask=mask)[0]
    if not weights[0, 0] > weights[0, 1]:
        raise Failure(
            f"The allowed token got {weights[0, 0]:.2f} of the weight, a hidden one "
            f"{weights[0, 1]:.2f}.",
            maps={"the mask": mask.float(), "your weights": weights},
        )


@points(2, hint="Hide scores, ahead of the softmax, by the one score whose exponential is "
        "exactly zero: a hidden score of 0 still has e⁰ = 1.")  # fmt: skip
def test_attention_does_not_hear_hidden_tokens(MultiHeadAttention):
    """Past tokens are allowed, so changing a future one changes nothing, however it scores."""
    module, x = _known(MultiHeadAttention), torch.randn(1, LENGTH, D_MODEL)
    allowed = causal_mask(LENGTH)
    changed = x.clone()
    changed[:, 3:] += 1
    before, after = module(x, mask=allowed)[:, 1:3], module(changed, mask=allowed)[:, 1:3]
    assert_values(after, before, "the outputs of tokens 1 and 2 after a change in tokens 3 and 4")
    x = torch.eye(4)[None]
    x[:, :, 0] = torch.tensor([1.0, 1.0, 400.0, 1.0])  # token 2 outshines the others
    others = torch.tensor([[True, True, False, True]])
    heard = _reading(MultiHeadAttention, by=0)(x, mask=others.expand(4, 4))[:, 0]
    assert_values(heard, x[:, others[0]].mean(1), "what is heard beside a hidden token that shines")


@points(2, hint="Scores have four axes (batch, n_heads, query_len, key_len), this mask has three: "
        "which one is missing, and where? Shapes are lined up from the right. (A mask with two "
        "axes needs none.)")  # fmt: skip
def test_attention_gives_each_sentence_its_own_mask(MultiHeadAttention):
    """As many sentences as heads: padding is hidden in its sentence, in all its heads."""
    module, x = _known(MultiHeadAttention), torch.randn(HEADS, LENGTH, D_MODEL)
    lengths = [2, 5, 3]
    padding, past = padding_mask(lengths, LENGTH), causal_mask(LENGTH)
    for mask in (padding, padding.expand(-1, 5, -1), padding & past):
        output = module(x, mask=mask)
        for b, length in enumerate(lengths):
            seen = mask[b].expand(LENGTH, LENGTH)[:length, :length]
            alone = module(x[b : b + 1, :length], mask=seen)
            what = f"what sentence {b} ({length} tokens) gives, padded, mask {tuple(mask.shape)},"
            assert_values(output[b : b + 1, :length], alone, what)


@points(2, hint="The same numbers as nn.MultiheadAttention from the same weights: which numbers "
        "does head 0 take, the first head_dim ones? Do the biases take part?")  # fmt: skip
def test_attention_values(MultiHeadAttention):
    """With PyTorch's weights it gives PyTorch's numbers."""
    theirs = nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True)
    nn.init.normal_(theirs.in_proj_bias)
    nn.init.normal_(theirs.out_proj.bias)
    ours = MultiHeadAttention(D_MODEL, HEADS).eval()
    weights = [*theirs.in_proj_weight.chunk(3), theirs.out_proj.weight]
    biases = [*theirs.in_proj_bias.chunk(3), theirs.out_proj.bias]
    with torch.no_grad():
        for name, weight, bias in zip(MAPS, weights, biases, strict=True):
            getattr(ours, name).weight.copy_(weight)
            getattr(ours, name).bias.copy_(bias)
        x, memory, mask = _inputs()
        expected, _ = theirs(x, memory, memory, attn_mask=~mask)
        assert_values(ours(x, memory=memory, mask=mask), expected, "the output")


@points(2, hint="When every score of a row is −∞, softmax computes 0/0; with a large negative "
        "number instead, hidden keys share the weight. Such a row must give zeros.")  # fmt: skip
def test_attention_survives_a_query_without_keys(MultiHeadAttention):
    """A query with every key hidden gets zeros from its heads: only the output bias is left."""
    module, x = _known(MultiHeadAttention), torch.randn(1, LENGTH, D_MODEL)
    mask = causal_mask(LENGTH)
    mask[0] = False
    output = module(x, mask=mask)[0, 0]
    assert_values(output, module.to_output.bias.detach(), "the output of a query without keys")


@points(2, hint="Follow each map through `forward`: does its result go on to the output without "
        "`detach` or `no_grad`?")  # fmt: skip
def test_attention_learns(MultiHeadAttention):
    """A gradient reaches all four maps."""
    module = _known(MultiHeadAttention).requires_grad_(True)
    output = module(torch.randn(BATCH, LENGTH, D_MODEL))
    gradients(output, {name: getattr(module, name).weight for name in MAPS})


@points(3, hint="to_key and to_value make n_kv_heads heads. After the split each of them is "
        "repeated for the query heads that share it; `share_heads` does that.")  # fmt: skip
def test_attention_shares_keys_and_values(MultiHeadAttention):
    """Four query heads on 2 or 1 heads of keys and values agree with 4 that are equal in groups."""
    x, memory = torch.randn(BATCH, LENGTH, 16), torch.randn(BATCH, KEY_LEN, 16)
    for n_kv_heads in (2, 1):
        shared = MultiHeadAttention(16, 4, n_kv_heads).eval().requires_grad_(False)
        where = f"with {n_kv_heads} heads of keys and values for 4 of queries,"
        for name in ("to_key", "to_value"):
            shape = (4 * n_kv_heads, 16)
            assert_shape(getattr(shared, name).weight, shape, f"{name}.weight, {where}")
        answer = shared(x, memory=memory)
        whole = MultiHeadAttention(16, 4).eval().requires_grad_(False)
        in_turns = _as_if_shared(shared, whole, [h % n_kv_heads for h in range(4)])
        if n_kv_heads > 1 and torch.allclose(answer, in_turns(x, memory=memory), atol=1e-4):
            raise Failure(
                "Query heads 0 and 2 share one head of keys and values, and so do 1 and 3; "
                "expected neighbours to share, 0 with 1 and 2 with 3.",
                hint="`repeat` gives all heads once and then all again. What repeats each one "
                "before it goes on to the next?",
            )
        expected = _as_if_shared(shared, whole, [h * n_kv_heads // 4 for h in range(4)])
        assert_values(answer, expected(x, memory=memory), f"the output {where}")


def _as_if_shared(shared, whole, sources):
    """The module `whole`, whose head h has the keys and values of head sources[h] of `shared`."""
    rows = torch.cat([torch.arange(4) + 4 * source for source in sources])
    for name in MAPS:
        theirs, ours = getattr(shared, name), getattr(whole, name)
        chosen = rows if name in ("to_key", "to_value") else torch.arange(16)
        ours.weight.copy_(theirs.weight[chosen])
        ours.bias.copy_(theirs.bias[chosen])
    return whole


def _runs(module, x, mask):
    try:
        module(x, mask=mask)
    except Exception:
        return False
    return True


def _assert_origins(found, expected, origin, where, row):
    """Fail unless every number says that it comes from where it should.

    Args:
        found, expected: (n_rows, cells): each number is the index of what it comes from.
        origin: what that is an index of, such as "token".
        where: which part of the result this is.
        row: what a row of it is.
    """
    __tracebackhide__ = True
    assert_shape(found, expected.shape, f"{where} of the result")
    wrong = (found != expected).any(-1).nonzero().flatten().tolist()
    if wrong:
        i = wrong[0]
        have, want = (", ".join(f"{n:g}" for n in row_.unique().tolist())
                      for row_ in (found[i], expected[i]))  # fmt: skip
        texts = {name: [f"{n:g}" for n in numbers.flatten().tolist()]
                 for name, numbers in (("yours", found), ("expected", expected))}  # fmt: skip
        labels = [f"{row} {n}" for n in range(len(found))]
        raise Failure(
            f"In {where}, {row} {i} holds numbers of {origin} {have}; expected {origin} {want}.",
            pictures=[strip(f"The {origin} that each number of {where} comes from", texts, labels)],
        )


def _known(cls, d_model=D_MODEL, n_heads=HEADS, bias=None, **weights):
    """A module with the weights given, and random ones in the other maps, the same each time."""
    module, generator = cls(d_model, n_heads), torch.Generator().manual_seed(1)
    for name in MAPS:
        shape = (d_model, d_model)
        weight = torch.randn(shape, generator=generator) / d_model**0.5
        offset = torch.randn(d_model, generator=generator) if bias is None else bias
        linear = getattr(module, name)
        with torch.no_grad():
            linear.weight.copy_(weights.get(name, weight))
            if linear.bias is not None:  # else the first check has said so
                linear.bias.copy_(torch.as_tensor(offset).expand(d_model))
    return module.eval().requires_grad_(False)


def _ones_as_values(cls):
    """A module whose values are all 1, and whose output map changes nothing."""
    module = _known(cls, to_value=torch.zeros(D_MODEL, D_MODEL), to_output=torch.eye(D_MODEL))
    nn.init.ones_(module.to_value.bias)
    nn.init.zeros_(module.to_output.bias)
    return module


def _reading(cls, by=None):
    """One head, 4 wide, that hands tokens on as they are: of four unit vectors, its weights.

    All scores are equal, or half of the tokens' numbers at place `by`.
    """
    place = torch.zeros(4) if by is None else torch.eye(4)[by]
    zero, eye = torch.zeros(4, 4), torch.eye(4)
    module = _known(cls, 4, 1, to_query=zero, to_key=place.expand(4, 4) / 4, to_value=eye,
                    to_output=eye, bias=0.0)  # fmt: skip
    nn.init.ones_(module.to_query.bias)
    nn.init.constant_(module.to_key.bias, 1.0 if by is None else 0.0)
    return module


def _inputs():
    x, memory = torch.randn(BATCH, LENGTH, D_MODEL), torch.randn(BATCH, KEY_LEN, D_MODEL)
    return x, memory, _chequered(LENGTH, KEY_LEN)


def _chequered(query_len, key_len):
    """Every other key hidden, so that each row has some of both."""
    return (torch.arange(query_len)[:, None] + torch.arange(key_len)) % 2 == 0
