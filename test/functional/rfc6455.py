# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 from outside, byte by byte: frames, the endpoints that answer, and what judges a row.

    Row("2.2", "5.5.3", "a ping is answered with its payload",
        [(frame(PING, b"Hello"), [(PONG, b"Hello")])])

A row is a conversation: each step is what the client sends and the frames that must come of it,
nothing else, before it sends the next.  A close frame ends it: the connection must end after it.
A row without one must leave the connection good for a question and a close.

No endpoint here is an echo service, so a question is one that the endpoint answers with what was
asked; who is asked, and who answers in what words, is the endpoint's part.
"""

import base64
import hashlib
import json
import re
import socket
import struct
import time
from collections import namedtuple

from http_client import handshake, read_response
from rcstreamd import WAIT_TIMEOUT_S

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
MASK = b"\x37\xfa\x21\x3d"  # the one of the examples, section 5.7
CHOP_PAUSE_S = 0.0002  # so that chops mostly come by themselves
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
LIMIT = 65536  # http.max_websocket_bytes

# `source` is a section of RFC 6455; `steps` are pairs of bytes and frames; `chop` is how many
# bytes are sent at a time, 0 for all at once.
Row = namedtuple("Row", "number source what steps chop", defaults=[0])

# A request by its fields, beyond or instead of FIELDS; `want` is the status of the answer.
Opening = namedtuple(
    "Opening",
    "number source what want fields method version body",
    defaults=["GET", "HTTP/1.1", b""],
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of the example, section 1.3
FIELDS = {
    "Host": "server.example.com",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


# --- frames ---


def frame(opcode, payload=b"", fin=True, rsv=0, mask=MASK, width=None, claim=None):
    """A client's frame, section 5.2.

    `width` is the bytes of the extended length, whatever the length needs; `claim` is a length
    other than the payload's; without `mask` the frame is not masked.
    """
    length = len(payload) if claim is None else claim
    if width is None:
        width = 0 if length < 126 else 2 if length < 65536 else 8
    head = bytes(
        [
            (FIN if fin else 0) | rsv << 4 | opcode,
            (0x80 if mask else 0) | {0: length, 2: 126, 8: 127}[width],
        ]
    )
    return head + length.to_bytes(8, "big")[8 - width :] + (mask or b"") + masked(payload, mask)


def masked(payload, mask):
    if not mask:
        return payload
    stream = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return bytes(a ^ b for a, b in zip(payload, stream))


def fragments(opcode, *payloads):
    """A message in so many frames, section 5.4."""
    last = len(payloads) - 1
    return b"".join(
        frame(CONTINUATION if at else opcode, payload, fin=at == last)
        for at, payload in enumerate(payloads)
    )


def cut(payload, size):
    """`payload` in pieces of `size` bytes."""
    return [payload[at : at + size] for at in range(0, len(payload), size)]


def close(code=None, text=b""):
    """A client's close frame, section 5.5.1."""
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + text)


# --- a client ---


class Peer:
    """A client after its handshake; read() gives (opcode, payload), of a close frame its code."""

    def __init__(self, run, endpoint, timeout=WAIT_TIMEOUT_S):
        self.socket = socket.create_connection(run.address("http"), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request(endpoint.target(run)))
        status, fields, _, self._pending = read_response(self.socket)
        assert status == 101 and fields["sec-websocket-accept"] == accept(KEY)

    def send(self, data, chop=0):
        """Send; chops go by themselves, as far as a client has a say in that."""
        for piece in cut(data, chop) if chop else [data]:
            self.socket.sendall(piece)
            if chop:
                time.sleep(CHOP_PAUSE_S)

    def read(self):
        """The next frame, of the shape that a server's must have, or None at the end."""
        if not self._has(2):
            return None
        first, second = self._pending[:2]
        assert second < 0x80, "section 5.1: a server's frame is masked"
        assert first & 0xF0 == FIN, f"not final, or with reserved bits: {first:#x}"
        width = {126: 2, 127: 8}.get(second, 0)
        self._need(2 + width)
        length = int.from_bytes(self._pending[2 : 2 + width], "big") if width else second
        assert width == 0 or length >= {2: 126, 8: 65536}[width], "a length that is not minimal"
        self._need(2 + width + length)
        payload = self._pending[2 + width : 2 + width + length]
        self._pending = self._pending[2 + width + length :]
        return judged(first & 0x0F, payload)

    def _has(self, count):
        while len(self._pending) < count:
            data = self.socket.recv(65536)
            if not data:
                assert not self._pending, f"the connection ended in a frame: {self._pending!r}"
                return False
            self._pending += data
        return True

    def _need(self, count):
        assert self._has(count), "the connection ended in a frame"

    def close(self):
        self.socket.close()


