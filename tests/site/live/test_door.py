"""The book answers this machine, under its own names, and no page of another site."""

from contextlib import closing
from http.client import HTTPConnection

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

NAMES = [
    "evil.example",
    "evil.example:{port}",
    "localhost.evil.example",
    "127.0.0.1.evil.example:{port}",
    "192.168.0.2",
    "[::2]",
    "",
]


def status(live, path, **headers):
    with closing(HTTPConnection("127.0.0.1", live.port)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status


@pytest.mark.parametrize("path", ["/", "/soft_lookup.html", "/_live/client.js", "/_static/x.css"])
@pytest.mark.parametrize("host", NAMES)
def test_name_of_another_site_is_refused(live, path, host):
    """Whoever owns a name can let it lead here, and then ask for the reader's answers."""
    assert status(live, path, Host=host.format(port=live.port)) == 400


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:{port}", "127.0.0.1:{port}",
                                  "[::1]:{port}", "localhost:1234"])  # fmt: skip
def test_names_of_this_machine_are_answered(live, host):
    """With any port: a tunnel has one of its own."""
    assert status(live, "/_live/client.js", Host=host.format(port=live.port)) == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1",
                                    "http://localhost:{port}", "null", "file://"])  # fmt: skip
def test_page_of_another_site_hears_nothing(live, origin):
    """A browser lets any site open a web socket, and says only which one it is."""
    address = live.address.replace("http", "ws") + "_live/events"
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, origin=origin.format(port=live.port))


def test_own_page_hears(live):
    """And so does a program that is no browser."""
    address = live.address.replace("http", "ws") + "_live/events"
    for origin in (live.address.rstrip("/"), None):
        with connect(address, origin=origin):
            pass
