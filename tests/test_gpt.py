"""GPT-2's decoder against Hugging Face's, with the same weights in both, and what it learns."""

from copy import deepcopy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from attention.data.characters import Alphabet
from attention.data.tales import load_text, split_text
from attention.interpretation.ablation import ablate_head
from attention.models.gpt.generation import generate
from attention.models.gpt.gpt2 import from_gpt2
from attention.models.gpt.heads import reading_maps, weight_by_distance
from attention.models.gpt.model import GPT
from attention.models.gpt.ngram import fit_ngram
from attention.models.gpt.storyteller import learn_to_write, surprise, write

BATCH, LENGTH, VOCAB_SIZE, HEADS, HEAD_DIM, LAYERS, MAX_LEN = 2, 6, 11, 4, 3, 5, 8
SIZES = VOCAB_SIZE, HEADS * HEAD_DIM, HEADS, LAYERS, MAX_LEN


def model_of(n_kv_heads=None):
    """A new model, with embeddings as large as trained ones: the choices are no near-ties."""
    torch.manual_seed(0)
    model = GPT(*SIZES, n_kv_heads).eval()
    torch.nn.init.normal_(model.token.weight)
    return model


@pytest.fixture(scope="module")
def tokens():
    return torch.randint(VOCAB_SIZE, (BATCH, LENGTH), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def model():
    return model_of()


@pytest.fixture(scope="module")
def hugging_face():
    """Hugging Face's model, small, with random weights large enough that all of them count."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    names = "vocab_size", "n_embd", "n_head", "n_layer", "n_positions"
    config = GPT2Config(
        **dict(zip(names, SIZES, strict=True)),
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.3,
    )
    theirs = GPT2LMHeadModel(config).eval()
    for parameter in theirs.parameters():  # its biases start as zeros, its norms as ones
        torch.nn.init.normal_(parameter, std=0.3)
    return theirs


@torch.no_grad()
def test_our_decoder_agrees_with_hugging_face(hugging_face, tokens):
    """Every score is the same, and the copy is ready to write."""
    ours = from_gpt2(hugging_face)
    assert_close(ours(tokens), hugging_face(tokens).logits)
    assert not any(module.training for module in ours.modules())


def test_the_copy_is_our_own_and_of_the_same_dtype(hugging_face, tokens):
    """Writing into ours changes nothing in theirs, and half precision stays half."""
    before = deepcopy(hugging_face.state_dict())
    ours = from_gpt2(hugging_face)
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.zero_()
    for name, tensor in hugging_face.state_dict().items():
        assert tensor.equal(before[name]), name
    half = from_gpt2(deepcopy(hugging_face).bfloat16())
    assert {parameter.dtype for parameter in half.parameters()} == {torch.bfloat16}


def test_greedy_writing_agrees_with_hugging_face(hugging_face, tokens):
    """The same tokens as its `generate`, which does not stop early here."""
    prompt, n_new = tokens[:, :3], MAX_LEN - 3
    theirs = hugging_face.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=n_new,
        do_sample=False,
        eos_token_id=None,
        pad_token_id=0,
    )
    ours = from_gpt2(hugging_face)
    assert generate(ours, prompt, n_new).equal(theirs)
    assert generate(ours, prompt, n_new, use_cache=False).equal(theirs)


def test_a_model_of_another_shape_is_not_gpt2(hugging_face):
    """A feed-forward network that ours lacks is refused, not dropped."""
    from transformers import GPT2Config, GPT2LMHeadModel

    for option, got in (({"n_inner": 7}, "n_inner 7"), ({"activation_function": "relu"}, "relu")):
        config = GPT2Config(n_embd=12, n_head=4, n_layer=1, vocab_size=11, **option)
        with pytest.raises(ValueError, match=f"four times d_model wide .* got .*{got}"):
            from_gpt2(GPT2LMHeadModel(config))


@pytest.fixture(scope="module")
def gpt2_with():
    """A function of GPT-2's options: a small model of Hugging Face's whose numbers all count."""
    from transformers import GPT2Config, GPT2LMHeadModel

    names = "vocab_size", "n_embd", "n_head", "n_layer", "n_positions"

    def build(**options):
        torch.manual_seed(0)
        sizes = dict(zip(names, SIZES, strict=True))
        config = GPT2Config(**sizes, bos_token_id=0, eos_token_id=0, **options)
        theirs = GPT2LMHeadModel(config).eval()
        for parameter in theirs.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        return theirs

    return build


@pytest.mark.parametrize(
    "options",
    [
        {"scale_attn_weights": False},
        {"scale_attn_by_inverse_layer_idx": True},
        {"scale_attn_weights": False, "scale_attn_by_inverse_layer_idx": True},
        {"layer_norm_epsilon": 0.1},
        {"activation_function": "gelu_pytorch_tanh"},
        {"n_inner": 4 * HEADS * HEAD_DIM},
        {"reorder_and_upcast_attn": True, "attn_implementation": "eager"},
        {"pad_token_id": 3, "resid_pdrop": 0.9, "embd_pdrop": 0.9, "attn_pdrop": 0.9},
    ],
    ids=lambda options: " ".join(options),
)
@torch.no_grad()
def test_options_that_change_the_scores_are_copied(gpt2_with, tokens, options):
    """Each moves the scores or leaves them, and ours go along."""
    theirs = gpt2_with(**options)
    assert_close(from_gpt2(theirs)(tokens), theirs(tokens).logits)


@pytest.mark.parametrize(
    "options",
    [
        {"tie_word_embeddings": False},
        {"add_cross_attention": True},
        {"activation_function": "gelu"},
        {"n_inner": 7},
    ],
    ids=lambda options: " ".join(options),
)
def test_options_that_ours_lacks_are_refused_by_name(gpt2_with, options):
    """Nothing is dropped in silence."""
    (name,) = options
    with pytest.raises(ValueError, match=rf"\b{name}\b"):
        from_gpt2(gpt2_with(**options))


def test_a_table_of_its_own_may_hold_the_same_numbers(gpt2_with, tokens):
    """Then nothing is lost."""
    theirs = gpt2_with(tie_word_embeddings=False)
    with torch.no_grad():
        theirs.lm_head.weight.copy_(theirs.transformer.wte.weight)
        assert_close(from_gpt2(theirs)(tokens), theirs(tokens).logits)


def test_a_model_without_a_head_for_words_is_no_gpt(gpt2_with):
    """Its class is named; and so is that of no GPT-2 at all."""
    with pytest.raises(TypeError, match="must be a GPT2LMHeadModel, got GPT2Model"):
        from_gpt2(gpt2_with().transformer)
    with pytest.raises(TypeError, match="must be a GPT2LMHeadModel, got Linear"):
        from_gpt2(torch.nn.Linear(2, 2))


CHUNKINGS = [[1] * LENGTH, [LENGTH], [3, 1, 1, 1], [2, 4]]


@pytest.mark.parametrize("n_kv_heads", [HEADS, 2, 1])
@pytest.mark.parametrize("sizes", CHUNKINGS, ids=str)
@torch.no_grad()
def test_reading_in_chunks_gives_what_reading_at_once_gives(tokens, sizes, n_kv_heads):
    """With caches, whatever the chunks and however many key and value heads are shared."""
    model = model_of(n_kv_heads)
    caches = model.new_cache(BATCH)
    parts = [model(part, caches) for part in tokens.split(sizes, dim=1)]
    assert_close(torch.cat(parts, dim=1), model(tokens))
    assert [cache.length for cache in caches] == [LENGTH] * LAYERS


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=1).filter(lambda sizes: sum(sizes) <= MAX_LEN))
@torch.no_grad()
def test_any_chunks_will_do(sizes):
    """As above, for any chunks that fit."""
    model = model_of()
    tokens = torch.randint(VOCAB_SIZE, (BATCH, sum(sizes)))
    caches = model.new_cache(BATCH, sum(sizes))
    parts = [model(part, caches) for part in tokens.split(sizes, dim=1)]
    assert_close(torch.cat(parts, dim=1), model(tokens))


@torch.no_grad()
def test_the_newest_scores_alone_are_the_last_ones(model, tokens):
    """Nothing is scored that is not needed, and what is needed is the same."""
    assert_close(model(tokens, newest_only=True), model(tokens)[:, -1:])


def test_no_score_depends_on_a_later_token(model, tokens):
    """Another token at place t changes the scores at t, and none before."""
    with torch.no_grad():
        before = model(tokens)
        for t in range(LENGTH):
            changed = tokens.clone()
            changed[:, t] = (changed[:, t] + 1) % VOCAB_SIZE
            after = model(changed)
            assert after[:, :t].equal(before[:, :t])
            assert (after[:, t] != before[:, t]).any()


def test_a_new_model_scores_every_token_alike_and_learns():
    """Its first scores are small, so that the first loss is near ln(vocab_size); all learns."""
    torch.manual_seed(0)
    model = GPT(*SIZES)
    scores = model(torch.arange(MAX_LEN).unsqueeze(0))  # (1, 8, 11), every position used
    assert scores.abs().max() < 1
    (scores * torch.randn_like(scores)).sum().backward()
    for name, parameter in model.named_parameters():
        if not name.endswith("to_key.bias"):  # adds the same to a whole row of scores: no effect
            assert (parameter.grad != 0).any(), name


def test_a_cache_has_the_models_shape_and_kind():
    """As many as blocks, each with the model's heads of keys and values, dtype and room."""
    caches = model_of(n_kv_heads=2).bfloat16().new_cache(BATCH)
    assert len(caches) == LAYERS
    for cache in caches:
        assert cache.keys.shape == cache.values.shape == (BATCH, 2, MAX_LEN, HEAD_DIM)
        assert cache.keys.dtype == torch.bfloat16


def test_the_decoder_names_what_does_not_fit(model, tokens):
    """One sequence without a batch, none at all, too many tokens, and too few caches."""
    with pytest.raises(ValueError, match=r"\(batch, length\) with at least one .*, got \(6,\)"):
        model(tokens[0])
    with pytest.raises(ValueError, match=r"at least one token, got \(2, 0\)"):
        model(tokens[:, :0])
    with pytest.raises(ValueError, match="positions for max_len = 8 tokens, got 9 after 0"):
        model(torch.zeros(BATCH, MAX_LEN + 1, dtype=torch.int64))
    caches = model.new_cache(BATCH, MAX_LEN + 1)
    model(tokens, caches)
    with pytest.raises(ValueError, match="max_len = 8 tokens, got 3 after 6"):
        model(tokens[:, :3], caches)
    with pytest.raises(ValueError, match="one cache for each block, got 4 caches and 5 blocks"):
        model(tokens, caches[:-1])
    with pytest.raises(ValueError, match="at most max_len = 4 tokens, got 6 new ones after 0"):
        model(tokens, model.new_cache(BATCH, 4))


def test_shared_keys_make_the_cache_smaller():
    """Bytes for each token go with the heads of keys and values."""
    a_token = {
        n_kv_heads: sum(cache.bytes_per_token for cache in model_of(n_kv_heads).new_cache(1))
        for n_kv_heads in (HEADS, 2, 1)
    }
    assert a_token[1] == 2 * HEAD_DIM * 4 * LAYERS  # a key and a value of float32 in each block
    assert a_token == {n_kv_heads: n_kv_heads * a_token[1] for n_kv_heads in a_token}


# What the chapter says of the model that it trains: here a smaller one, for fewer steps.


@pytest.fixture(scope="module")
def tales():
    """(alphabet, training, validation, held_out)."""
    text = load_text()
    alphabet = Alphabet(text)
    return alphabet, *map(alphabet.encode, split_text(text))


@pytest.fixture(scope="module")
def storyteller(tales):
    """A GPT after about five seconds."""
    alphabet, training, validation, _ = tales
    return learn_to_write(training, validation[:2000], len(alphabet), steps=1000)[0]


@pytest.fixture(scope="module")
def trigram_surprise(tales):
    """Nats per held-out character."""
    alphabet, training, validation, held_out = tales
    return fit_ngram(3, training, validation, len(alphabet)).surprise(held_out).mean()


def test_a_gpt_is_less_surprised_than_a_trigram_table(tales, storyteller, trigram_surprise):
    """On held-out text, after fewer steps than on the page, by a twentieth."""
    assert surprise(storyteller, tales[-1]).mean() < 0.95 * trigram_surprise


def test_tables_get_worse_beyond_five_characters(tales):
    """Of tables that look back 4 to 7 characters, those that look back 6 and 7 are the worst."""
    alphabet, training, validation, held_out = tales
    bits = [
        fit_ngram(order, training, validation, len(alphabet)).surprise(held_out).mean()
        for order in (5, 6, 7, 8)
    ]
    assert max(bits[:2]) < bits[2] < bits[3]


def test_a_head_looks_at_the_character_before(tales, storyteller):
    """One gives it about half of its weight or more, and another head favours the one before."""
    pieces = tales[-1][: 50 * 64].view(50, 64)
    near = weight_by_distance(reading_maps(storyteller, pieces)[0], furthest=5)
    assert near[:, 1].max() > 0.4
    assert near[:, 2].max() > 0.2 and near[:, 2].argmax() != near[:, 1].argmax()


def test_without_that_head_it_is_worse_than_the_table(tales, storyteller, trigram_surprise):
    """It then needs more nats than the trigram table, on held-out text."""
    pieces = tales[-1][: 50 * 64].view(50, 64)
    head = weight_by_distance(reading_maps(storyteller, pieces)[0], furthest=5)[:, 1].argmax()
    with ablate_head(storyteller, 0, int(head)):
        assert surprise(storyteller, tales[-1]).mean() > trigram_surprise


def test_greedy_writing_runs_in_circles(tales, storyteller):
    """Of 600 pieces of eight characters, fewer than a third differ; drawn, nearly all do."""
    prompt = tales[0].encode("There was once a k")
    different = {}
    for temperature in (0, 1):
        dice = torch.Generator().manual_seed(1)
        text = write(storyteller, prompt, 600, temperature=temperature, generator=dice).tolist()
        different[temperature] = len({tuple(text[i : i + 8]) for i in range(600)})
    assert different[0] < 200 < 500 < different[1]
