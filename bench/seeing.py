"""Our DINOv2 against Hugging Face's (attention by SDPA), with the same weights."""

from functools import partial

import torch
from timing import compare
from torch.testing import assert_close

from attention.data.photographs import cat
from attention.data.pictures import fitted
from attention.models.dino.model import PIXEL_MEAN, PIXEL_SPREAD
from attention.models.dino.peer import hugging_faces_dino
from attention.models.dino.pretrained import load_dino

TARGETS = {
    "an image, 224 × 336": ("at most", 1.0),
    "an image, 448 × 672": ("at most", 1.0),
    "loading DINOv2": ("at most", 1.0),
}


def measure(device="cpu", rounds=11):
    ours, theirs = load_dino().to(device), hugging_faces_dino().to(device)
    theirs.set_attn_implementation("sdpa")
    mean, spread = (
        torch.tensor(each, device=device)[:, None, None] for each in (PIXEL_MEAN, PIXEL_SPREAD)
    )

    def read(colours):
        return theirs((colours - mean) / spread).last_hidden_state

    measured = {}
    with torch.no_grad():
        for short in (224, 448):
            colours = fitted(cat().picture, short, ours.patch)[None].to(device)
            # twelve layers of float32, where numbers are as large as 10
            assert_close(ours(colours), read(colours), rtol=0, atol=1e-4)
            name = f"an image, {colours.shape[2]} × {colours.shape[3]}"
            measured[name] = compare(
                name, partial(ours, colours), partial(read, colours), rounds, device
            )
    if device == "cpu":
        name = "loading DINOv2"
        measured[name] = compare(name, load_dino, hugging_faces_dino, rounds)
    return measured
