"""What the programs that a build starts see of who builds: the same for every reader.

The outputs of cells must not depend on whose machine it is. So of the reader's variables only those
are passed on that say where things are, and what the machine and its network need; whatever sets a
tool up (Python, IPython, Jupyter, matplotlib, torch, the locale, the terminal) is left out, and its
files of settings are not looked for.
"""

import os
import re
from pathlib import Path

_KEPT = re.compile(
    "|".join(
        [
            "PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|XDG_CACHE_HOME|SYSTEMROOT",
            "LD_.*|DYLD_.*|NIX_.*",  # where the system's libraries are
            "CUDA_.*|NVIDIA_.*|HIP_.*|ROCR_.*|OPENBLAS_CORETYPE|OPENBLAS_L2_SIZE",
            "(?i:(https?|ftp|all|no)_proxy)|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE",
            "ATTENTION_[A-Z]+|HF_.*",  # another model, and where it is fetched from
        ]
    )
)


def known(root: Path, settings: Path) -> dict[str, str]:
    """The variables of a process in which the book's code runs.

    Args:
        root: the repository; its own code is found, whatever else is installed.
        settings: a folder in which nobody keeps settings.
    """
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)}
    return kept | {
        "PYTHONPATH": os.pathsep.join([str(root), str(root / "book" / "_ext")]),
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "OMP_NUM_THREADS": "1",  # pages run side by side; more threads slow one another down
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "IPYTHONDIR": str(settings),
        "JUPYTER_CONFIG_DIR": str(settings),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # as a kernel sets it itself
        # It holds matplotlib's list of fonts, too, which takes seconds where there are many.
        "MPLCONFIGDIR": str(root / "_build" / "matplotlib"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",  # a page is no place for the bar of a download,
        "HF_HUB_VERBOSITY": "error",  # or for advice on how to log in
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no warning from a debugger that is not used
    }
