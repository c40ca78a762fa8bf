# SPDX-License-Identifier: Apache-2.0
"""The servers that do the same work: rcstreamd, the two floors, and peers of Debian's.

A peer is a server that people would put in rcstreamd's place, configured to hold nothing
back.  It is run in a folder of its own, on a free port of 127.0.0.1, as nobody's service;
one that is not installed is left out, and named at the end.
"""

import contextlib
import json
import re
import shutil
import socket
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

from harness import START_TIMEOUT_S, STOP_TIMEOUT_S, BenchError, Server, stop, wait_until

FLOORS = ("each", "batch")

READY = re.compile(r"\bready\b")

# How a protocol's clients get their changes: IRC's as lines, the others' as JSON.
INJECTIONS = {"irc": "rc2udp"}

# The floors' bot is "b" on the server "s": everyone writes the same bytes.
CONFIGURATION = {
    "workers": 1,
    "irc": {"listen": ["127.0.0.1:0"], "server_name": "s", "bot_name": "b"},
    "http": {"listen": ["127.0.0.1:0"]},
    "ingest": [
        {"type": "rc2udp", "listen": "127.0.0.1:0"},
        {"type": "rcfeed-udp", "listen": "127.0.0.1:0"},
    ],
}


def start(bench, name, protocol):
    """A context manager that gives the running Server of this name for a protocol's clients."""
    if name == "rcstreamd":
        return rcstreamd(bench.rcstreamd, INJECTIONS.get(protocol, "rcfeed-udp"))
    if name in FLOORS:
        return floor(bench.programs, name, protocol)
    return PEERS[name].run()


# --- rcstreamd ----------------------------------------------------------------


def records_of(log):
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


def bound_ports(log):
    """Every listener's port, by its name."""
    ports = {}
    for record in records_of(log):
        bound, _, address = record["message"].rpartition(" ")
        if record.get("event.code") == "listener.bound":
            ports[bound] = int(address.rpartition(":")[2])
    return ports


def wait_ready(process, log):
    def is_ready():
        if process.poll() is not None:
            raise BenchError(f"rcstreamd did not become ready:\n{log.read_text()}")
        return any(READY.search(record["message"]) for record in records_of(log))

    wait_until(is_ready, "rcstreamd to be ready")


@contextlib.contextmanager
def rcstreamd(program, injection="rcfeed-udp", **sections):
    """rcstreamd, with sections of its configuration in place of CONFIGURATION's.

    The program may be a command that runs it.  An injection of None is for sources that get their
    changes elsewhere.
    """
    command = program if isinstance(program, list) else [program]
    with tempfile.TemporaryDirectory(prefix="rcstreamd-bench-") as folder:
        configuration = Path(folder, "rcstreamd.yaml")
        configuration.write_text(json.dumps({**CONFIGURATION, **sections}))  # JSON is YAML
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "-c", configuration, "--log-format", "json"],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_ready(process, log)
            bound = bound_ports(log)
            ports = {"irc": bound.get("irc")}
            ports |= {name: port for name, port in bound.items() if name.endswith(" (TLS)")}
            ports |= {name: bound.get("http") for name in ("http", "websocket", "polling", "sse")}
            inject = f"{injection}@{bound[injection]}" if injection else "none"
            yield Server(process, ports, inject)
            process.terminate()
            if process.wait(STOP_TIMEOUT_S) != 0:
                raise BenchError(f"rcstreamd ended with {process.returncode}:\n{log.read_text()}")
        finally:
            stop(process)


