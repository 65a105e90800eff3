"""Imports a learner's file, and what it imports from beside it."""

import importlib.util
import sys
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

from grading.forbidden import forbid
from grading.paths import EXTENSIONS
from sources import Source


class _FromSource(SourceFileLoader):
    """Reads the source each time: a compiled copy can be older than a quick save."""

    def get_code(self, name):
        path = self.get_filename(name)
        return compile(Source.of(path).data, path, "exec", dont_inherit=True)


def load_answer(exercise, path):
    """Import an answer, after closing the short cuts that the exercise forbids."""
    forbid(exercise, path)
    return load_file(path)


def load_file(path):
    """Import an answer from its file, whatever it is called."""
    sys.dont_write_bytecode = True
    look_beside(Path(path).parent)
    loader = _FromSource("answer", str(path))
    spec = importlib.util.spec_from_file_location("answer", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["answer"] = module
    loader.exec_module(module)
    return module


def look_beside(folder):
    """Have `import helpers` find the helpers.py of this folder, as when its files are run."""
    sys.path.insert(0, str(folder))
    sys.path_importer_cache[str(folder)] = FileFinder(str(folder), (_FromSource, SOURCE_SUFFIXES))
    for name, module in list(sys.modules.items()):  # the grader's own would be taken for theirs
        if Path(getattr(module, "__file__", None) or "").parent == EXTENSIONS:
            del sys.modules[name]
