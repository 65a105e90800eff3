"""What `pretrained` and `gguf_file` read, and what they refuse."""

import json
import shutil

import gguf
import numpy as np
import pytest
import torch
from torch.testing import assert_close

from attention.data.packaged import MissingData, packaged
from attention.models.llama.gguf_file import read_gguf
from attention.models.llama.model import Llama
from attention.models.llama.pretrained import FILE, PACKAGE, encode, load_llama

WORDS = ["<|endoftext|>", "a", "b", "c", "ab", "Ġ", "1", "2"]
SIZES = {"vocab_size": 8, "d_model": 64, "n_heads": 4, "n_kv_heads": 2, "n_layers": 1, "d_ff": 96,
         "max_len": 12, "rotary_base": 100.0, "norm_eps": 2.0**-17}  # fmt: skip
THEIRS = {"token": "token_embd", "norm": "output_norm", "attention_norm": "attn_norm",
          "attention.to_query": "attn_q", "attention.to_key": "attn_k",
          "attention.to_value": "attn_v", "attention.to_output": "attn_output",
          "feed_forward_norm": "ffn_norm", "feed_forward.gate": "ffn_gate",
          "feed_forward.up": "ffn_up", "feed_forward.down": "ffn_down"}  # fmt: skip


@pytest.fixture(scope="module")
def weights():
    """Of a small model, by our names."""
    torch.manual_seed(0)
    state = Llama(**SIZES).state_dict()
    return {name: torch.randn_like(tensor) for name, tensor in state.items()}


def write(path, weights, architecture="llama", pre="smollm", more=()):
    """A GGUF file of them: the queries as Q8_0, the values as Q4_1, all else as they are."""
    file = gguf.GGUFWriter(path, architecture)
    file.add_vocab_size(SIZES["vocab_size"])
    file.add_embedding_length(SIZES["d_model"])
    file.add_head_count(SIZES["n_heads"])
    file.add_head_count_kv(SIZES["n_kv_heads"])
    file.add_block_count(SIZES["n_layers"])
    file.add_feed_forward_length(SIZES["d_ff"])
    file.add_context_length(SIZES["max_len"])
    file.add_rope_freq_base(SIZES["rotary_base"])
    file.add_layer_norm_rms_eps(SIZES["norm_eps"])
    file.add_tokenizer_model("gpt2")
    file.add_tokenizer_pre(pre)
    file.add_token_list(WORDS)
    file.add_token_types([3] + [1] * 7)
    file.add_token_merges(["a b"])
    kinds = {"attn_q": gguf.GGMLQuantizationType.Q8_0, "attn_v": gguf.GGMLQuantizationType.Q4_1}
    for name, tensor in weights.items():
        ours = name.removesuffix(".weight").removeprefix("blocks.0.")
        theirs = "blk.0." * name.startswith("blocks.") + THEIRS[ours]
        numbers, dtype = tensor.numpy(), kinds.get(THEIRS[ours])
        packed = numbers if dtype is None else gguf.quants.quantize(numbers, dtype)
        file.add_tensor(f"{theirs}.weight", packed, raw_dtype=dtype)
    for name in more:
        file.add_tensor(name, np.zeros(3, "float32"))
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


def test_all_of_a_file_is_read(weights, tmp_path):
    """Sizes, tokens and weights; those in blocks of 32 to half of a step."""
    found, texts = read_gguf(write(tmp_path / "a.gguf", weights))
    assert json.loads(texts["sizes"]) == SIZES
    tokens = [token["content"] for token in json.loads(texts["tokenizer"])["added_tokens"]]
    assert tokens == ["<|endoftext|>"]
    assert found.keys() == weights.keys()
    for name, tensor in weights.items():
        steps = {"to_query": 127, "to_value": 15}  # in a block: of 8 bits, of 4
        count = steps.get(name.split(".")[-2])
        if count is None:
            assert found[name].equal(tensor)
        else:
            block = tensor.unflatten(-1, (-1, 32))
            width = block.abs().amax(-1) if count == 127 else block.amax(-1) - block.amin(-1)
            error = (found[name] - tensor).unflatten(-1, (-1, 32)).abs().amax(-1)
            assert (error <= width / count * 0.51 + 0.002).all()  # the scale itself is float16


