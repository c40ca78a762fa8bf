# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9: the handshake and its neighbours."""

import re

import pytest

from socketio_clients import HANDSHAKE, handshake

ORIGIN = {"Origin": "https://tools.example.org"}
TRANSPORTS = "websocket,htmlfile,xhr-polling,jsonp-polling"


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/socket.io/1/", "/socket.io/1", "/socket.io/1/?t=14423456"])
def test_socketio_handshake_offers_what_works(rcstreamd, method, path):
    response = rcstreamd.http_request(method, path)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    assert HANDSHAKE.fullmatch(response.text).groups()[1:] == ("60", "60", TRANSPORTS)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_socketio_sessions_have_different_ids(rcstreamd):
    assert len({handshake(rcstreamd)[0] for _ in range(20)}) == 20


def test_socketio_handshake_tells_the_configured_timeout(server):
    rcstreamd = server(http={"socketio": {"heartbeat_timeout": 90}})
    assert handshake(rcstreamd)[1:3] == ("90", "60")


@pytest.mark.parametrize("origin", ["https://tools.example.org", "null"])
def test_socketio_page_of_another_origin_may_shake_hands(rcstreamd, origin):
    response = rcstreamd.http_get("/socket.io/1/", headers={"Origin": origin})
    assert response.headers["Access-Control-Allow-Origin"] == origin
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize("path", ["/socket.io/1/", "/socket.io/1/xhr-polling/unknown"])
def test_socketio_preflight_is_answered(rcstreamd, path):
    response = rcstreamd.http_request("OPTIONS", path, headers=ORIGIN)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert response.headers["Access-Control-Allow-Methods"] == "POST, GET, OPTIONS"


def test_socketio_handshake_by_script(rcstreamd):
    response = rcstreamd.http_get("/socket.io/1/?t=1&jsonp=3")
    assert response.headers["Content-Type"].startswith("application/javascript")
    assert re.fullmatch(rf'io\.j\[3\]\("[\w-]+:60:60:{TRANSPORTS}"\);', response.text)


def test_socketio_handshake_by_script_takes_digits_only(rcstreamd):
    response = rcstreamd.http_get("/socket.io/1/?jsonp=0](alert(1)),io.j[0")
    assert HANDSHAKE.fullmatch(response.text)
    assert response.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("transport", TRANSPORTS.split(","))
@pytest.mark.parametrize(
    "session", ["1234567890", "AA0123456789ABCDEFGHIJ", "__0123456789ABCDEFGHIJ"]
)
def test_socketio_unknown_session_is_400(rcstreamd, transport, session):
    response = rcstreamd.http_get(f"/socket.io/1/{transport}/{session}", headers=ORIGIN)
    assert response.status_code == 400
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


@pytest.mark.parametrize(
    "path",
    ["/socket.io/2/", "/socket.io/", "/socket.io/1/flashsocket/x", "/socket.io/socket.io.js"],
)
def test_socketio_other_addresses_are_4xx(rcstreamd, path):
    assert rcstreamd.http_get(path).status_code == 404


def test_socketio_handshakes_over_the_limit_are_refused(server):
    rcstreamd = server(workers=1, http={"socketio": {"max_sessions": 3}})
    for _ in range(3):
        handshake(rcstreamd)
    assert rcstreamd.http_get("/socket.io/1/").status_code == 503
    script = rcstreamd.http_get("/socket.io/1/?jsonp=0")
    assert (script.status_code, script.text) == (200, 'io.j[0](new Error("too many sessions"));')
