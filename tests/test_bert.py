"""Our BERT encoder against Hugging Face's, with MiniLM's weights in both."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
from torch.testing import assert_close

from attention import (
    BertEncoder,
    attention_maps,
    head_by_pattern,
    padding_mask,
    pattern_scores,
)
from attention.data.equal_length import SENTENCES
from attention.data.hidden_words import draw_sentences
from attention.data.repeated import SENTENCES as REPEATED
from attention.models.bert.head_patterns import one_column, same_word, token_after, token_before
from attention.models.bert.pretrained import bert_folder, encode, load_bert, minilm_folder
from attention.models.bert.restoring import learn_to_restore, share_restored

SENTENCE = "The cat sat on the mat."
SIZES = dict(vocab_size=11, d_model=6, n_heads=3, n_layers=2, d_ff=7, max_len=8)
AGREE = dict(rtol=1e-5, atol=1e-5)  # six layers of float32, summed in another order


@pytest.fixture(scope="module")
def hugging_face():
    """Hugging Face's model of the same files, with its explicit attention."""
    from transformers import BertModel

    model = BertModel.from_pretrained(minilm_folder(), attn_implementation="eager")
    return model.eval()


@pytest.fixture
def small():
    torch.manual_seed(0)
    return BertEncoder(**SIZES)


@torch.no_grad()
def test_our_encoder_agrees_with_hugging_face(minilm, hugging_face):
    """The embeddings, the output of each block and the weights of each head are the same."""
    encoder, tokenizer = minilm
    tokens = encode(tokenizer, SENTENCE)[0].unsqueeze(0)
    theirs = hugging_face(tokens, output_hidden_states=True, output_attentions=True)
    hidden = encoder.embed(tokens)
    assert_close(hidden, theirs.hidden_states[0], **AGREE)
    for block, expected in zip(encoder.blocks, theirs.hidden_states[1:], strict=True):
        hidden = block(hidden)
        assert_close(hidden, expected, **AGREE)
    output, weights = encoder(tokens, return_weights=True)
    assert weights.shape == (6, 1, 12, tokens.shape[1], tokens.shape[1])
    assert_close(output, theirs.last_hidden_state, **AGREE)
    assert_close(weights, torch.stack(theirs.attentions), **AGREE)


@torch.no_grad()
def test_a_padded_batch_agrees_with_hugging_face_and_with_each_sentence_alone(minilm, hugging_face):
    """Padding changes nothing for the real tokens, of four or of nearly two hundred."""
    encoder, tokenizer = minilm
    texts = (SENTENCE, "Yes.", " ".join(SENTENCES))
    sentences = [encode(tokenizer, text)[0] for text in texts]
    assert len(sentences[-1]) > 190
    tokens = torch.nn.utils.rnn.pad_sequence(sentences, batch_first=True)
    mask = padding_mask([len(ids) for ids in sentences], tokens.shape[1])
    output = encoder(tokens, mask)
    theirs = hugging_face(tokens, attention_mask=mask[:, 0].long()).last_hidden_state
    for b, ids in enumerate(sentences):
        assert_close(output[b, : len(ids)], theirs[b, : len(ids)], **AGREE)
        assert_close(output[b, : len(ids)], encoder(ids.unsqueeze(0))[0], **AGREE)


def test_the_tokenizer_neither_pads_nor_truncates(minilm):
    """A sentence has as many ids as tokens, with [CLS] before and [SEP] after."""
    _, tokenizer = minilm
    ids, tokens = encode(tokenizer, SENTENCE)
    assert tokens == ["[CLS]", "the", "cat", "sat", "on", "the", "mat", ".", "[SEP]"]
    assert ids.shape == (len(tokens),) and ids.dtype == torch.int64
    assert len(encode(tokenizer, "cat " * 200)[0]) == 202


def test_the_pretrained_encoder_comes_ready_to_read(minilm):
    """It is in evaluation mode, and every parameter holds real numbers."""
    encoder, _ = minilm
    assert not any(module.training for module in encoder.modules())
    assert all(p.isfinite().all() and not p.is_meta for p in encoder.parameters())


