# SPDX-License-Identifier: Apache-2.0
"""The IRC client over a WebSocket of the HTTP listener: a line a message (IRCv3)."""

import struct
import time

import websocket

from irc_client import TIMEOUT_S, ConnectionEnded, IrcClient

LINE_MAX = 510  # bytes without tags; there is no CR LF
TEXT, BINARY = "text.ircv3.net", "binary.ircv3.net"
OPCODES = {TEXT: websocket.ABNF.OPCODE_TEXT, BINARY: websocket.ABNF.OPCODE_BINARY}


class IrcWebSocketClient(IrcClient):
    """As IrcClient; `socket` is the library's, `closed` the code and text of its close frame."""

    def __init__(self, run, subprotocols=(TEXT,), timeout=TIMEOUT_S, **options):
        self.timeout = timeout
        self.lines = []
        self.closed = None
        self._pending = b""
        host, port = run.address("http")
        self.socket = websocket.create_connection(
            f"ws://{host}:{port}/irc",
            timeout=timeout,
            subprotocols=list(subprotocols),
            http_no_proxy=["*"],
            **options,
        )
        self.subprotocol = self.socket.getsubprotocol()
        self.opcode = OPCODES.get(self.subprotocol, websocket.ABNF.OPCODE_TEXT)
        run.clients.append(self)

    def close(self):
        """End the connection, without a close frame."""
        self.socket.shutdown()

    def send(self, line):
        self.send_bytes(line.encode())

    def send_bytes(self, payload, opcode=None):
        """Send one message."""
        self.socket.send(payload, self.opcode if opcode is None else opcode)

    def read_line(self, timeout=None):
        """The next line.  Every one must be a message of its own, of the agreed kind, in UTF-8."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
        try:
            opcode, payload = self.socket.recv_data()
        except websocket.WebSocketTimeoutException:
            raise TimeoutError from None
        except websocket.WebSocketConnectionClosedException:
            raise ConnectionEnded(f"without a close frame; so far: {self._so_far()}") from None
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            self.closed = (*struct.unpack("!H", payload[:2]), payload[2:].decode())
            raise ConnectionEnded(f"closed with {self.closed}; so far: {self._so_far()}")
        assert opcode == self.opcode, f"a frame with opcode {opcode}: {payload!r}"
        line = payload.decode()
        assert line and not set(line) & set("\r\n\0"), f"not a line: {payload!r}"
        untagged = line.partition(" ")[2] if line.startswith("@") else line
        assert len(untagged.encode()) <= LINE_MAX, f"a line that is too long: {payload!r}"
        self.lines.append(line)
        return line
