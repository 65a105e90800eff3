"""Our encoder against Hugging Face's `BertModel` (attention by SDPA), from the same files."""

from functools import partial

import torch
from timing import compare
from torch.testing import assert_close
from transformers import AutoTokenizer, BertModel
from transformers.utils import logging

from attention.models.bert.pretrained import load_minilm, minilm_folder

TARGETS = {
    "reading, 1 × 8": ("at most", 0.88),
    "reading, 1 × 128": ("at most", 0.96),
    "loading": ("at most", 0.5),
}


def load_theirs():
    folder = minilm_folder()
    return BertModel.from_pretrained(folder, attn_implementation="sdpa"), (
        AutoTokenizer.from_pretrained(folder)
    )


def measure(device="cpu", rounds=11):
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    ours, theirs = load_minilm()[0].to(device), load_theirs()[0].eval().to(device)
    measured = {}
    with torch.no_grad():
        for length in (8, 128):
            tokens = torch.randint(1000, 30_000, (1, length), device=device)
            hidden = theirs(tokens).last_hidden_state
            assert_close(ours(tokens), hidden, rtol=1e-4, atol=1e-4)  # six layers of float32
            name = f"reading, 1 × {length}"
            measured[name] = compare(
                name, partial(ours, tokens), partial(theirs, tokens), rounds, device
            )
    if device == "cpu":
        measured["loading"] = compare("loading", load_minilm, load_theirs, rounds)
    return measured
