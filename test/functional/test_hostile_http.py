# SPDX-License-Identifier: Apache-2.0
"""HTTP that is broken, doubtful or cut off, and requests that race with each other."""

import socket

import pytest

from hostile import (
    ROUNDS,
    Witnesses,
    assault,
    assert_left_alone,
    leave,
    mutated,
    reset,
    send_in_pieces,
    strike,
)
from http_client import read_all, read_response, upgrade_request

POST = b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\n"

SMUGGLED = [
    POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n",
    POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
    b"GET /healthz HTTP/1.1\nHost: x\n\n",
    # a bare CR: in a value, as a line's end, before a colon
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\rContent-Length: 3\r\n\r\nabc",
    b"GET /healthz HTTP/1.1\rHost: x\r\r",
    POST + b"Content-Length\r: 3\r\n\r\nabc",
    # a folded line, which one reader joins to the one before and another takes for itself
    POST + b"Content-Length: 3\r\n Transfer-Encoding: chunked\r\n\r\nabc",
    POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    # codings that only some readers know for chunked
    POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    # lengths that are none
    POST + b"Content-Length: 3, 3\r\n\r\nabc",
    POST + b"Content-Length: 0x3\r\n\r\nabc",
    POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Content-Length: 18446744073709551617\r\n\r\nx",
    POST + b"Content-Length: \r\n\r\n",
]


def request(method, path, body=None, fields=""):
    length = f"Content-Length: {len(body)}\r\n" if body is not None else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\n{fields}{length}\r\n"
    return head.encode() + (body or b"")


def chunked(chance, path, body):
    parts = [request("POST", path, fields="Transfer-Encoding: chunked\r\n")]
    while body:
        size = chance.randint(1, len(body))
        parts.append(f"{size:x};a=b\r\n".encode() + body[:size] + b"\r\n")
        body = body[size:]
    return b"".join(parts) + b"0\r\n\r\n"


def valid_requests(chance, sids):
    """Some of everything that the server understands."""
    sid = chance.choice(sids)
    polling = f"/socket.io/1/xhr-polling/{sid}"
    return [
        request("GET", "/healthz"),
        request("HEAD", "/healthz"),
        request("GET", "/rcstream_status"),
        request("OPTIONS", "*"),
        request("OPTIONS", polling, fields="Origin: http://a.example\r\n"),
        request("DELETE", "/healthz"),
        request("GET", "/missing?a=b&c"),
        request("GET", "http://a.example/healthz"),
        request("GET", "/socket.io/1/"),
        request("POST", "/socket.io/1/?jsonp=7", b"x"),
        request("GET", f"{polling}?t=1"),
        request("POST", polling, b"1::/rc"),
        request("POST", polling, "\ufffd3\ufffd2::\ufffd6\ufffd1::/rc".encode()),
        request("POST", polling, b'5:1+:/rc:{"name":"subscribe","args":["*.example"]}'),
        chunked(chance, polling, b'5::/rc:{"name":"unsubscribe","args":["*.example"]}' * 3),
        request("GET", f"/socket.io/1//{sid}/?disconnect=1"),
        upgrade_request(sid),
    ]


def handshake(address):
    """A new session's id."""
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(request("GET", "/socket.io/1/"))
        return read_response(connection)[2].decode().partition(":")[0]


# RFC 9112, and docs/protocols/http.md, "What is refused".
@pytest.mark.threads
def test_hostile_http_requests_harm_nobody(server):
    rcstreamd = server(http={"max_body_bytes": "2KiB", "max_header_bytes": "2KiB"})
    address = rcstreamd.address("http")

    def ask(chance):
        sids = [handshake(address) for _ in range(4)]
        for _ in range(80 * ROUNDS):
            pool = valid_requests(chance, sids)
            data = b"".join(chance.choices(pool + SMUGGLED, k=chance.randint(1, 12)))
            strike(chance, address, mutated(chance, data, pool))

    with Witnesses(rcstreamd):
        assault(4, ask)
    assert rcstreamd.http_get("/rcstream_status").json()["counters"]["http_errors"] > 50


# RFC 9112 section 11.2: what is open to two readings is not answered twice.
def test_hostile_http_smuggled_request_is_never_answered(server):
    rcstreamd = server()
    for data in SMUGGLED:
        connection = rcstreamd.connect("http")
        connection.sendall(data)
        received = read_all(connection)
        assert received.startswith(b"HTTP/1.1 400 "), data
        assert received.count(b"HTTP/1.1") == 1, data


# connection.h: a connection may end at any byte, in a request as in a poll.
@pytest.mark.threads
def test_hostile_http_clients_leave_at_every_byte(server):
    rcstreamd = server()
    address = rcstreamd.address("http")

    def cut_short(chance):
        sids = [handshake(address) for _ in range(4)]
        pool = [*valid_requests(chance, sids)[:-2], valid_requests(chance, sids)[-1]]
        conversation = b"".join(pool)
        for length in range(0, len(conversation), 3):
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(conversation[: length + chance.randrange(3)])
                (reset if chance.random() < 0.7 else socket.socket.close)(connection)

    with Witnesses(rcstreamd):
        assault(2 * ROUNDS, cut_short)


# docs/protocols/http.md: a client that does not read its answers is left waiting.
@pytest.mark.threads
def test_hostile_http_clients_that_do_not_read_harm_nobody(server):
    rcstreamd = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "16KiB"})
    address = rcstreamd.address("http")

    def ask(chance):
        sids = [handshake(address) for _ in range(4)]
        for _ in range(10 * ROUNDS):
            connection = socket.create_connection(address, timeout=0.5)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            pool = valid_requests(chance, sids)[:6]
            send_in_pieces(chance, connection, b"".join(chance.choices(pool, k=3000)))
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, ask)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)
