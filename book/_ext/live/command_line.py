"""The command line of `make live`: `python -m live [--port N] [--no-browser]`."""

import argparse
import contextlib

import uvicorn

from live.application import application
from live.listen import listen, port
from live.open_page import has_a_screen, open_page
from live.state import Live


def main():
    parser = argparse.ArgumentParser(
        prog="python -m live",
        description="Serve the book on this machine. Save an exercise and its card changes; "
        "save a page or a module and the pages concerned are rebuilt. Ctrl-C ends it.",
    )
    parser.add_argument("--port", type=port, default=8000, help="default: 8000; 0: a free one")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args()
    listener = listen(options.port)
    host, number = listener.getsockname()
    address = f"http://{host}:{number}/"
    print(f"The book is at {address}  (Ctrl-C ends it)", flush=True)
    if has_a_screen() and not options.no_browser:
        open_page(address)
    live = Live(say=lambda text: print(text, flush=True))
    config = uvicorn.Config(
        application(live), log_level="warning", timeout_graceful_shutdown=1, lifespan="on"
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
    print("\nThe live book has ended.")
    return 0
