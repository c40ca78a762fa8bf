# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9 over jsonp-polling, as a page without anything better speaks it: script tags
and hidden forms.  Each request comes to whichever of two workers takes it."""

import threading
import time

import pytest

from http_client import read_response
from rcstreamd import make_change
from socketio_clients import RawJsonp, RawPolling, RawWebSocket, event_packet, payload


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


@pytest.mark.threads
def test_socketio_scripts_reach_their_session_on_any_worker(rcstreamd):
    """Sixty requests over a connection each: none stays on one of two workers by chance."""
    client = RawJsonp(rcstreamd).connect_to_rc().subscribe("en.wikipedia.org")
    for number in range(30):
        client.send("2:::")
        rcstreamd.send_rcfeed(make_change(id=number))
        assert client.receive_change()["id"] == number


def test_socketio_script_waits_for_a_change(rcstreamd):
    client = RawJsonp(rcstreamd).connect_to_rc().subscribe("*")
    client.index = 4
    threading.Timer(0.5, rcstreamd.send_rcfeed, [make_change(id=3)]).start()
    began = time.monotonic()
    response = client.poll()
    assert time.monotonic() - began > 0.4
    assert response.text.startswith(r'io.j[4]("5::/rc:{\"args\":[{')
    assert "X-Frame-Options" not in response.headers


def test_socketio_scripts_hold_any_change(rcstreamd):
    r"""Quotes, backslashes, line ends of JavaScript, </script> and what is outside ASCII."""
    titles = ['"\\', "\u2028\u2029", "</script>", "Ca\u00f1on \U0001f600 \ufffd", "\u0000\n"]
    client = RawJsonp(rcstreamd).connect_to_rc().subscribe("*")
    for title in titles:
        rcstreamd.send_rcfeed(make_change(title=title))
    assert [client.receive_change()["title"] for _ in titles] == titles


def test_socketio_packets_between_scripts_come_together(rcstreamd):
    client = RawJsonp(rcstreamd).connect_to_rc().subscribe("*")
    other = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    for number in range(20):
        rcstreamd.send_rcfeed(make_change(id=number))
        other.receive_change()
    received = [client.receive_change()["id"]]
    assert len(client._received) >= 15  # the other worker was a moment faster
    received += [client.receive_change()["id"] for _ in range(19)]
    assert received == list(range(20))


def test_socketio_forms_hold_batched_packets(rcstreamd):
    client = RawJsonp(rcstreamd)
    assert client.receive() == "1::"
    pattern = "en[\u00e9 +&=%\U0001f600.]wikipedia.org"
    body = payload("1::/rc", event_packet("subscribe", [pattern], id="1+"), "2::")
    assert client.post(body).text == "1"
    assert [client.receive(), client.receive()] == ["1::/rc", "6::/rc:1+[null]"]
    rcstreamd.send_rcfeed(make_change())
    assert client.receive_change()["server_name"] == "en.wikipedia.org"


@pytest.mark.parametrize("body", ["", "d", "d=", "d=1::", "d=%22", "x=%22%22", "d=[" * 20000])
def test_socketio_form_that_is_none_is_refused_and_survived(rcstreamd, body):
    client = RawJsonp(rcstreamd).connect_to_rc()
    assert rcstreamd.http_request("POST", client.path, data=body).status_code == 400
    client.subscribe("*")


@pytest.mark.parametrize("index", ["", "x", "-1", "0](alert(1)),io.j[0", "9" * 16])
def test_socketio_script_calls_numbers_only(rcstreamd, index):
    client = RawJsonp(rcstreamd)
    assert rcstreamd.http_get(f"{client.path}?i={index}").text == 'io.j[0]("1::");'


def test_socketio_disconnect_is_told_to_the_waiting_script(rcstreamd):
    client = RawJsonp(rcstreamd).connect_to_rc()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(client.poll().text))
    waiting.start()
    time.sleep(0.3)
    client.send("0::")
    waiting.join()
    assert answers == ['io.j[0]("0::");']
    assert client.poll().status_code == 400


def test_socketio_client_falls_back_to_scripts(rcstreamd):
    """xhr-polling was tried first; the session goes on, and begins with "1::" again."""
    first = RawPolling(rcstreamd)
    assert first.receive() == "1::"
    client = RawJsonp(rcstreamd, first.session).connect_to_rc().subscribe("*")
    rcstreamd.send_rcfeed(make_change(id=5))
    assert client.receive_change()["id"] == 5


@pytest.mark.parametrize("connection_field", ["", "Connection: keep-alive\r\n"])
def test_socketio_script_over_http_1_0(rcstreamd, connection_field):
    """Proxies speak it: the connection stays only where that is asked for."""
    path = RawJsonp(rcstreamd).path
    connection = rcstreamd.connect("http")
    connection.sendall(f"GET {path}?i=0 HTTP/1.0\r\n{connection_field}\r\n".encode())
    status, fields, body, _ = read_response(connection)
    assert (status, body) == (200, b'io.j[0]("1::");')
    assert fields["cache-control"] == "no-store"
    assert fields["connection"] == ("keep-alive" if connection_field else "close")
    if not connection_field:
        assert connection.recv(1) == b""
