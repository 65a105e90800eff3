"""Make `.venv`, with all that the book needs, at the versions it was tried with: make's first step.

    python3 install.py [--with-this-python] [--as-it-is]

Where all is well, nothing is done. `--with-this-python`, which make adds where PYTHON is named,
makes an environment anew that has another version. What packages.txt calls optional may be
missing: that is told, and each time but with `--as-it-is` it is tried again. Nothing in the
environment names the place where it stands: the book's code is found, and commands find their
Python, by relative paths. So a checkout that was copied or moved runs its own code, and what it
brought along is mended here.
"""

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)  # both were tried
HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / "bin" / "python"
READY = VENV / ".ready"
DATA = HERE / "attention" / "data" / "packages.txt"
CONSTRAINTS = HERE / "constraints.txt"
#: What packages.txt has of a package without which the book can do: what it is; its line.
OPTIONAL = re.compile(r"^# optional: (.+)\n((\S+)==(\S+) .+)\n?", re.MULTILINE)
#: The reader's settings of pip that count: where packages come from, not what becomes of them.
FROM_WHERE = re.compile(
    "index-url|extra-index-url|no-index|find-links|trusted-host|proxy|cert|client-cert|"
    "timeout|default-timeout|retries|cache-dir|no-cache-dir|keyring-provider"
)
#: How a command begins: with the Python beside it, wherever that is by then.
BESIDE = b"""#!/bin/sh
'''exec' "${0%/*}/python" "$0" "$@"
' '''
"""
FIXED = re.compile(rb"#![^\n]*python[^\n]*\n|#!/bin/sh\n'''exec' [^\n]*\n' '''\n")


def main():
    other = "--with-this-python" in sys.argv and _version_of_venv() != sys.version_info[:2]
    before = READY.read_bytes() if READY.is_file() else b""
    whole = before.startswith(_state()) and not other  # but for what is optional
    if whole and (before == _state() or "--as-it-is" in sys.argv):
        return 0
    if Path(sys.prefix) != VENV:
        fault = _fault() or (other and "another version of Python is asked for")
        if fault:
            _make_anew(fault)
            fault = _fault()
        if fault:
            sys.exit(
                f".venv was made anew, and still {fault}: is this Python whole? {sys.executable}"
            )
        return subprocess.call([str(PYTHON), str(HERE / "install.py")], env=_without("PYTHON"))
    if whole:
        missing = _install_optional(["--retries", "0", "--timeout", "5"])
    else:
        again = READY.exists()
        if again:
            print("Bringing .venv up to date", flush=True)
            READY.unlink()  # until all is well again
        else:
            print("Installing the pinned dependencies into .venv (once; a few minutes)", flush=True)
        _install(["-q"] if again else [])
        missing = _install_optional([])
    _forget_the_place()
    check = [sys.executable, "-P", str(HERE / "book" / "_ext" / "installed.py")]
    if not whole and subprocess.call(check):
        return "The environment is broken. Remove it, and try again: rm -r .venv"
    READY.write_bytes(b"\n".join([_state(), *map(os.fsencode, missing)]))
    return 0


def _state():
    """What the environment follows from, and where it stood when it was made."""
    inputs = [HERE / "install.py", HERE / "pyproject.toml", CONSTRAINTS, DATA]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    python = os.path.realpath(str(PYTHON)) if PYTHON.exists() else "none"
    return b"\n".join(map(os.fsencode, [str(HERE), python, digest]))


def _version_of_venv():
    """(3, 11), as `pyvenv.cfg` has it; None if it has not."""
    try:
        settings = (VENV / "pyvenv.cfg").read_text("utf-8")
    except OSError:
        return None
    found = re.search(r"^version\w* *= *(\d+)\.(\d+)", settings, re.MULTILINE)
    return found and tuple(map(int, found.groups()))


def _without(*beginnings):
    """The environment variables, but for those that begin so."""
    return {name: os.environ[name] for name in os.environ if not name.startswith(beginnings)}