def judged(opcode, payload):
    """A frame, if its payload is one that its opcode may have."""
    if opcode == TEXT:
        payload.decode()
    elif opcode == CLOSE:
        assert len(payload) != 1 and len(payload) <= 125, payload
        payload[2:].decode()
        return CLOSE, struct.unpack("!H", payload[:2])[0] if payload else None
    else:
        assert opcode in (BINARY, PONG), f"opcode {opcode:#x}"
    return opcode, payload


# --- endpoints ---


class SocketIo:
    """Packets of Socket.IO 0.9: a namespace that is not there is told so by its name."""

    name = "Socket.IO"
    greeting = [(TEXT, b"1::")]

    def target(self, run):
        return f"/socket.io/1/websocket/{handshake(run)}"

    def question(self, text):
        return b"5::/" + text

    def answers(self, text):
        name = "/" + text.decode()
        reason = f"The endpoint you tried to connect to doesn't exist: {name}"
        return [(TEXT, b"5::" + name.encode() + b":" + error("no_such_namespace", reason))]

    def sized(self, length):
        """A question of so many bytes, and its answers: its end must have come to be answered."""
        if length == 0:
            return b"", []
        if length <= 128:
            text = filler(length - len(self.question(b"")), 0)
            return self.question(text), self.answers(text)
        head, tail = b'5:1+:/rc:{"pad":"', b'","name":"end %d"}' % length
        reason = f'The method "on_end_{length}" was not found'
        return head + filler(length - len(head) - len(tail), 0) + tail, [
            (TEXT, b"5::/rc:" + error("no_such_method", reason)),
            (TEXT, b"6::/rc:1+[null]"),
        ]

    def around(self, text):
        """A question with this in it, whatever it is, and the answer, which does not have it."""
        return b"3:1+:/rc:" + text, [(TEXT, b"6::/rc:1+[null]")]

    def of_binary(self, answers):
        """What comes of a binary message: the packets are text."""
        return self.fails(1003)

    def fails(self, code):
        return [(CLOSE, code)]


class Irc:
    """Lines of IRC: PING is answered with PONG, in text without an agreement on anything else."""

    name = "IRC"
    greeting = []
    line_bytes = 400  # of each line of a long message

    def target(self, run):
        return "/irc"

    def question(self, text):
        return b"PING :" + text

    def answers(self, text):
        return [(TEXT, b":localhost PONG localhost :" + text)]

    def sized(self, length):
        """As many lines as it takes, each of which is answered with all that is in it."""
        head = len(self.question(b""))
        sizes = [len(piece) - head for piece in cut(b"." * length, self.line_bytes)]
        last = len(sizes) - 1  # has no LF behind it
        texts = [filler(size - (at != last), at) for at, size in enumerate(sizes)]
        answers = [answer for text in texts for answer in self.answers(text)]
        return b"\n".join(map(self.question, texts)), answers

    def around(self, text):
        return b"PONG :" + text + b"\n" + self.question(b"around"), self.answers(b"around")

    def of_binary(self, answers):
        return answers

    def fails(self, code):
        reason = {1002: b"Protocol error", 1007: b"Not UTF-8", 1009: b"Message too big"}[code]
        return [(TEXT, b"ERROR :Closing Link: (" + reason + b")"), (CLOSE, code)]


ENDPOINTS = [SocketIo(), Irc()]


