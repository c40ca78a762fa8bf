# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9 clients: the real JavaScript one, and raw ones that show every packet.

The raw ones put on the wire what the Python library socketIO_client 0.5 does: four parts to
every packet, JSON with spaces and without escapes, one packet a POST.
"""

import json
import queue
import re
import subprocess
import threading
from pathlib import Path

import requests
import websocket

from rcstreamd import WAIT_TIMEOUT_S

SCRIPT = Path(__file__).with_name("socketio_client.js")
MARK = "\ufffd"
SCRIPT_ELEMENT = re.compile(r'<script>_\((".*")\);</script>')
SCRIPT_ANSWER = re.compile(r'io\.j\[(\d+)\]\("(.*)"\);')
HANDSHAKE = re.compile(r"([\w-]+):(\d+):(\d+):([\w,-]+)")


class JavaScriptClient:
    """socket.io-client 0.9.16 on Node, in the namespace /rc, over one transport, or several
    with commas between them, of which it tries the first that the server offers, each for so
    long."""

    def __init__(self, rcstreamd, transport, patience_ms=10000):
        self._process = subprocess.Popen(
            ["node", str(SCRIPT), rcstreamd.url("/rc"), transport, str(patience_ms)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._events = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        rcstreamd.clients.append(self)

    def _read(self):
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def _command(self, *command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def emit(self, event, *arguments):
        self._command("emit", event, *arguments)

    def call(self, event, *arguments):
        """Emit with a callback, and wait for that."""
        self._command("call", event, *arguments)
        return self.expect("ack")

    def disconnect(self):
        self._command("disconnect")

    def next(self, timeout=WAIT_TIMEOUT_S):
        """The next event, [name, argument...]."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"no event within {timeout} s") from None

    def expect(self, name, timeout=WAIT_TIMEOUT_S):
        """The next event has this name; returns its arguments."""
        event = self.next(timeout)
        assert event[0] == name, f"{event!r} is no {name!r}"
        return event[1:]

    def is_quiet(self, seconds=0.3):
        """Whether no event comes for this long; one that does is gone."""
        try:
            self._events.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def expect_nothing(self):
        assert self.is_quiet(), "nothing was to come"

    def close(self):
        if self._process.poll() is None:
            self._process.stdin.close()
            try:
                self._process.wait(WAIT_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(WAIT_TIMEOUT_S)
        self._process.stdout.close()


def handshake(rcstreamd):
    """The fields of a handshake: id, heartbeat timeout, close timeout, transports."""
    response = rcstreamd.http_get("/socket.io/1/")
    assert response.status_code == 200
    return HANDSHAKE.fullmatch(response.text).groups()


def event_packet(name, *arguments, id=""):
    return f"5:{id}:/rc:" + json.dumps({"name": name, "args": arguments}, ensure_ascii=False)


def change_of(packet):
    """The change in an event packet."""
    assert packet.startswith("5::/rc:"), packet
    event = json.loads(packet[len("5::/rc:") :])
    assert list(event) == ["args", "name"] and event["name"] == "change"
    (change,) = event["args"]
    return change


class RawClient:
    """What both raw clients say; each has send() and receive(), a packet at a time."""

    def connect_to_rc(self):
        assert self.receive() == "1::"
        self.send("1::/rc:")
        assert self.receive() == "1::/rc"
        return self

    def subscribe(self, *names):
        """Subscribe, and wait until the server has."""
        self.send(event_packet("subscribe", list(names), id="1+"))
        assert self.receive() == "6::/rc:1+[null]"
        return self

    def receive_change(self):
        """The next change; heartbeats and noops do not count."""
        while True:
            packet = self.receive()
            if packet not in ("2::", "8::"):
                return change_of(packet)


class RawWebSocket(RawClient):
    def __init__(self, rcstreamd, session=None):
        self.rcstreamd = rcstreamd
        self.session = session or handshake(rcstreamd)[0]
        url = rcstreamd.url(f"/socket.io/1/websocket/{self.session}").replace("http", "ws", 1)
        self.socket = websocket.create_connection(url, timeout=WAIT_TIMEOUT_S)
        rcstreamd.clients.append(self)

    def send(self, packet):
        self.socket.send(packet)

    def receive(self):
        return self.socket.recv()

    def receive_close(self):
        """Read on until the close frame; returns its code and the packets before it."""
        packets = []
        while True:
            opcode, data = self.socket.recv_data(control_frame=True)
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(data[:2], "big"), packets
            packets.append(data.decode())

    def close(self):
        self.socket.close(timeout=1)


class RawPolling(RawClient):
    """Each request over a connection of its own, so that they come to every worker."""

    transport = "xhr-polling"

    def __init__(self, rcstreamd, session=None):
        self.rcstreamd = rcstreamd
        self.session = session or handshake(rcstreamd)[0]
        self.path = f"/socket.io/1/{self.transport}/{self.session}"
        self._received = []

    def poll(self, **options):
        return self.rcstreamd.http_get(f"{self.path}?t=1442345678901", **options)

    def post(self, body):
        return self.rcstreamd.http_request("POST", self.path, data=body.encode())

    def send(self, packet):
        response = self.post(packet)
        assert (response.status_code, response.text) == (200, "1")

    def receive(self):
        while not self._received:
            response = self.poll()
            assert response.status_code == 200, response.text
            self._received = packets_of(self.payload_of(response))
        return self._received.pop(0)

    def payload_of(self, response):
        return response.text

    def drop_poll(self):
        """Begin a poll and go before its answer comes."""
        try:
            self.poll(timeout=0.2)
        except requests.exceptions.ReadTimeout:
            return
        raise AssertionError("the poll was answered")


class RawJsonp(RawPolling):
    """Polls as script tags do and posts as hidden forms do."""

    transport = "jsonp-polling"
    index = 0

    def poll(self, **options):
        return self.rcstreamd.http_get(f"{self.path}?t=1442345678901&i={self.index}", **options)

    def post(self, body):
        """What the JavaScript client puts into its form: JSON of the payload."""
        form = {"d": json.dumps(body, ensure_ascii=False)}
        return self.rcstreamd.http_request("POST", f"{self.path}?i={self.index}", data=form)

    def payload_of(self, response):
        """As socketIO_client reads it: the marks of the frames first, then the escapes."""
        assert response.headers["Content-Type"] == "text/javascript; charset=UTF-8"
        index, literal = SCRIPT_ANSWER.fullmatch(response.text).groups()
        assert int(index) == self.index
        assert literal.replace(MARK, "").isascii()
        return json.loads(f'"{literal}"')


class RawHtmlfile(RawPolling):
    """A page in a hidden frame: each script calls its function with a packet."""

    transport = "htmlfile"

    def __init__(self, rcstreamd, session=None, version="1.1", fields=()):
        super().__init__(rcstreamd, session)
        self._connection = rcstreamd.connect("http")
        line = f"GET {self.path}?t=1442345678901 HTTP/{version}"
        self._connection.sendall("\r\n".join([line, "Host: x", *fields, "", ""]).encode())
        self._stream = self._connection.makefile("rb")
        self.status = self._stream.readline().decode().split(" ")[1]
        lines = iter(lambda: self._stream.readline().decode().rstrip("\r\n"), "")
        self.fields = dict(line.split(": ", 1) for line in lines)
        self.is_chunked = self.fields.get("Transfer-Encoding") == "chunked"
        self._page = ""
        rcstreamd.clients.append(self)  # the stream keeps the connection open

    def _read_part(self):
        """A chunk, or of a bare body what there is; nothing at its end."""
        if not self.is_chunked:
            return self._stream.read1(65536).decode()
        length = int(self._stream.readline() or "0", 16)
        data = self._stream.read(length).decode()
        assert length == 0 or self._stream.read(2) == b"\r\n"
        return data

    def read_page(self, end):
        """Up to and with this text."""
        while end not in self._page:
            part = self._read_part()
            assert part, f"the page ended: {self._page!r}"
            self._page += part
        found, _, self._page = self._page.partition(end)
        return found + end

    def receive(self):
        script = self.read_page(");</script>").lstrip(" ")
        literal = SCRIPT_ELEMENT.fullmatch(script).group(1)
        assert literal.isascii() and "/" not in literal.replace("\\/", "")
        return json.loads(literal)

    def begin(self):
        """What stands before the first packet."""
        return self.read_page(" " * 173)

    def is_at_end(self):
        return self._page == "" and self._read_part() == ""

    def close(self):
        self._stream.close()
        self._connection.close()


def begun_page(rcstreamd, session=None):
    """An htmlfile page that has come to its first packet."""
    client = RawHtmlfile(rcstreamd, session)
    client.begin()
    return client


# By the transport's name, what makes a raw client of it.
RAW = {
    "websocket": RawWebSocket,
    "xhr-polling": RawPolling,
    "jsonp-polling": RawJsonp,
    "htmlfile": begun_page,
}


def utf16_length(text):
    return len(text.encode("utf-16-le")) // 2


def payload(*packets):
    """Packets in one body, as JavaScript counts them."""
    return "".join(f"{MARK}{utf16_length(packet)}{MARK}{packet}" for packet in packets)


def packets_of(text):
    """The packets of an answer; every length must be right."""
    if not text.startswith(MARK):
        return [text]
    parts = text.split(MARK)[1:]
    assert len(parts) % 2 == 0, text
    packets = parts[1::2]
    assert [int(length) for length in parts[0::2]] == [utf16_length(p) for p in packets]
    return packets
