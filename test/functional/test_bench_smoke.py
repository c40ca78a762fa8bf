# SPDX-License-Identifier: Apache-2.0
"""The benchmark on little work: it runs, and everything that was sent arrived, once, in order."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rcstreamd import ROOT, environment, program


def run_bench(*arguments):
    command = [sys.executable, ROOT / "test/bench/bench.py", "--rcstreamd", *program()]
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
        env=environment(),
    )


def test_quick_benchmark_loses_nothing(tmp_path):
    """docs/performance.md: a change that is lost, repeated or out of order is a failure."""
    figures = tmp_path / "figures.json"
    done = run_bench("--quick", "--json", figures)
    assert done.returncode == 0, done.stdout + done.stderr
    works = json.loads(figures.read_text())["works"]
    assert {(work["protocol"], work["rate"] > 0) for work in works} == {
        ("irc", False),
        ("irc", True),
        ("socketio", False),
    }
    intakes = json.loads(figures.read_text())["intakes"]
    assert [intake["title"].split()[0] for intake in intakes] == ["rc2udp", "rcfeed-udp"]
    for intake in intakes:
        assert intake["programs"]["rcstreamd"]["changes_per_s"] > 0
    by_road = json.loads(figures.read_text())["roads"]
    names = [road["title"].split()[0] for road in by_road]
    assert names == ["redis", "redis-stream", "eventstreams"]
    assert all(road["changes_per_s"] > 0 for road in by_road)
    for work in works + intakes:
        assert set(work["runs"]) == {"rcstreamd", "each", "batch"}
        for run in (run for runs in work["runs"].values() for run in runs):
            faults = [run["lost"], run["duplicates"], run["reordered"], run["strange"]]
            assert (run["clients"], run["changes"]) == (work["clients"], work["changes"])
            assert faults == [0, 0, 0, 0]
            assert run["cpu_us"] > 0
            assert run["bytes_per_delivery"] > 200


class FaultyServer:
    """One IRC client's server: what it sends for the tenth change is `fault(line)`."""

    GREETING = b":s 376 b :x\r\n:s 366 b #c :x\r\n"

    def __init__(self, fault):
        self.fault = fault
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.datagrams.settimeout(10)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        client, _ = self.listener.accept()
        with client:
            client.sendall(self.GREETING)
            self.datagrams.recv(65536)  # the change that makes the channel
            for number in range(20):
                _, _, text = self.datagrams.recv(65536).partition(b"\t")
                line = b":b!b@s PRIVMSG #c :" + text.rstrip(b"\n") + b"\r\n"
                client.sendall(self.fault(line) if number == 9 else line)
            try:
                while client.recv(65536):
                    pass
            except ConnectionResetError:  # bench_load has gone
                pass

    def close(self):
        self.listener.close()
        self.datagrams.close()


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (lambda line: line, {"lost": 0, "duplicates": 0}),
        (lambda line: b"", {"lost": 1, "duplicates": 0}),
        (lambda line: line + line, {"lost": 0, "duplicates": 1}),
    ],
    ids=["none", "lost", "repeated"],
)
def test_load_fails_when_a_change_is_lost_or_repeated(fault, wanted):
    """bench_load --help: exit status 1 when a change was lost, repeated or out of order."""
    server = FaultyServer(fault)
    options = {
        "protocol": "irc",
        "connect": server.listener.getsockname()[1],
        "datagrams": server.datagrams.getsockname()[1],
        "pid": os.getpid(),
        "clients": 1,
        "changes": 20,
        "warm-up": 0,
        "time-limit": 2,
    }
    words = [f"--{name}={value}" for name, value in options.items()]
    done = subprocess.run(
        [Path(program()[0]).parent / "bench_load", *words],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env=environment(),
    )
    server.close()
    met = json.loads(done.stdout)
    assert {name: met[name] for name in wanted} == wanted
    assert done.returncode == (1 if any(wanted.values()) else 0), done.stderr
