"""For tests that build small Sphinx projects in this process."""

import pytest
from sphinx.config import Config


@pytest.fixture(autouse=True)
def own_source_suffixes():
    """Sphinx writes a project's parser for .md into the one default that all projects share."""
    shared = Config.config_values["source_suffix"].default
    shared.pop(".md", None)
    yield
    shared.pop(".md", None)
