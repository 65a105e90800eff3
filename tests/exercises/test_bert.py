"""The checks that grade the exercises of the chapter bert, on a tiny encoder and on made-up maps.

Sizes all differ, so that no axis passes for another: 3 layers, 2 heads, 5 tokens, d_model 12; the
made-up maps have 4 heads.
"""

import torch

from attention.models.bert.encoder import BertEncoder
from grading.checks import (
    Failure,
    assert_shape,
    assert_unchanged,
    assert_values,
    exercise,
    maps,
    points,
    strip,
)

masked_word = exercise("masked_word")
attention_maps = exercise("attention_maps")
head_by_pattern = exercise("head_by_pattern", forbids=["attention.pattern_scores"])

LAYERS, HEADS, LENGTH, MANY, VOCAB_SIZE = 3, 2, 5, 4, 11
HIDDEN = 3  # the token that stands for a hidden word
TOKENS = torch.tensor([9, 4, 7, 4, 10])
WORDS = ("[CLS]", "the", "cat", "the", "[SEP]")  # what these could stand for


@points(1, hint="Each word of the vocabulary gets one number. Which of the encoder's vectors do "
        "you hold against the table of words?")  # fmt: skip
def test_word_has_a_probability_for_each(masked_word):
    """There is one probability for each word of the vocabulary, and no gradient."""
    found = masked_word(_encoder(), TOKENS.clone(), 2, HIDDEN)
    assert_shape(found, (VOCAB_SIZE,), "the probabilities")
    if found.requires_grad:
        raise Failure(
            "The probabilities carry a gradient, and nothing is learned here.",
            hint="Which context manager lets a model answer without keeping a graph?",
        )


@points(2, hint="What makes positive numbers that sum to one of any scores, and over which of the "
        "axes?")  # fmt: skip
def test_word_probabilities_sum_to_one(masked_word):
    """They are positive and sum to one."""
    found = masked_word(_encoder(), TOKENS.clone(), 2, HIDDEN)
    assert (found >= 0).all(), (
        f"A probability is never negative; one of yours is {found.min():.3g}."
    )
    assert_values(found.sum(), torch.tensor(1.0), "the sum of the probabilities")


@points(1, hint="Hide the word in a copy: `tokens[place] = …` writes into the caller's sentence. "
        "And what is looked at stays as it was, its mode too.")  # fmt: skip
def test_word_leaves_sentence_and_model_alone(masked_word):
    """The sentence is not written to, and the model leaves in the mode in which it came."""
    for training in (True, False):
        model, tokens = _encoder().train(training), TOKENS.clone()
        masked_word(model, tokens, 2, HIDDEN)
        assert_unchanged(TOKENS, tokens, "the sentence")
        assert model.training is training, (
            f"The model came in {'training' if training else 'evaluation'} mode "
            f"and left in {'evaluation' if training else 'training'} mode."
        )
    assert torch.is_grad_enabled(), "After the call gradients are switched off for everybody."


@points(2, hint="In training mode dropout sets random numbers to zero. In which mode is a model "
        "read that only has to answer?")  # fmt: skip
def test_word_is_read_without_dropout(masked_word):
    """Two readings of a model in training give the same probabilities."""
    model = _encoder().train()
    first = masked_word(model, TOKENS.clone(), 2, HIDDEN)
    assert_values(masked_word(model, TOKENS.clone(), 2, HIDDEN), first, "a second reading")


@points(3, hint="The model must not read the word that it has to guess. What does it read at "
        "that place instead?")  # fmt: skip
def test_word_is_hidden(masked_word):
    """The probabilities do not depend on the word that is hidden."""
    for place in (0, 2, 4):
        tokens, other = TOKENS.clone(), TOKENS.clone()
        other[place] = (other[place] + 1) % VOCAB_SIZE
        one, two = (masked_word(_encoder(), each, place, HIDDEN) for each in (tokens, other))
        if not torch.allclose(one, two, atol=1e-6):
            raise Failure(
                f"With another word at the hidden place {place} the probabilities are others: the "
                "model has seen it.",
            )


@points(2, hint="Only one word is hidden. What does the model need the others for?")
def test_word_is_told_by_the_others(masked_word):
    """The words around it count, those before it and those after."""
    for changed, where in ((1, "before"), (4, "after")):
        other = TOKENS.clone()
        other[changed] = (other[changed] + 1) % VOCAB_SIZE
        one, two = (masked_word(_encoder(), each, 2, HIDDEN) for each in (TOKENS.clone(), other))
        assert not torch.allclose(one, two, atol=1e-6), (
            f"With another word {where} the hidden one, the probabilities are the same."
        )


