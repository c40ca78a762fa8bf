# SPDX-License-Identifier: Apache-2.0
"""WebSockets (RFC 6455), as a library and as raw frames, on Socket.IO's sessions."""

import struct

import pytest
import websocket

from http_client import (
    CONNECTIONS,
    frame,
    handshake,
    open_websocket,
    read_all,
    read_response,
    upgrade_request,
)

FIN_TEXT, FIN_CLOSE, FIN_PING = 0x81, 0x88, 0x89


def close_frame(code, text):
    return struct.pack("!BBH", FIN_CLOSE, 2 + len(text), code) + text.encode()


@pytest.mark.threads
def test_websocket_opens_on_whichever_worker_the_session_is(server):
    run = server()
    for _ in range(CONNECTIONS):
        client = open_websocket(run)
        client.ping("are you there")
        pong = (websocket.ABNF.OPCODE_PONG, b"are you there")
        assert client.recv_data(control_frame=True) == pong
        client.close()


def test_websocket_frames_sent_with_the_handshake_are_read(server):
    run = server()
    connection = run.connect("http")
    connection.sendall(upgrade_request(handshake(run)) + frame(FIN_PING, b"early"))
    status, fields, _, received = read_response(connection)
    assert (status, fields["upgrade"]) == (101, "websocket")
    while len(received) < 12:
        received += connection.recv(100)
    assert received == b"\x81\x031::" + b"\x8a\x05early"


def test_websocket_is_told_that_the_server_ends(server):
    run = server()
    connection = run.connect("http")
    connection.sendall(upgrade_request(handshake(run)))
    received = read_response(connection)[3]
    while len(received) < 5:
        received += connection.recv(100)
    run.clients.remove(connection)  # stays open while the server ends
    run.stop()
    assert read_all(connection) == close_frame(1001, "Server shutting down")
    connection.close()


@pytest.mark.parametrize(
    "sent, code, text",
    [
        (frame(FIN_TEXT, b"\xff"), 1007, "Not UTF-8"),
        (frame(FIN_TEXT, b"x" * 65537), 1009, "Message too big"),
        (frame(0x83, b"x"), 1002, "Protocol error"),
        (b"\x81\x01x", 1002, "Protocol error"),
    ],
    ids=["not UTF-8", "too big", "reserved opcode", "no mask"],
)
def test_websocket_is_told_what_it_did_wrong(server, sent, code, text):
    run = server()
    connection = run.connect("http")
    connection.sendall(upgrade_request(handshake(run)))
    received = read_response(connection)[3]
    connection.sendall(sent)
    assert received + read_all(connection) == b"\x81\x031::" + close_frame(code, text)


@pytest.mark.parametrize(
    "field, status",
    [("Sec-WebSocket-Version: 8", 426), ("Sec-WebSocket-Version: 13", 400)],
    ids=["version 8", "no key"],
)
def test_websocket_of_another_version_or_without_a_key_is_refused(server, field, status):
    run = server()
    connection = run.connect("http")
    connection.sendall(
        f"GET /socket.io/1/websocket/{handshake(run)} HTTP/1.1\r\nHost: x\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\n{field}\r\n\r\n".encode()
    )
    answered, fields, _, _ = read_response(connection)
    assert (answered, fields["sec-websocket-version"]) == (status, "13")
