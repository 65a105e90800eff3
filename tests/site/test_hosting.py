"""The settings of the hosts, the page for wrong addresses, and one place that knows the address."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest
from bs4 import BeautifulSoup

from grading.paths import ROOT

ADDRESS = "https://example.org/attention/"
NO_GIT = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
HOSTS = [
    (".github/workflows/site.yml", "vendor.github-workflows", "make html\n"),
    (".github/workflows/checks.yml", "vendor.github-workflows", ".ci/run\n"),
    (".readthedocs.yaml", "vendor.readthedocs", "make html\n"),
]


@pytest.mark.parametrize(("path", "schema", "command"), HOSTS)
def test_settings_have_the_form_that_the_host_asks_for(path, schema, command):
    """Their linter finds nothing, and they run the command that a person types."""
    linter = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema]
    found = subprocess.run([*linter, ROOT / path], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout
    assert command in (ROOT / path).read_text("utf-8")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A site of two pages, built with the book's settings for an address."""
    root = tmp_path_factory.mktemp("published")  # with a store of its own for what it computes
    book = root / "book"
    book.mkdir()
    shutil.copy(ROOT / "conf.py", root)
    for name in ("_ext", "_static", "_templates"):
        (book / name).symlink_to(ROOT / "book" / name)
    (book / "index.md").write_text("# Home\n\n```{toctree}\nprogress\n```\n")
    (book / "progress.md").write_text("# Other\n\nA paragraph that describes the page.\n")
    command = [sys.executable, "-m", "sphinx", "-q", "-c", root, book, root / "html"]
    overrides = ["-D", "bibtex_bibfiles=", "-D", "suppress_warnings=*"]
    subprocess.run(
        [*command, *overrides], check=True, cwd=root, env=os.environ | {"BOOK_URL": ADDRESS}
    )
    return root / "html"


def read(path):
    return BeautifulSoup(path.read_text("utf-8"), "html.parser")


def test_every_page_names_its_address(published):
    """For search engines: one address, whatever way led there."""
    (link,) = read(published / "progress.html").select("link[rel=canonical]")
    assert link["href"] == ADDRESS + "progress.html"


def test_the_sitemap_lists_the_pages_and_nothing_else(published):
    """The search page and the page for wrong addresses are no reading matter."""
    places = xml.parse(published / "sitemap.xml").findall(".//{*}loc")
    assert {place.text for place in places} == {ADDRESS + "index.html", ADDRESS + "progress.html"}


def test_the_page_for_wrong_addresses_works_at_any_depth(published):
    """A host shows it in place of /attention/no/such/page, so its links start at the root."""
    page = read(published / "404.html")
    assert "No page of the book has this address" in page.text
    addresses = [link["href"] for link in page.select("link[rel=stylesheet]")]
    addresses += [link["href"] for link in page.select("nav a.internal")]
    assert len(addresses) >= 3
    assert all(address.startswith("/attention/") for address in addresses), addresses


@pytest.mark.parametrize("name", [".ci/run", "attention/data/tales.txt", "book/index.md"])
def test_a_clone_has_the_same_bytes_whatever_git_makes_of_line_ends(tmp_path, name):
    """Git on Windows is set to CRLF; scripts, hashes and tests of bytes would not bear it."""
    git = ["git", "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a@b"]
    for copied in (".gitattributes", name):
        (tmp_path / "one" / copied).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / copied, tmp_path / "one" / copied)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=tmp_path / "one", check=True, env=NO_GIT)
    subprocess.run([*git, "clone", "-q", "one", "two"], cwd=tmp_path, check=True, env=NO_GIT)
    assert (tmp_path / "two" / name).read_bytes() == (ROOT / name).read_bytes()
