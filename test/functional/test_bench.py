# SPDX-License-Identifier: Apache-2.0
"""rcstream-bench, as docs/rcstream-bench.1 has it, and the benchmark on little work."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from rcstreamd import ROOT, environment, program
from tls_certificates import Authority

MANUAL = ROOT / "docs/rcstream-bench.1"


def run_load(*words, timeout=50):
    """Run rcstream-bench to its end."""
    return subprocess.run(
        [Path(program()[0]).parent / "rcstream-bench", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environment(),
    )


def port(rcstreamd, listener):
    return rcstreamd.address(listener)[1]


def clients_of(rcstreamd, **groups):
    """The words for clients=number of each protocol."""
    words = []
    for protocol, count in groups.items():
        listener = "irc" if protocol == "irc" else "http"
        words += ["--clients", f"{protocol}={count}@{port(rcstreamd, listener)}"]
    return words


# --- against rcstreamd ----------------------------------------------------------


@pytest.mark.threads
def test_load_by_tls_loses_nothing(server, tmp_path):
    """rcstream-bench(1), --tls: clients come by TLS, and who injects does not."""
    certificate = Authority(tmp_path).sign("server", "IP:127.0.0.1")
    listen = {"listen_tls": ["127.0.0.1:0"]}
    rcstreamd = server(tls={"certificates": [certificate]}, irc=listen, http=listen)
    irc, http = port(rcstreamd, "irc (TLS)"), port(rcstreamd, "http (TLS)")
    done = run_load(
        *("--clients", f"irc=7@{irc}", "--clients", f"websocket=5@{http}"),
        *("--clients", f"polling=6@{http}", "--tls"),
        *("--inject", f"rcfeed-udp@{port(rcstreamd, 'rcfeed-udp')}"),
        *("--changes", 150, "--warm-up", 20, "--json"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [group["lost"] for group in json.loads(done.stdout)["groups"]] == [0, 0, 0]


@pytest.mark.threads
@pytest.mark.parametrize("method", ["rcfeed-udp", "rc2udp"])
def test_load_of_all_protocols_loses_nothing(server, method):
    """rcstream-bench(1): every change comes to every client, whichever form it came in."""
    rcstreamd = server()
    done = run_load(
        *clients_of(rcstreamd, irc=7, websocket=5, polling=6),
        *("--inject", f"{method}@{port(rcstreamd, method)}"),
        *("--changes", 150, "--warm-up", 20, "--pid", rcstreamd.process.pid, "--json"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["is_good"] and figures["is_complete"]
    deliveries = {group["protocol"]: group["deliveries"] for group in figures["groups"]}
    assert deliveries == {"irc": 7 * 170, "websocket": 5 * 170, "polling": 6 * 170}
    for group in figures["groups"]:
        assert group["bytes_per_delivery"] > 200
        assert 0 < group["latency_us"]["p50"] <= group["latency_us"]["max"]
        assert group["latency_us"]["p50"] <= group["latency_to_last_us"]["p50"] * 1.01
    assert figures["server"]["cpu_us"] > 0
    assert figures["server"]["rss_bytes_at_end"] > 2**20


def test_load_is_paced_and_a_table_by_default(server):
    """rcstream-bench(1), --rate and OUTPUT."""
    rcstreamd = server()
    done = run_load(
        *clients_of(rcstreamd, irc=3),
        *("--inject", f"rc2udp@{port(rcstreamd, 'rc2udp')}"),
        *("--rate", 40, "--seconds", 1, "--warm-up", 0),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^deliveries +120$", done.stdout, re.MULTILINE)
    assert re.search(r"^lost +0$", done.stdout, re.MULTILINE)
    assert re.search(r"^ms to the last client, p99 +\d+\.\d{3}$", done.stdout, re.MULTILINE)
    assert re.search(r"^40 changes in [1-9]", done.stdout, re.MULTILINE)


def test_load_polls_while_the_server_beats(server):
    """Socket.IO 0.9: heartbeats and idle polls are answered, however long nothing comes."""
    heartbeats = {"heartbeat_interval": 1, "heartbeat_timeout": 3}
    rcstreamd = server(http={"socketio": heartbeats})
    done = run_load(
        *clients_of(rcstreamd, polling=2, websocket=2),
        *("--inject", f"rcfeed-udp@{port(rcstreamd, 'rcfeed-udp')}"),
        *("--rate", 1, "--changes", 6, "--warm-up", 0, "--wiki", "de.wikipedia.org"),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_load_comes_from_several_addresses(server):
    """rcstream-bench(1), MANY CLIENTS: clients come from the addresses in turns."""
    rcstreamd = server(
        limits={"connections_per_address": 3, "unlimited_addresses": []},
        http={"socketio": {"sessions_per_address": 3}},
    )
    words = [
        *clients_of(rcstreamd, websocket=6),
        *("--inject", f"rcfeed-udp@{port(rcstreamd, 'rcfeed-udp')}", "--changes", 10),
        *("--time-limit", 20),
    ]
    assert run_load(*words, "--from", "127.0.0.2").returncode == 2
    done = run_load(*words, "--from", "127.0.0.3", "--from", "127.0.0.4")
    assert done.returncode == 0, done.stdout + done.stderr


def test_load_that_only_connects_tells_what_that_costs(server):
    """rcstream-bench(1), --inject none."""
    rcstreamd = server(irc={"channels": ["#bench.example"]})
    done = run_load(
        *clients_of(rcstreamd, irc=20, polling=20),
        *("--inject", "none", "--pid", rcstreamd.process.pid, "--json"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["changes"] == 0
    assert figures["server"]["rss_bytes_with_all"] >= figures["server"]["rss_bytes_with_one"]


# --- against servers that are none of rcstreamd's ---------------------------------


class EventServer:
    """Takes posted changes on one connection, and hands them to one reader as events."""

    HEAD = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.reader = None
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.answer, args=[client], daemon=True).start()

    def answer(self, client):
        with client, client.makefile("rb") as requests, contextlib.suppress(OSError):
            while line := requests.readline():
                length = 0
                while (field := requests.readline()) not in (b"\r\n", b""):
                    if field.lower().startswith(b"content-length:"):
                        length = int(field.partition(b":")[2])
                if line.startswith(b"GET /events "):
                    client.sendall(self.HEAD)
                    self.reader = client
                elif line.startswith(b"POST /changes "):
                    self.hand_on(requests.read(length))
                    client.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def hand_on(self, change):
        event = b"id: 1\ndata: " + change + b"\n\n"
        for part in (event[:100], event[100:]):
            self.reader.sendall(b"%x\r\n%s\r\n" % (len(part), part))

    def close(self):
        self.listener.close()


def test_load_reads_server_sent_events():
    """rcstream-bench(1), --clients sse, --inject post."""
    with contextlib.closing(EventServer()) as events:
        done = run_load(
            *("--clients", f"sse=1@{events.port}", "--sse-path", "/events"),
            *("--inject", f"post@{events.port}", "--post-path", "/changes"),
            *("--changes", 100, "--json"),
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["groups"][0]["deliveries"] == 200


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
            with contextlib.suppress(ConnectionResetError):  # rcstream-bench has gone
                while client.recv(65536):
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
    """rcstream-bench(1), EXIT STATUS: 1 when a change was lost, repeated or out of order."""
    with contextlib.closing(FaultyServer(fault)) as faulty:
        done = run_load(
            *("--clients", f"irc=1@{faulty.listener.getsockname()[1]}"),
            *("--inject", f"rc2udp@{faulty.datagrams.getsockname()[1]}"),
            *("--changes", 20, "--warm-up", 0, "--time-limit", 2, "--json"),
        )
    met = json.loads(done.stdout)["groups"][0]
    assert {name: met[name] for name in wanted} == wanted
    assert done.returncode == (1 if any(wanted.values()) else 0), done.stderr


# --- the command line -----------------------------------------------------------


def test_bad_arguments_get_one_line():
    """rcstream-bench(1), EXIT STATUS: 2, and standard error says why."""
    for words in (["--clients", "gopher=1"], ["--rate", "fast"], ["--no-such"], ["--pid"], ["x"]):
        done = run_load(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(r"rcstream-bench: .+\n", done.stderr), done.stderr
        assert words[0] in done.stderr


def test_a_server_that_is_not_there_gets_one_line():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = run_load("--clients", f"irc=1@{unused.getsockname()[1]}", "--inject", "none")
    assert done.returncode == 2
    assert re.fullmatch(r"rcstream-bench: .*Connection refused\n", done.stderr), done.stderr


def test_help_and_manual_have_the_same_options():
    """bench/options.def is in both; --version has the program's name."""
    done = run_load("--help")
    assert done.returncode == 0
    helped = set(re.findall(r"^  --([a-z-]+)", done.stdout, re.MULTILINE))
    manual = set(re.findall(r"^\.It Fl -([a-z-]+)", MANUAL.read_text(), re.MULTILINE))
    assert helped == manual
    assert len(helped) > 15
    assert re.fullmatch(r"rcstream-bench \d+\.\d+\.\d+\n", run_load("--version").stdout)


