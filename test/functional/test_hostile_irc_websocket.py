# SPDX-License-Identifier: Apache-2.0
"""IRC clients over WebSocket that break frames and lines, do not read, and leave midway."""

import socket

import pytest

from hostile import (
    CHANNEL,
    ROUNDS,
    Witnesses,
    assault,
    assert_left_alone,
    hostile_frames,
    leave,
    masked_frame,
    mutated,
    reset,
    send_in_pieces,
)

UPGRADE = (
    b"GET /irc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: x, binary.ircv3.net, text.ircv3.net\r\n\r\n"
)
LOGIN = [b"NICK mallory", b"USER mallory 0 * :Mallory M."]
LINES = [
    *LOGIN,
    *(b"CAP LS 302", b"CAP REQ :server-time message-tags batch", b"CAP END"),
    *(f"{command} {CHANNEL}".encode() for command in ("JOIN", "NAMES", "PART", "MODE", "WHO")),
    *(b"LIST", b"MOTD\r\nLUSERS\nLIST\r", b"PING :" + b"x" * 2000, b"@label=1 PING y", b""),
    *(b"PRIVMSG mallory :\xff", b"WHOIS mallory", b"JOIN 0", b"PING :a\r\n", b"\r\n\r\n"),
]


def opened(chance, address, data):
    """A connection that has asked for the upgrade, logged in, and not read the answer."""
    connection = socket.create_connection(address, timeout=5)
    login = b"".join(masked_frame(chance, 0x81, line) for line in LOGIN)
    connection.sendall(UPGRADE + login + data)
    return connection


# docs/protocols/irc.md, "Over WebSocket"; RFC 6455 section 7.1.7.
@pytest.mark.threads
def test_hostile_irc_websocket_frames_harm_nobody(server):
    rcstreamd = server()
    address = rcstreamd.address("http")

    def talk(chance):
        for _ in range(40 * ROUNDS):
            connection = opened(chance, address, hostile_frames(chance, LINES, 5))
            data = hostile_frames(chance, LINES, 40)
            send_in_pieces(
                chance, connection, mutated(chance, data) if chance.random() < 0.5 else data
            )
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, talk)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# websocket.h: it ends with its connection, whatever byte that ends at.
@pytest.mark.threads
def test_hostile_irc_websocket_clients_leave_at_every_byte(server):
    rcstreamd = server()
    address = rcstreamd.address("http")

    def cut_short(chance):
        data = UPGRADE + b"".join(masked_frame(chance, 0x82, line) for line in LINES if line)
        for length in range(0, len(data), 4):
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(data[: length + chance.randrange(4)])
                (reset if chance.random() < 0.7 else socket.socket.close)(connection)

    with Witnesses(rcstreamd):
        assault(2 * ROUNDS, cut_short)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# outbox.h, websocket_put_off(): a client that does not read holds up itself alone.
@pytest.mark.threads
def test_hostile_irc_websocket_clients_that_do_not_read_harm_nobody(server):
    rcstreamd = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "16KiB"})
    address = rcstreamd.address("http")

    def ask(chance):
        questions = [b"MOTD", b"LIST\r\nWHOIS mallory", b"PING x\n" * 3000]
        for _ in range(10 * ROUNDS):
            connection = opened(chance, address, b"")
            connection.settimeout(0.5)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            messages = chance.choices(questions, weights=(10, 10, 1), k=300)
            send_in_pieces(
                chance,
                connection,
                b"".join(masked_frame(chance, 0x81, message) for message in messages),
            )
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, ask)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)
