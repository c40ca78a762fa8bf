# SPDX-License-Identifier: Apache-2.0
"""HTTP as bytes, for what no library would send, and WebSockets on top of a session."""

import base64
import os
import struct

import websocket

WORKERS = 2  # of rcstreamd.CONFIGURATION
CONNECTIONS = 12  # enough to reach both workers all but surely: 2 in 4096 miss one


def read_all(connection):
    """Everything up to the end that the server makes."""
    received = b""
    while True:
        data = connection.recv(65536)
        if not data:
            return received
        received += data


def read_response(connection, received=b"", method="GET"):
    """One response: its status, its fields in lower case, its body, and what came behind it."""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        assert data, f"the connection ended in the head: {received!r}"
        received += data
    head, _, rest = received.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("ascii").split("\r\n")
    fields = {}
    for line in lines:
        name, _, value = line.partition(": ")
        fields[name.lower()] = value
    length = 0 if method == "HEAD" else int(fields.get("content-length", 0))
    while len(rest) < length:
        data = connection.recv(65536)
        assert data, f"the connection ended in the body: {rest!r}"
        rest += data
    return int(status_line.split(" ")[1]), fields, rest[:length], rest[length:]


def handshake(server):
    """A new Socket.IO session's id."""
    response = server.http_get("/socket.io/1/")
    assert response.status_code == 200
    return response.text.split(":")[0]


def open_websocket(server, session=None, timeout=5):
    """A WebSocket of the library, on a Socket.IO session; kept open by the caller."""
    host, port = server.address("http")
    session = session or handshake(server)
    client = websocket.create_connection(
        f"ws://{host}:{port}/socket.io/1/websocket/{session}", timeout=timeout
    )
    assert client.recv() == "1::"
    return client


def upgrade_request(session):
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /socket.io/1/websocket/{session} HTTP/1.1\r\nHost: x\r\n"
        "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def frame(first, payload):
    """A client's frame, masked (RFC 6455 section 5.2)."""
    mask = os.urandom(4)
    length = len(payload)
    if length < 126:
        header = struct.pack("!BB", first, 0x80 | length)
    elif length < 65536:
        header = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        header = struct.pack("!BBQ", first, 0x80 | 127, length)
    return header + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
