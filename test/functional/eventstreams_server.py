# SPDX-License-Identifier: Apache-2.0
"""A stand-in for EventStreams, in good days and bad ones, and a proxy in front of it.

The stream has two topics, as Wikimedia's has two data centres.  An event id is a JSON array with
the position in both; a response begins there, and mixes the topics in an order of its own.
"""

import json
import random
import socket
import ssl
import threading

TIMEOUT_S = 20  # a bound on waiting, for threads of a test that has failed
TOPICS = ("eqiad.mediawiki.recentchange", "codfw.mediawiki.recentchange")


def stop_listening(listener):
    """A thread that waits in accept() would keep a socket listening that is only closed."""
    try:
        listener.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it is closed already
    listener.close()


class Exchange:
    """One request, and what is sent in answer to it."""

    def __init__(self, connection, start):
        self.connection = connection
        self.start = start  # the position in each topic that was asked for

    def send(self, payload):
        self.connection.sendall(payload)

    def begin(self, status="200 OK", **fields):
        """The header; a 200 is an event stream in chunks unless `fields` say otherwise."""
        if status.startswith("200"):
            fields = {
                "Content_Type": "text/event-stream; charset=utf-8",
                "Transfer_Encoding": "chunked",
                **fields,
            }
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        self.send("\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode())

    def write(self, payload, cuts=None):
        """Part of the body; with `cuts`, a random.Random, in chunks cut anywhere."""
        while payload:
            length = cuts.randint(1, 700) if cuts else len(payload)
            piece, payload = payload[:length], payload[length:]
            self.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    def end(self):
        self.send(b"0\r\n\r\n")


class EventStreams:
    """Listens on a free port of 127.0.0.1; `plans` are what the next requests meet.

    A plan is a function of (stream, exchange), run in the connection's thread; the connection is
    closed behind it.  With no plan left, requests are served as long as the stream is open.
    """

    def __init__(self, certificate=None):
        self.plans = []
        self.requests = []  # (target, fields) of each so far
        self.gate = threading.Event()  # nothing but the header is served until it is set
        self.gate.set()
        self._topics = ([], [])  # of payloads, in order
        self._changed = threading.Condition()
        self._is_closed = False
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, host="127.0.0.1"):
        scheme = "https" if self._context else "http"
        return f"{scheme}://{host}:{self.port}/v2/stream/recentchange"

    def close(self):
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self.gate.set()
        stop_listening(self._listener)

    def publish(self, data, topic=0):
        """Add an event to a topic: an object, or the text of its data."""
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        with self._changed:
            self._topics[topic].append(text)
            self._changed.notify_all()

    def wait_for_requests(self, count):
        with self._changed:
            done = self._changed.wait_for(lambda: len(self.requests) >= count, TIMEOUT_S)
        assert done, f"{len(self.requests)} requests came (want {count})"
        return self.requests[count - 1]

    # --- serving ---

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(TIMEOUT_S)
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            while self._answer(connection):
                pass
        except OSError:
            pass  # the client has gone, or did not like the certificate
        finally:
            connection.close()

    def _answer(self, connection):
        """One request; whether there may be another over this connection."""
        head = read_head(connection)
        if not head:
            return False
        target, fields = parse_head(head)
        with self._changed:
            plan = self.plans.pop(0) if self.plans else serve
            exchange = Exchange(connection, self._start_of(fields))
            self.requests.append((target, fields))
            self._changed.notify_all()
        return plan(self, exchange) is KEEP

    # --- the log of events ---

    def _start_of(self, fields):
        """The positions a response begins at: those of the last event id, or the present."""
        last_id = fields.get("last-event-id")
        if last_id is None:
            return [len(topic) for topic in self._topics]
        return [position["offset"] + 1 for position in json.loads(last_id)]

    def next_event(self, positions, order):
        """Wait for one at `positions`, which are moved; None once the stream is closed."""

        def waiting():
            return [i for i in (0, 1) if positions[i] < len(self._topics[i])]

        self.gate.wait()
        with self._changed:
            self._changed.wait_for(lambda: waiting() or self._is_closed, TIMEOUT_S)
            if not waiting():
                return None
            topic = order.choice(waiting())
            data = self._topics[topic][positions[topic]]
        positions[topic] += 1
        return event(data, positions)


KEEP = object()  # what a plan gives when the connection stays open


def event(data, positions):
    """As EventStreams writes it; the id is that of the last event taken from each topic."""
    id = [
        {"topic": topic, "partition": 0, "offset": position - 1}
        for topic, position in zip(TOPICS, positions)
    ]
    return f"event: message\nid: {json.dumps(id)}\ndata: {data}\n\n".encode()


def read_head(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        received = connection.recv(65536)
        if not received:
            return b""
        head += received
    return head


def parse_head(head):
    """The target and the fields, by their names in small letters."""
    first, *lines = head.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines if line)
    return first.split(" ")[1], {name.lower(): value for name, value in fields.items()}


# --- plans --------------------------------------------------------------------


def serve(stream, exchange, count=None, back=0, cuts=None):
    """Serve `count` events, those before the position by `back` again, then end as one should."""
    serve_open(stream, exchange, count, back, cuts)
    exchange.end()
    return KEEP


def serve_open(stream, exchange, count=None, back=0, cuts=None):
    """The same without the end, for the connection to be closed in the middle of a response."""
    order = cuts or random.Random(1)
    positions = [max(0, start - back) for start in exchange.start]
    exchange.begin()
    exchange.write(b":ok\n\n", cuts)
    served = 0
    while served != count:
        payload = stream.next_event(positions, order)
        if payload is None:
            return
        exchange.write(payload, cuts)
        served += 1


def serve_part(stream, exchange, count, cuts):
    """Cut off in the middle of an event."""
    positions = list(exchange.start)
    exchange.begin()
    for _ in range(count):
        exchange.write(stream.next_event(positions, cuts) or b"", cuts)
    payload = stream.next_event(positions, cuts) or b"data"
    exchange.write(payload[: cuts.randint(1, len(payload) - 1)], cuts)


def answer(status, **fields):
    """A plan that says no more than this."""

    def plan(stream, exchange):
        exchange.begin(status, **fields)
        if fields.get("Content_Length") == "0":
            return KEEP
        return None

    return plan


def stall(stream, exchange):
    """A header, and then nothing, for as long as the client stays."""
    exchange.begin()
    exchange.connection.recv(1)


# --- a proxy ------------------------------------------------------------------


class Proxy:
    """Takes whatever is asked of it to one port of 127.0.0.1, tunnels (CONNECT) too."""

    def __init__(self, port):
        self.heads = []
        self._upstream_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def close(self):
        stop_listening(self._listener)

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        head = read_head(connection)
        self.heads.append(head.decode())
        upstream = socket.create_connection(("127.0.0.1", self._upstream_port))
        if head.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
        else:
            upstream.sendall(head)
        for pair in ((connection, upstream), (upstream, connection)):
            threading.Thread(target=relay, args=pair, daemon=True).start()


def relay(source, target):
    """Hand on until one of them ends, and end the other."""
    try:
        while received := source.recv(65536):
            target.sendall(received)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
