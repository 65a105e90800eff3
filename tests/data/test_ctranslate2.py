"""Files of CTranslate2: read as its own converter writes them, refused where they are not whole."""

import struct

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from attention.data.ctranslate2 import read_ctranslate2


def text(words):
    return struct.pack("<H", len(words) + 1) + words.encode() + b"\0"


def tensor(name, numbers, code):
    shape = struct.pack(f"<B{numbers.ndim}I", numbers.ndim, *numbers.shape)
    data = numbers.tobytes()
    return text(name) + shape + struct.pack("<BI", code, len(data)) + data


NUMBERS = {
    "float32": (np.array([[1.5, -2], [0, 3]], "<f4"), 0),
    "int8": (np.array([1, -2, 3], "i1"), 1),
    "int16": (np.array(7, "<i2"), 2),
    "int32": (np.array([70_000], "<i4"), 3),
    "float16": (np.array([[0.5, 65_504]], "<f2"), 4),
}


def model(version=6, kind="SomeSpec", aliases=(("again", "float32"),)):
    out = struct.pack("<I", version) + text(kind) + struct.pack("<II", 3, len(NUMBERS))
    out += b"".join(tensor(name, *stored) for name, stored in NUMBERS.items())
    out += struct.pack("<I", len(aliases))
    return out + b"".join(text(alias) + text(name) for alias, name in aliases)


@pytest.fixture
def write(tmp_path):
    def written(content):
        (tmp_path / "model.bin").write_bytes(content)
        return tmp_path / "model.bin"

    return written


def test_tensors_have_their_names_shapes_and_types(write):
    """Of each type of number, and of no axis, one or two; a second name is the same tensor."""
    kind, tensors = read_ctranslate2(write(model()))
    assert kind == "SomeSpec" and list(tensors) == [*NUMBERS, "again"]
    for name, (numbers, _) in NUMBERS.items():
        assert_close(tensors[name], torch.from_numpy(numbers))
    assert tensors["again"] is tensors["float32"]


@pytest.mark.parametrize("size", [0, 3, 5, 20, 60, -1])
def test_a_file_that_is_cut_short_is_refused(write, size):
    """Wherever it ends."""
    with pytest.raises(ValueError, match=r"model\.bin ends early: \d+ bytes or more are announced"):
        read_ctranslate2(write(model()[:size]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (model(version=5), "no model of CTranslate2 in format 6, it says 5"),
        (b"GGUF" + bytes(90), "no model of CTranslate2 in format 6, it says 1179993927"),
        (model(aliases=[("again", "nowhere")]), "damaged: again is to be nowhere"),
        (model().replace(struct.pack("<BI", 4, 4), struct.pack("<BI", 5, 4)), "has type 5 and 4 b"),
        (model().replace(struct.pack("<BI", 4, 4), struct.pack("<BI", 4, 2)), "has type 4 and 2 b"),
    ],
)
def test_another_file_is_refused(write, content, said):
    """Another version, another format, a type that came later, sizes that contradict each other."""
    with pytest.raises(ValueError, match=said):
        read_ctranslate2(write(content))
