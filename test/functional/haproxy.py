# SPDX-License-Identifier: Apache-2.0
"""Debian's HAProxy with conf/deploy/haproxy/rcstreamd.cfg: its own ports and certificate."""

import re
import socket
import ssl
import subprocess

from nginx import free_port, make_certificate
from rcstreamd import ROOT, STOP_TIMEOUT_S, wait_until

PROGRAM = "/usr/sbin/haproxy"
READY = ROOT / "conf/deploy/haproxy/rcstreamd.cfg"
HOST = "127.0.0.1"

# The servers' ports in the ready file, by front-end.
SERVERS = {"irc": (6661, 6662), "http": (8081, 8082)}


def substitute(text, pattern, replacement, count=1):
    """Each place in the ready file that a test has to change is there so many times."""
    result, found = re.subn(pattern, replacement, text)
    assert found == count, f"{pattern}: {found} times in {READY}"
    return result


class Haproxy:
    """In front of two servers; also what a client needs to know of a server."""

    def __init__(self, folder, servers, version=2):
        self.folder = folder
        self.ports = {"irc": free_port(), "http": free_port()}
        self.certificate = make_certificate(folder)
        self.clients = []
        (folder / "both.pem").write_text(
            self.certificate.read_text() + (folder / "key.pem").read_text()
        )
        self.file = folder / "haproxy.cfg"
        self.file.write_text(self._configuration(servers, version))
        self.process = None

    def _configuration(self, servers, version):
        text = READY.read_text(encoding="utf-8")
        for name, ports in SERVERS.items():
            for port, server in zip(ports, servers, strict=True):
                host, bound = server.address(name)
                text = substitute(text, rf"127\.0\.0\.1:{port}\b", f"{host}:{bound}")
        text = substitute(text, r"maxconn 40000", "maxconn 400")  # within a test's descriptors
        text = substitute(text, r"bind :6697\b", f"bind {HOST}:{self.ports['irc']}")
        text = substitute(text, r"bind :443\b", f"bind {HOST}:{self.ports['http']}")
        text = substitute(text, r"/etc/ssl/private/rcstreamd\.pem", f"{self.folder}/both.pem", 2)
        return substitute(text, r" send-proxy-v2 ", f" send-proxy-v{version} ", 4).replace(
            "send-proxy-v1", "send-proxy"
        )

    def start(self):
        log = (self.folder / "log").open("w")
        self.process = subprocess.Popen(
            [PROGRAM, "-db", "-f", self.file], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        for port in self.ports.values():
            wait_until(lambda port=port: self._is_listening(port), what=f"haproxy:\n{self.log()}")
        return self

    def _is_listening(self, port):
        assert self.process.poll() is None, self.log()
        with socket.socket() as connection:
            return connection.connect_ex((HOST, port)) == 0

    def log(self):
        return (self.folder / "log").read_text(encoding="utf-8")

    def stop(self):
        for client in self.clients:
            client.close()
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_TIMEOUT_S)

    def url(self, path="/"):
        return f"https://{HOST}:{self.ports['http']}{path}"

    def connect(self, name, source):
        """A TLS connection from one of loopback's addresses."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        plain = socket.create_connection((HOST, self.ports[name]), 10, (source, 0))
        return context.wrap_socket(plain, server_hostname=HOST)
