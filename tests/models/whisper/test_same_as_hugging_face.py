"""Whisper of the book's blocks, against Hugging Face's with the same weights."""

import json

import pytest
import torch
from safetensors import safe_open
from torch.testing import assert_close
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

from attention.data.austen import load_austen
from attention.data.packaged import packaged
from attention.models.converted import converted
from attention.models.whisper.from_ctranslate2 import read_whisper
from attention.models.whisper.pretrained import FOLDER, PACKAGE
from attention.models.whisper.transcribing import transcribe, write_down

ROUNDING = {"rtol": 0, "atol": 1e-4}  # four layers of float32, summed in another order


@pytest.fixture(scope="module")
def theirs(whisper):
    """Hugging Face's model, which returns its weights."""
    path = converted(packaged(PACKAGE, f"{FOLDER}/model.bin"), read_whisper)
    with safe_open(path, "pt") as file:
        state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        config = json.loads(file.metadata()["config"])
    state["proj_out.weight"] = state["model.decoder.embed_tokens.weight"]
    with torch.device("meta"):
        model = WhisperForConditionalGeneration(
            WhisperConfig(**config, attn_implementation="eager")
        )
    model.load_state_dict(state, assign=True)
    return model.eval()


@torch.no_grad()
def test_the_encoder_hears_the_same(theirs, frames, memory):
    """Its output, for half a minute."""
    assert_close(memory, theirs.model.encoder(frames.mT).last_hidden_state, **ROUNDING)


@torch.no_grad()
def test_scores_and_cross_maps_are_the_same(whisper, theirs, memory):
    """Of every token of a sentence, in every head, with the memory as it is and kept."""
    model, vocabulary = whisper
    words = vocabulary.encode(" And Mr. John Dashwood had then leisure")
    tokens = torch.tensor([[*vocabulary.start, *words]])
    expected = theirs(
        encoder_outputs=(memory,), decoder_input_ids=tokens, output_attentions=True, use_cache=False
    )
    for heard in (memory, model.decoder.keep(memory)):
        scores, maps = model.decoder(tokens, heard, return_weights=True)
        assert_close(scores, expected.logits, **ROUNDING)
        assert_close(maps, torch.stack(expected.cross_attentions), **ROUNDING)


@torch.no_grad()
def test_the_transcript_is_the_same(whisper, theirs, frames, memory):
    """Token by token, with the same ones forbidden."""
    model, vocabulary = whisper
    rules = GenerationConfig(
        decoder_start_token_id=vocabulary.start[0],
        forced_decoder_ids=[[1, vocabulary.start[1]]],
        suppress_tokens=list(vocabulary.never),
        begin_suppress_tokens=list(vocabulary.never_first),
        eos_token_id=vocabulary.end, pad_token_id=vocabulary.end, bos_token_id=vocabulary.end,
        no_timestamps_token_id=vocabulary.start[1], is_multilingual=False, max_length=60,
    )  # fmt: skip
    prompt = torch.tensor([vocabulary.start])
    written = theirs.generate(frames.mT, decoder_input_ids=prompt, generation_config=rules)
    expected = [token for token in written[0].tolist() if token < vocabulary.end]
    assert write_down(model, vocabulary, memory) == expected


def test_what_it_writes_is_what_was_said(whisper):
    """Word by word."""
    said = (
        "And Mr. John Dashwood had then leisure to consider how much there might be prudently in "
        "his power to do for them."
    )
    wave, _ = load_austen()
    assert transcribe(wave, whisper=whisper) == said


@torch.no_grad()
def test_tokens_read_piece_by_piece_score_as_at_once(whisper, memory):
    """With caches of the words and of what was heard, or with neither."""
    model, vocabulary = whisper
    tokens = torch.tensor([[*vocabulary.start, *vocabulary.encode(" how much there might be")]])
    kept, caches = model.decoder.keep(memory), model.decoder.new_cache()
    pieces = [model.decoder(piece, kept, caches) for piece in tokens.split(3, dim=1)]
    assert_close(torch.cat(pieces, dim=1), model.decoder(tokens, memory), **ROUNDING)


def test_the_memorys_keys_are_computed_once_a_recording(whisper, memory):
    """However many tokens are written."""
    model, vocabulary = whisper
    calls = []
    hooks = [
        block.cross_attention.to_key.register_forward_hook(lambda *_: calls.append(1))
        for block in model.decoder.blocks
    ]
    written = write_down(model, vocabulary, memory)
    for hook in hooks:
        hook.remove()
    assert len(written) > 20 and len(calls) == len(hooks)
