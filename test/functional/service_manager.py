# SPDX-License-Identifier: Apache-2.0
"""A service manager as systemd is one: it binds sockets and holds them from run to run, and
is told how its service is.

    manager = ServiceManager(tmp_path)
    manager.listen_tcp("irc")
    rcstreamd = manager.start(server, irc={...})
    manager.wait_for("READY=1")
"""

import fcntl
import os
import socket
import time

from rcstreamd import START_TIMEOUT_S, WAIT_TIMEOUT_S, program

FIRST_DESCRIPTOR = 3  # sd_listen_fds(3)
OUT_OF_THE_WAY = 50  # above those that the shell moves to their places
SO_RCVBUFFORCE = 33

# The shell becomes the program, so that its process is the one that LISTEN_PID names.
BECOME = 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"'


class ServiceManager:
    def __init__(self, directory):
        self.path = directory / "notify"
        self.messages = []  # {"READY": "1", ..., "at": time} as they came
        self.sockets = []  # (name, socket)
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(str(self.path))

    # --- sockets ---

    def listen_tcp(self, name, host="127.0.0.1", port=0):
        """Returns (host, port)."""
        return self._hold(name, socket.AF_INET, socket.SOCK_STREAM, (host, port))

    def listen_udp(self, name, host="127.0.0.1", port=0):
        return self._hold(name, socket.AF_INET, socket.SOCK_DGRAM, (host, port))

    def listen_unix(self, name, path, kind=socket.SOCK_DGRAM):
        return self._hold(name, socket.AF_UNIX, kind, str(path))

    def _hold(self, name, family, kind, address):
        held = socket.socket(family, kind)
        if kind == socket.SOCK_DGRAM and family == socket.AF_INET:
            try:
                held.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
            except PermissionError:
                held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        held.bind(address)
        if kind == socket.SOCK_STREAM:
            held.listen(4096)
        self.sockets.append((name, held))
        return held.getsockname()

    def close(self):
        for _, held in self.sockets:
            held.close()
        self._notify.close()

    # --- runs ---

    def start(self, server, settings=None, **overrides):
        """A run of the service with all that is held; `settings` are of the environment."""
        copies = [
            fcntl.fcntl(held.fileno(), fcntl.F_DUPFD, OUT_OF_THE_WAY) for _, held in self.sockets
        ]
        moves = "".join(
            f"exec {FIRST_DESCRIPTOR + i}<&{copy} {copy}<&-; " for i, copy in enumerate(copies)
        )

        settings = {
            "NOTIFY_SOCKET": str(self.path),
            "LISTEN_FDS": str(len(copies)),
            "LISTEN_FDNAMES": ":".join(name for name, _ in self.sockets),
            **(settings or {}),
        }

        def prepare(run):
            run.pass_fds = copies
            run.settings = settings

        command = ["bash", "-c", moves + BECOME, "rcstreamd", *program()]
        try:
            return server(command=command, prepare=prepare, **overrides)
        finally:
            for copy in copies:
                os.close(copy)

    # --- what it is told ---

    def wait_for(self, line, timeout=WAIT_TIMEOUT_S, after=0):
        """The first message with this NAME=value behind the first `after` ones."""
        name, _, value = line.partition("=")
        deadline = time.monotonic() + timeout

        def found():
            return next((m for m in self.messages[after:] if m.get(name) == value), None)

        while found() is None:
            self._notify.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                text = self._notify.recv(4096).decode()
            except TimeoutError:
                raise AssertionError(f"was not told {line}, but {self.messages}") from None
            message = dict(part.split("=", 1) for part in text.splitlines())
            self.messages.append({**message, "at": time.monotonic()})
        return found()

    def wait_ready(self, after=0):
        return self.wait_for("READY=1", START_TIMEOUT_S, after)
