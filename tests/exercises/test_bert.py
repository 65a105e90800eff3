"""The checks that grade the exercise of the chapter bert, on a tiny encoder with random weights.

Sizes all differ, so that no axis passes for another: 3 layers, 2 heads, 5 tokens, d_model 8.
"""

import torch

from attention.models.bert import BertEncoder
from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    points,
    strip,
)

attention_maps = exercise("attention_maps")

LAYERS, HEADS, LENGTH = 3, 2, 5
TOKENS = torch.tensor([9, 4, 7, 4, 10])
WORDS = ("[CLS]", "the", "cat", "the", "[SEP]")  # what these could stand for


@points(1, hint="Four axes: layers, heads, query tokens, key tokens. Keep every layer and every "
        "head, average nothing, and drop the batch of one that the model needed.")  # fmt: skip
def test_maps_have_one_for_each_layer_and_head(attention_maps):
    """There is a map for each head of each layer."""
    maps = attention_maps(_encoder(), TOKENS)
    assert isinstance(maps, torch.Tensor), f"Expected a tensor, got a {type(maps).__name__}."
    assert maps.ndim == 4, f"Expected four axes, got the shape {tuple(maps.shape)}."
    assert_shape(maps[..., 0, 0], (LAYERS, HEADS), "the first two axes")


@points(1, hint="[CLS] and [SEP] are tokens like the others: heads attend to them, and much. Cut "
        "them off and the rows no longer tell where the weight went.")  # fmt: skip
def test_maps_keep_the_special_tokens(attention_maps):
    """Every token has a row and a column, the first and the last too."""
    maps = attention_maps(_encoder(), TOKENS)
    rows = tuple(maps.shape[-2:])
    if rows == (LENGTH - 2,) * 2:
        cut = torch.allclose(maps, _expected(_encoder())[..., 1:-1, 1:-1], atol=1e-5)
        how = "were cut out of the maps" if cut else "never reached the model"
        seen = ("–", *WORDS[1:-1], "–")
        raise Failure(
            f"Your maps have {rows[0]} rows and columns for {LENGTH} tokens: the first token and "
            f"the last {how}.",
            pictures=[
                strip("Tokens that have a row", {"yours": seen, "expected": WORDS}, ["the tokens"])
            ],
        )
    assert_shape(maps, (LAYERS, HEADS, LENGTH, LENGTH), "the maps")


@points(1, hint="model.train() and model.eval() set a mode that stays. Remember the one you found.")
def test_model_leaves_in_the_mode_it_came_in(attention_maps):
    """A model in training is in training afterwards, one in evaluation in evaluation."""
    for training in (True, False):
        model = _encoder().train(training)
        attention_maps(model, TOKENS)
        changed = [name for name, part in model.named_modules() if part.training is not training]
        assert not changed, (
            f"The model came in {'training' if training else 'evaluation'} mode "
            f"and left in {'evaluation' if training else 'training'} mode."
        )


@points(2, hint="In training mode dropout sets random numbers to zero. In which mode does a model "
        "read when you only want to look?")  # fmt: skip
def test_dropout_plays_no_part(attention_maps):
    """Two readings of a model in training give the same maps."""
    model = _encoder().train()
    first = attention_maps(model, TOKENS)
    assert_values(attention_maps(model, TOKENS), first, "the maps of a second reading")


@points(1, hint="The maps are for looking at. A graph behind them keeps every intermediate tensor "
        "of the model in memory: which context manager records none?")  # fmt: skip
def test_maps_carry_no_gradient(attention_maps):
    """No graph hangs on the maps."""
    maps = attention_maps(_encoder(), TOKENS)
    assert not maps.requires_grad, "The maps require a gradient."


@points(1, hint="Looking must not change what is looked at: neither tokens nor parameters, nor "
        "PyTorch's own switches.")  # fmt: skip
def test_tokens_and_parameters_stay(attention_maps):
    """Tokens and parameters are not written to, and no switch stays turned."""
    model, tokens = _encoder(), TOKENS.clone()
    before = [p.clone() for p in model.parameters()]
    attention_maps(model, tokens)
    assert_unchanged(TOKENS, tokens, "the tokens")
    for (name, now), then in zip(model.named_parameters(), before, strict=True):
        assert_unchanged(then, now, f"the model's {name}")
        assert now.requires_grad, f"The model's {name} no longer requires a gradient."
    assert torch.is_grad_enabled(), "After the call gradients are switched off for everybody."


@points(2, hint="A row is a query, a column is a key, and weights compete along the keys.")
def test_rows_sum_to_one(attention_maps):
    """Each row of each map sums to one."""
    maps = attention_maps(_encoder(), TOKENS)
    assert_values(maps.sum(-1), torch.ones(LAYERS, HEADS, LENGTH), "the sum of a row")


@points(2, hint="The first block reads what model.embed returns: words, positions and their norm.")
def test_first_layer_reads_the_embeddings(attention_maps):
    """The maps of layer 0 are right."""
    expected = _expected(_encoder())[0]
    assert_values(attention_maps(_encoder(), TOKENS)[0], expected, "the maps of layer 0")


@points(3, hint="What does a block read: the embeddings again, what the attention in the block "
        "below returned, or what the whole block below returned?")  # fmt: skip
def test_each_layer_reads_the_one_below(attention_maps):
    """The maps of the deeper layers are right."""
    expected = _expected(_encoder())
    maps = attention_maps(_encoder(), TOKENS)
    for layer in range(1, LAYERS):
        assert_values(maps[layer], expected[layer], f"the maps of layer {layer}")


@points(1, hint="An axis of size one is still an axis, and squeeze() without an argument removes "
        "every one of them. Say which one you mean.")  # fmt: skip
def test_one_token_keeps_all_axes(attention_maps):
    """A sentence of one token gives maps of one number, 1."""
    maps = attention_maps(_encoder(), TOKENS[:1])
    assert_values(maps, torch.ones(LAYERS, HEADS, 1, 1), "the maps of one token")


def _encoder():
    """The same small encoder each time, with weights large enough for maps that differ."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = BertEncoder(
            vocab_size=11, d_model=8, n_heads=HEADS, n_layers=LAYERS, d_ff=6, max_len=7, dropout=0.4
        )
        with torch.no_grad():
            for block in model.blocks:
                block.attention.to_query.weight.mul_(4)
    return model.eval()


@torch.no_grad()
def _expected(model):
    """(LAYERS, HEADS, LENGTH, LENGTH): the encoder's own weights."""
    return model(TOKENS[None], return_weights=True)[1][:, 0]