def test_a_new_encoder_returns_the_documented_shapes(small):
    """Hidden is (batch, length, d_model); weights have one map a layer, sentence and head."""
    tokens = torch.randint(11, (2, 5))
    hidden, weights = small.eval()(tokens, return_weights=True)
    assert hidden.shape == (2, 5, 6)
    assert weights.shape == (2, 2, 3, 5, 5)
    assert_close(small(tokens), hidden)


def test_dropout_acts_only_while_training(small):
    """Two readings differ in training mode and agree in evaluation mode."""
    tokens = torch.randint(11, (2, 5))
    assert (small(tokens) != small(tokens)).any()
    small.eval()
    assert_close(small(tokens), small(tokens), rtol=0, atol=0)  # no chance is left


def test_every_parameter_of_a_new_encoder_learns(small):
    """Each gets a gradient; only the embedding of a pair's second sentence has none to get."""
    tokens = torch.arange(8).unsqueeze(0)
    (small(tokens) * torch.randn(1, 8, 6)).sum().backward()
    for name, parameter in small.named_parameters():
        if name.endswith("to_key.bias"):  # adds the same to a whole row of scores: no effect
            continue
        assert (parameter.grad != 0).any(), name


def test_attention_maps_are_the_weights_of_one_sentence(small):
    """Each row sums to one, nothing has a gradient, and dropout plays no part."""
    tokens = torch.randint(11, (5,))
    maps = attention_maps(small.train(), tokens)
    assert maps.shape == (2, 3, 5, 5) and not maps.requires_grad
    assert_close(maps.sum(-1), torch.ones(2, 3, 5))
    _, weights = small.eval()(tokens.unsqueeze(0), return_weights=True)
    assert_close(maps, weights[:, 0])


def test_attention_maps_leave_every_module_in_the_mode_it_had(small):
    """A model with a frozen part in training comes back as it went, even after an error."""
    small.train()
    small.blocks[0].eval()
    before = [module.training for module in small.modules()]
    attention_maps(small, torch.randint(11, (5,)))
    with pytest.raises(ValueError, match="length at most 8"):
        attention_maps(small, torch.zeros(9, dtype=torch.int64))
    assert [module.training for module in small.modules()] == before


def test_the_encoder_names_the_shape_that_it_wants(small):
    """A sentence without a batch, or longer than the learned positions, is refused."""
    with pytest.raises(ValueError, match=r"\(batch, length\) with length at most 8, got \(5,\)"):
        small(torch.randint(11, (5,)))
    with pytest.raises(ValueError, match=r"length at most 8, got \(2, 9\)"):
        small(torch.randint(11, (2, 9)))
    with pytest.raises(ValueError, match=r"tokens must be one sentence \(length,\), got \(2, 5\)"):
        attention_maps(small, torch.randint(11, (2, 5)))


# Heads and patterns.


def by_loops(maps, pattern):
    """The scores again, cell by cell in Python numbers."""
    scores = []
    for head in maps.double().flatten(0, 1).tolist():
        rows = []
        for row, wanted in zip(head, pattern.tolist(), strict=True):
            if any(wanted):
                rows.append(sum(weight for weight, want in zip(row, wanted, strict=True) if want))
        scores.append(sum(rows) / len(rows))
    return torch.tensor(scores).unflatten(0, maps.shape[:2])


@pytest.mark.parametrize("seed", range(4))
def test_pattern_scores_agree_with_plain_loops(seed):
    """A row's share, averaged over the rows in which the pattern has something."""
    draw = torch.Generator().manual_seed(seed)
    maps = torch.rand(2, 3, 5, 5, generator=draw).softmax(-1)
    pattern = torch.rand(5, 5, generator=draw) < 0.3
    pattern[1], pattern[2, 3] = False, True
    scores = pattern_scores(maps, pattern)
    assert_close(scores, by_loops(maps, pattern).float())
    layer, head, score = head_by_pattern(maps, pattern)
    assert (type(layer), type(head), type(score)) == (int, int, float)
    assert scores[layer, head] == scores.max() == score
    assert_close(pattern_scores(maps, torch.ones(5, 5) > 0), torch.ones(2, 3))


