# SPDX-License-Identifier: Apache-2.0
"""Debian's nginx with conf/deploy/nginx/rcstreamd.conf: its own ports, files and certificate."""

import re
import socket
import ssl
import subprocess

from rcstreamd import ROOT, STOP_TIMEOUT_S, wait_until

PROGRAM = "/usr/sbin/nginx"
READY = ROOT / "conf/deploy/nginx/rcstreamd.conf"
HOST = "127.0.0.1"

# What Debian's /etc/nginx/nginx.conf is around a site, with all that is written in a folder.
AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 256; }}
http {{
	access_log {folder}/access.log;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	gzip on;
	include {folder}/rcstreamd.conf;
}}
"""


def make_certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "2", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=IP:{HOST}"]
        + ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")],
        check=True,
        capture_output=True,
    )
    return folder / "certificate.pem"


def free_port():
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def substitute(text, pattern, replacement):
    """Each place in the ready file that a test has to change is there exactly once."""
    result, count = re.subn(pattern, replacement, text)
    assert count == 1, f"{pattern}: {count} times in {READY}"
    return result


class Nginx:
    """In front of two servers; also what a client needs to know of a server.

    `locations` is what the site has besides, in nginx's own words.
    """

    def __init__(self, folder, servers, locations=""):
        self.folder = folder
        self.port = free_port()
        self.certificate = make_certificate(folder)
        self.clients = []
        (folder / "rcstreamd.conf").write_text(self._site(servers, locations))
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder))
        self.process = None

    def _site(self, servers, locations):
        site = READY.read_text(encoding="utf-8")
        site = substitute(site, r"\n\tlocation / {", f"{locations}\n\tlocation / {{")
        for port, server in zip((8081, 8082), servers, strict=True):
            host, bound = server.address("http")
            site = substitute(site, rf"server 127\.0\.0\.1:{port};", f"server {host}:{bound};")
        site = substitute(site, r"listen 443 ssl;", f"listen {HOST}:{self.port} ssl;")
        site = substitute(site, r"\n\tlisten \[::\]:443 ssl;", "")
        site = substitute(site, r"/etc/ssl/certs/rcstreamd\.pem", str(self.certificate))
        return substitute(site, r"/etc/ssl/private/rcstreamd\.key", str(self.folder / "key.pem"))

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "-e", f"{self.folder}/error.log", "-c", f"{self.folder}/nginx.conf"],
            stdin=subprocess.DEVNULL,
        )
        wait_until(self._is_listening, what=f"nginx:\n{self.log()}")
        return self

    def _is_listening(self):
        assert self.process.poll() is None, self.log()
        with socket.socket() as connection:
            return connection.connect_ex((HOST, self.port)) == 0

    def log(self):
        log = self.folder / "error.log"
        return log.read_text(encoding="utf-8") if log.exists() else ""

    def stop(self):
        for client in self.clients:
            client.close()
        if self.process is not None:
            self.process.terminate()
            self.process.wait(STOP_TIMEOUT_S)

    def url(self, path="/"):
        return f"https://{HOST}:{self.port}{path}"

    def connect(self, source):
        """A TLS connection from one of loopback's addresses."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        plain = socket.create_connection((HOST, self.port), 10, (source, 0))
        connection = context.wrap_socket(plain, server_hostname=HOST)
        self.clients.append(connection)
        return connection
