# SPDX-License-Identifier: Apache-2.0
"""Who a client is that comes through a proxy: X-Forwarded-For and Forwarded."""

import json

import pytest
import websocket

from rcstreamd import wait_until
from socketio_clients import RawHtmlfile

PROXY = "127.0.0.1"
TRUSTING = {"trusted_proxies": [PROXY]}
WELL_FORMED = {"X-Forwarded-For": "198.51.100.1, 192.0.2.7", "Forwarded": "for=203.0.113.5"}


def handshake(rcstreamd, client, status=200):
    response = rcstreamd.http_get("/socket.io/1/", headers={"X-Forwarded-For": client})
    assert response.status_code == status, response.text
    return response.text


def open_websocket(rcstreamd, path, fields):
    host, port = rcstreamd.address("http")
    client = websocket.create_connection(
        f"ws://{host}:{port}{path}", timeout=5, header=fields, http_no_proxy=["*"]
    )
    rcstreamd.clients.append(client)
    return client


def open_irc(rcstreamd, fields):
    return open_websocket(rcstreamd, "/irc", fields)


def whois_host(client):
    """The host that WHOIS tells a client of itself (RFC 2812, 311)."""
    for line in ("NICK reader", "USER reader 0 * :R", "WHOIS reader"):
        client.send(line)
    while True:
        words = client.recv().split(" ")
        if words[1] == "311":
            return words[5]


def connections(rcstreamd):
    return json.loads(rcstreamd.http_get("/rcstream_status").text)["connections"]


# http.trusted_proxies is empty: whatever a client says of itself, it is where it comes from.
def test_forwarded_is_not_believed_by_default(server):
    rcstreamd = server()
    assert whois_host(open_irc(rcstreamd, WELL_FORMED)) == PROXY
    handshake(rcstreamd, "192.0.2.7")
    assert PROXY in rcstreamd.log.wait_for("socketio.handshake")["message"]


@pytest.mark.parametrize(
    "fields, host",
    [
        (WELL_FORMED, "192.0.2.7"),
        ({"X-Forwarded-For": "192.0.2.7, 127.0.0.1"}, "192.0.2.7"),
        ({"X-Forwarded-For": "2001:db8::7"}, "2001:db8::7"),
        ({"Forwarded": 'for="[2001:db8::7]:4711";proto=https'}, "2001:db8::7"),
        ({"X-Forwarded-For": "garbage"}, PROXY),
        ({}, PROXY),
    ],
)
def test_forwarded_address_is_that_of_whois_and_the_log(server, fields, host):
    rcstreamd = server(http=TRUSTING)
    assert whois_host(open_irc(rcstreamd, fields)) == host
    assert host in rcstreamd.log.wait_for("irc.connected")["peer"]


# RFC 9112 §9.3: a proxy's connection brings requests of many; each is counted by its own address.
def test_forwarded_address_is_that_of_the_limits_of_sessions(server):
    rcstreamd = server(http={**TRUSTING, "socketio": {"sessions_per_address": 2}})
    for client in ("192.0.2.7", "192.0.2.8"):
        handshake(rcstreamd, client)
        handshake(rcstreamd, client)
        assert "too many sessions from your address" in handshake(rcstreamd, client, 503)
    assert "from 192.0.2.7" in rcstreamd.log.wait_for("socketio.handshake")["message"]


# limits.connections_per_address: a WebSocket is one client's, and so is its place.
@pytest.mark.threads
def test_forwarded_address_is_that_of_the_limits_of_websockets(server):
    rcstreamd = server(http=TRUSTING, limits={"connections_per_address": 2})
    fields = {"X-Forwarded-For": "192.0.2.7"}
    clients = [open_irc(rcstreamd, fields) for _ in range(2)]
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        open_irc(rcstreamd, fields)
    assert refused.value.status_code == 429
    assert refused.value.resp_headers["retry-after"] == "30"
    open_irc(rcstreamd, {"X-Forwarded-For": "192.0.2.8"})
    figures = connections(rcstreamd)
    assert figures["addresses"] == 2
    assert {reason for reason, count in figures["refused"].items() if count} == {"address_limit"}
    clients[0].close(timeout=1)
    clients[1].close(timeout=1)
    wait_until(lambda: connections(rcstreamd)["addresses"] == 1)
    assert whois_host(open_irc(rcstreamd, fields)) == "192.0.2.7"


# A page of htmlfile stays with one client as a WebSocket does.
def test_forwarded_address_is_that_of_the_limits_of_pages(server):
    rcstreamd = server(http=TRUSTING, limits={"connections_per_address": 1})

    def open_page(client):
        session = handshake(rcstreamd, client).split(":")[0]
        return RawHtmlfile(rcstreamd, session, fields=[f"X-Forwarded-For: {client}"]).status

    assert open_page("192.0.2.7") == "200"
    assert open_page("192.0.2.7") == "429"
    assert open_page("192.0.2.8") == "200"
    assert connections(rcstreamd)["addresses"] == 2


# A session's requests move to its worker, and what the proxy told of them too.
@pytest.mark.threads
def test_forwarded_address_moves_with_the_connection(server):
    rcstreamd = server(workers=3, http=TRUSTING)
    for number in range(8):
        session = handshake(rcstreamd, f"192.0.2.{number}").split(":")[0]
        client = open_websocket(
            rcstreamd,
            f"/socket.io/1/websocket/{session}",
            {"X-Forwarded-For": f"192.0.2.{number}"},
        )
        assert client.recv() == "1::"
    assert connections(rcstreamd)["addresses"] == 8
