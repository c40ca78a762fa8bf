# SPDX-License-Identifier: Apache-2.0
"""One address before servers that come and go: clients that reconnect find it as it was."""

import socket
import threading


class TcpRelay:
    """Hands connections on to where `open()` said last; closed, it refuses them.

    So a server can be made ready before the first client is back.
    """

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as place:
            self.address = place.getsockname()
        self.listener = None

    def open(self, target):
        self.listener = socket.create_server(self.address)
        threading.Thread(target=self._accept, args=(self.listener, target), daemon=True).start()

    def close(self):
        """Refuse new connections; those there are end with the server's."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            self.listener.close()
            self.listener = None

    @staticmethod
    def _accept(listener, target):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(target)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=hand_on, args=(source, sink), daemon=True).start()


def hand_on(source, sink):
    """Bytes, and their end."""
    try:
        while received := source.recv(65536):
            sink.sendall(received)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # the other side has gone
        pass
