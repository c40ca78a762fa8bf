# SPDX-License-Identifier: Apache-2.0
"""Socket.IO clients that break frames and payloads, and race with themselves."""

import random
import socket
import threading
import time

import pytest

from hostile import (
    ROUNDS,
    Witnesses,
    assault,
    assert_left_alone,
    leave,
    hostile_frames,
    masked_frame,
    mutated,
    reset,
    send_in_pieces,
)
from http_client import read_response, upgrade_request
from socketio_clients import RawJsonp, RawPolling, RawWebSocket
from test_hostile_http import handshake, request

SHORT_LIVES = {"socketio": {"close_timeout": 2}}

PACKETS = [
    *(b"0::", b"0::/rc", b"1::/rc", b"1::/other", b"2::", b"3:::text", b"3:1::/rc", b"4:2+:/rc:{}"),
    *(b"6::/rc:1+[null]", b"7:::x", b"8::", b"9::", b"::::", b"5", b"5::/rc:", b"5::/rc:[1,2]"),
    b'5:1+:/rc:{"name":"subscribe","args":["*"]}',
    b'5:99999999999999999999+:/rc:{"name":"subscribe","args":[["a.example","*.b",1,null,""]]}',
    b'5:2:/rc:{"name":"unsubscribe","args":["*"]}',
    b'5::/rc:{"name":"no such_thing","args":[]}',
    b'5::/rc:{"name":"a\\u0000b","args":[{"x":[[[[[[]]]]]]}]}',
    b'5::/other:{"name":"subscribe","args":["*"]}',
    b'5::/rc:{"name":"subscribe","args":["[!a-z]*[","?","[]a]*","**********************"]}',
]


def frames(chance, count):
    return hostile_frames(chance, PACKETS, count)


def opened(address, sid, data=b""):
    """A connection that has asked for the upgrade, and not read the answer."""
    connection = socket.create_connection(address, timeout=5)
    connection.sendall(upgrade_request(sid) + data)
    return connection


# RFC 6455 section 7.1.7; docs/protocols/socketio.md, "Packets": ignored and counted.
@pytest.mark.threads
def test_hostile_websocket_frames_harm_nobody(server):
    rcstreamd = server()
    address = rcstreamd.address("http")

    def talk(chance):
        for _ in range(40 * ROUNDS):
            connection = opened(address, handshake(address), frames(chance, 5))
            data = frames(chance, 40)
            send_in_pieces(
                chance, connection, mutated(chance, data) if chance.random() < 0.5 else data
            )
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, talk)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# websocket.h: it ends with its connection, whatever byte that ends at.
@pytest.mark.threads
def test_hostile_websocket_clients_leave_at_every_byte(server):
    rcstreamd = server()
    address = rcstreamd.address("http")

    def cut_short(chance):
        tail = b"".join(masked_frame(chance, 0x81, packet) for packet in PACKETS[1:])
        total = len(upgrade_request(handshake(address))) + len(tail)
        for length in range(0, total, 4):
            sid = handshake(address)
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall((upgrade_request(sid) + tail)[: length + chance.randrange(4)])
                (reset if chance.random() < 0.7 else socket.socket.close)(connection)
            with socket.create_connection(address, timeout=5) as connection:
                connection.sendall(request("GET", f"/socket.io/1//{sid}/?disconnect=1"))
                read_response(connection)

    with Witnesses(rcstreamd):
        assault(2 * ROUNDS, cut_short)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


PATTERNS = 32  # a packet, socketio_filter.h
PAIRS = 64
TURN_BYTES = 16 * 1024  # socketio_turns.h


def greedy_packets():
    """A subscription to as many patterns as one may have and its end, again and again."""
    packets = []
    for pair in range(PAIRS):
        wiki = ",".join(f'"*{pair}.{number}*"' for number in range(PATTERNS))
        for name in ("subscribe", "unsubscribe"):
            args = f'[{{"wiki":[{wiki}]}}]'
            packets.append(f'5:{len(packets) + 1}+:/rc:{{"name":"{name}","args":{args}}}')
    return packets