def test_the_pattern_makers_name_their_cells():
    """Each pattern of four tokens, written out."""
    cells = {
        "before": (token_before(4), [(1, 0), (2, 1), (3, 2)]),
        "after": (token_after(4), [(0, 1), (1, 2), (2, 3)]),
        "first": (one_column(4, 0), [(0, 0), (1, 0), (2, 0), (3, 0)]),
        "last": (one_column(4, -1), [(0, 3), (1, 3), (2, 3), (3, 3)]),
        "same": (same_word(["the", "cat", "the", "mat"]), [(0, 2), (2, 0)]),
    }
    for name, (pattern, expected) in cells.items():
        assert pattern.dtype == torch.bool and pattern.shape == (4, 4), name
        assert [tuple(cell) for cell in pattern.nonzero().tolist()] == expected, name
    assert not token_before(1).any()


def test_patterns_say_what_does_not_fit():
    """Wrong shapes, kinds and columns, and a pattern that is empty."""
    maps = torch.full((2, 3, 4, 4), 0.25)
    with pytest.raises(TypeError, match=r"pattern must be boolean, .* got torch\.float32"):
        pattern_scores(maps, torch.eye(4))
    with pytest.raises(
        ValueError, match=r"pattern \(length, length\), got \(2, 3, 4, 4\) and \(5, 5\)"
    ):
        head_by_pattern(maps, token_before(5))
    with pytest.raises(ValueError, match="must have at least 4 axes"):
        head_by_pattern(maps[0], token_before(4))
    with pytest.raises(ValueError, match="the pattern has no True"):
        head_by_pattern(maps, same_word(["no", "word", "is", "double"]))
    with pytest.raises(ValueError, match="column must be from -4 to 3, got 4"):
        one_column(4, 4)


# Other models, by name or folder.

TINY = dict(vocab_size=30522, hidden_size=12, num_attention_heads=3, num_hidden_layers=2,
            intermediate_size=7, max_position_embeddings=16)  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random BERT of Hugging Face's, under a head for masked words, and its folder."""
    from transformers import BertConfig, BertForMaskedLM

    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    model = BertForMaskedLM(BertConfig(**TINY, attn_implementation="eager")).eval()
    model.save_pretrained(folder)
    shutil.copy(minilm_folder() / "tokenizer.json", folder)
    return model, folder


@pytest.fixture
def offline_hub(tiny, tmp_path, monkeypatch):
    """A cache of the hub as it would be after fetching someone/tiny, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    model = tmp_path / "models--someone--tiny"
    (model / "refs").mkdir(parents=True)
    commit = "0123456789" * 4
    (model / "refs" / "main").write_text(commit)
    return shutil.copytree(tiny[1], model / "snapshots" / commit)


@torch.no_grad()
def test_a_hub_model_is_read_through_the_same_code(tiny, offline_hub, monkeypatch):
    """By name, by the environment variable or by its folder, the numbers are Hugging Face's."""
    monkeypatch.setenv("ATTENTION_BERT", "someone/tiny")
    assert bert_folder() == offline_hub
    for argument in (None, "someone/tiny", str(offline_hub)):
        encoder, tokenizer = load_bert(argument)
        ids, tokens = encode(tokenizer, SENTENCE)
        assert len(tokens) == 9 and not encoder.training
        output, weights = encoder(ids[None], return_weights=True)
        theirs = tiny[0].bert(ids[None], output_attentions=True)
        assert_close(output, theirs.last_hidden_state, **AGREE)
        assert_close(weights, torch.stack(theirs.attentions), **AGREE)


