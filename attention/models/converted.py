"""Weights in the format of whoever made them are turned into safetensors once, and kept.

A safetensors file is read by mapping it into memory, in milliseconds, whatever its size. What is
kept stands in `_build/models` of a checkout, or in a folder of the user's own cache.
"""

import hashlib
import inspect
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from attention.data.packaged import file_hash

Reader = Callable[[Path], tuple[dict[str, Tensor], dict[str, str]]]
ROOT = Path(__file__).resolve().parents[2]


def converted(source: Path, read: Reader) -> Path:
    """Find the safetensors file of a model, and make it where it is not there yet.

    Its name holds the hashes of the source and of the reader's module: where one of them changes,
    the file is made anew. It appears whole or not at all, also where two processes make it at once.

    Args:
        source: the file as it came.
        read: takes the source, returns ({name: tensor}, {name: text}): the weights and what else is
            known of the model. It is called with the source only where the file has to be made.

    Returns:
        The file: tensors, and the texts as its metadata.

    What `read` raises goes on to the caller, and nothing is kept.
    """
    reader = Path(inspect.getsourcefile(read)).read_bytes()
    key = hashlib.sha256(file_hash(source).encode() + reader).hexdigest()[:16]
    target = models_folder() / f"{source.stem}-{key}.safetensors"
    if not target.is_file():
        from safetensors.torch import save_file  # here, so that the package needs nothing but torch

        tensors, metadata = read(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=target.parent, suffix=".part")
        os.close(handle)
        try:
            save_file(tensors, part, metadata)
            os.replace(part, target)
        finally:
            Path(part).unlink(missing_ok=True)
    return target


def models_folder() -> Path:
    """Where converted models are kept."""
    if (ROOT / "install.py").is_file():  # a checkout of the book
        return ROOT / "_build" / "models"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "attention-book" / "models"