def input_waits(rcstreamd):
    return rcstreamd.http_get("/rcstream_status").json()["counters"]["socketio_input_waits"]


def acknowledged(packets):
    return [int(packet[len("6::/rc:") :].partition("+")[0]) for packet in packets]


# socketio_turns.h: so many bytes of packets in a turn, whoever they are of; nothing is lost.
@pytest.mark.threads
@pytest.mark.parametrize("kind", [RawPolling, RawJsonp])
def test_hostile_posts_are_taken_in_many_turns(server, kind):
    rcstreamd = server(workers=1, http={"max_body_bytes": "256KiB"})  # a form is longer
    packets = greedy_packets()
    client = kind(rcstreamd).connect_to_rc()
    assert input_waits(rcstreamd) == 0
    client.send("".join(f"\ufffd{len(packet)}\ufffd{packet}" for packet in packets))
    # What the first turn takes does not wait; each packet may go over what is left.
    turns = sum(map(len, packets)) // TURN_BYTES
    assert turns >= 2
    assert turns - 1 <= input_waits(rcstreamd) <= 2 * turns + 1
    got = [client.receive() for _ in packets]
    assert acknowledged(got) == list(range(1, len(packets) + 1))


# The same over a WebSocket, whose frames come with one read or with several.
@pytest.mark.threads
def test_hostile_frames_are_taken_in_many_turns(server):
    rcstreamd = server(workers=1)
    packets = greedy_packets()
    client = RawWebSocket(rcstreamd).connect_to_rc()
    chance = random.Random(1)
    frames_at_once = [masked_frame(chance, 0x81, packet.encode()) for packet in packets]
    client.socket.sock.sendall(b"".join(frames_at_once))
    got = [client.receive() for _ in packets]
    assert input_waits(rcstreamd) > 0
    assert acknowledged(got) == list(range(1, len(packets) + 1))


# socketio_turns.h: those who wait take turns, and changes and IRC go on between them.
@pytest.mark.threads
def test_many_hostile_clients_share_the_turns(server):
    rcstreamd = server(workers=1)
    packets = greedy_packets()
    data = "".join(f"\ufffd{len(packet)}\ufffd{packet}" for packet in packets)

    def be_greedy(chance):
        client = RawPolling(rcstreamd).connect_to_rc()
        for _ in range(2 * ROUNDS):
            client.send(data)
            got = [client.receive() for _ in packets]
            assert acknowledged(got) == list(range(1, len(packets) + 1))
            with socket.create_connection(rcstreamd.address("http"), timeout=20) as connection:
                connection.sendall(request("POST", client.path, data.encode()))
                leave(chance, connection)
            # The packets that were left may have gone with their client: all come, or the first.
            time.sleep(0.1)
            client.send("3:1000:/rc:x")
            while acknowledged([client.receive()]) != [1000]:
                pass

    with Witnesses(rcstreamd):
        assault(6, be_greedy)
    turns = sum(map(len, packets)) // TURN_BYTES
    assert input_waits(rcstreamd) >= 6 * 2 * ROUNDS * (turns - 1)


