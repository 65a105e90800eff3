"""The port at which the book is served, or a sentence on why it cannot be."""

import argparse
import errno
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
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: "is taken, perhaps by another `make live`, which you could end",
            errno.EACCES: "takes an administrator's rights",
        }
        reason = reasons.get(error.errno, f"cannot be had: {error.strerror}")
        sys.exit(f"Port {port} {reason}. {_other()}")


def _other():
    """What to type for a port that is free just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return f"This one is free: make live PORT={probe.getsockname()[1]}"
