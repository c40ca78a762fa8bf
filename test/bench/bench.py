# SPDX-License-Identifier: Apache-2.0
"""The benchmark: what a delivery costs rcstreamd, beside what it costs at least.

rcstreamd and the two floors (bench_floor: a write for each client and change, or for each
client and batch) do the same work, one after another, several times over; every run has a
process of its own.  bench_load plays the clients and counts: a run that loses, repeats or
reorders a change fails the benchmark.  docs/performance.md tells what the columns mean.
"""

import argparse
import contextlib
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path
from urllib.request import urlopen

import roads

ROOT = Path(__file__).resolve().parents[2]

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20
RUN_TIMEOUT_S = 60  # of one run, given to bench_load
WINDOW = 64  # changes under way at most: fits every socket's buffer

# One row of the table; `rate` is changes a second, 0 is as many as the window lets through.
Work = namedtuple("Work", "title protocol clients changes warm_up rate")
WORKS = (
    Work("IRC, flooded", "irc", 100, 1500, 150, 0),
    Work("IRC, flooded", "irc", 1000, 150, 64, 0),
    Work("IRC, 50 a second", "irc", 500, 150, 10, 50),
    Work("Socket.IO, flooded", "socketio", 100, 1500, 150, 0),
    Work("Socket.IO, flooded", "socketio", 1000, 150, 64, 0),
)
QUICK_WORKS = (
    Work("IRC, flooded", "irc", 20, 200, 20, 0),
    Work("IRC, 50 a second", "irc", 20, 20, 2, 50),
    Work("Socket.IO, flooded", "socketio", 20, 200, 20, 0),
)

# What a worker takes in by each road: one client, so that the change itself is what costs.
INTAKES = (
    Work("rc2udp in, flooded", "irc", 1, 20000, 500, 0),
    Work("rcfeed-udp in, flooded", "socketio", 1, 20000, 500, 0),
)
QUICK_INTAKES = tuple(work._replace(changes=500, warm_up=50) for work in INTAKES)

# The same by the roads that are connections, without a client: roads.py.
ROAD_CHANGES = 20000
QUICK_ROAD_CHANGES = 500
ROAD_WARM_UP = 100

PROGRAMS = ("rcstreamd", "each", "batch")

READY = re.compile(r"\bready\b")

# The names of rcstreamd's listeners for the clients and the datagrams of a protocol.
LISTENERS = {"irc": ("irc", "rc2udp"), "socketio": ("http", "rcfeed-udp")}

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


class BenchError(Exception):
    """A sentence for the reader: the figures would mean nothing."""


# --- the programs -------------------------------------------------------------

# A server that runs: where clients connect, where datagrams go, and its process.
Server = namedtuple("Server", "clients_port datagrams_port process")