# socketio_session.h: one transport at a time, opened over any connection, ended in any way.
@pytest.mark.threads
def test_hostile_sessions_race_with_themselves(server):
    rcstreamd = server(http=SHORT_LIVES, workers=4)
    address = rcstreamd.address("http")
    sids = [handshake(address) for _ in range(8)]

    def race(chance):
        waiting = []
        for _ in range(250 * ROUNDS):
            at = chance.randrange(len(sids))
            polling = f"/socket.io/1/xhr-polling/{sids[at]}"
            subscribe = b'5::/rc:{"name":"subscribe","args":["*"]}'
            kind = chance.randrange(10)
            connection = socket.create_connection(address, timeout=5)
            if kind < 4:
                connection.sendall(request("GET", polling))
            elif kind < 6:
                connection.sendall(request("POST", polling, subscribe) + request("GET", polling))
            elif kind < 8:
                connection.sendall(upgrade_request(sids[at]) + frames(chance, 3))
            elif kind < 9:
                connection.sendall(request("POST", polling, b"0::") + request("GET", polling))
            else:
                connection.sendall(request("GET", f"/socket.io/1//{sids[at]}/?disconnect=1"))
            if kind >= 8 or chance.random() < 0.1:
                sids[at] = handshake(address)
            waiting.append(connection)
            if len(waiting) > 12:
                leave(chance, waiting.pop(chance.randrange(len(waiting))))
        for connection in waiting:
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, race)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# decisions/0006: sessions stay, connections move; what is pipelined moves along, in order.
@pytest.mark.threads
def test_hostile_pipelines_across_workers_are_answered_in_order(server):
    rcstreamd = server(workers=4)
    address = rcstreamd.address("http")

    def alternate(chance):
        sids = [handshake(address) for _ in range(8)]
        for _ in range(10 * ROUNDS):
            connection = socket.create_connection(address, timeout=20)
            numbers = range(120)
            data = b"".join(
                request(
                    "POST",
                    f"/socket.io/1/xhr-polling/{chance.choice(sids)}",
                    b"5:%d+:/rc:{}" % number if number % 3 else b"\xff",
                )
                for number in numbers
            )
            assert send_in_pieces(chance, connection, data)
            rest = b""
            for number in numbers:
                status, _, body, rest = read_response(connection, rest)
                wanted = (200, b"1") if number % 3 else (400, b"the payload could not be read")
                assert (status, body) == wanted
            assert rest == b""
            connection.close()

    with Witnesses(rcstreamd):
        assault(4, alternate)
    moved = rcstreamd.http_get("/rcstream_status").json()["closed"]["moved"]
    assert moved > 1000


# The same, with clients that go while their connection is on its way.
@pytest.mark.threads
def test_hostile_clients_leave_while_they_move(server):
    rcstreamd = server(workers=4, http=SHORT_LIVES)
    address = rcstreamd.address("http")

    def move_on(chance):
        sids = [handshake(address) for _ in range(8)]
        for _ in range(60 * ROUNDS):
            data = b""
            for _ in range(30):
                path = f"/socket.io/1/xhr-polling/{chance.choice(sids)}"
                kinds = (("POST", path, b"1::/rc"), ("GET", path), ("GET", "/x"))
                data += request(*chance.choice(kinds))
            connection = socket.create_connection(address, timeout=5)
            send_in_pieces(chance, connection, data)
            leave(chance, connection)

    with Witnesses(rcstreamd):
        assault(4, move_on)
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)


# worker.h: worker_end() in the middle of everything; what moves then is closed, nothing is left.
@pytest.mark.threads
@pytest.mark.parametrize("pause_s", [0.1, 0.3, 0.6])
def test_hostile_clients_do_not_keep_the_server_from_its_end(server, pause_s):
    rcstreamd = server(workers=4)
    address = rcstreamd.address("http")
    is_over = threading.Event()

    def go_on(chance):
        sids = [handshake(address) for _ in range(8)]
        while not is_over.is_set():
            polling = f"/socket.io/1/xhr-polling/{chance.choice(sids)}"
            kinds = [request("GET", polling), request("POST", polling, b"1::/rc")] * 8
            kinds.append(upgrade_request(chance.choice(sids)) + frames(chance, 3))
            try:
                with socket.create_connection(address, timeout=1) as connection:
                    connection.sendall(b"".join(chance.choices(kinds, k=20)))
                    connection.settimeout(0.01)
                    connection.recv(65536)
            except OSError:
                pass

    def end(chance):
        time.sleep(pause_s + chance.random() / 20)
        try:
            rcstreamd.stop()
        finally:
            is_over.set()

    attackers = threading.Thread(target=assault, args=(4, go_on), daemon=True)
    attackers.start()
    assault(1, end)
    attackers.join()
