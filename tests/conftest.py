"""Fixtures that several test files share."""

import os

# Before torch is imported: the grader forks, and a fork of a process in which torch has started
# its worker threads hangs.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest

from attention.models.bert.pretrained import load_minilm


@pytest.fixture(scope="session")
def minilm():
    """MiniLM as (encoder, tokenizer), loaded once. In evaluation mode; leave it as you found it."""
    return load_minilm()