def rcstreamd_speaks(bench, protocol):
    """Whether this rcstreamd has server-sent events; it has all else."""
    if protocol != "sse":
        return True
    with (
        rcstreamd(bench.rcstreamd) as server,
        socket.create_connection(("127.0.0.1", server.ports["sse"]), START_TIMEOUT_S) as client,
    ):
        client.sendall(b"GET /v2/stream/recentchange HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return client.recv(64).startswith(b"HTTP/1.1 200 ")


# --- the floors ---------------------------------------------------------------


@contextlib.contextmanager
def floor(programs, mode, protocol):
    process = subprocess.Popen(
        [programs / "bench_floor", mode, protocol], stdout=subprocess.PIPE, text=True
    )
    try:
        ports = dict(process.stdout.readline().split() for _ in range(2))
        injection = INJECTIONS.get(protocol, "rcfeed-udp")
        yield Server(process, {protocol: int(ports["tcp"])}, f"{injection}@{ports['udp']}")
    finally:
        stop(process)
        process.stdout.close()


# --- peers --------------------------------------------------------------------

# Its Debian package, what must be there, the protocol of its clients, and what starts it.
Peer = namedtuple("Peer", "title package file protocol run")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def peer(title, words, port, log):
    """Its process, once it accepts connections."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in words], stdout=output, stderr=subprocess.STDOUT
        )

    def is_up():
        if process.poll() is not None:
            raise BenchError(f"{title} did not start:\n{log.read_text()}")
        return accepts(port)

    try:
        wait_until(is_up, f"{title} to accept connections")
        yield process
    finally:
        stop(process)


@contextlib.contextmanager
def folder_of_peer():
    """A folder that a server may read which gives up root's rights."""
    with tempfile.TemporaryDirectory(prefix="rcstreamd-bench-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


NGIRCD = """\
[Global]
	Name = peer.example.org
	Info = bench
	Listen = 127.0.0.1
	Ports = {port}
[Limits]
	MaxConnections = 0
	MaxConnectionsIP = 0
	MaxJoins = 0
	MaxPenaltyTime = 0
	PingTimeout = 600
[Options]
	DNS = no
	Ident = no
	PAM = no
"""


@contextlib.contextmanager
def ngircd():
    with folder_of_peer() as folder:
        port = free_port()
        Path(folder, "ngircd.conf").write_text(NGIRCD.format(port=port))
        words = [shutil.which("ngircd"), "--nodaemon", "--config", folder / "ngircd.conf"]
        with peer("ngircd", words, port, folder / "log") as process:
            # Its listening socket holds ten connections.
            yield Server(process, {"irc": port}, f"irc@{port}", ("--at-once", 8))


INSPIRCD = """\
<server name="peer.example.org" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@example.org">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" timeout="60" localmax="1000000" globalmax="1000000" maxchans="100"
	pingfreq="600" resolvehostnames="no" useident="no" fakelag="no" commandrate="1000000000"
	threshold="1000000" recvq="10000000" softsendq="100000000" hardsendq="200000000"
	limit="1000000">
<performance somaxconn="4096" netbuffersize="65534" quietbursts="yes">
<options defaultmodes="n">
<cidr ipv4clone="32" ipv6clone="128">
<log method="stderr" type="* -USERINPUT -USEROUTPUT" level="default">
<pid file="{folder}/pid">
"""


@contextlib.contextmanager
def inspircd():
    with folder_of_peer() as folder:
        port = free_port()
        configuration = folder / "inspircd.conf"
        configuration.write_text(INSPIRCD.format(port=port, folder=folder))
        words = [shutil.which("inspircd"), "--nofork", "--runasroot", f"--config={configuration}"]
        with peer("InspIRCd", words, port, folder / "log") as process:
            yield Server(process, {"irc": port}, f"irc@{port}")


NGINX = """\
load_module {module};
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr error;
worker_rlimit_nofile 100000;
events {{ worker_connections 50000; }}
http {{
	access_log off;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	keepalive_requests 1000000000;
	nchan_max_reserved_memory 512m;
	server {{
		listen 127.0.0.1:{port} backlog=4096;
		tcp_nodelay on;
		location = /pub {{
			nchan_publisher;
			nchan_channel_id bench;
			nchan_message_buffer_length 1000;
		}}
		location = /sub {{
			nchan_subscriber;
			nchan_channel_id bench;
			nchan_subscriber_first_message newest;
		}}
	}}
}}
"""

NCHAN_MODULE = "/usr/lib/nginx/modules/ngx_nchan_module.so"


@contextlib.contextmanager
def nchan():
    with folder_of_peer() as folder:
        port = free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(port=port, folder=folder, module=NCHAN_MODULE))
        words = ["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", configuration]
        with peer("nchan", words, port, folder / "log") as process:
            options = ("--sse-path", "/sub", "--post-path", "/pub")
            yield Server(process, {"sse": port}, f"post@{port}", options)


@contextlib.contextmanager
def redis():
    with folder_of_peer() as folder:
        port = free_port()
        words = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder]
        words += ["--save", "", "--maxclients", 50000]
        words += ["--client-output-buffer-limit", "pubsub 0 0 0"]
        with peer("redis-server", words, port, folder / "log") as process:
            yield Server(process, {"redis": port}, f"redis@{port}")


PEERS = {
    "ngircd": Peer("ngircd", "ngircd", "/usr/sbin/ngircd", "irc", ngircd),
    "inspircd": Peer("InspIRCd", "inspircd", "/usr/sbin/inspircd", "irc", inspircd),
    "nchan": Peer("nchan", "libnginx-mod-nchan", NCHAN_MODULE, "sse", nchan),
    "redis": Peer("redis-server", "redis-server", "/usr/bin/redis-server", "redis", redis),
}


def peers_there(bench, names):
    """Those of the peers that can take part."""
    there = []
    for name in names if bench.peers else ():
        if Path(PEERS[name].file).exists():
            there.append(name)
        else:
            bench.missing[PEERS[name].title] = PEERS[name].package
    return there


def title_of(name):
    if name in FLOORS:
        return f"floor: {name}"
    return PEERS[name].title if name in PEERS else name
