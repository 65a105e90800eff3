"""The command line of `make live`: `python -m live [--port N] [--no-browser]`."""

import argparse
import contextlib
import socket
import sys
import threading
import webbrowser

import uvicorn

from live.server import Live, application

HOST = "127.0.0.1"  # this machine alone: an answer is a program, and nobody else may run one


def main():
    parser = argparse.ArgumentParser(
        prog="python -m live",
        description="Serve the book on this machine. Save an exercise and its card changes; "
        "save a page or a module and the pages concerned are rebuilt. Ctrl-C ends it.",
    )
    parser.add_argument("--port", type=int, default=8000, help="default: 8000")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    options = parser.parse_args()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, options.port))
    except OSError:
        print(f"Port {options.port} is taken, perhaps by another `make live`. End that one, or "
              f"choose another: make live PORT={options.port + 1}", file=sys.stderr)  # fmt: skip
        return 1
    address = f"http://{HOST}:{options.port}/"
    print(f"The book is at {address}  (Ctrl-C ends it)", flush=True)
    if not options.no_browser:
        threading.Timer(1, webbrowser.open, (address,)).start()
    live = Live(say=lambda text: print(text, flush=True))
    config = uvicorn.Config(
        application(live), log_level="warning", timeout_graceful_shutdown=1, lifespan="on"
    )
    server = uvicorn.Server(config)
    live.ending = lambda: server.should_exit
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    print("\nThe live book has ended.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
