"""The tokenizer that is built from the file's metadata splits text as the original does."""

import pytest

from attention.data.packaged import packaged
from attention.data.tales import load_text
from attention.models.llama.pretrained import FILE, PACKAGE
from attention.models.llama.tokens import tokenizer_of

OTHERS = ["It's 12:45, isn't it?", "Über naïve façade", "漢字かな交じり文", "👍🏽 😀", "a\u0301 b",
          "x = 3.14159 * r**2", "tab\tand\nnewline\r\n", "<|im_start|>user\nhi<|im_end|>", "", " ",
          "def f(x):\n    return x+1\n", "مرحبا بالعالم", "1234567890", "<repo_name>x"]  # fmt: skip
#: Where transformers 5.23, which builds it without the step that cuts up digits, differs: several
#: spaces or line ends before a digit, and a number sign that is not ASCII after a space.
DIFFERENT = ["No.  7", "It ends.\n\n12 men", "½ ² ³"]


@pytest.fixture(scope="module")
def strings():
    """200 natural strings: paragraphs of the tales, and some that are none."""
    paragraphs = [line for line in load_text().split("\n") if line.strip()]
    return paragraphs[: 200 - len(OTHERS)] + OTHERS


@pytest.fixture(scope="module")
def theirs(llama):
    """What transformers makes of the same file."""
    from transformers import AutoTokenizer

    path = packaged(PACKAGE, FILE)
    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name).backend_tokenizer


def split(tokenizer, text):
    return tokenizer.encode(text, add_special_tokens=False).ids


def test_it_splits_as_transformers_does(llama, theirs, strings):
    """200 natural strings, token by token."""
    assert len(strings) == 200
    for text in strings:
        assert split(llama[1], text) == split(theirs, text), text


@pytest.mark.parametrize("text", DIFFERENT)
def test_where_they_differ_it_is_the_step_that_cuts_up_digits(llama, theirs, text):
    """With that step put back, as in the model's own tokenizer.json, theirs is ours."""
    from tokenizers import pre_tokenizers

    assert split(llama[1], text) != split(theirs, text)
    before = theirs.pre_tokenizer
    try:
        digits = pre_tokenizers.Digits(individual_digits=True)
        theirs.pre_tokenizer = pre_tokenizers.Sequence([digits, before])
        assert split(llama[1], text) == split(theirs, text)
    finally:
        theirs.pre_tokenizer = before


def test_nothing_is_lost(llama, strings):
    """Any text comes back from its tokens, those included that no text is split into."""
    for text in strings + DIFFERENT:
        assert llama[1].decode(split(llama[1], text), skip_special_tokens=False) == text


def test_another_kind_is_refused():
    """The vocabulary of another model would be split otherwise."""
    with pytest.raises(ValueError, match=r"to be read here, got \('llama', 'default'\)"):
        tokenizer_of({"tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default"})