def _fault():
    """Why nothing can be installed into `.venv`; None if it can."""
    if not os.path.lexists(str(VENV)):
        return "it is missing"
    code = "import sys; print(sys.prefix, *sys.version_info[:2], sep='\\n'); import pip"
    command = [str(PYTHON), "-c", code]
    try:
        done = subprocess.run(command, env=_without("PYTHON"), stdout=-1, stderr=-1)
    except OSError:
        return "its Python does not start"
    lines = os.fsdecode(done.stdout).splitlines()
    if len(lines) != 3:
        return "its Python does not start"
    if Path(lines[0]) != VENV:
        return "its Python is not its own"
    if not OLDEST <= tuple(map(int, lines[1:])) <= NEWEST:
        return "it has Python " + ".".join(lines[1:])
    return "it has no pip" if done.returncode else None


def _make_anew(fault):
    oldest, newest = ("{}.{}".format(*version) for version in (OLDEST, NEWEST))
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        this = sys.version.split()[0]
        sys.exit(f"The book was tried with Python {oldest} to {newest}; this is {this}. "
                 f"Name another one: make PYTHON=python{newest}")  # fmt: skip
    if VENV.exists() and (VENV.is_symlink() or not VENV.is_dir()):
        sys.exit(f".venv is not a folder of its own, and {fault}; remove it: rm .venv")
    if os.path.lexists(str(VENV)):
        print(f"Making .venv anew: {fault}", flush=True)
    if VENV.is_symlink():
        VENV.unlink()
    shutil.rmtree(str(VENV), ignore_errors=True)
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)], env=_without("PYTHON")):
        sys.exit("Python cannot make the environment .venv; its reason stands above.")


def _install(options):
    """What pyproject.toml lists, and of packages.txt what is not optional."""
    import tomllib  # new in 3.11, which `.venv` has

    project = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    data = OPTIONAL.sub("", DATA.read_text("utf-8"))
    for what, lines in ((["-c", str(CONSTRAINTS), *wanted], ""), (["--no-deps"], data)):
        if _pip([*options, *what], lines).returncode:
            sys.exit("The environment .venv is not complete; pip's reason stands above.")


def _install_optional(options):
    """Each by itself. What cannot be had is told of, with the way to it, and its name returned."""
    from importlib import metadata

    here = {found.name: found.version for found in metadata.distributions()}
    missing = []
    for found in OPTIONAL.finditer(DATA.read_text("utf-8")):
        what, line, name, version = found.groups()
        if here.get(name) == version:
            continue
        print("Installing " + what, flush=True)
        lines = "--require-hashes\n--only-binary :all:\n" + line
        done = _pip(["--no-deps", *options], lines, stderr=-1, text=True)
        if done.returncode == 0:
            continue
        missing.append(name)
        said = done.stderr.splitlines() or ["pip gives no reason"]
        reason = [each for each in said if each.startswith("ERROR")] or said
        print(
            f"  It is missing: {reason[-1]}\n"
            "  The pages that read it show a notice; `make html` tries again. From a file: "
            f".venv/bin/python -m pip install --no-deps {name.replace('-', '_')}-{version}"
            "-py3-none-any.whl",
            flush=True,
        )
    return missing


def _pip(options, lines="", **streams):
    """Have pip install, from where the reader's takes packages; hashes stand in lines of a file."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    settings = subprocess.run([*pip, "config", "list"], stdout=-1, text=True).stdout
    environment = {**_without("PIP_"), "PIP_CONFIG_FILE": os.devnull}
    for section in ("global", "install", ":env:"):  # the later ones count
        for name, value in re.findall(rf"^{section}\.([a-z-]+)=(.+)$", settings, re.MULTILINE):
            words = ast.literal_eval(value).split()
            if words and FROM_WHERE.fullmatch(name):
                environment["PIP_" + name.upper().replace("-", "_")] = " ".join(words)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(lines)
        file.flush()
        listed = ["-r", file.name] if lines else []
        return subprocess.run([*pip, "install", *options, *listed], env=environment, **streams)


def _forget_the_place():
    """Have the book's code, and the Python of each command, found by relative paths."""
    packages = Path(sysconfig.get_path("purelib"))
    paths = [os.path.relpath(folder, packages) for folder in (HERE, HERE / "book" / "_ext")]
    (packages / "book.pth").write_text("\n".join([*paths, ""]), "utf-8")
    _loosen_commands()


def _loosen_commands():
    for command in PYTHON.parent.iterdir():
        if command.is_file() and not command.is_symlink():
            content = command.read_bytes()
            found = FIXED.match(content)
            if found:
                command.write_bytes(BESIDE + content[found.end() :])


if __name__ == "__main__":
    sys.exit(main())
