# SPDX-License-Identifier: Apache-2.0
"""An IRC client that shows every byte: a socket, and expectations about its lines."""

import re
import socket
import time

TIMEOUT_S = 5
LINE_MAX = 512  # RFC 2812 section 2.3, CR LF included
TAGS_MAX = 8191  # ircv3.net, "Message Tags": all of them, with their "@" and space


class ConnectionEnded(AssertionError):
    """The server closed the connection while a line was wanted."""


class IrcClient:
    """One connection.  `lines` keeps all that came, for the message of a failed test."""

    def __init__(self, address, timeout=TIMEOUT_S):
        self.timeout = timeout
        self.lines = []
        self._pending = b""
        self._socket = socket.create_connection(address, timeout=timeout)

    def close(self):
        self._socket.close()

    # --- sending ---

    def send(self, line):
        """Send one line; its end is added."""
        self.send_bytes(line.encode() + b"\r\n")

    def send_bytes(self, payload):
        self._socket.sendall(payload)

    def register(self, nick="reader"):
        """NICK and USER, up to the end of the MOTD."""
        self.send(f"NICK {nick}")
        self.send(f"USER {nick} 0 * :{nick}")
        self.expect(r"^:\S+ (376|422) ")
        return self

    def join(self, channel):
        """JOIN, up to the end of the list of names."""
        self.send(f"JOIN {channel}")
        self.expect(rf"^:\S+ 366 \S+ {re.escape(channel)} ")
        return self

    # --- reading ---

    def read_line(self, timeout=None):
        """The next line, without its CR LF.  Every line must be UTF-8 and of a length
        that RFC 2812 allows, tags not counted."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while b"\n" not in self._pending:
            self._receive(deadline)
        raw, _, self._pending = self._pending.partition(b"\n")
        assert raw.endswith(b"\r"), f"a line without CR: {raw!r}"
        tags = raw.partition(b" ")[0] + b" " if raw.startswith(b"@") else b""
        length = len(raw) + 1 - len(tags)
        assert length <= LINE_MAX, f"a line of {length} bytes: {raw!r}"
        assert len(tags) <= TAGS_MAX, f"{len(tags)} bytes of tags: {raw!r}"
        line = raw[:-1].decode()
        self.lines.append(line)
        return line

    def _receive(self, deadline):
        self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionEnded(f"the connection ended; so far: {self._so_far()}")
        self._pending += received

    def expect(self, pattern, timeout=None):
        """Read on until a line holds the regular expression; returns the match."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            try:
                match = re.search(pattern, self.read_line(deadline - time.monotonic()))
            except TimeoutError:
                raise AssertionError(
                    f"no line holds {pattern!r}; so far: {self._so_far()}"
                ) from None
            if match:
                return match

    def expect_next(self, pattern, timeout=None):
        """The very next line holds the regular expression; returns the match."""
        try:
            line = self.read_line(timeout)
        except TimeoutError:
            raise AssertionError(f"no line came; so far: {self._so_far()}") from None
        match = re.search(pattern, line)
        assert match, f"{line!r} does not hold {pattern!r}"
        return match

    def expect_nothing(self, seconds=0.3):
        """No line comes for this long."""
        try:
            line = self.read_line(seconds)
        except TimeoutError:
            return
        raise AssertionError(f"nothing was to come, but {line!r} did")

    def expect_ended(self, timeout=None):
        """Read on until the server closes the connection."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        try:
            while True:
                self.read_line(deadline - time.monotonic())
        except (ConnectionEnded, ConnectionResetError):
            return
        except TimeoutError:
            raise AssertionError(f"the connection lives on; so far: {self._so_far()}") from None

    def _so_far(self):
        return "".join(f"\n    {line!r}" for line in self.lines + [self._pending]) or "nothing"