@points(3, hint="The vector at the hidden place has gathered what the others say. From which row "
        "of the output do you read, against which table, with the scores as they are?")  # fmt: skip
def test_word_probabilities_are_right(masked_word):
    """Each probability is right, wherever the hidden word stands."""
    for place in range(LENGTH):
        expected, others = _hidden(place)
        found = masked_word(_encoder(), TOKENS.clone(), place, HIDDEN)
        for wrong, hint in others:
            if torch.allclose(found, wrong, atol=1e-5) and not torch.allclose(found, expected):
                pictures = [maps({"yours": found[None], "expected": expected[None]})]
                message = f"With the word at place {place} hidden, the probabilities are others."
                raise Failure(message, hint=hint, pictures=pictures)
        assert_values(found, expected, f"the probabilities at place {place}", atol=1e-5)


@points(1, hint="exp(89) is more than float32 can hold. Adding one number to all scores changes no "
        "probability: which number makes the largest exponent zero?")  # fmt: skip
def test_word_survives_large_scores(masked_word):
    """Scores in the hundreds give finite probabilities."""
    model = _encoder()
    with torch.no_grad():  # what the model reads is normalised, the table is not
        model.embed.token.weight.mul_(3000)
        read = TOKENS.index_fill(0, torch.tensor(2), HIDDEN)
        scores = model.embed.token.weight @ model(read[None])[0, 2]
    found = masked_word(model, TOKENS.clone(), 2, HIDDEN)
    assert torch.isfinite(found).all(), (
        f"The largest score is {scores.max():.0f}, and the probabilities contain "
        f"{found[~torch.isfinite(found)][0]:.3g}."
    )
    assert_values(found, scores.softmax(-1), "the probabilities of large scores", atol=1e-4)


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


@points(1, hint="Three things come back: which layer, which head of it, and how well it does.")
def test_pattern_names_a_layer_a_head_and_a_score(head_by_pattern):
    """A layer and a head, as whole numbers, and a score."""
    _found(head_by_pattern, _maps({(1, 2): (COLUMN, 0.8)}), COLUMN)


@points(2, hint="argmax counts through the whole table, layer after layer. How many heads has each "
        "layer, and which number of the pair comes first?")  # fmt: skip
def test_pattern_is_found_in_every_head(head_by_pattern):
    """Whichever head holds the pattern, it is the one that is named."""
    for layer in range(LAYERS):
        for head in range(MANY):
            given = _maps({(layer, head): (ITSELF, 0.8)})
            found = tuple(_found(head_by_pattern, given, ITSELF)[:2])
            if found != (layer, head):
                one_more = found == (layer + 1, head + 1)
                raise Failure(
                    f"Among {LAYERS} layers of {MANY} heads, layer {layer}, head {head} fills the "
                    f"pattern best; you name layer {found[0]}, head {found[1]}.",
                    hint="Layers and heads are counted from zero." if one_more else None,
                )


@points(1, hint="The maps are the caller's. `*=` and methods whose name ends in _ write into them.")
def test_pattern_leaves_its_inputs_alone(head_by_pattern):
    """Neither the maps nor the pattern are written to."""
    given, pattern = _maps({(1, 2): (BEFORE, 0.8)}), BEFORE.clone()
    before = given.clone()
    head_by_pattern(given, pattern)
    assert_unchanged(before, given, "the maps")
    assert_unchanged(BEFORE, pattern, "the pattern")


@points(2, hint="Row i of the pattern belongs to row i of each map: the token that asks. Is it "
        "laid on the map as it is?")  # fmt: skip
def test_pattern_rows_ask_and_columns_answer(head_by_pattern):
    """ "The token before" finds the head that looks back, and a row's own cells are added up."""
    given = _maps({(0, 1): (BEFORE.T, 0.8), (2, 3): (BEFORE, 0.6)})
    _expect(head_by_pattern, given, BEFORE, (2, 3))
    given = _maps({(1, 2): (THREE_ASK, 0.7)})
    score, columns = _found(head_by_pattern, given, THREE_ASK)[2], (given[1, 2] * THREE_ASK).sum(0)
    along_columns = [columns[THREE_ASK.any(axis)].mean() for axis in (0, 1)]
    if any(abs(score - wrong) < 1e-4 for wrong in along_columns):
        raise Failure(
            "Three tokens ask, and each gives 0.7 of its weight to the pattern: the score is 0.7; "
            f"yours is {score:.2f}.",
            pictures=[maps({"the head": given[1, 2], "the pattern": THREE_ASK.float()})],
            hint="You add up what one token receives from all the others. Which axis runs over the "
            "tokens that answer, for one token that asks?",
        )


