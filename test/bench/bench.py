# SPDX-License-Identifier: Apache-2.0
"""The benchmark: what rcstreamd costs, beside what it costs at least and what others cost.

rcstreamd, two floors (bench_floor: a write for each client and change, or for each client
and batch) and, where they are installed, ngircd, InspIRCd, nchan and redis-server do the same
work, one after another, several times over; every run has a process of its own.
rcstream-bench plays the clients and counts: a run that loses, repeats or reorders a change
fails the benchmark.  docs/performance.md tells what the columns mean.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import fanout
import idle
import ingest
import intake
import latency
import micro
import scale
import secure
import socketio_load
from harness import ROOT, Bench, BenchError, machine

# What can be asked for, in the order in which it is run; harness.py tells what each one has.
ROWS = (fanout, secure, latency, intake, ingest, idle, socketio_load, micro, scale)

WHAT_HELP = (
    "ingest: bursts of datagrams; scale: what changes with size, minutes each; one of them with "
    "--only 'scale, cores'"
)
RECEIVE_BUFFER = 256 << 20  # for a burst that waits as a whole


def parse(words):
    default = Path(os.environ.get("RCSTREAMD", ROOT / "build/bin/rcstreamd"))
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    what = ("", "ingest", "scale")
    parser.add_argument("what", nargs="?", default="", choices=what, help=WHAT_HELP)
    parser.add_argument("--quick", action="store_true", help="few clients and changes, one run")
    parser.add_argument(
        "--repetitions", type=int, metavar="N", help="runs of each program (default 5)"
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="rows whose title holds this")
    parser.add_argument("--sweep", action="store_true", help="also what the plots are drawn from")
    parser.add_argument("--no-peers", action="store_true", help="rcstreamd and the floors only")
    parser.add_argument(
        "--receive-buffer", type=int, default=RECEIVE_BUFFER, metavar="BYTES", help="for bursts"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--rcstreamd", type=Path, default=default, metavar="PROGRAM")
    parser.add_argument("--programs", type=Path, metavar="FOLDER", help="with the bench programs")
    arguments = parser.parse_args(words)
    arguments.only = arguments.only or arguments.what
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else 5)
    arguments.programs = arguments.programs or arguments.rcstreamd.parent
    return arguments


def main(words):
    arguments = parse(words)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers are ended on the way out
    bench = Bench(arguments)
    figures = {"machine": machine(), "repetitions": arguments.repetitions}
    has_rows = False
    for rows in ROWS:
        figures[rows.KEY] = rows.run(bench)
        has_rows = has_rows or bool(figures[rows.KEY])
        if arguments.json:  # after each, so that what was measured is there whatever comes
            arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    if not has_rows:
        raise BenchError(f"no row's title holds {arguments.only!r}")
    for title, package in bench.missing.items():
        bench.line(f"{title} took no part: it is not installed (package {package}; --install)")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as fault:
        sys.exit(f"bench.py: {fault}")
