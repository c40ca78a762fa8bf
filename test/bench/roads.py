# SPDX-License-Identifier: Apache-2.0
"""The roads by which changes come over a connection: Redis, and server-sent events.

Each road is a context manager that gives the entry of `ingest` and a function that sends
some changes, as fast as the other side takes them.  Redis is Debian's redis-server, of the
bench's own; the events come from a server that has them ready.
"""

import contextlib
import json
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

REDIS_START_TIMEOUT_S = 20
PIPELINE = 500  # commands sent before their replies are read
RECV_BYTES = 1 << 16


def change(number):
    """RCFeed JSON of ordinary size."""
    return json.dumps(
        {
            "$schema": "/mediawiki/recentchange/1.0.0",
            "id": number,
            "type": "edit",
            "namespace": 0,
            "title": f"Some page {number}",
            "title_url": f"https://en.wikipedia.org/wiki/Some_page_{number}",
            "comment": "/* History */ a comment as long as they are, more or less",
            "timestamp": 1767225600,
            "user": "Some user",
            "bot": False,
            "notify_url": f"https://en.wikipedia.org/w/index.php?diff={number}&oldid={number - 1}",
            "minor": False,
            "patrolled": True,
            "length": {"old": 1000, "new": 1042},
            "revision": {"old": number - 1, "new": number},
            "server_url": "https://en.wikipedia.org",
            "server_name": "en.wikipedia.org",
            "server_script_path": "/w",
            "wiki": "enwiki",
            "parsedcomment": "a comment as long as they are, more or less",
        },
        separators=(",", ":"),
    ).encode()


# --- Redis --------------------------------------------------------------------


def command(*words):
    parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"*%d\r\n%s" % (len(words), b"".join(parts))


def send_commands(path, commands):
    """Every reply is a line: of an integer, or a string's length and the string."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        for first in range(0, len(commands), PIPELINE):
            some = commands[first : first + PIPELINE]
            connection.sendall(b"".join(some))
            awaited = sum(2 if b"XADD" in one else 1 for one in some)
            while awaited > 0:
                awaited -= connection.recv(RECV_BYTES).count(b"\n")


@contextlib.contextmanager
def redis_server():
    """The path of a server's socket."""
    with tempfile.TemporaryDirectory(prefix="rcstreamd-bench-") as folder:
        path = Path(folder, "redis.sock")
        process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + REDIS_START_TIMEOUT_S
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield path
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def redis():
    def send(changes):
        send_commands(path, [command(b"PUBLISH", b"rc.enwiki", one) for one in changes])

    with redis_server() as path:
        yield {"type": "redis", "url": f"unix://{path}"}, send


@contextlib.contextmanager
def redis_stream():
    def send(changes):
        send_commands(path, [command(b"XADD", b"rc", b"*", b"json", one) for one in changes])

    with redis_server() as path:
        yield {"type": "redis-stream", "url": f"unix://{path}", "streams": ["rc"]}, send


# --- server-sent events -------------------------------------------------------


class EventServer:
    """Answers one request with a stream that is open to its end."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.client = None
        self.thread = threading.Thread(target=self.answer, daemon=True)
        self.thread.start()

    def answer(self):
        client, _ = self.listener.accept()
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(RECV_BYTES)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:ok\n\n")
        self.client = client

    def send(self, changes):
        self.thread.join()
        events = [b"id: %d\ndata: %s\n\n" % (i, one) for i, one in enumerate(changes)]
        self.client.sendall(b"".join(events))

    def close(self):
        self.listener.close()
        if self.client:
            self.client.close()


@contextlib.contextmanager
def eventstreams():
    with contextlib.closing(EventServer()) as server:
        port = server.listener.getsockname()[1]
        yield {"type": "eventstreams", "url": f"http://127.0.0.1:{port}/"}, server.send


ROADS = {"redis": redis, "redis-stream": redis_stream, "eventstreams": eventstreams}
