# SPDX-License-Identifier: Apache-2.0
"""RCStream's pages in a real browser: the library from the server, changes across origins."""

from itertools import permutations
from pathlib import Path

import pytest

from browser import Browsers, Page
from nginx import HOST, Nginx
from rcstreamd import ROOT, make_change

PAGE = Path(__file__).with_name("socketio_browser.html")
LIBRARY = ROOT / "test/functional/node_modules/socket.io-client/dist/socket.io.js"
SERVING = {"client_file": str(LIBRARY)}
TRANSPORTS = ["websocket", "xhr-polling", "jsonp-polling"]  # what it has across origins
PATIENCE_MS = 1500  # for each transport, where some do not come through


@pytest.fixture
def page():
    page = Page(PAGE)
    yield page
    page.shutdown()
    page.server_close()


@pytest.fixture
def browsers(tmp_path):
    browsers = Browsers(tmp_path)
    yield browsers
    browsers.close()


@pytest.fixture
def behind_nginx(server, tmp_path):
    """Two servers behind nginx, whose site has these locations besides."""
    started = []

    def start(locations):
        http = {"trusted_proxies": [HOST], "socketio": SERVING}
        servers = [server(irc=None, http=http) for _ in range(2)]
        folder = tmp_path / "nginx"
        folder.mkdir()
        started.append(Nginx(folder, servers, locations).start())
        return started[0], servers

    yield start
    for nginx in started:
        nginx.stop()


def origin_of(run):
    return run.url("").rstrip("/")


def expect_connected(page, transport, after=()):
    connected = page.expect("connect", after)
    assert connected["transport"] == transport
    assert connected["version"] == "0.9.16"
    page.expect("subscribed")
    return connected


def expect_changes(page, *servers):
    """The page gets each of many changes once, in order, character by character."""
    title = "\u0420\u043e\u0441\u0441\u0438\u044f \U0001f600 \u2028 </script>"
    change = make_change(title=title, user='A\ufffd"\\', comment="\u0000\n'")
    for run in servers:
        run.send_rcfeed(make_change(server_name="de.wikipedia.org"))
        for number in range(20):
            run.send_rcfeed({**change, "id": number})
    for number in range(20):
        assert page.expect("change")["change"] == {**change, "id": number}


# The Fetch standard: the page's origin is another, and 0.9 asks with credentials.
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_socketio_in_a_browser_brings_changes_across_origins(server, page, browsers, transport):
    run = server(irc=None, http={"socketio": SERVING})
    browsers.open(page.url(server=origin_of(run), transports=transport))
    connected = expect_connected(page, transport)
    assert connected["origin"] != origin_of(run)
    expect_changes(page, run)


# The library intersects its list with the handshake's and, both being as long, goes by the order
# of the latter.
@pytest.mark.parametrize("order", permutations(TRANSPORTS), ids=",".join)
def test_socketio_in_a_browser_takes_transports_in_any_order(server, page, browsers, order):
    run = server(irc=None, http={"socketio": {**SERVING, "transports": list(order)}})
    browsers.open(page.url(server=origin_of(run), transports=",".join(reversed(order))))
    expect_connected(page, order[0])
    expect_changes(page, run)


# A page stays open over a restart, as those of RCStream's users did for days.
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_socketio_in_a_browser_comes_back_after_a_restart(server, page, browsers, transport):
    first = server(irc=None, http={"socketio": SERVING})
    host, port = first.address("http")
    browsers.open(page.url(server=origin_of(first), transports=transport))
    expect_connected(page, transport)
    first.stop()
    page.expect("disconnect")
    second = server(irc=None, http={"listen": [f"{host}:{port}"], "socketio": SERVING})
    expect_connected(page, transport)
    expect_changes(page, second)


# conf/deploy/nginx, with TLS: a page elsewhere gets everything over each transport.
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_socketio_in_a_browser_comes_through_nginx(behind_nginx, page, browsers, transport):
    nginx, servers = behind_nginx("")
    browsers.open(
        page.url(server=origin_of(nginx), transports=transport), "--ignore-certificate-errors"
    )
    expect_connected(page, transport)
    expect_changes(page, *servers)


# A proxy that refuses what comes first: the library falls back within its patience.
@pytest.mark.parametrize("refused", [1, 2])
def test_socketio_in_a_browser_falls_back_behind_a_proxy(behind_nginx, page, browsers, refused):
    paths = "|".join(TRANSPORTS[:refused])
    nginx, servers = behind_nginx(f"location ~ ^/socket\\.io/1/({paths})/ {{ return 502; }}")
    url = page.url(
        server=origin_of(nginx), transports=",".join(TRANSPORTS), patience=PATIENCE_MS
    )
    browsers.open(url, "--ignore-certificate-errors")
    expect_connected(page, TRANSPORTS[refused], after=("error", "disconnect"))
    expect_changes(page, *servers)


# htmlfile is Internet Explorer's: here its document is played, all else is the library's, in a
# page of the server's own origin, as the transport wants it.
def test_socketio_in_a_browser_reads_an_endless_page(behind_nginx, page, browsers):
    host, port = page.server_address
    nginx, servers = behind_nginx(
        f"location = / {{ proxy_pass http://{host}:{port}; }}"
        f"location = /told {{ proxy_pass http://{host}:{port}; }}"
    )
    query = f"?server={origin_of(nginx)}&transports=htmlfile&with_activex=1"
    browsers.open(f"{origin_of(nginx)}/{query}", "--ignore-certificate-errors")
    connected = expect_connected(page, "htmlfile")
    assert connected["origin"] == origin_of(nginx)
    expect_changes(page, *servers)
