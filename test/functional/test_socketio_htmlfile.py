# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9 over htmlfile: a page that never ends, and posts.  Each request comes to
whichever of two workers takes it."""

import time

import pytest

from rcstreamd import make_change, wait_until
from socketio_clients import RawHtmlfile, RawPolling, handshake

PAGE = (
    "<html><body><script>var _ = function (msg) { parent.s._(msg, document); };</script>"
    + " " * 173
)


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


def open_page(rcstreamd, **options):
    client = RawHtmlfile(rcstreamd, **options)
    assert client.status == "200"
    assert client.begin() == PAGE
    return client


@pytest.mark.threads
def test_socketio_pages_and_posts_reach_their_session_on_any_worker(rcstreamd):
    """Twelve pages and their posts, a connection each: both workers have some."""
    clients = [open_page(rcstreamd).connect_to_rc().subscribe("*") for _ in range(12)]
    for number in range(10):
        rcstreamd.send_rcfeed(make_change(id=number))
        for client in clients:
            assert client.receive_change()["id"] == number


def test_socketio_page_says_what_it_is(rcstreamd):
    client = open_page(rcstreamd)
    assert client.fields["Content-Type"] == "text/html; charset=UTF-8"
    assert client.fields["Cache-Control"] == "no-store"
    assert client.fields["Connection"] == "close"
    assert client.is_chunked
    assert "Content-Length" not in client.fields
    assert "X-Frame-Options" not in client.fields


def test_socketio_page_for_http_1_0_is_not_chunked(rcstreamd):
    """A proxy's version; the body ends with the connection."""
    client = open_page(rcstreamd, version="1.0")
    assert not client.is_chunked
    client.connect_to_rc().subscribe("*")
    rcstreamd.send_rcfeed(make_change(id=7))
    assert client.receive_change()["id"] == 7
    client.send("0::")
    assert client.receive() == "0::"
    assert client.is_at_end()


def test_socketio_page_cannot_be_ended_by_a_change(rcstreamd):
    titles = [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "\"\\');//",
        "Ca\u00f1on \U0001f600 \u2028",
    ]
    client = open_page(rcstreamd).connect_to_rc().subscribe("*")
    for title in titles:
        rcstreamd.send_rcfeed(make_change(title=title))
    assert [client.receive_change()["title"] for _ in titles] == titles


def test_socketio_page_has_heartbeats(server):
    rcstreamd = server(http={"socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 3}})
    client = open_page(rcstreamd).connect_to_rc()
    for _ in range(4):
        assert client.receive() == "2::"
        client.send("2::")


def test_socketio_page_of_a_silent_client_ends(server):
    rcstreamd = server(http={"socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 2}})
    client = open_page(rcstreamd).connect_to_rc()
    assert client.receive() == "2::"
    rcstreamd.log.wait_for("socketio.disconnected", "ping_timeout")
    assert client.post("2::").status_code == 400


def test_socketio_disconnect_is_told_to_the_page(rcstreamd):
    client = open_page(rcstreamd).connect_to_rc()
    client.send("0::")
    assert client.receive() == "0::"
    assert client.is_at_end()
    assert client.post("2::").status_code == 400


def test_socketio_session_ends_with_its_page(rcstreamd):
    client = open_page(rcstreamd).connect_to_rc()
    client.close()
    wait_until(lambda: client.post("2::").status_code == 400, what="the session's end")


def test_socketio_page_of_an_unknown_session_is_400(rcstreamd):
    assert RawHtmlfile(rcstreamd, session="AA0123456789ABCDEFGHIJ").status == "400"


def test_socketio_post_before_the_page_is_400(rcstreamd):
    session = handshake(rcstreamd)[0]
    path = f"/socket.io/1/htmlfile/{session}"
    assert rcstreamd.http_request("POST", path, data=b"1::/rc").status_code == 400
    open_page(rcstreamd, session=session).connect_to_rc()


def test_socketio_client_falls_back_from_a_page(rcstreamd):
    """As behind a proxy that keeps pages until they end."""
    page = open_page(rcstreamd)
    assert page.receive() == "1::"
    client = RawPolling(rcstreamd, page.session).connect_to_rc().subscribe("*")
    assert page.is_at_end()
    rcstreamd.send_rcfeed(make_change(id=5))
    assert client.receive_change()["id"] == 5


def test_socketio_page_that_is_not_read_is_bounded(server):
    rcstreamd = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "32KiB"})
    slow = open_page(rcstreamd).connect_to_rc().subscribe("*")
    deadline = time.monotonic() + 20
    while not rcstreamd.log.find("socketio.disconnected"):
        rcstreamd.send_rcfeed(make_change(comment="x" * 20000))
        assert time.monotonic() < deadline, "the session did not end"
    assert rcstreamd.log.wait_for("socketio.disconnected")["event.reason"] == "sendq_exceeded"
    assert slow.post("2::").status_code == 400


def test_socketio_server_that_ends_leaves_no_page_open(rcstreamd):
    client = open_page(rcstreamd).connect_to_rc()
    client.rcstreamd.clients = []  # the client stays: it is the server that ends
    rcstreamd.stop()
    assert client._stream.read() == b""
    client.close()
