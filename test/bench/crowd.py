# SPDX-License-Identifier: Apache-2.0
"""IRC clients that do no more than a row needs: that never read, ask for much, or come and go."""

import selectors
import socket
import struct

LINGER_0 = struct.pack("ii", 1, 0)  # close with a reset, so that no port stays in TIME_WAIT
SMALL_BUFFER = 4096  # the kernel holds little for a client that does not read
TIMEOUT_S = 30


def connect(port, buffer=None):
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    client.settimeout(TIMEOUT_S)
    client.connect(("127.0.0.1", port))
    return client


def wait_for(clients, word):
    """Read each of them up to what holds this word."""
    selector = selectors.DefaultSelector()
    tails = {}
    for client in clients:
        selector.register(client, selectors.EVENT_READ)
        tails[client] = b""
    while tails:
        ready = selector.select(TIMEOUT_S)
        if not ready:
            raise TimeoutError(f"{len(tails)} clients were not sent {word!r}")
        for key, _ in ready:
            client = key.fileobj
            received = client.recv(65536)
            if not received:
                raise ConnectionError(f"a client was sent away, not sent {word!r}")
            tail = tails[client] + received
            if word in tail:
                selector.unregister(client)
                del tails[client]
            else:
                tails[client] = tail[-len(word) :]
    selector.close()


def register(clients, first=0):
    for number, client in enumerate(clients, first):
        client.sendall(f"NICK n{number}\r\nUSER u 0 * :u\r\n".encode())
    wait_for(clients, b" 376 ")


class Crowd:
    """So many clients, each registered and joined to channels_of(number)."""

    GROUP = 500  # connected at a time: fewer than a listener has room for

    def __init__(self, port, count, channels_of, buffer=None):
        self.clients = []
        for first in range(0, count, self.GROUP):
            group = [connect(port, buffer) for _ in range(first, min(first + self.GROUP, count))]
            self.clients += group
            register(group, first)
            for number, client in enumerate(group, first):
                client.sendall(f"JOIN {','.join(channels_of(number))}\r\nPING joined\r\n".encode())
            wait_for(group, b" PONG ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()


def come_and_go(port, count):
    """So many clients register and go, a group at a time."""
    for first in range(0, count, Crowd.GROUP):
        group = [connect(port) for _ in range(first, min(first + Crowd.GROUP, count))]
        register(group, first)
        for client in group:
            client.close()