@points(2, hint="What falls on the pattern in one row is all the weight there, whether in one cell "
        "or in several. How do you join the cells of a row?")  # fmt: skip
def test_pattern_adds_up_the_cells_of_a_row(head_by_pattern):
    """Two cells of 0.4 are more than one of 0.6."""
    one_cell = torch.zeros(LENGTH, LENGTH, dtype=torch.bool)
    one_cell[:, 1] = True
    two = one_cell.clone()
    two[:, 3] = True
    given = _maps({(0, 1): (one_cell, 0.6), (2, 0): (two, 0.8)})
    given[0, 1, :, 3] = 0.05  # and the rest elsewhere, so that a row still sums to one
    given[0, 1, :, 0] += 0.05
    _expect(head_by_pattern, given, two, (2, 0))


@points(1, hint="One head of a poor layer may be better than all heads of a good one. Do you "
        "compare all of them with all?")  # fmt: skip
def test_pattern_may_be_held_in_a_poor_layer(head_by_pattern):
    """The best head is found though its layer is the worst on average."""
    good = {(0, head): (COLUMN, 0.6) for head in range(MANY)}
    poor = {(2, head): (COLUMN, 0.01) for head in range(MANY)}
    _expect(head_by_pattern, _maps(good | poor | {(2, 1): (COLUMN, 0.9)}), COLUMN, (2, 1))


@points(3, hint="The first token has no token before it, and its row says nothing about the guess. "
        "Over how many rows is the average?")  # fmt: skip
def test_pattern_score_leaves_empty_rows_out(head_by_pattern):
    """A head that gives 0.7 wherever there is a token before has the score 0.7."""
    score = _found(head_by_pattern, _maps({(1, 2): (BEFORE, 0.7)}), BEFORE)[2]
    _score(score, 0.7, _maps({(1, 2): (BEFORE, 0.7)})[1, 2], BEFORE)


@points(2, hint="A row belongs to the average if the *pattern* has something in it. That the head "
        "gives it nothing is a result, 0, and counts.")  # fmt: skip
def test_pattern_score_counts_rows_that_get_nothing(head_by_pattern):
    """A row whose weight misses the pattern altogether counts as 0."""
    given = _maps({(1, 2): (COLUMN, 0.8)})
    shares = torch.tensor([0.9, 0.6, 0.3, 0.0, 0.7])
    given[1, 2] = 0
    given[1, 2, :, 2], given[1, 2, :, 0] = shares, 1 - shares
    score = _found(head_by_pattern, given, COLUMN)[2]
    if abs(score - shares[shares > 0].mean()) < 1e-4:  # other slips have checks of their own
        _score(score, 0.5, given[1, 2], COLUMN)


@points(2, hint="Add up a row first, and only then average the rows: each row counts once, however "
        "many of its cells belong to the pattern.")  # fmt: skip
def test_pattern_score_counts_each_row_once(head_by_pattern):
    """Rows with one, two and three cells of the pattern weigh alike."""
    uneven = torch.zeros(LENGTH, LENGTH, dtype=torch.bool)
    uneven[0, 0], uneven[1, :2], uneven[3, :3] = True, True, True
    given = _maps({(1, 2): (uneven, 0.9)})
    score = _found(head_by_pattern, given, uneven)[2]
    _score(score, 0.9, given[1, 2], uneven)


@points(2, hint="Every row of every head counts with all its digits: nothing is rounded, and no "
        "row decides alone.")  # fmt: skip
def test_pattern_scores_of_any_maps_are_right(head_by_pattern):
    """Random maps and patterns: the best head, and its score."""
    draw = torch.Generator().manual_seed(5)
    for _ in range(6):
        given = (2 * torch.randn(LAYERS, MANY, LENGTH, LENGTH, generator=draw)).softmax(-1)
        pattern = torch.rand(LENGTH, LENGTH, generator=draw) < 0.3
        pattern[2, 1], pattern[4] = True, False
        layer, head, score = _found(head_by_pattern, given, pattern)
        best = torch.tensor([[_by_loops(one, pattern) for one in heads] for heads in given])
        _expect(head_by_pattern, given, pattern, divmod(best.argmax().item(), MANY))
        _score(score, best.max().item(), given[layer, head], pattern)


@points(1, hint="One layer with one head is a table with one entry; and all cells together hold a "
        "row's whole weight.")  # fmt: skip
