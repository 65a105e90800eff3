"""Who is let in: this machine's own pages.

The port is open to this machine alone, and yet any page in the reader's browser reaches it. Another
site's name can be made to lead to 127.0.0.1; and a web socket, unlike other requests, may be opened
from any site. No request changes anything here, so there is nothing else to guard.
"""

from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

#: Any port: behind a tunnel it is another one than ours.
LOOPBACK = Middleware(
    TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1", "[::1]"], www_redirect=False
)


def is_ours(websocket):
    """Whether a page of the book opened it, or a program that is no browser."""
    origin = websocket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == websocket.headers["host"]
