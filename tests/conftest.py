"""Fixtures that several test files share."""

import pytest

from attention.models.pretrained import load_minilm


@pytest.fixture(scope="session")
def minilm():
    """MiniLM as (encoder, tokenizer), loaded once. In evaluation mode; leave it as you found it."""
    return load_minilm()
