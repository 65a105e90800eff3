"""KaTeX in V8, as a process of its own: a line of JSON in, a line of JSON out.

    python worker.py katex.min.js

Sphinx forks to write pages side by side, and V8 does not survive a fork: a child that starts it
again hangs now and then. A process of its own is started afresh by whoever needs one.
"""

import json
import sys
from pathlib import Path

from py_mini_racer import JSEvalException, MiniRacer

UNDERLINE = "\u0332"  # KaTeX puts one below each letter that it cannot read


def answer(katex, tex, settings):
    """Return {"html": …}, or {"error": …} with KaTeX's message."""
    try:
        return {"html": katex.call("katex.renderToString", tex, settings)}
    except JSEvalException as error:
        # "<anonymous>:1: ParseError: KaTeX parse error: Undefined …", then the script's source
        message = str(error).split("\n")[0].partition("KaTeX parse error: ")[2]
        message = message.replace(UNDERLINE, "")
        return {"error": message or str(error)[:300]}


def main():
    katex = MiniRacer()
    katex.eval(Path(sys.argv[1]).read_text("utf-8"))
    for line in sys.stdin:
        print(json.dumps(answer(katex, **json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
