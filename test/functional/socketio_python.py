# SPDX-License-Identifier: Apache-2.0
"""A bot's client: does on the wire what the Python library socketIO_client 0.5.6 does.

    bot = PythonClient(rcstreamd, "xhr-polling")
    bot.define("/rc", connect=..., change=...)     # what the library calls on_connect ...
    bot.wait(5)

The library cannot be had on Debian any more, and its users still run it.  What is its own:

- the handshake is a GET, its fields are read with int() and split(",");
- packets have four parts, always ("2:::"), and JSON with spaces and without escapes;
- a payload's lengths are held against code points, and a packet that differs is thrown away;
- over polling, posts and polls share one kept connection; a poll is dropped after 3 seconds;
- heartbeats are sent every half of the server's time-out, and the server's are not answered;
- a new connection connects to the whole ("1:::") and to each namespace once more;
- an error is "REASON+ADVICE" or the end of the bot; packets of a namespace that it does not
  know are passed over;
- its end is a GET with "disconnect=True" in the query, or a WebSocket that goes.
"""

import json
import re
import time
from urllib.parse import quote

import requests
import websocket

from rcstreamd import WAIT_TIMEOUT_S
from socketio_clients import MARK

RECEIVE_TIMEOUT_S = 3
RETRY_PAUSE_S = 1
SCRIPT = re.compile(r'io.j\[(\d+)\]\("(.*)"\);')


class Disconnected(Exception):
    pass


class NothingYet(Exception):
    pass


class WebSocketRoad:
    def __init__(self, base, session, http):
        url = f"{base}websocket/{session}".replace("http", "ws", 1)
        try:
            self.socket = websocket.create_connection(url)
        except (OSError, websocket.WebSocketException) as error:
            raise Disconnected(error) from error
        self.socket.settimeout(RECEIVE_TIMEOUT_S)

    def send(self, text):
        try:
            self.socket.send(text)
        except (OSError, websocket.WebSocketConnectionClosedException) as error:
            raise Disconnected(error) from error

    def receive(self):
        try:
            text = self.socket.recv()
        except websocket.WebSocketTimeoutException:
            raise NothingYet from None
        except (OSError, websocket.WebSocketConnectionClosedException) as error:
            raise Disconnected(error) from error
        if not text:  # how websocket-client tells of a close frame
            raise Disconnected("close frame")
        return [text]

    def close(self):
        self.socket.close(timeout=1)


class XhrRoad:
    name = "xhr-polling"

    def __init__(self, base, session, http):
        self.url = f"{base}{self.name}/{session}"
        self.http = http

    def parameters(self, **more):
        return {"t": int(time.time()), **more}

    def ask(self, method, **options):
        try:
            response = self.http.request(
                method, self.url, timeout=options.pop("timeout", RECEIVE_TIMEOUT_S), **options
            )
        except requests.exceptions.Timeout:
            raise NothingYet from None
        except requests.exceptions.ConnectionError as error:
            raise Disconnected(error) from error
        if response.status_code != 200:
            raise Disconnected(f"status {response.status_code}")
        return response

    def send(self, text):
        self.ask("POST", params=self.parameters(), data=text.encode())

    def receive(self):
        return unframed(self.ask("GET", params=self.parameters(), stream=True).text)

    def close(self):
        self.ask("GET", params=self.parameters(disconnect=True))


class JsonpRoad(XhrRoad):
    name = "jsonp-polling"

    def __init__(self, base, session, http):
        super().__init__(base, session, http)
        self.index = 0

    def parameters(self, **more):
        return super().parameters(i=self.index, **more)

    def send(self, text):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = "d=" + quote(json.dumps(text))
        self.ask("POST", params=self.parameters(), headers=form, data=body)

    def receive(self):
        script = self.ask("GET", params=self.parameters()).text
        self.index, literal = SCRIPT.match(script).groups()
        return unframed(literal, lambda part: part.encode().decode("unicode_escape"))


