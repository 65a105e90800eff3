"""The book's DINOv2 beside Hugging Face's, with the same weights; and what it refuses."""

import pytest
import torch
from torch.testing import assert_close
from transformers import Dinov2Config, Dinov2Model

from attention.data.packaged import MissingData
from attention.models.dino.model import PIXEL_MEAN, PIXEL_SPREAD, Dino
from attention.models.dino.names import rename
from attention.models.dino.onnx_file import read_onnx
from attention.models.dino.peer import hugging_faces_dino
from attention.models.dino.pretrained import OTHER, load_dino

SMALL = {
    "hidden_size": 24,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "patch_size": 4,
    "image_size": 20,
    "layer_norm_eps": 1e-6,
}


def images(height, width, batch=1):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(0))


def normal(colours):
    mean, spread = (torch.tensor(each)[:, None, None] for each in (PIXEL_MEAN, PIXEL_SPREAD))
    return (colours - mean) / spread


def in_small(**settings):
    """A small DINOv2 of Hugging Face's, with weights drawn by lot, layer scales among them."""
    torch.manual_seed(0)
    theirs = Dinov2Model(Dinov2Config(**(SMALL | settings))).eval()
    for name, weight in theirs.named_parameters():
        if name.endswith("lambda1") or "position" in name:
            torch.nn.init.normal_(weight)
    return theirs.requires_grad_(False)


def states(ours, colours):
    """What the stream is before the first block and after each."""
    found = [ours.embed(colours)]
    for block in ours.blocks:
        found.append(block(found[-1]))
    return found


@torch.no_grad()
def assert_alike(ours, theirs, colours, tolerance):
    expected = theirs(normal(colours), output_hidden_states=True)
    own = states(ours, colours)
    for layer, (found, other) in enumerate(zip(own, expected.hidden_states, strict=True)):
        difference = (found - other).abs().max().item()
        assert difference < tolerance, f"after layer {layer}: {difference}"
    assert_close(ours.norm(own[-1]), expected.last_hidden_state, atol=tolerance, rtol=0)


@pytest.mark.parametrize("height, width", [(20, 20), (12, 32), (40, 28), (4, 4)])
def test_a_small_one_is_hugging_faces(tmp_path, height, width):
    """Saved by theirs and loaded by ours, at its own size and at others, two images at once."""
    theirs = in_small()
    theirs.save_pretrained(tmp_path)
    assert_alike(load_dino(str(tmp_path)), theirs, images(height, width, batch=2), 1e-5)


@pytest.fixture(scope="module")
def hugging_faces(dino):
    """Hugging Face's model with the weights of the book's, which are all there."""
    return hugging_faces_dino()


@pytest.mark.parametrize("height, width", [(98, 70), (224, 224), (322, 434)])
def test_the_books_is_hugging_faces(dino, hugging_faces, height, width):
    """After every layer, at three sizes, to 1e-4, where numbers are as large as 10."""
    assert_alike(dino, hugging_faces, images(height, width), 1e-4)


def test_weights_come_for_every_head():
    """Each row sums to one; the vectors are the same with and without them."""
    ours = Dino(patch=4, side=3, d_model=24, n_heads=3, n_layers=2).eval()
    vectors, maps = ours(images(8, 20, batch=2), return_weights=True)
    assert vectors.shape == (2, 11, 24) and maps.shape == (2, 2, 3, 11, 11)
    assert_close(vectors, ours(images(8, 20, batch=2)))
    assert_close(maps.sum(-1), torch.ones(2, 2, 3, 11))


def test_patches_are_cut_as_their_convolution_does():
    """One changed pixel changes one token, the one in whose square it stands."""
    ours = Dino(patch=4, side=2, d_model=24, n_heads=3, n_layers=1)
    colours = images(8, 8)
    changed = colours.clone()
    changed[0, 1, 5, 2] += 0.5  # green, in the second row of patches, first column
    moved = (ours.embed(colours) - ours.embed(changed)).abs().sum(-1)[0]
    assert moved.nonzero().flatten().tolist() == [3]


@pytest.mark.parametrize("shape", [(3, 28, 28), (1, 1, 28, 28), (1, 4, 28, 28)])
def test_other_shapes_are_refused(shape):
    """Three colours, and a batch."""
    ours = Dino(patch=14, side=2, d_model=24, n_heads=3, n_layers=1)
    with pytest.raises(ValueError, match=r"\(batch, 3, height, width\), with red, green and blue"):
        ours(torch.zeros(shape))
    with pytest.raises(ValueError, match="multiples of patch, got 27 × 28 and patch 14"):
        ours(torch.zeros(1, 3, 27, 28))


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"use_swiglu_ffn": True}, "use_swiglu_ffn False, this one has True"),
        ({"hidden_act": "relu"}, "hidden_act 'gelu', this one has 'relu'"),
        ({"layer_norm_eps": 1e-5}, "layer_norm_eps 1e-06, this one has 1e-05"),
        ({"mlp_ratio": 2}, "mlp_ratio 4, this one has 2"),
    ],
)
def test_another_kind_is_refused(tmp_path, settings, said):
    """By the setting in which it differs."""
    in_small(**settings).save_pretrained(tmp_path)
    with pytest.raises(ValueError, match=f"a DINOv2 with {said}; choose another, or unset"):
        load_dino(str(tmp_path))


def test_a_damaged_or_missing_file_is_named(tmp_path, monkeypatch):
    """Weights that are cut short, of another size, or not there."""
    monkeypatch.setenv(OTHER.variable, str(tmp_path))
    in_small().save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    with pytest.raises(ValueError, match=r"model\.safetensors is damaged or not a DINOv2's"):
        load_dino()
    weights.write_bytes(whole)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"hidden_size": 24', '"hidden_size": 48'))
    with pytest.raises(ValueError, match="damaged or not a DINOv2's"):
        load_dino()
    weights.unlink()
    with pytest.raises(MissingData, match=r"model\.safetensors is missing"):
        load_dino()


def test_weights_that_lack_a_part_are_refused(tmp_path):
    """A key that nobody finds is named."""
    with pytest.raises(KeyError, match=r"embeddings\.cls_token"):
        rename({})


@pytest.mark.parametrize("content", [b"", b"no protocol buffer", b"\x08\x07"])
def test_what_is_no_dino_is_refused(tmp_path, content):
    """A file that is empty, no ONNX, or an ONNX without DINOv2's weights."""
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"model\.onnx (is damaged|holds no DINOv2)"):
        read_onnx(path)
