"""Finds a model's files on the Hugging Face hub, or in the cache of what was fetched before."""

import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

FILES = ("config.json", "tokenizer.json", "model.safetensors")
PATIENCE = 4  # seconds for the hub's first answer; by itself the library tries for minutes
INSTEAD = "or unset ATTENTION_BERT to read MiniLM, which needs no network"


def missing(path: Path, remedy: str) -> str:
    """What to say of a file that is not there. Weights in another format are named as such."""
    if path.name == "model.safetensors" and path.with_name("pytorch_model.bin").exists():
        return (
            f"{path} is missing; the model has only pytorch_model.bin, a pickle, which may run any "
            f"code when it is read and is not read here. Save it with save_pretrained(), {INSTEAD}"
        )
    return f"{path} is missing: {remedy}"


def hub_folder(name: str) -> Path:
    """Find the folder of a model by its name on the hub; fetch what the cache lacks.

    Args:
        name: "bert-base-uncased", or with an owner, "google/bert_uncased_L-2_H-128_A-2".

    Returns:
        The folder with config.json, tokenizer.json and model.safetensors.

    Raises:
        ValueError: no model can have such a name.
        FileNotFoundError: the hub has no such model, the model no such file, or the hub was
            not reached, or did not answer, and the cache has not got it.
    """
    # Imported here: it takes a third of a second, and MiniLM needs no hub.
    from huggingface_hub import constants, errors, hf_hub_download

    answers = _ends_soon(partial(hf_hub_download, name, FILES[0]))
    options = {} if answers else {"local_files_only": True}
    folder = None
    for file in FILES:
        try:
            folder = Path(hf_hub_download(name, file, **options)).parent
        except errors.HFValidationError as error:
            raise ValueError(
                f"no model can be called {name!r}: write 'name' or 'owner/name', as on "
                f"huggingface.co, the path of a folder, {INSTEAD}"
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise FileNotFoundError(
                f"the Hugging Face hub shows no model {name!r}: check the spelling (a private one "
                f"needs `hf auth login`), {INSTEAD}"
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
            remedy = f"{why}. Check the name and the network, {INSTEAD}"
            place = Path(name) / file if folder is None else folder / file
            raise FileNotFoundError(missing(place, remedy)) from error
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
