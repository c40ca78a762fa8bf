# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9: how its requests and answers fit into HTTP, whatever browser or proxy sends."""

import pytest

from http_client import read_response
from rcstreamd import make_change
from socketio_clients import JavaScriptClient, RawHtmlfile, RawJsonp, RawPolling, handshake

POLLS = {"xhr-polling": RawPolling, "jsonp-polling": RawJsonp}
TRANSPORTS = ["websocket", "htmlfile", "xhr-polling", "jsonp-polling"]
ORIGINS = ["https://tools.example.org", "http://[2001:db8::1]:8080", "null", "file://"]


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


def exchange(connection, text, method="GET"):
    connection.sendall(text.encode())
    return read_response(connection, method=method)


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("transport", POLLS)
def test_socketio_every_answer_is_for_the_page_that_asked(rcstreamd, transport, origin):
    client = POLLS[transport](rcstreamd)
    answers = [
        client.poll(headers={"Origin": origin}),
        rcstreamd.http_request("POST", client.path, data=b"\xff", headers={"Origin": origin}),
        rcstreamd.http_get("/socket.io/1/none/x", headers={"Origin": origin}),
        rcstreamd.http_request("PATCH", "/socket.io/1/", headers={"Origin": origin}),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 404, 405]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Cache-Control"] == "no-store"


def test_socketio_page_is_for_the_origin_that_asked(rcstreamd):
    for origin in ORIGINS:
        client = RawHtmlfile(rcstreamd, fields=[f"Origin: {origin}"])
        assert client.fields["Access-Control-Allow-Origin"] == origin
        assert client.fields["Access-Control-Allow-Credentials"] == "true"
    assert "Access-Control-Allow-Origin" not in RawHtmlfile(rcstreamd).fields


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain;charset=UTF-8", "application/octet-stream", "application/xml", "junk"],
)
def test_socketio_post_is_read_whatever_it_is_called(rcstreamd, content_type):
    """Internet Explorer's XDomainRequest names no type, or a wrong one."""
    client = RawPolling(rcstreamd)
    assert client.receive() == "1::"
    headers = {"Content-Type": content_type} if content_type else {}
    assert rcstreamd.http_request("POST", client.path, data=b"1::/rc", headers=headers).text == "1"
    assert client.receive() == "1::/rc"


@pytest.mark.parametrize("path", ["/socket.io/1/", "/socket.io/1/xhr-polling/x"])
@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH"])
def test_socketio_other_methods_are_told_which_there_are(rcstreamd, method, path):
    """RFC 9110 section 15.5.6.  A handshake by HEAD would be a session that nobody learns of."""
    response = rcstreamd.http_request(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, POST, OPTIONS"
    assert rcstreamd.http_get("/rcstream_status").json()["clients"]["socketio"] == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_socketio_unknown_session_is_400_on_every_transport(rcstreamd, transport, method):
    path = f"/socket.io/1/{transport}/AA0123456789ABCDEFGHIJ"
    assert rcstreamd.http_request(method, path, data=b"d=%222::%22").status_code == 400


@pytest.mark.parametrize("transport", ["flashsocket", "xhr-multipart", "rc", "XHR-polling"])
def test_socketio_transport_that_is_not_offered_is_404(rcstreamd, transport):
    path = f"/socket.io/1/{transport}/{handshake(rcstreamd)[0]}"
    assert rcstreamd.http_get(path).status_code == 404
    assert rcstreamd.http_request("POST", path, data=b"2::").status_code == 404


def test_socketio_offers_what_is_configured(server):
    """The order is the operator's; what is not in the list is not there."""
    rcstreamd = server(http={"socketio": {"transports": ["jsonp-polling", "xhr-polling"]}})
    assert handshake(rcstreamd)[3] == "jsonp-polling,xhr-polling"
    RawPolling(rcstreamd).connect_to_rc()
    page = f"/socket.io/1/htmlfile/{handshake(rcstreamd)[0]}"
    assert rcstreamd.http_get(page).status_code == 404


def test_socketio_javascript_client_takes_what_is_offered(server):
    """It would rather have websocket, which is not in the handshake's list."""
    rcstreamd = server(http={"socketio": {"transports": ["htmlfile", "xhr-polling"]}})
    client = JavaScriptClient(rcstreamd, "websocket,xhr-polling")
    client.expect("connect")
    client.call("subscribe", "*")
    rcstreamd.send_rcfeed(make_change(id=8))
    assert client.expect("change")[0]["id"] == 8


@pytest.mark.parametrize("transport", POLLS)
@pytest.mark.parametrize(
    "version, field, stays",
    [("1.0", "", False), ("1.0", "keep-alive", True), ("1.1", "", True), ("1.1", "close", False)],
)
def test_socketio_connection_stays_as_the_client_wants(
    rcstreamd, transport, version, field, stays
):
    """Polls and posts one after the other, as a proxy does it, where the connection stays."""
    path = POLLS[transport](rcstreamd).path
    fields = "Host: x\r\n" + (f"Connection: {field}\r\n" if field else "")
    body = "d=%221::/rc%22" if transport == "jsonp-polling" else "1::/rc"
    connection = rcstreamd.connect("http")
    get = f"GET {path} HTTP/{version}\r\n{fields}\r\n"
    status, answer, _, _ = exchange(connection, get)
    assert status == 200
    assert (answer.get("connection") == "close") == (not stays)
    if not stays:
        assert connection.recv(1) == b""
        return
    post = f"POST {path} HTTP/{version}\r\n{fields}Content-Length: {len(body)}\r\n\r\n{body}"
    assert exchange(connection, post)[2] == b"1"
    assert b"1::/rc" in exchange(connection, get)[2]
