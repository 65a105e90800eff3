"""Finds the files of a model that a reader names in place of the book's own.

They are in a folder, on the Hugging Face hub, or in the cache of what was fetched before.
"""

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from attention.data.packaged import MissingData

FILES = ("config.json", "tokenizer.json", "model.safetensors")
PATIENCE = 4  # seconds for the hub's first answer; by itself the library tries for minutes


@dataclass(frozen=True)
class OtherModel:
    """What a model must be that a reader may name in place of the book's own.

    Args:
        variable: the environment variable that names it.
        kind: what it is to be, such as "BERT".
        own: what the book calls its own, such as "MiniLM".
        files: what its folder holds; the first is the smallest.
    """

    variable: str
    kind: str
    own: str
    files: tuple[str, ...] = FILES

    @property
    def instead(self) -> str:
        """The way out of every error."""
        return f"or unset {self.variable} to read {self.own}, which needs no network"

    def folder(self, name: str | None = None) -> Path | None:
        """Find the folder of the model that is asked for.

        Args:
            name: of a model on the hub, or the path of a folder; by default what the variable says.

        Returns:
            The folder, in which all files are; None where none is asked for.

        Raises:
            ValueError: no model can have such a name.
            FileNotFoundError: there is no such model or file, or no network and no copy of it.
        """
        name = name or os.environ.get(self.variable)
        if not name:
            return None
        folder = Path(name) if Path(name).is_dir() else hub_folder(name, self)
        for file in self.files:
            if not (folder / file).is_file():
                remedy = f"a model's folder holds {', '.join(self.files)}"
                raise MissingData(self.missing(folder / file, remedy))
        return folder

    def parsed(self, path: Path, read: Callable):
        """What `read` makes of a file; a ValueError names the file if it makes nothing of it."""
        try:
            return read(path)
        except Exception as error:  # each library raises its own
            reason = str(error).strip().splitlines()[:3]
            raise ValueError(
                f"{path} is damaged or not a {self.kind}'s, fetch it again: {' '.join(reason)}"
            ) from error

    def missing(self, path: Path, remedy: str) -> str:
        """What to say of a file that is not there. Weights in another format are named as such."""
        if path.name == "model.safetensors" and path.with_name("pytorch_model.bin").exists():
            return (
                f"{path} is missing; the model has only pytorch_model.bin, a pickle, which may run "
                f"any code when it is read and is not read here. Save it with save_pretrained(), "
                f"{self.instead}"
            )
        return f"{path} is missing: {remedy}"


def hub_folder(name: str, model: OtherModel) -> Path:
    """Find the folder of a model by its name on the hub; fetch what the cache lacks.

    Args:
        name: "bert-base-uncased", or with an owner, "google/bert_uncased_L-2_H-128_A-2".
        model: what it is to be.

    Returns:
        The folder with the model's files.

    Raises:
        ValueError: no model can have such a name.
        FileNotFoundError: the hub has no such model, the model no such file, or the hub was not
            reached, or did not answer, and the cache has not got it.
    """
    # Imported here: it takes a third of a second, and the book's own models need no hub.
    from huggingface_hub import constants, errors, hf_hub_download

    answers = _ends_soon(partial(hf_hub_download, name, model.files[0]))
    options = {} if answers else {"local_files_only": True}
    folder = None
    for file in model.files:
        try:
            folder = Path(hf_hub_download(name, file, **options)).parent
        except errors.HFValidationError as error:
            raise ValueError(
                f"no model can be called {name!r}: write 'name' or 'owner/name', as on "
                f"huggingface.co, the path of a folder, {model.instead}"
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise MissingData(
                f"the Hugging Face hub shows no model {name!r}: check the spelling (a private one "
                f"needs `hf auth login`), {model.instead}"
            ) from error
        except (OSError, errors.HTTPError) as error:
            reached = not isinstance(error, errors.LocalEntryNotFoundError)
            why = (
                "the hub has no such file"
                if reached and isinstance(error, errors.EntryNotFoundError)
                else f"it is not in the cache {constants.HF_HUB_CACHE}, and the hub was not asked "
                "(HF_HUB_OFFLINE is set)"
                if constants.HF_HUB_OFFLINE
                else f"it is not in the cache {constants.HF_HUB_CACHE}, and the hub cannot be "
                f"reached ({type(error.__cause__ or error).__name__})"
                if answers
                else f"it is not in the cache {constants.HF_HUB_CACHE}, and the hub at "
                f"{constants.ENDPOINT} has not answered within {PATIENCE} seconds"
            )
            remedy = f"{why}. Check the name and the network, {model.instead}"
            place = Path(name) / file if folder is None else folder / file
            raise MissingData(model.missing(place, remedy)) from error
    return folder


def _ends_soon(work) -> bool:
    """Whether `work` returns or raises in time. Nobody waits longer: it has a thread of its own."""
    ended = threading.Event()

    def run():
        with suppress(Exception):  # who does it again will meet it
            work()
        ended.set()

    threading.Thread(target=run, daemon=True).start()
    return ended.wait(PATIENCE)
