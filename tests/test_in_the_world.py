"""What the overview of models claims, and the small data that it draws."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch.testing import assert_close

from attention import attention_weights, causal_mask, gaussian_scores, softmax
from attention.data.melody import RATE, melody, spectra
from attention.data.shop import ITEMS, SESSION, VECTORS
from attention.models.next_item import NextItem, accuracy_on_noise
from attention.models.pretrained import encode
from attention.patches import patchify

NOTES, PITCH = "CGCEGC", {"C": 523, "E": 659, "G": 784}


@pytest.fixture(scope="module")
def digits():
    return torch.tensor(load_digits().images[:50], dtype=torch.float32) / 16  # (50, 8, 8)


# --- what the chapter claims ---


@torch.no_grad()
def test_a_new_last_word_moves_earlier_vectors_only_under_the_full_mask(minilm):
    """MiniLM reads "mat" or "sofa" at the end; the words before it know only without the mask."""
    encoder, tokenizer = minilm
    mat, words = encode(tokenizer, "The cat sat on the mat.")
    sofa, _ = encode(tokenizer, "The cat sat on the sofa.")
    last = words.index("mat")
    for mask in (None, causal_mask(len(words))):
        moved = (encoder(mat[None], mask) - encoder(sofa[None], mask)).norm(dim=-1)[0]
        assert (moved[last:] > 1).all()
        if mask is None:
            assert (moved > 1).all()
        else:
            assert_close(moved[:last], torch.zeros(last))


def test_shuffled_patches_give_shuffled_weights(digits):
    """The weights of a picture's patches follow the patches, wherever these are put."""
    patches = patchify(digits, 2)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    weights = softmax(gaussian_scores(patches, patches, 0.35))
    shuffled = softmax(gaussian_scores(patches[:, order], patches[:, order], 0.35))
    assert_close(shuffled, weights[:, order][:, :, order])


def test_frames_attend_to_the_same_note():
    """A frame that lies inside a note gives at least .9 of its weight to frames of that note."""
    spectrum = spectra(melody([PITCH[note] for note in NOTES]))
    frames = spectrum / spectrum.norm(dim=-1, keepdim=True)
    weights = attention_weights(frames, frames, scale=10)
    middle = torch.arange(len(frames)) * 80 + 100  # the sample in the middle of each frame
    note_of = [NOTES[sample // 800] for sample in middle.tolist()]
    inside = ((middle % 800 >= 100) & (middle % 800 <= 700)).nonzero().flatten().tolist()
    assert len(inside) > len(frames) / 2
    for i in inside:
        same = torch.tensor([note == note_of[i] for note in note_of])
        assert weights[i, same].sum() >= 0.9


def test_attention_follows_the_last_interest():
    """After tent, knife, lantern: attention says sleeping bag, the plain average camp stove."""
    session = VECTORS[SESSION]
    assert [ITEMS[i] for i in SESSION] == ["tent", "knife", "lantern"]
    weights = attention_weights(session, session, is_causal=True)
    new = [i for i in range(len(ITEMS)) if i not in SESSION]
    recommended = [
        ITEMS[max(new, key=lambda i, mixture=mixture: (mixture @ VECTORS[i]).item())]
        for mixture in ((weights @ session)[-1], session.mean(dim=0))
    ]
    assert recommended == ["sleeping bag", "camp stove"]


# --- the data and the small model ---


def test_the_strongest_frequency_of_a_frame_is_its_tone():
    """The peak lies in the column nearest the pitch; a column is 40 hertz wide."""
    spectrum = spectra(melody([520, 800], seconds=0.2))
    assert spectrum.shape[1] == 101
    peaks = spectrum.argmax(dim=-1) * RATE / 200
    assert peaks[5] == 520 and peaks[-5] == 800


def test_next_item_does_not_look_ahead_under_the_causal_mask():
    """A changed item changes no score before it."""
    torch.manual_seed(0)
    model = NextItem(n_items=7, length=5, d_model=6)
    items = torch.tensor([[1, 2, 3, 4, 5]])
    changed = items.clone()
    changed[0, 3] = 0
    mask = causal_mask(5)
    before, after = model(items, mask), model(changed, mask)
    assert before.shape == (1, 5, 7)
    assert_close(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3:], after[:, 3:])


def test_accuracy_on_noise_leaves_the_readers_dice_alone():
    """The experiment has its own seed and does not disturb torch's."""
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    accuracy_on_noise(None, steps=1)
    assert_close(torch.rand(2), expected)
