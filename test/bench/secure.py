# SPDX-License-Identifier: Apache-2.0
"""TLS: the same work with it and without, by turns, so that what else runs is the same to both."""

import contextlib
import subprocess
import tempfile
from collections import namedtuple
from pathlib import Path

import programs
from harness import BenchError, clients_label, median

KEY = "tls"

Work = namedtuple("Work", "title protocol clients changes warm_up rate")
WORKS = (
    Work("TLS, IRC, flooded", "irc", 100, 1500, 150, 0),
    Work("TLS, IRC, flooded", "irc", 1000, 150, 64, 0),
    Work("TLS, IRC, 50 a second", "irc", 500, 150, 10, 50),
    Work("TLS, Socket.IO, flooded", "websocket", 1000, 150, 64, 0),
)
QUICK_WORKS = (Work("TLS, IRC, flooded", "irc", 20, 200, 20, 0),)
WAYS = ("plain", "TLS")

HEAD = f"{'':36}{'CPU us a delivery':>24}{'':>9}{'bytes':>9}{'KiB a client':>20}"
UNITS = f"{'':36}{'plain':>12}{'TLS':>12}{'ratio':>9}{'each':>9}{'plain':>10}{'TLS':>10}"


def make_certificate(folder):
    """An entry of tls.certificates: a key on the curve that most certificates have now."""
    key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"no certificate could be made:\n{done.stderr}")
    return {"certificate": str(certificate), "key": str(key)}


@contextlib.contextmanager
def started(bench, protocol, way):
    """rcstreamd, with the port that the clients of this way come to."""
    section = "irc" if protocol == "irc" else "http"
    with tempfile.TemporaryDirectory(prefix="rcstreamd-bench-tls-") as folder:
        listeners = {**programs.CONFIGURATION[section], "listen_tls": ["127.0.0.1:0"]}
        tls = {"certificates": [make_certificate(folder)]}
        with programs.rcstreamd(bench.rcstreamd, tls=tls, **{section: listeners}) as server:
            if way == "TLS":
                server = server._replace(
                    ports={protocol: server.ports[section + " (TLS)"]}, options=["--tls"]
                )
            yield server


def run_one(bench, way, work):
    with started(bench, work.protocol, way) as server:
        return bench.load(
            server,
            {work.protocol: work.clients},
            changes=work.changes,
            warm_up=work.warm_up,
            rate=work.rate,
        )


def figures_of(some):
    return {
        "cpu_us_per_delivery": median(some, "server", "cpu_us_per_delivery"),
        "bytes_per_delivery": some[0]["groups"][0]["bytes_per_delivery"],
        "rss_bytes_per_client": median(some, "server", "rss_bytes_per_client"),
    }


def line_of(title, plain, tls):
    cpu = [way["cpu_us_per_delivery"] for way in (plain, tls)]
    memory = [way["rss_bytes_per_client"] / 1024 for way in (plain, tls)]
    return (
        f"{title:36}{cpu[0]:12.3f}{cpu[1]:12.3f}{cpu[1] / cpu[0]:8.2f}x"
        f"{plain['bytes_per_delivery']:9.0f}{memory[0]:10.2f}{memory[1]:10.2f}"
    )


def run_work(bench, work):
    title = clients_label(work.title, work.clients)
    runs = bench.repeat(title, WAYS, lambda way: run_one(bench, way, work))
    figures = {way: figures_of(some) for way, some in runs.items()}
    bench.line(line_of(title, figures["plain"], figures["TLS"]))
    return {**work._asdict(), "label": title, "ways": figures, "runs": runs}


def run(bench):
    works = [
        work
        for work in (QUICK_WORKS if bench.quick else WORKS)
        if bench.wants(clients_label(work.title, work.clients))
    ]
    if works:
        bench.head(HEAD, UNITS)
    return [run_work(bench, work) for work in works]
