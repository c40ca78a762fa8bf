# SPDX-License-Identifier: Apache-2.0
"""Redis servers for the tests: real ones, and ones that misbehave.

The real ones are Debian's redis-server on a free port of 127.0.0.1, each with a folder of its
own; the system's server is never used.
"""

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from rcstreamd import WAIT_TIMEOUT_S, wait_until

START_TIMEOUT_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def encode(*words):
    """A command as RESP has it."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


class RedisError(Exception):
    """An error the server answered with."""


class RedisClient:
    """Commands and their replies, one after the other."""

    def __init__(self, connection):
        self._socket = connection
        self._file = connection.makefile("rb")

    def command(self, *words):
        self._socket.sendall(encode(*words))
        return self.read()

    def read(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if int(rest) < 0:
            return None
        if kind == b"$":
            return self._file.read(int(rest) + 2)[:-2]
        return [self.read() for _ in range(int(rest))]

    def close(self):
        self._file.close()
        self._socket.close()


class RedisServer:
    """One redis-server.  `arguments` are those of its command line."""

    def __init__(self, *arguments, password=None):
        self.directory = Path(tempfile.mkdtemp(prefix="redis-"))  # short: a socket's path is
        self.port = free_port()
        self.path = self.directory / "redis.sock"
        self.password = password
        self.command_line = [
            "redis-server",
            *("--bind", "127.0.0.1", "--port", str(self.port), "--unixsocket", str(self.path)),
            *("--dir", str(self.directory), "--save", "", "--appendonly", "no"),
            *(("--requirepass", password) if password else ()),
            *map(str, arguments),
        ]
        self.process = None
        self.clients = []

    def start(self):
        with (self.directory / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command_line, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._answers, START_TIMEOUT_S, "an answer of redis-server")
        return self

    def _answers(self):
        assert self.process.poll() is None, (self.directory / "redis.log").read_text()
        try:
            return self.client().command("PING") == "PONG"
        except (OSError, RedisError):
            return False

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port}"

    def client(self):
        """A connection of its own, logged in."""
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(WAIT_TIMEOUT_S)
        try:
            connection.connect(str(self.path))
        except OSError:
            connection.close()
            raise
        client = RedisClient(connection)
        self.clients.append(client)
        if self.password:
            client.command("AUTH", self.password)
        return client

    def command(self, *words):
        return self.client().command(*words)

    def publish(self, channel, payload):
        return self.command("PUBLISH", channel, payload)

    def wait_subscribed(self, patterns=1):
        wait_until(
            lambda: self.command("PUBSUB", "NUMPAT") == patterns, what="the subscription"
        )

    def kill(self):
        """As a crash would: nothing is said, nothing is saved."""
        for client in self.clients:
            client.close()
        self.clients = []
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def restart(self):
        self.kill()
        return self.start()

    def close(self):
        self.kill()
        shutil.rmtree(self.directory)


class Sender(threading.Thread):
    """Sends a numbered command as fast as its server answers, until it is told to end.

    `words` makes the command of a number.  What is not answered, since the server has gone
    or is not ready, is sent again when `repeats`, and else left.
    """

    def __init__(self, upstream, words, repeats):
        super().__init__(daemon=True)
        self._upstream = upstream
        self._words = words
        self._repeats = repeats
        self._is_ending = False
        self.last = 0

    def run(self):
        while not self._is_ending:
            try:
                self._send(self._upstream.client())
            except (OSError, ValueError, RedisError):
                time.sleep(0.01)

    def _send(self, client):
        while not self._is_ending:
            number = self.last + 1
            if not self._repeats:
                self.last = number
            client.command(*self._words(number))
            self.last = number
            time.sleep(0.0005)

    def wait_more(self, count=100):
        wanted = self.last + count
        wait_until(lambda: self.last >= wanted, 20)

    def end(self):
        """Returns the last number."""
        self._is_ending = True
        self.join()
        return self.last


class FakeRedis:
    """A server whose every connection is `serve(connection, commands)`.

    `commands` gives the words of one command after the other; when `serve` returns, the
    connection is closed.
    """

    def __init__(self, serve):
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        self.connections = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        with connection:
            client = RedisClient(connection)
            try:
                self._serve(connection, iter(client.read, None))
            except OSError:
                pass
            client.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def subscribed(pattern="rc.*", number=1):
    """What answers PSUBSCRIBE."""
    return b"*3\r\n$10\r\npsubscribe\r\n$%d\r\n%s\r\n:%d\r\n" % (
        len(pattern),
        pattern.encode(),
        number,
    )


def pushed(pattern, channel, payload):
    """What comes when something is published."""
    return encode("pmessage", pattern, channel, payload)


def wait_gone(connection, timeout=WAIT_TIMEOUT_S):
    """Wait until the other end has closed; returns how long that took."""
    began = time.monotonic()
    connection.settimeout(timeout)
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began