def unframed(payload, decoded=str):
    """The packets of a payload; one whose length is not that of its characters is lost."""
    if not payload.startswith(MARK):
        return [decoded(payload)]
    parts = [decoded(part) for part in payload.split(MARK)]
    return [
        text
        for length, text in zip(parts[1::2], parts[2::2], strict=True)
        if length == str(len(text))
    ]


ROADS = {"websocket": WebSocketRoad, "xhr-polling": XhrRoad, "jsonp-polling": JsonpRoad}


class PythonClient:
    def __init__(self, rcstreamd, *transports):
        self.rcstreamd = rcstreamd
        self.transports = transports or tuple(ROADS)
        self.namespaces = {"": {}}
        self.acks = {}
        self.packets = []  # what came, for the test to look at
        self.heartbeats_sent = 0
        self.connections = 0
        self.http = requests.Session()
        self.http.trust_env = False
        self.road = None
        rcstreamd.clients.append(self)
        self._connect()

    # --- what a bot calls ---

    def define(self, path, **handlers):
        """Connect to a namespace, whose events come to these."""
        self.join(path)
        self.namespaces[path] = handlers

    def join(self, path):
        self._send(1, path)

    def leave(self, path):
        self._send(0, path)

    def emit(self, path, event, *arguments, callback=None):
        id = ""
        if callback is not None:
            id = f"{len(self.acks) + 1}+"
            self.acks[id[:-1]] = callback
        data = json.dumps({"name": event, "args": arguments}, ensure_ascii=False)
        self._send(5, path, data, id)

    def wait(self, seconds, until=lambda: False):
        """Work on what comes for so long, or until this is so."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            try:
                try:
                    self._work(self.road.receive())
                except NothingYet:
                    pass
                self._send_heartbeat_when_due()
            except Disconnected:
                time.sleep(RETRY_PAUSE_S)
                self._connect()

    def close(self):
        if self.road is not None:
            try:
                self.road.close()
            except (Disconnected, NothingYet):
                pass
            self.road = None
        self.http.close()

    # --- the wire ---

    def _connect(self):
        """Shake hands, take the first transport of its own that is offered, join again."""
        base = self.rcstreamd.url("/socket.io/1/")
        deadline = time.monotonic() + 3 * WAIT_TIMEOUT_S
        while True:
            try:
                session, heartbeat, _, offered = self.http.get(base).text.split(":")
                break
            except requests.exceptions.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_PAUSE_S)
        self.heartbeat_pause_s = int(heartbeat) / 2
        self.heartbeat_at = time.monotonic() + self.heartbeat_pause_s
        transport = next(name for name in self.transports if name in offered.split(","))
        self.road = ROADS[transport](base, session, self.http)
        self.transport = transport
        first = self.road.receive() if transport != "websocket" else []
        for path in self.namespaces if self.connections else ():
            self.join(path)
        self.connections += 1
        self._work(first)

    def _send(self, type, path="", data="", id=""):
        self.road.send(f"{type}:{id}:{path}:{data}")

    def _send_heartbeat_when_due(self):
        if time.monotonic() > self.heartbeat_at:
            self.heartbeat_at = time.monotonic() + self.heartbeat_pause_s
            self.heartbeats_sent += 1
            self._send(2)

    def _work(self, packets):
        for packet in packets:
            self.packets.append(packet)
            self._work_one(*[*packet.split(":", 3), None, None, None][:4])

    def _work_one(self, type, _, path, data):
        handlers = self.namespaces.get(path)
        if handlers is None:
            return
        if type == "1":
            handlers.get("connect", lambda: None)()
        elif type == "5":
            event = json.loads(data)
            handlers[event["name"]](*event.get("args", []))
        elif type == "6":
            id, _, arguments = data.partition("+")
            self.acks[id](*json.loads(arguments or "[]"))
        elif type == "7":
            reason, advice = data.split("+", 1)  # without a "+" the library dies
            handlers["error"](reason, advice)
