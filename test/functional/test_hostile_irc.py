# SPDX-License-Identifier: Apache-2.0
"""IRC clients that send what no client should, and leave when they should not."""

import socket

import pytest

from hostile import (
    CHANNEL,
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

CONVERSATION = (
    f"CAP LS 302\r\nNICK mallory\r\nUSER mallory 0 * :Mallory M.\r\nCAP REQ :multi-prefix\r\n"
    f"CAP END\r\nPING :a b\r\nJOIN {CHANNEL},#none\r\nNAMES {CHANNEL}\r\nLIST\r\n"
    f"TOPIC {CHANNEL}\r\nMODE {CHANNEL} b\r\nWHO {CHANNEL}\r\nWHOIS mallory\r\n"
    f"USERHOST mallory rc-pmtpa\r\nLUSERS\r\n"
    f"PRIVMSG mallory,{CHANNEL} :hello\r\nNOTICE mallory :x\r\nMOTD\r\nPART {CHANNEL} :why\r\n"
    f"JOIN {CHANNEL}\r\nJOIN 0\r\nWHOWAS x\r\nNICK eve\r\nPONG :localhost\r\nQUIT :bye\r\n"
).encode()
LINES = CONVERSATION.splitlines(keepends=True)


# DESIGN, rule 4: a client's nonsense is ignored or answered, and nobody else is touched.
@pytest.mark.threads
def test_hostile_irc_lines_harm_nobody(server):
    rcstreamd = server()
    address = rcstreamd.address("irc")

    def talk(chance):
        for _ in range(60 * ROUNDS):
            lines = [*LINES[:5], *chance.choices(LINES, k=20)]
            if chance.random() < 0.3:
                lines.insert(5, b"LIST\r\nJOIN #a,,#b , #c\r\n" * chance.choice((1, 400)))
            strike(chance, address, mutated(chance, b"".join(lines), LINES))

    with Witnesses(rcstreamd):
        assault(4, talk)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# connection.h: a connection may end at any byte.
@pytest.mark.threads
def test_hostile_irc_clients_leave_at_every_byte(server):
    rcstreamd = server()
    address = rcstreamd.address("irc")

    def cut_short(chance):
        for length in range(0, len(CONVERSATION), 2):
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(CONVERSATION[: length + chance.randrange(2)])
                (reset if chance.random() < 0.7 else socket.socket.close)(connection)

    with Witnesses(rcstreamd):
        assault(2 * ROUNDS, cut_short)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# outbox.h: a client that does not read holds up itself alone.
@pytest.mark.threads
def test_hostile_irc_clients_that_do_not_read_harm_nobody(server):
    rcstreamd = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "16KiB"})
    address = rcstreamd.address("irc")

    def ask(chance):
        for _ in range(10 * ROUNDS):
            connection = socket.create_connection(address, timeout=0.5)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            send_in_pieces(chance, connection, b"".join(LINES[:5]))
            send_in_pieces(chance, connection, b"MOTD\r\nLIST\r\nWHOIS mallory\r\n" * 3000)
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, ask)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)
