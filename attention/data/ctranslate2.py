"""Reads files of CTranslate2, a fast engine for Transformers with a format of its own.

A file says, one after the other: a version, the name of a kind of model, a revision, and then each
tensor: its name, its shape, its type, its bytes. Behind them stand second names for some of them.
All numbers are whole, little-endian; each text has its length before it and a zero byte behind.

Source: `model_spec.py` of CTranslate2, format 6, which writes such files.
"""

import struct
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FORMAT = 6
TYPES = ["<f4", "i1", "<i2", "<i4", "<f2"]  # what the file writes as 0, 1, 2, …


def read_ctranslate2(path: Path | str) -> tuple[str, dict[str, Tensor]]:
    """Read a file of CTranslate2's format 6.

    Returns:
        (kind, tensors): what the file says it is, and its tensors by name, second names included.

    Raises:
        ValueError: the file is cut short or of another format, or its numbers are of a type that is
            unknown here.
    """
    file = _Bytes(path)
    version = file.number("I")
    if version != FORMAT:
        raise ValueError(f"{path} is no model of CTranslate2 in format {FORMAT}, it says {version}")
    kind, _revision = file.text(), file.number("I")
    tensors = {}
    for _ in range(file.number("I")):
        name = file.text()
        shape = [file.number("I") for _ in range(file.number("B"))]
        code, size = file.number("B"), file.number("I")
        if code >= len(TYPES) or size != prod(shape) * np.dtype(TYPES[code]).itemsize:
            raise ValueError(
                f"{path} is damaged, or its numbers are of a type unknown here: {name} of shape "
                f"{tuple(shape)} has type {code} and {size} bytes"
            )
        numbers = np.frombuffer(file.take(size), TYPES[code]).reshape(shape)
        tensors[name] = torch.from_numpy(numbers.copy())
    for _ in range(file.number("I")):
        alias, name = file.text(), file.text()
        if name not in tensors:
            raise ValueError(f"{path} is damaged: {alias} is to be {name}, which it has not got")
        tensors[alias] = tensors[name]
    return kind, tensors


class _Bytes:
    """The file's bytes, and how far they have been read."""

    def __init__(self, path: Path | str):
        self.path, self.data, self.place = path, Path(path).read_bytes(), 0

    def take(self, size: int) -> bytes:
        if self.place + size > len(self.data):
            raise ValueError(
                f"{self.path} ends early: {self.place + size} bytes or more are announced, "
                f"{len(self.data)} are there. Fetch it again"
            )
        self.place += size
        return memoryview(self.data)[self.place - size : self.place]

    def number(self, code: str) -> int:
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def text(self) -> str:
        return bytes(self.take(self.number("H"))).rstrip(b"\0").decode()
