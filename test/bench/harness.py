# SPDX-License-Identifier: Apache-2.0
"""What every row of the benchmark needs: a server that runs, a load, figures, a table.

A module of rows has a KEY, under which its figures stand in the JSON, and run(bench), which
prints its table and returns its figures.  It does its work with this:

    with programs.start(bench, "rcstreamd", "irc") as server:
        figures = bench.load(server, {"irc": 1000}, changes=150)

Nothing is guessed and nothing is left out: a server that does not start, a run that loses a
change, a program that writes other bytes than the rest is a BenchError, and ends it all.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20
RUN_TIMEOUT_S = 120  # of one load, unless a row asks for more
WINDOW = 64  # changes under way at most: fits every socket's buffer


class BenchError(Exception):
    """A sentence for the reader: the figures would mean nothing."""


# A server that runs: its process, where clients of which protocol connect, how it is sent
# changes ("rc2udp@9390"), and what else the load has to be told.
Server = namedtuple("Server", "process ports inject options", defaults=((),))


class Bench:
    """What was asked for on the command line, and what all rows do with it."""

    def __init__(self, arguments):
        self.quick = arguments.quick
        self.repetitions = arguments.repetitions
        self.only = letters_of(arguments.only)
        self.rcstreamd = arguments.rcstreamd
        self.programs = arguments.programs
        self.sweep = arguments.sweep
        self.peers = not arguments.no_peers
        self.receive_buffer = arguments.receive_buffer
        self.missing = {}  # peers that were asked for and are not installed: their packages
        self.has_printed = False
        raise_descriptor_limit()

    def wants(self, title):
        """Whether --only asks for a row of this title."""
        return self.only in letters_of(title)

    def load(self, server, clients, time_limit_s=RUN_TIMEOUT_S, allow_loss=False, **options):
        """One run of rcstream-bench with {"irc": 100, ...} clients; gives what it printed.

        Options are those of the program, with "_" for "-": changes=150, rate=50.
        """
        words = ["--json", "--pid", server.process.pid, "--inject", server.inject]
        for protocol, count in clients.items():
            words += ["--clients", f"{protocol}={count}@{server.ports[protocol]}"]
        for name, value in {"window": WINDOW, "time_limit": time_limit_s, **options}.items():
            for one in value if isinstance(value, (list, tuple)) else (value,):
                words += ["--" + name.replace("_", "-"), one]
        return run_json(
            [self.programs / "rcstream-bench", *words, *server.options],
            time_limit_s + START_TIMEOUT_S,
            (0, 1) if allow_loss else (0,),
        )

    def repeat(self, title, names, run):
        """run(name) for each of the names in turn, as many times as asked for: {name: [...]}."""
        runs = {name: [] for name in names}
        for repetition in range(self.repetitions):
            for name in names:
                self.progress(f"{title}: {name}, {repetition + 1} of {self.repetitions}")
                runs[name].append(run(name))
        self.progress("")
        return runs

    def head(self, *lines):
        """Begin a table."""
        if self.has_printed:
            print()
        self.has_printed = True
        print(*lines, sep="\n", flush=True)

    @staticmethod
    def line(text):
        print(text, flush=True)

    @staticmethod
    def progress(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run_json(words, time_limit_s, statuses=(0,)):
    """Run a program of the benchmark's; gives the JSON that it printed."""
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        timeout=time_limit_s,
        check=False,
    )
    if done.returncode not in statuses:
        command = " ".join(str(word) for word in words)
        raise BenchError(f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def raise_descriptor_limit():
    """To the hard limit, and servers inherit it; root may have more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        most = int(Path("/proc/sys/fs/nr_open").read_text())
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def stop(process):
    """End a process that was started here, however it is."""
    process.kill()
    process.wait()


def wait_until(is_reached, what, time_limit_s=START_TIMEOUT_S):
    deadline = time.monotonic() + time_limit_s
    while not is_reached():
        if time.monotonic() > deadline:
            raise BenchError(f"{what}: not within {time_limit_s} s")
        time.sleep(0.01)


# --- figures ------------------------------------------------------------------


def median(runs, *keys):
    """Of what stands under these keys in each run."""

    def value(run):
        for key in keys:
            run = run[key]
        return run

    return statistics.median(value(run) for run in runs)


def cpu_us(process):
    """What it has used, all threads, user and system; to a hundredth of a second."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 / os.sysconf("SC_CLK_TCK")


def rss_bytes(process):
    """Its resident memory."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * 1024
    raise BenchError(f"/proc/{process.pid}/smaps_rollup has no Rss")


def machine():
    """What the figures were measured on."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    kernel = os.uname()
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{kernel.sysname} {kernel.release}",
        "date": time.strftime("%Y-%m-%d"),
        "load_average": os.getloadavg()[0],
    }


def letters_of(title):
    """For comparison: "socketio load" is "Socket.IO, load"."""
    return re.sub(r"[^a-z0-9 ]", "", title.lower())


def clients_label(title, clients):
    return f"{title}, {clients:,} client{'' if clients == 1 else 's'}"