def test_without_the_variable_it_is_minilm(monkeypatch, minilm):
    """`load_bert` without a name is `load_minilm`; so it is with an empty one."""
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("ATTENTION_BERT", raising=False)
        else:
            monkeypatch.setenv("ATTENTION_BERT", value)
        assert bert_folder() == minilm_folder()
        assert load_bert()[0].embed.token.weight.equal(minilm[0].embed.token.weight)


def test_the_names_of_2018_and_half_precision_are_understood(tiny, tmp_path):
    """A norm's gamma and beta, as bert-base-uncased calls them, and float16."""
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny[1], tmp_path / "old")
    weights = folder / "model.safetensors"
    state = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor.half()
        for name, tensor in load_file(weights).items()
    }
    assert any(name.endswith("gamma") for name in state)
    save_file(state, weights)
    for mine, theirs in zip(
        load_bert(str(folder))[0].parameters(), load_bert(str(tiny[1]))[0].parameters(), strict=True
    ):
        assert mine.dtype == torch.float32
        assert_close(mine, theirs, rtol=1e-3, atol=1e-3)  # what half precision keeps


def test_without_network_or_copy_the_error_says_what_was_asked(offline_hub):
    """It names the model, the cache, the reason and two ways out."""
    with pytest.raises(FileNotFoundError, match=r"someone/other/config\.json is missing: it is not "
                       r"in the cache .*HF_HUB_OFFLINE is set.*unset ATTENTION_BERT"):  # fmt: skip
        load_bert("someone/other")
    with pytest.raises(ValueError, match=r"no model can be called 'a/b/c': write 'name' or"):
        load_bert("a/b/c")
    (offline_hub / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json is missing: it is not in the"):
        load_bert("someone/tiny")


def answer(monkeypatch, error):
    """Let the hub answer with this error."""
    import huggingface_hub

    def refuse(name, file):
        raise error

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)


def test_what_the_hub_answers_is_told(monkeypatch):
    """An unknown model, a file that it lacks, and no way to reach it."""
    from huggingface_hub import constants, errors

    response = SimpleNamespace(headers={}, request=None)
    answer(monkeypatch, errors.RepositoryNotFoundError("not found", response=response))
    with pytest.raises(FileNotFoundError, match="shows no model 'nobody': check the spelling"):
        load_bert("nobody")
    answer(monkeypatch, errors.RemoteEntryNotFoundError("not found", response=response))
    with pytest.raises(
        FileNotFoundError, match=r"config\.json is missing: the hub has no such file"
    ):
        load_bert("nobody")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for error in (errors.LocalEntryNotFoundError("no connection"), errors.HTTPError("timeout")):
        answer(monkeypatch, error)
        with pytest.raises(FileNotFoundError, match=r"the hub cannot be reached \((LocalE|HTTPE)"):
            load_bert("nobody")


def test_pickled_weights_are_refused_by_name(tiny, offline_hub, tmp_path):
    """Where only pytorch_model.bin is there, the error says why it is not read."""
    (offline_hub / "model.safetensors").rename(offline_hub / "pytorch_model.bin")
    for name in ("someone/tiny", str(offline_hub)):
        with pytest.raises(
            FileNotFoundError, match=r"only pytorch_model\.bin, a pickle, which may"
        ):
            load_bert(name)


def test_a_damaged_model_is_named(tiny, offline_hub):
    """Each file in turn: what is wrong, and where."""
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        path = offline_hub / name
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 3])
        with pytest.raises(ValueError, match=rf"{name} is damaged or not a BERT's, fetch it again"):
            load_bert(str(offline_hub))
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("model_type", "roberta", "a BERT with model_type 'bert', this model has 'roberta'"),
        ("hidden_act", "relu", "hidden_act 'gelu', this model has 'relu'"),
        ("layer_norm_eps", 1e-5, "layer_norm_eps 1e-12, this model has 1e-05"),
        ("is_decoder", True, "is_decoder False, this model has True"),
        ("add_cross_attention", True, "add_cross_attention False, this model has True"),
        ("position_embedding_type", "relative_key", "'absolute', this model has 'relative_key'"),
        ("type_vocab_size", 3, "type_vocab_size 2, this model has 3"),
        ("pruned_heads", {"0": [1]}, "pruned_heads {}, this model has {'0'"),
        ("intermediate_size", 8, r"model\.safetensors is damaged or not a BERT's.*size mismatch"),
        ("vocab_size", None, r"config\.json is damaged or not a BERT's.*vocab_size"),
    ],
)
def test_a_model_of_another_kind_is_refused(offline_hub, setting, value, words):
    """Another architecture, another bend, and sizes that do not fit the weights or are missing."""
    path = offline_hub / "config.json"
    settings = json.loads(path.read_text()) | {setting: value}
    if value is None:
        del settings[setting]
    path.write_text(json.dumps(settings))
    with pytest.raises(ValueError, match=words):
        load_bert(str(offline_hub))


