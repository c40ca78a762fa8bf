# SPDX-License-Identifier: Apache-2.0
"""Clients that mean harm, and two that do not and must not notice.

    with Witnesses(rcstreamd) as witnesses:
        assault(8, storm)                   # eight threads of storm(random)
    # both witnesses have every change of the while, in order

What an attacker does follows from its seed, which a failed test shows; RCSTREAMD_SEED sets it,
RCSTREAMD_ROUNDS makes the attack so many times as long.
"""

import json
import os
import random
import re
import socket
import struct
import threading
import time
from pathlib import Path

from rcstreamd import ROOT, make_change, wait_until
from socketio_clients import RawWebSocket

SEED = int(os.environ.get("RCSTREAMD_SEED", "20240117"))
ROUNDS = int(os.environ.get("RCSTREAMD_ROUNDS", "1"))

WIKI = "witness.example"
CHANNEL = f"#{WIKI}"
FEED_PAUSE_S = 0.01
PATIENCE_S = 20  # for what was sent to come through a server that has been under attack

# What parsers stumble over: ends, lengths, marks, what is not UTF-8, what looks like protocol.
TOKENS = [
    *(b"\0", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"\t", b":", b"+", b"-", b"/", b"%00", b"?"),
    *(b"0", b"1", b"-1", b"255", b"65535", b"65536", b"4294967296", b"18446744073709551616"),
    *(b"\xff", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbf\xbd"),
    *(b"\xef\xbf\xbd999999999\xef\xbf\xbd", b"[" * 70, b"{" * 70, b'"', b"\\", b"\\u0000"),
    *(b"*", b"[!", b"a" * 600, b"\x01ACTION", b"\x03", b"NaN", b"1e999", b"null", b"\\ud800"),
]


class Witnesses:
    """A reader on IRC and one on a WebSocket, fed while the block runs; judged at its end."""

    def __init__(self, rcstreamd):
        self.rcstreamd = rcstreamd
        self.sent = 0  # changes fed, the one before the block too
        self._is_over = False
        self._last = None  # the number of the last change, before that is sent
        self._seen = {"irc": [], "websocket": []}
        self._faults = []

    def __enter__(self):
        self._feed_one()
        self._irc = self.rcstreamd.irc().register("witness")
        wait_until(self._joined, what="the channel")
        self._websocket = RawWebSocket(self.rcstreamd).connect_to_rc().subscribe(WIKI)
        self._first = self.sent
        self._threads = [
            threading.Thread(target=self._watched, args=(what,), daemon=True)
            for what in (self._feed, self._read_irc, self._read_websocket)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self._is_over = True
        for thread in self._threads:
            thread.join(PATIENCE_S + 5)
        if kind is not None:
            return
        assert not self._faults, self._faults
        wanted = list(range(self._first, self.sent))
        assert len(wanted) > 2
        assert self._seen == {"irc": wanted, "websocket": wanted}

    def _joined(self):
        self._irc.send(f"JOIN {CHANNEL}")
        return self._irc.expect(r"^:\S+ (366|403) ").group(1) == "366"

    def _watched(self, what):
        try:
            what()
        except Exception as fault:  # a thread's exception would be lost
            self._faults.append(f"{what.__name__}: {type(fault).__name__}: {fault}")

    def _feed_one(self):
        self.rcstreamd.send_rcfeed(
            make_change(server_name=WIKI, title=f"Change {self.sent}.", id=self.sent)
        )
        self.sent += 1

    def _feed(self):
        while not self._is_over:
            self._feed_one()
            time.sleep(FEED_PAUSE_S)
        self._last = self.sent
        self._feed_one()

    def _read_irc(self):
        while self._seen["irc"][-1:] != [self._last]:
            line = self._irc.read_line(PATIENCE_S)
            if line.startswith("PING"):
                self._irc.send("PONG" + line[4:])
            found = re.search(r"Change (\d+)\.", line)
            if found:
                self._seen["irc"].append(int(found.group(1)))

    def _read_websocket(self):
        self._websocket.socket.settimeout(PATIENCE_S)
        while self._seen["websocket"][-1:] != [self._last]:
            packet = self._websocket.receive()
            if packet == "2::":
                self._websocket.send("2::")
            found = re.search(r"Change (\d+)\.", packet)
            if found:
                self._seen["websocket"].append(int(found.group(1)))


def assault(threads, attack):
    """Run attack(random) in so many threads, each with a random of its own; the first fault."""
    print(f"RCSTREAMD_SEED={SEED}")
    faults = []

    def run(number):
        try:
            attack(random.Random(f"{SEED}/{attack.__name__}/{number}"))
        except Exception as fault:
            faults.append(fault)

    attackers = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(threads)]
    for attacker in attackers:
        attacker.start()
    for attacker in attackers:
        attacker.join()
    if faults:
        raise faults[0]


def assert_left_alone(rcstreamd, **clients):
    """All that attackers opened is gone again; `clients` of each kind stay."""
    wanted = {"irc": 0, "http": 1, "websocket": 0, "socketio": 0, **clients}  # 1: who asks

    def is_so():
        return rcstreamd.http_get("/rcstream_status").json()["clients"] == wanted

    wait_until(is_so, timeout=PATIENCE_S, what=f"{wanted} as clients")


# --- bytes ---


def mutated(chance, data, pool=()):
    """`data` with one to four faults; pieces of `pool` may be spliced in."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        to = min(len(data), at + chance.choice((1, 1, 2, 8, 64)))
        kind = chance.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[at:to]
        elif kind == 2:
            data[at:at] = data[at:to] * chance.choice((1, 2, 50))
        elif kind == 3:
            data[at:to] = chance.choice(TOKENS)
        elif kind == 4:
            data[at:at] = chance.choice(TOKENS)
        elif pool:
            other = chance.choice(pool)
            data[at:] = other[chance.randint(0, len(other)) :]
    return bytes(data)


def recorded(field):
    """This field of every recorded pair, as bytes: "irc_datagram", or "json"."""
    path = Path(ROOT, "test/data/rcfeed/rcfeed-pairs.ndjson")
    pairs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    values = [pair[field] for pair in pairs if pair.get(field)]
    return [(v if isinstance(v, str) else json.dumps(v)).encode() for v in values]


def masked_frame(chance, first, payload, claim=None):
    """A client's frame; `claim` is a length other than the payload's."""
    length = len(payload) if claim is None else claim
    mask = chance.randbytes(4)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def hostile_frames(chance, messages, count):
    """So many frames that are mostly right, with messages that mostly are."""
    made = []
    for _ in range(count):
        message = chance.choice(messages)
        if chance.random() < 0.3:
            message = mutated(chance, message, messages)
        kind = chance.randrange(12)
        if kind == 0:
            made.append(masked_frame(chance, 0x89, message[:125]))  # ping
        elif kind == 1:
            cut = chance.randint(0, len(message))
            made.append(masked_frame(chance, 0x01, message[:cut]))
            made.append(masked_frame(chance, 0x8A, b"pong"))
            made.append(masked_frame(chance, 0x80, message[cut:]))
        elif kind == 2 and chance.random() < 0.2:
            made.append(masked_frame(chance, chance.randrange(256), message))
        elif kind == 3 and chance.random() < 0.2:
            claim = chance.choice((0, 1, 125, 126, 65535, 65537, 2**63 - 1, 2**64 - 1))
            made.append(masked_frame(chance, 0x81, message, claim))
        elif kind == 4 and chance.random() < 0.1:
            made.append(masked_frame(chance, 0x88, chance.choice((b"", b"\x03", b"\x03\xe8bye"))))
        else:
            made.append(masked_frame(chance, 0x81, message))
    return b"".join(made)


# --- connections ---


def reset(connection):
    """End it with RST and not with FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def leave(chance, connection):
    """End it one way or another, having read nothing, something or everything."""
    try:
        how = chance.randrange(5)
        if how == 0:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.2)
            while connection.recv(65536):
                pass
        elif how == 1:
            connection.settimeout(0.02)
            connection.recv(4096)
        elif how == 2:
            reset(connection)
    except OSError:
        pass
    connection.close()


def send_in_pieces(chance, connection, data):
    """Send it whole or in pieces; False when the server would not have it."""
    whole = len(data) or 1
    step = chance.choice((whole, whole, 500, 7, 1 if whole < 300 else 100))
    try:
        for at in range(0, len(data), step):
            connection.sendall(data[at : at + step])
    except OSError:
        return False
    return True


def strike(chance, address, data):
    """One connection: the bytes, and away."""
    try:
        connection = socket.create_connection(address, timeout=5)
    except OSError:
        return
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    send_in_pieces(chance, connection, data)
    leave(chance, connection)