def test_pattern_of_everything_scores_one(head_by_pattern):
    """A lone head gives the pattern of all cells the share 1."""
    everything = torch.ones(3, 3, dtype=torch.bool)
    found = _found(head_by_pattern, torch.full((1, 1, 3, 3), 1 / 3), everything)
    assert found[:2] == (0, 0), f"There is one head, (0, 0); you name {found[:2]}."
    _score(found[2], 1.0, torch.full((3, 3), 1 / 3), everything)


COLUMN = torch.zeros(LENGTH, LENGTH, dtype=torch.bool)
COLUMN[:, 2] = True
ITSELF = torch.eye(LENGTH, dtype=torch.bool)
THREE_ASK = torch.zeros(LENGTH, LENGTH, dtype=torch.bool)
THREE_ASK[[1, 3, 4, 4], [0, 0, 0, 3]] = True
BEFORE = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril(-1).triu(-1)


def _maps(heads):
    """Even maps, but for some heads: {(layer, head): (pattern, share)}.

    Such a head gives the share to the cells of its pattern, alike, and the rest to the others.
    """
    made = torch.full((LAYERS, MANY, LENGTH, LENGTH), 1 / LENGTH)
    for (layer, head), (pattern, share) in heads.items():
        inside = pattern.sum(-1, keepdim=True)
        rows = torch.where(pattern, share / inside, (1 - share) / (LENGTH - inside))
        made[layer, head] = torch.where(inside > 0, rows, made[layer, head])
    return made


def _found(head_by_pattern, given, pattern):
    """(layer, head, score) as plain numbers, or a failure that says what came instead."""
    answer = head_by_pattern(given.clone(), pattern.clone())
    shown = f"a {type(answer).__name__}"
    try:
        layer, head, score = answer
        return layer.__index__(), head.__index__(), float(score)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        if isinstance(answer, (tuple, list)):
            shown = f"{len(answer)}: {', '.join(type(each).__name__ for each in answer)}"
        raise Failure(
            f"Expected a layer and a head, as whole numbers, and a score; got {shown}."
        ) from error


def _expect(head_by_pattern, given, pattern, right):
    layer, head, _ = _found(head_by_pattern, given, pattern)
    if (layer, head) != right:
        wrong = "the head that you name"
        inside = 0 <= layer < LAYERS and 0 <= head < MANY
        tables = {wrong: given[layer, head]} if inside else {}
        raise Failure(
            f"You name layer {layer}, head {head}; the pattern is filled best by layer {right[0]}, "
            f"head {right[1]}.",
            pictures=[maps(tables | {"the best": given[right], "the pattern": pattern.float()})],
        )


def _score(score, expected, one_map, pattern):
    if not abs(score - expected) < 1e-4:
        raise Failure(
            f"The score of the head should be {expected:.3f}; yours is {score:.3f}.",
            pictures=[maps({"the head": one_map, "the pattern": pattern.float()})],
        )


def _by_loops(one_map, pattern):
    rows = [row[wanted].sum() for row, wanted in zip(one_map, pattern, strict=True) if wanted.any()]
    return sum(rows) / len(rows)


def _encoder():
    """The same small encoder each time, with weights large enough for maps that differ."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = BertEncoder(
            vocab_size=VOCAB_SIZE,
            d_model=12,
            n_heads=HEADS,
            n_layers=LAYERS,
            d_ff=6,
            max_len=7,
            dropout=0.4,
        )
        with torch.no_grad():
            for block in model.blocks:
                block.attention.to_query.weight.mul_(4)
    return model.eval()


@torch.no_grad()
def _expected(model):
    """(LAYERS, HEADS, LENGTH, LENGTH): the encoder's own weights."""
    return model(TOKENS[None], return_weights=True)[1][:, 0]


@torch.no_grad()
def _hidden(place):
    """What the probabilities are, and what they are after each of some slips, with its hint."""
    model, read = _encoder(), TOKENS.clone()
    read[place] = HIDDEN
    table, x = model.embed.token.weight, model(read[None])[0]
    return (table @ x[place]).softmax(-1), [
        ((table @ x[0]).softmax(-1), "You read the vector of the first token, [CLS]. Which token "
         "is the question about?"),
        ((table @ x[-1]).softmax(-1), "You read the vector of the last token. Which token is the "
         "question about?"),
        ((table @ x[place - 1]).softmax(-1), "You read the vector before the hidden word, as a "
         "model that writes would. This one has a vector at the hidden place itself."),
        ((table @ x.mean(0)).softmax(-1), "You read the mean of all vectors. Which of them is "
         "about the hidden word?"),
        ((table @ model.embed(read[None])[0, place]).softmax(-1), "You read what goes into the "
         "first block. What do the blocks return?"),
        ((table @ x[place]).log_softmax(-1), "These are logarithms of probabilities."),
    ]  # fmt: skip