def filler(length, number):
    """So many bytes of text that are other ones for another number."""
    digits = b"%d-" % number
    return b"".join(digits + b"%d." % at for at in range(length // 3 + 1))[:length]


def error(reason, text):
    """An error event's data as the server writes it."""
    event = json.dumps({"args": [reason, text], "name": "error"}, separators=(",", ":"))
    return re.sub(r"\\u[0-9a-f]{4}", lambda escape: "\\u" + escape[0][2:].upper(), event).encode()


# --- the judge ---


def faults(run, endpoint, rows, timeout=WAIT_TIMEOUT_S):
    """Try every row on a connection of its own; a sentence for each that fails."""
    found = []
    for row in rows:
        try:
            play(run, endpoint, row, timeout)
        except (AssertionError, OSError, UnicodeDecodeError) as fault:
            found.append(
                f"{row.number} {row.what} (RFC 6455, {row.source}; {endpoint.name})\n"
                f"    {type(fault).__name__}: {str(fault)[:600]}"
            )
    return found


def play(run, endpoint, row, timeout=WAIT_TIMEOUT_S):
    peer = Peer(run, endpoint, timeout)
    try:
        expect(peer, endpoint.greeting)
        for sent, wanted in row.steps:
            peer.send(sent, row.chop)
            expect(peer, wanted)
        if not is_ended_by(row.steps):
            part(peer, endpoint)
        met = peer.read()
        assert met is None, f"after the close frame came {met!r}"
    finally:
        peer.close()


def part(peer, endpoint):
    """A connection that is to be as good as ever: a question, and a close frame that is echoed."""
    peer.send(frame(TEXT, endpoint.question(b"still there")))
    expect(peer, endpoint.answers(b"still there"))
    peer.send(close(1000))
    expect(peer, [(CLOSE, 1000)])


def expect(peer, wanted):
    for want in wanted:
        met = peer.read()
        assert met == want, f"wanted {want!r}\n    met    {met!r}"


def is_ended_by(steps):
    return any(opcode == CLOSE for _, wanted in steps for opcode, _ in wanted)


# --- the opening handshake ---


def request(target, fields=(), method="GET", version="HTTP/1.1"):
    """`fields` beyond or instead of FIELDS: None takes one away, a list is one line for each."""
    lines = [f"{method} {target} {version}"]
    for name, values in {**FIELDS, **dict(fields)}.items():
        for value in values if isinstance(values, list) else [values]:
            lines += [f"{name}: {value}"] if value is not None else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def accept(key):
    """Section 4.2.2, step 5.4."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


def open_with(run, endpoint, opening):
    """What an opening handshake leads to must be what its row says."""
    fields = dict(opening.fields)
    want = opening.want[endpoint.name] if isinstance(opening.want, dict) else opening.want
    with socket.create_connection(run.address("http"), timeout=WAIT_TIMEOUT_S) as connection:
        sent = request(endpoint.target(run), fields, opening.method, opening.version)
        connection.sendall(sent + opening.body)
        status, met, _, _ = read_response(connection)
    assert status == want, f"wanted {want}, met {status}: {met}"
    assert "sec-websocket-extensions" not in met and "sec-websocket-protocol" not in met, met
    if status == 101:
        assert met["sec-websocket-accept"] == accept(fields.get("Sec-WebSocket-Key", KEY).strip())
        assert (met["upgrade"].lower(), met["connection"].lower()) == ("websocket", "upgrade")
    else:
        assert "sec-websocket-accept" not in met, met
    if status == 426:
        assert_tells_what_is_wanted(met)


def assert_tells_what_is_wanted(met):
    """RFC 9110 section 15.5.22: what to upgrade to; RFC 6455 section 4.4: which version."""
    assert met["upgrade"] == "websocket", met
    assert "upgrade" in re.split(r"\s*,\s*", met["connection"].lower()), met
    assert met["sec-websocket-version"] == "13", met


def opening_faults(run, endpoint, openings):
    found = []
    for opening in openings:
        try:
            open_with(run, endpoint, opening)
        except (AssertionError, KeyError, OSError) as fault:
            found.append(
                f"{opening.number} {opening.what} (RFC 6455, {opening.source}; {endpoint.name})\n"
                f"    {type(fault).__name__}: {fault}"
            )
    return found
