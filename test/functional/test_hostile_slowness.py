# SPDX-License-Identifier: Apache-2.0
"""Clients that keep the server waiting, and clients that keep it for nothing."""

import os
import random
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from hostile import SEED, Witnesses, assert_left_alone, masked_frame
from http_client import handshake, open_websocket, upgrade_request
from rcstreamd import wait_until

TRICKLE_S = 0.2  # a byte this often: much sooner than any limit
SLACK_S = 3  # for a deadline to be noticed, on a machine that does other work as well

POST = b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\n"


def trickle(connection, sent, byte):
    """Send `sent`, then `byte` again and again, until the server ends it: seconds, and answer."""
    start = time.monotonic()
    connection.settimeout(TRICKLE_S)
    connection.sendall(sent)
    received = b""
    while time.monotonic() - start < 20:
        try:
            data = connection.recv(65536)
            if not data:
                break
            received += data
            continue
        except TimeoutError:
            pass
        except OSError:
            break
        try:
            connection.sendall(byte)
        except OSError:
            break
    return time.monotonic() - start, received


SLOW = {
    # name: (listener, what comes first, what trickles, seconds, reason, part of the answer)
    "request line": ("http", b"GET /", b"a", 2, "timeout", b"HTTP/1.1 408 "),
    "fields": ("http", b"GET / HTTP/1.1\r\nA: b\r\nC:", b"a", 2, "timeout", b"HTTP/1.1 408 "),
    "body": ("http", POST + b"Content-Length: 999\r\n\r\n", b"a", 3, "timeout", b" 408 "),
    "chunks": (
        *("http", POST + b"Transfer-Encoding: chunked\r\n\r\n"),
        *(b"1\r\na\r\n", 3, "timeout", b"HTTP/1.1 408 "),
    ),
    "no request": ("http", b"", b"", 4, "timeout", b""),
    "empty lines": ("http", b"", b"\r\n", 4, "timeout", b""),
    "no line": ("irc", b"NICK x", b"x", 2, "registration_timeout", b"ERROR :Closing Link: "),
    "pings": ("irc", b"", b"PING x\r\n", 2, "registration_timeout", b"ERROR :Closing Link: "),
    "half a line": (
        *("irc", b"NICK mallory\r\nUSER m 0 * :m\r\nPRIVMSG mallory :", b"x"),
        *(5, "ping_timeout", b"ERROR :Closing Link: (Ping timeout)"),
    ),
    "half a frame": ("websocket", b"\x81\xfe\x7f\xff0000", b"a", 4, "ping_timeout", b"\x88"),
    "half a message": ("websocket", b"\x01\x810000Q", b"\x00\x800000", 4, "ping_timeout", b"\x88"),
    "pongs": ("websocket", b"", b"\x8a\x800000", 4, "ping_timeout", b"\x88"),
}


def judge_slow_client(rcstreamd, name):
    """Be this client; what was wrong with its end."""
    listener, first, byte, seconds, _, answer = SLOW[name]
    if listener == "websocket":
        first = upgrade_request(handshake(rcstreamd)) + first
        listener = "http"
    took, received = trickle(rcstreamd.connect(listener), first, byte)
    if not seconds - 0.5 < took < seconds + SLACK_S:
        return f"{name}: ended after {took} s (want {seconds})"
    if answer not in received:
        return f"{name}: got {received!r} (want {answer!r})"
    return None


# docs/configuration.md: each has a time, which bytes that trickle in do not move.
def test_hostile_slow_clients_end_by_their_deadlines_and_are_counted(server):
    rcstreamd = server(
        irc={"registration_timeout": 2, "ping_timeout": 5},
        http={
            **{"header_timeout": 2, "body_timeout": 3, "keep_alive_timeout": 4},
            "socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 4},
        },
    )
    with ThreadPoolExecutor(len(SLOW)) as pool:
        faults = list(pool.map(lambda name: judge_slow_client(rcstreamd, name), SLOW))
    assert not any(faults), faults
    wanted = Counter(reason for _, _, _, _, reason, _ in SLOW.values())
    closed = rcstreamd.http_get("/rcstream_status").json()["closed"]
    assert {reason: closed[reason] for reason in wanted} == wanted
    assert_left_alone(rcstreamd)


def usage(rcstreamd):
    """Seconds of CPU so far, descriptors open, KiB resident."""
    process = f"/proc/{rcstreamd.process.pid}"
    with open(f"{process}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return cpu, len(os.listdir(f"{process}/fd")), resident


def idle_clients(rcstreamd):
    """Some of each kind, each in the middle of something or of nothing."""
    chance = random.Random(SEED)
    yield rcstreamd.connect("irc")
    yield rcstreamd.irc().register("idle")
    for sent in (b"", b"GET /x", POST + b"Content-Length: 9\r\n\r\nabc"):
        connection = rcstreamd.connect("http")
        connection.sendall(sent)
        yield connection
    poll = rcstreamd.connect("http")
    poll.sendall(
        b"GET /socket.io/1/xhr-polling/%s HTTP/1.1\r\nHost: x\r\n\r\n"
        % handshake(rcstreamd).encode()
        * 2
    )
    yield poll
    yield open_websocket(rcstreamd)
    half = rcstreamd.connect("http")
    half.sendall(upgrade_request(handshake(rcstreamd)) + masked_frame(chance, 0x81, b"2::")[:5])
    yield half
    ended = rcstreamd.connect("irc")
    ended.shutdown(socket.SHUT_WR)
    yield ended


# net.h: between events the loop waits; nothing turns for a client that does nothing.
def test_hostile_idle_clients_of_each_kind_cost_no_time(server):
    rcstreamd = server(workers=4)
    clients = list(idle_clients(rcstreamd))
    time.sleep(0.5)
    before, _, _ = usage(rcstreamd)
    time.sleep(4)
    after, _, _ = usage(rcstreamd)
    assert after - before < 0.4
    for client in clients:
        client.close()


# Everything that a client made goes with it: descriptors at once, memory to be used again.
def test_hostile_clients_that_come_and_go_leave_nothing(server, monkeypatch):
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1")  # or it keeps what was freed
    rcstreamd = server()

    def come_and_go():
        for _ in range(60):
            for client in idle_clients(rcstreamd):
                client.close()
            rcstreamd.clients.clear()

    with Witnesses(rcstreamd):
        come_and_go()
        wait_until(lambda: usage(rcstreamd)[1] < 60, what="descriptors")
        _, descriptors, resident = usage(rcstreamd)
        come_and_go()
        wait_until(lambda: usage(rcstreamd)[1] <= descriptors + 4, what="the descriptors")
        assert usage(rcstreamd)[2] < resident + 4096
