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


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_socketio_preflight_is_answered_for_each_transport(rcstreamd, transport):
    """The Fetch standard: the page may send what it asked for, with credentials; no session is
    needed, nor ended, for that."""
    asked = {
        "Origin": ORIGINS[0],
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    path = f"/socket.io/1/{transport}/{handshake(rcstreamd)[0]}?disconnect=1"
    for _ in range(2):
        response = rcstreamd.http_request("OPTIONS", path, headers=asked)
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["Access-Control-Allow-Origin"] == ORIGINS[0]
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers["Access-Control-Allow-Methods"] == "POST, GET, OPTIONS"
        assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert rcstreamd.http_get("/rcstream_status").json()["counters"]["socketio_sessions"] == 1


def test_socketio_origin_that_is_none_is_not_echoed(rcstreamd):
    """What an answer repeats cannot end its field, nor be longer than any origin."""
    for origin in ("http://a.example\tb", "http://" + "a" * 3000, "http://\u00e9.example"):
        fields = f"GET /socket.io/1/ HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\n\r\n"
        _, answer, _, _ = exchange(rcstreamd.connect("http"), fields)
        assert "access-control-allow-origin" not in answer
        assert "access-control-allow-credentials" not in answer


def test_socketio_answers_say_what_they_are_and_are_not_kept(rcstreamd):
    """Fetch, RFC 9111 section 5.2: each kind of answer has its type; none is to be stored."""
    xhr, jsonp = (kind(rcstreamd) for kind in (RawPolling, RawJsonp))
    form = {"data": b"d=%221::/rc%22"}
    answers = [
        ("text/plain", rcstreamd.http_get("/socket.io/1/")),
        ("application/javascript", rcstreamd.http_get("/socket.io/1/?jsonp=1")),
        ("text/plain; charset=UTF-8", xhr.poll()),
        ("text/plain", xhr.post("1::/rc")),
        ("text/javascript; charset=UTF-8", jsonp.poll()),
        ("text/plain", rcstreamd.http_request("POST", jsonp.path, **form)),
        ("text/plain", rcstreamd.http_get(f"/socket.io/1//{xhr.session}/?disconnect=1")),
    ]
    for wanted, answer in answers:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(wanted)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "X-Frame-Options" not in answer.headers  # a hidden frame posts


@pytest.mark.parametrize(
    "path",
    ["/", "/socket.io", "/socket.io/1/xhr-polling", "/socket.io/1/a/b/c", "/socket.io/0/", "/x?y"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_socketio_paths_that_are_none_are_404(rcstreamd, method, path):
    response = rcstreamd.http_request(method, path)
    assert response.status_code == 404
    assert (response.content == b"") == (method == "HEAD")


@pytest.mark.parametrize("transport", POLLS)
def test_socketio_body_over_the_limit_is_413_and_the_session_stays(server, transport):
    rcstreamd = server(irc=None, http={"max_body_bytes": "2KiB"})
    client = POLLS[transport](rcstreamd).connect_to_rc()
    assert client.post("3::/rc:" + "x" * 2048).status_code == 413
    client.subscribe("*")


@pytest.mark.parametrize("transport", POLLS)
def test_socketio_poll_over_the_limit_of_its_head_is_refused(server, transport):
    rcstreamd = server(irc=None, http={"max_header_bytes": "2KiB"})
    client = POLLS[transport](rcstreamd).connect_to_rc()
    assert client.poll(headers={"Cookie": "x" * 2048}).status_code == 431
    assert rcstreamd.http_get(f"{client.path}?t={'1' * 2048}").status_code == 414
    client.subscribe("*")


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
    assert rcstreamd.http_get("/rcstream_status").json()["counters"]["socketio_handshakes"] == 0


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