# --- the benchmark ----------------------------------------------------------------


def run_bench(*arguments):
    command = [sys.executable, ROOT / "test/bench/bench.py", "--rcstreamd", *program()]
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
        env=environment(),
    )


def check_runs(runs):
    for run in runs:
        for group in run["groups"]:
            faults = [group[name] for name in ("lost", "duplicates", "reordered", "strange")]
            assert faults == [0, 0, 0, 0]
            assert group["bytes_per_delivery"] > 200
        assert run["server"]["cpu_us"] > 0


@pytest.mark.time_limit(180)
def test_quick_benchmark_loses_nothing(tmp_path):
    """docs/performance.md: a change that is lost, repeated or out of order is a failure."""
    path = tmp_path / "figures.json"
    done = run_bench("--quick", "--no-peers", "--json", path)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(path.read_text())
    assert {(work["protocol"], work["rate"] > 0) for work in figures["fanout"]} == {
        ("irc", False),
        ("irc", True),
        ("websocket", False),
    }
    for work in figures["fanout"] + figures["intake"]["datagrams"] + figures["latency"]["loads"]:
        assert set(work["runs"]) == {"rcstreamd", "each", "batch"}
        for runs in work["runs"].values():
            check_runs(runs)
    names = [work["title"].split()[0] for work in figures["intake"]["datagrams"]]
    assert names == ["rc2udp", "rcfeed-udp"]
    names = [road["title"].split()[0] for road in figures["intake"]["connections"]]
    assert names == ["redis", "redis-stream", "eventstreams"]
    assert [idle["protocol"] for idle in figures["idle"]] == ["irc", "websocket", "polling"]
    for idle in figures["idle"]:
        row = idle["programs"]["rcstreamd"]
        assert row["rss_bytes_with_all"] >= row["rss_bytes_with_one"] > 0
    check_runs([figures["socketio_load"]])
    assert figures["socketio_load"]["groups"][1]["protocol"] == "polling"
    assert figures["micro_ns_per_change"]["encode_irc"] > 0
    assert figures["machine"]["cores"] == len(os.sched_getaffinity(0))