@contextlib.contextmanager
def floor(programs, mode, protocol):
    process = subprocess.Popen(
        [programs / "bench_floor", mode, protocol], stdout=subprocess.PIPE, text=True
    )
    try:
        ports = dict(process.stdout.readline().split() for _ in range(2))
        yield Server(int(ports["tcp"]), int(ports["udp"]), process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def records_of(log):
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.endswith("\n"):
            yield json.loads(line)


def wait_ready(process, log):
    deadline = time.monotonic() + START_TIMEOUT_S
    while not any(READY.search(record["message"]) for record in records_of(log)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchError(f"rcstreamd did not become ready:\n{log.read_text()}")
        time.sleep(0.01)


def port_of(log, listener):
    for record in records_of(log):
        bound, _, address = record["message"].rpartition(" ")
        if record.get("id") == "listener.bound" and bound == listener:
            return int(address.rpartition(":")[2])
    raise BenchError(f"rcstreamd bound no {listener}:\n{log.read_text()}")


@contextlib.contextmanager
def rcstreamd(program, protocol, ingest=()):
    """With these sources, else with those that bench_load sends datagrams to."""
    with tempfile.TemporaryDirectory(prefix="rcstreamd-bench-") as folder:
        configuration = Path(folder, "rcstreamd.yaml")
        sources = list(ingest) or CONFIGURATION["ingest"]
        configuration.write_text(json.dumps({**CONFIGURATION, "ingest": sources}))  # JSON is YAML
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program, "-c", configuration, "--log-format", "json"],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_ready(process, log)
            clients, datagrams = LISTENERS[protocol]
            port = 0 if ingest else port_of(log, datagrams)
            yield Server(port_of(log, clients), port, process)
            process.terminate()
            if process.wait(STOP_TIMEOUT_S) != 0:
                raise BenchError(f"rcstreamd ended with {process.returncode}:\n{log.read_text()}")
        finally:
            process.kill()
            process.wait()


def start(arguments, name, protocol):
    if name == "rcstreamd":
        return rcstreamd(arguments.rcstreamd, protocol)
    return floor(arguments.programs, name, protocol)


# --- running ------------------------------------------------------------------


def load(programs, server, work):
    """One run of bench_load; returns what it printed."""
    command = [
        programs / "bench_load",
        *("--protocol", work.protocol),
        *("--connect", server.clients_port),
        *("--datagrams", server.datagrams_port),
        *("--pid", server.process.pid),
        *("--clients", work.clients),
        *("--changes", work.changes),
        *("--warm-up", work.warm_up),
        *("--rate", work.rate),
        *("--window", WINDOW),
        *("--time-limit", RUN_TIMEOUT_S),
    ]
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S + START_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"{label(work)}: bench_load failed\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def run_work(arguments, work):
    """The runs of each program, alternating."""
    runs = {name: [] for name in PROGRAMS}
    for repetition in range(arguments.repetitions):
        for name in PROGRAMS:
            progress(f"{label(work)}: {name}, {repetition + 1} of {arguments.repetitions}")
            with start(arguments, name, work.protocol) as server:
                runs[name].append(load(arguments.programs, server, work))
    sizes = {run["bytes_per_delivery"] for some in runs.values() for run in some}
    if len(sizes) != 1:
        raise BenchError(f"{label(work)}: not all wrote the same bytes: {sorted(sizes)}")
    return runs


def label(work):
    return f"{work.title}, {work.clients:,} client{'' if work.clients == 1 else 's'}"


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


# --- figures ------------------------------------------------------------------


def median(runs, *keys):
    def value(run):
        for key in keys:
            run = run[key]
        return run

    return statistics.median(value(run) for run in runs)


def result(work, runs):
    """The figures of a row, and the runs that they come from."""
    figures = {
        name: {
            "cpu_us_per_delivery": median(some, "cpu_us_per_delivery"),
            "latency_p50_us": median(some, "latency_us", "p50"),
            "latency_p99_us": median(some, "latency_us", "p99"),
            "deliveries_per_read": median(some, "deliveries_per_read"),
            "rss_bytes_per_client": median(some, "rss_bytes_per_client"),
        }
        for name, some in runs.items()
    }
    cpu = {name: figures[name]["cpu_us_per_delivery"] for name in PROGRAMS}
    return {
        **work._asdict(),
        "label": label(work),
        "programs": figures,
        "cpu_to_each": cpu["rcstreamd"] / cpu["each"],
        "cpu_to_batch": cpu["rcstreamd"] / cpu["batch"],
        "runs": runs,
    }


HEAD = (
    f"{'':34}{'CPU us per delivery':^26}{'CPU to floor':^16}{'p99 latency ms':^26}{'KiB a':>8}",
    f"{'work':34}{'rcstreamd':>10}{'each':>8}{'batch':>8}{'each':>8}{'batch':>8}"
    f"{'rcstreamd':>10}{'each':>8}{'batch':>8}{'client':>8}",
)


def table_row(row):
    programs = [row["programs"][name] for name in PROGRAMS]
    cpu = [program["cpu_us_per_delivery"] for program in programs]
    p99 = [program["latency_p99_us"] / 1000 for program in programs]
    memory = programs[0]["rss_bytes_per_client"] / 1024
    return (
        f"{row['label']:34}{cpu[0]:10.3f}{cpu[1]:8.3f}{cpu[2]:8.3f}"
        f"{row['cpu_to_each']:7.2f}x{row['cpu_to_batch']:7.2f}x"
        f"{p99[0]:10.2f}{p99[1]:8.2f}{p99[2]:8.2f}{memory:8.2f}"
    )


INTAKE_HEAD = (
    f"{'':34}{'changes a second':^26}{'CPU us per change':^26}",
    f"{'what comes in, one worker':34}{'rcstreamd':>10}{'each':>8}{'batch':>8}"
    f"{'rcstreamd':>10}{'each':>8}{'batch':>8}",
)


def intake_result(work, runs):
    """The figures of a road; a change is delivered once."""
    figures = {
        name: {
            "changes_per_s": work.changes / median(some, "seconds"),
            "cpu_us_per_change": median(some, "cpu_us_per_delivery"),
        }
        for name, some in runs.items()
    }
    return {**work._asdict(), "label": label(work), "programs": figures, "runs": runs}


def intake_row(row):
    programs = [row["programs"][name] for name in PROGRAMS]
    rates = [program["changes_per_s"] for program in programs]
    cpu = [program["cpu_us_per_change"] for program in programs]
    return (
        f"{row['label']:34}{rates[0]:10,.0f}{rates[1]:8,.0f}{rates[2]:8,.0f}"
        f"{cpu[0]:10.2f}{cpu[1]:8.2f}{cpu[2]:8.2f}"
    )


# --- the roads that are connections -------------------------------------------


def source_figures(server):
    """What the status has of the only source."""
    with urlopen(f"http://127.0.0.1:{server.clients_port}/rcstream_status") as answer:
        return json.load(answer)["sources"][0]


def wait_source(server, is_reached, what):
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while not is_reached(source_figures(server)):
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {RUN_TIMEOUT_S} s: {source_figures(server)}")
        time.sleep(0.01)


def cpu_us(process):
    """What it has used, all threads, user and system."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 / os.sysconf("SC_CLK_TCK")


def run_road(arguments, name, count):
    """One run: seconds and CPU of `count` changes that came, each once."""
    changes = [roads.change(number) for number in range(1, ROAD_WARM_UP + count + 1)]
    with (
        roads.ROADS[name]() as (entry, send),
        rcstreamd(arguments.rcstreamd, "socketio", [entry]) as server,
    ):
        wait_source(server, lambda source: source["is_up"], f"{name} to be up")
        send(changes[:ROAD_WARM_UP])
        wait_source(server, lambda source: source["published"] >= ROAD_WARM_UP, f"{name} warm")
        began_us, began = cpu_us(server.process), time.monotonic()
        send(changes[ROAD_WARM_UP:])
        wait_source(server, lambda source: source["published"] >= len(changes), f"{name} all")
        seconds = time.monotonic() - began
        used_us = cpu_us(server.process) - began_us
        source = source_figures(server)
    if source["published"] != len(changes) or source["duplicates"] or source["dropped"]:
        raise BenchError(f"{name}: not every change came once: {source}")
    return {"seconds": seconds, "cpu_us_per_change": used_us / count}


ROAD_HEAD = (
    f"{'by connections, no client':34}{'changes a second':>18}{'CPU us per change':>20}",
)


def run_roads(arguments, has_head):
    """The roads whose title is asked for, a row each; returns their results."""
    results = []
    count = QUICK_ROAD_CHANGES if arguments.quick else ROAD_CHANGES
    for name in roads.ROADS:
        title = f"{name} in, flooded"
        if arguments.only.lower() not in title:
            continue
        if not results:
            print(*([""] if has_head else []), *ROAD_HEAD, sep="\n", flush=True)
        runs = []
        for repetition in range(arguments.repetitions):
            progress(f"{title}: {repetition + 1} of {arguments.repetitions}")
            runs.append(run_road(arguments, name, count))
        progress("")
        rate, cpu = count / median(runs, "seconds"), median(runs, "cpu_us_per_change")
        results.append(
            {"title": title, "changes_per_s": rate, "cpu_us_per_change": cpu, "runs": runs}
        )
        print(f"{title:34}{rate:18,.0f}{cpu:20.2f}", flush=True)
    return results


def run_micro(programs):
    """What a change costs once: nanoseconds by step."""
    recorded = ROOT / "test/data/rcfeed/rcfeed-pairs.ndjson"
    done = subprocess.run(
        [programs / "bench_micro", recorded],
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"bench_micro failed\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


# --- command line -------------------------------------------------------------


def parse(words):
    default = Path(os.environ.get("RCSTREAMD", ROOT / "build/bin/rcstreamd"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few clients and changes, one run")
    parser.add_argument("--repetitions", type=int, help="runs of each program (default 3)")
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose title holds this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--rcstreamd", type=Path, default=default, metavar="PROGRAM")
    parser.add_argument("--programs", type=Path, metavar="FOLDER", help="with the bench programs")
    arguments = parser.parse_args(words)
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else 3)
    arguments.programs = arguments.programs or arguments.rcstreamd.parent
    return arguments


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def run_table(arguments, works, head, result_of, row_of):
    """Run the works whose title is asked for, a row each; returns their results."""
    results = []
    works = [work for work in works if arguments.only.lower() in label(work).lower()]
    if works:
        print(*head, sep="\n", flush=True)
    for work in works:
        results.append(result_of(work, run_work(arguments, work)))
        progress("")
        print(row_of(results[-1]), flush=True)
    return results


def main(words):
    arguments = parse(words)
    raise_descriptor_limit()
    works = QUICK_WORKS if arguments.quick else WORKS
    results = run_table(arguments, works, HEAD, result, table_row)
    works = QUICK_INTAKES if arguments.quick else INTAKES
    head = ("", *INTAKE_HEAD) if results else INTAKE_HEAD
    intakes = run_table(arguments, works, head, intake_result, intake_row)
    by_road = run_roads(arguments, bool(results or intakes))
    if not results and not intakes and not by_road:
        raise BenchError(f"no row's title holds {arguments.only!r}")
    steps = run_micro(arguments.programs)
    print("", f"{'CPU us per change':34}", sep="\n")
    for step, cost_ns in steps.items():
        print(f"{step:34}{cost_ns / 1000:10.3f}")
    if arguments.json:
        figures = {"works": results, "intakes": intakes, "roads": by_road}
        figures["micro_ns_per_change"] = steps
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as fault:
        sys.exit(f"bench.py: {fault}")
