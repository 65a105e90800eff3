"""The port at which the book is served, or a sentence on why it cannot be."""

import argparse
import socket
import sys

HOST = "127.0.0.1"  # this machine alone: an answer is a program, and nobody else may run one
HIGHEST = 65535


def port(text):
    """The number of a port, for argparse."""
    if not text.isdecimal() or int(text) > HIGHEST:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {HIGHEST}, not {text!r}")
    return int(text)


def listen(port):
    """A socket that takes connections from now on; ends the program if there can be none."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except PermissionError:
        sys.exit(f"Port {port} takes an administrator's rights. {_other()}")
    except OSError as error:
        sys.exit(f"Port {port} is taken, perhaps by another `make live` ({error.strerror}). "
                 f"End that one, or choose another. {_other()}")  # fmt: skip
    return listener


def _other():
    """What to type for a port that is free just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return f"This one is free: make live PORT={probe.getsockname()[1]}"
