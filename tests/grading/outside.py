"""What a test that calls make, or what make calls, starts from: as if no make had called pytest."""

import os


def outside_make():
    """The variables of this process but those by which one make speaks to another."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
