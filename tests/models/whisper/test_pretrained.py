"""A reader's own Whisper, by a folder; and what is said of one that is not whole."""

import json
import shutil

import pytest
import torch
from torch.testing import assert_close
from transformers import WhisperConfig, WhisperForConditionalGeneration

from attention.data.packaged import packaged
from attention.models.whisper.from_ctranslate2 import read_whisper
from attention.models.whisper.pretrained import FOLDER, PACKAGE, load_whisper
from attention.models.whisper.vocabulary import vocabulary

SIZES = dict(
    vocab_size=51_865, d_model=12, encoder_layers=1, decoder_layers=2, encoder_attention_heads=3,
    decoder_attention_heads=3, encoder_ffn_dim=48, decoder_ffn_dim=48, num_mel_bins=5,
    max_source_positions=7, max_target_positions=9, suppress_tokens=[3], begin_suppress_tokens=[4],
    pad_token_id=0, bos_token_id=0, eos_token_id=0, decoder_start_token_id=0,
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, whisper, monkeypatch):
    """A small multilingual Whisper as Hugging Face saves it, named by the variable; and itself."""
    torch.manual_seed(0)
    theirs = WhisperForConditionalGeneration(WhisperConfig(**SIZES)).eval()
    theirs.save_pretrained(tmp_path)
    (tmp_path / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((tmp_path / "config.json").read_text())
    rules = {"suppress_tokens": [3], "begin_suppress_tokens": [4]}  # where older files have them
    (tmp_path / "config.json").write_text(json.dumps(config | rules))
    shutil.copy(packaged(PACKAGE, f"{FOLDER}/tokenizer.json"), tmp_path)
    monkeypatch.setenv("ATTENTION_WHISPER", str(tmp_path))
    return tmp_path, theirs


@torch.no_grad()
def test_a_folder_of_hugging_faces_is_loaded_in_place_of_ours(folder):
    """Encoder and decoder of different depths, and the same scores."""
    _, theirs = folder
    model, _ = load_whisper()
    frames, tokens = torch.randn(2, 14, 5), torch.tensor([[1, 2, 3], [4, 5, 6]])
    expected = theirs(input_features=frames.mT, decoder_input_ids=tokens).logits
    assert_close(model(frames, tokens), expected, rtol=0, atol=1e-5)


def test_a_model_of_many_languages_is_told_which(folder):
    """The start names the language and the task, where a model of one language has neither."""
    _, words = load_whisper(language="zh")
    assert words.pieces(words.start) == [
        "<|startoftranscript|>", "<|zh|>", "<|transcribe|>", "<|notimestamps|>"
    ]  # fmt: skip
    assert (words.never, words.never_first) == ((3,), (4,))
    with pytest.raises(ValueError, match=r"no token <\|xx\|>, so it is not a Whisper's"):
        load_whisper(language="xx")


def test_newer_rules_take_the_place_of_older_ones(folder):
    """generation_config.json, where there is one."""
    path, _ = folder
    (path / "generation_config.json").write_text('{"suppress_tokens": [8, 9]}')
    assert load_whisper()[1].never == (8, 9)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_damaged_file_is_named(folder, file):
    """Cut in half, and missing."""
    path, _ = folder
    data = (path / file).read_bytes()
    (path / file).write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=rf"{file} is damaged or not a Whisper's, fetch it again"):
        load_whisper()
    (path / file).unlink()
    with pytest.raises(FileNotFoundError, match=rf"{file} is missing: a model's folder holds"):
        load_whisper()


def test_another_kind_of_model_is_refused(folder):
    """With what it is, and what to do."""
    path, _ = folder
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | {"model_type": "bert"}))
    with pytest.raises(ValueError, match=r"model_type 'whisper', this one has 'bert'.*unset ATTEN"):
        load_whisper()


def test_a_model_of_english_alone_is_told_no_language(whisper):
    """Its start says only that no times are wanted."""
    model, words = whisper
    assert words.pieces(words.start) == ["<|startoftranscript|>", "<|notimestamps|>"]
    assert vocabulary(words.tokenizer, len(model.decoder.token.weight)).start == words.start
    assert words.decode([*words.start, *words.encode(" how much"), words.end]) == " how much"


def test_another_kind_of_file_of_ctranslate2_is_refused(monkeypatch):
    """A translator's, and a Whisper whose numbers are in eight bits."""
    from attention.models.whisper import from_ctranslate2 as module

    monkeypatch.setattr(module, "read_ctranslate2", lambda path: ("TransformerSpec", {}))
    with pytest.raises(ValueError, match=r"kind 'TransformerSpec', wanted 'WhisperSpec'"):
        read_whisper("model.bin")
    weight = {"encoder/layer_0/ffn/linear_0/weight": torch.zeros(2, 3, dtype=torch.int8)}
    monkeypatch.setattr(module, "read_ctranslate2", lambda path: ("WhisperSpec", weight))
    with pytest.raises(ValueError, match=r"quantised: encoder/layer_0.* holds torch.int8"):
        read_whisper("model.bin")