def test_settings_that_change_no_number_are_no_matter(tiny, offline_hub):
    """A cache, chunks, a head's dropout, and a byte-order mark before all of them."""
    path = offline_hub / "config.json"
    harmless = {"use_cache": False, "chunk_size_feed_forward": 4, "classifier_dropout": 0.3}
    settings = json.loads(path.read_text()) | harmless
    path.write_text(json.dumps(settings), "utf-8-sig")
    ids = torch.tensor([[101, 2000, 102]])
    with torch.no_grad():
        ours = load_bert(str(offline_hub))[0](ids)
        assert_close(ours, tiny[0].bert(ids).last_hidden_state, **AGREE)


# What the chapter claims.


def test_a_verb_is_restored_from_both_sides_alone():
    """In each of three seeds: from both sides nearly all verbs, from the left about a quarter."""
    sentences = draw_sentences(500, torch.Generator().manual_seed(10_000))
    for seed in range(3):
        both, left = (
            share_restored(learn_to_restore(seed, one_sided), sentences, 2)
            for one_sided in (False, True)
        )
        assert both > 0.98 and left < 0.35


@pytest.fixture(scope="module")
def readings(minilm):
    """(tokens, maps) of each of the plain sentences."""
    encoder, tokenizer = minilm
    pairs = [encode(tokenizer, text) for text in SENTENCES]
    return [(tokens, attention_maps(encoder, ids)) for ids, tokens in pairs]


def test_a_head_looks_one_token_back(readings):
    """Layer 0, head 2 gives the token before more than .99 of the weight."""
    for _, maps in readings:
        assert maps[0, 2].diagonal(-1).mean() > 0.99


def test_a_head_leans_towards_the_next_token(readings):
    """Layer 1, head 8 gives the token after more than any other head, nearly half or more."""
    for _, maps in readings:
        after = maps.diagonal(1, -2, -1).mean(-1)
        assert after[1, 8] > 0.4 and after[1, 8] == after.max()


def test_cls_is_the_sink_and_sep_is_not(readings):
    """Over all heads and sentences [CLS] gets about half of the weight, [SEP] less than a tenth."""
    cls = torch.stack([maps[..., 0].mean() for _, maps in readings]).mean()
    sep = torch.stack([maps[..., -1].mean() for _, maps in readings]).mean()
    assert 0.4 < cls < 0.6
    assert sep < 0.1


def test_a_head_finds_the_same_word_and_rests_otherwise(minilm):
    """Head (2, 9) looks for the same word more than any other; rows without one rest on [CLS]."""
    encoder, tokenizer = minilm
    scores, rests = [], []
    for text in REPEATED:
        ids, tokens = encode(tokenizer, text)
        maps, pattern = attention_maps(encoder, ids), same_word(tokens)
        scores.append(pattern_scores(maps, pattern))
        rests.append([maps[2, 9, rows, 0].mean() for rows in (pattern.any(-1), ~pattern.any(-1))])
    mean = torch.stack(scores).mean(0)
    assert mean[2, 9] == mean.max() > 0.35
    with_twin, without = torch.tensor(rests).mean(0)
    assert without > 0.7 and without - with_twin > 0.2