def test_the_blocks_of_four_bits_are_what_the_formula_says(llama):
    """Q4_1: a scale, the smallest, and 32 half bytes, the low ones first; of the real file."""
    reader = gguf.GGUFReader(packaged(PACKAGE, FILE))
    packed = next(each for each in reader.tensors if each.name == "blk.0.attn_v.weight")
    assert packed.tensor_type == gguf.GGMLQuantizationType.Q4_1
    scale, smallest = packed.data[0, :4].view("float16").astype("float32")
    halves = np.concatenate([packed.data[0, 4:20] & 15, packed.data[0, 4:20] >> 4])
    row = llama[0].blocks[0].attention.to_value.weight[0, :32]
    assert torch.from_numpy(scale * halves + smallest).equal(row)


BAD = {
    "cut": lambda data: data[: len(data) // 2],
    "in the header": lambda data: data[:300],
    "empty": lambda data: b"",
    "no GGUF": lambda data: b"PK\3\4" + data[4:],
    "version 1": lambda data: data[:4] + b"\1\0\0\0" + data[8:],
    "version 9": lambda data: data[:4] + b"\11\0\0\0" + data[8:],
}


@pytest.mark.parametrize("harm", BAD.values(), ids=BAD)
def test_a_damaged_file_is_refused_with_its_name(weights, tmp_path, harm):
    """Whatever the library stumbles over."""
    path = write(tmp_path / "a.gguf", weights)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(ValueError, match=r"a\.gguf is cut short, damaged, or not a GGUF file"):
        read_gguf(path)


def test_another_kind_of_model_is_refused(weights, tmp_path):
    """Another architecture, a tensor that there is no place for, another tokenizer."""
    with pytest.raises(ValueError, match="of the architecture 'llama', got 'mamba'"):
        read_gguf(write(tmp_path / "a", weights, architecture="mamba"))
    with pytest.raises(ValueError, match=r"no place for: blk\.0\.attn_q\.bias"):
        read_gguf(write(tmp_path / "b", weights, more=["blk.0.attn_q.bias"]))
    with pytest.raises(ValueError, match="the tokenizer must be"):
        read_gguf(write(tmp_path / "c", weights, pre="qwen2"))


# A folder, as Hugging Face keeps them.


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, llama):
    """A small `LlamaForCausalLM` that was never trained, and its folder."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("tiny")
    config = LlamaConfig(vocab_size=49152, hidden_size=24, num_attention_heads=3,
                         num_key_value_heads=1, num_hidden_layers=2, intermediate_size=20,
                         max_position_embeddings=64, tie_word_embeddings=True)  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval()
    model.save_pretrained(folder)
    llama[1].save(str(folder / "tokenizer.json"))
    return model, folder


@torch.no_grad()
def test_a_model_that_the_reader_names_is_read_by_the_same_code(tiny, monkeypatch):
    """By the variable or by its folder, the scores are Hugging Face's."""
    theirs, folder = tiny
    monkeypatch.setenv("ATTENTION_GPT", str(folder))
    for name in (None, str(folder)):
        model, tokenizer = load_llama(name)
        tokens = encode(tokenizer, "Once upon a time there were 7 goats")
        assert_close(model(tokens), theirs(tokens).logits)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("model_type", "qwen2", "has model_type 'llama', this one 'qwen2'"),
        ("tie_word_embeddings", False, "has tie_word_embeddings True, this one False"),
        ("attention_bias", True, "has attention_bias False, this one True"),
        ("rope_parameters", {"rope_type": "llama3"}, "does not stretch its positions"),
        ("num_hidden_layers", 3, "damaged or not a Llama's"),
    ],
)
def test_settings_of_another_model_are_refused(tiny, tmp_path, setting, value, said):
    """With the file, the setting and both values."""
    folder = shutil.copytree(tiny[1], tmp_path / "other")
    settings = json.loads((folder / "config.json").read_text()) | {setting: value}
    (folder / "config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match=said):
        load_llama(str(folder))


def test_a_folder_that_lacks_a_file_or_holds_a_broken_one_is_named(tiny, tmp_path):
    """The weights cut short, then none."""
    folder = shutil.copytree(tiny[1], tmp_path / "broken")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged or not a Llama's"):
        load_llama(str(folder))
    weights.unlink()
    with pytest.raises(MissingData, match=r"model\.safetensors is missing: a model's folder holds"):
        load_llama(str(folder))


def test_a_name_that_cannot_be_had_is_told_of(monkeypatch):
    """No network: the way out names the variable and the book's own model."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(MissingData, match="or unset ATTENTION_GPT to read SmolLM2, which needs no"):
        load_llama("someone/nothing")