def test_benchmark_runs_the_rows_asked_for(tmp_path):
    """--only: a title's letters; one that no row has is said."""
    done = run_bench("--quick", "--only", "socketio load")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Socket.IO load, polling" in done.stdout
    assert "idle" not in done.stdout.replace("idle client", "")
    done = run_bench("--quick", "--only", "no such row")
    assert done.returncode == 1
    assert done.stderr == "bench.py: no row's title holds 'no such row'\n"


def test_plots_are_drawn_from_the_figures(tmp_path):
    """test/bench/plot.py: two drawings, a line with a point for each measured one."""

    def programs(value, names=("rcstreamd", "each", "batch")):
        keys = ("cpu_us_per_delivery", "p99_us")
        return {
            name: {key: value * (place + 1) for key in keys} for place, name in enumerate(names)
        }

    sweep = [
        {"title": "IRC, flooded, sweep", "clients": clients, "programs": programs(0.3)}
        for clients in (10, 100, 1000)
    ]
    loads = [
        {"clients": 1000, "load_percent": load, "programs": programs(900.0)} for load in (20, 70)
    ]
    figures = tmp_path / "figures.json"
    figures.write_text(json.dumps({"fanout": sweep, "latency": {"loads": loads}}))
    subprocess.run([sys.executable, ROOT / "test/bench/plot.py", figures, tmp_path], check=True)
    for name, points in (("cpu", 3), ("latency", 2)):
        drawing = ElementTree.parse(tmp_path / f"performance-{name}.svg").getroot()
        tags = [element.tag.rpartition("}")[2] for element in drawing.iter()]
        assert tags.count("polyline") == 3
        assert tags.count("circle") == 3 * points
        assert "rcstreamd" in "".join(drawing.itertext())
