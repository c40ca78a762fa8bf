# SPDX-License-Identifier: Apache-2.0
"""What comes in by datagrams: bursts, and what each step of taking one in costs.

Recorded changes are sent by bench_burst, in bursts, to a server with no clients: what a change
costs before it meets one is what is measured.  The feeder's thread has a core of its own, the
worker shares the other one with the sender.  A burst comes in one of two ways:

  as sent   as fast as a core can send it, which may be what bounds the rate
  at once   the server is stopped meanwhile: all of it waits in the socket's buffer

A third run has a server that takes datagrams from nobody there: what receiving alone costs.

A datagram that the kernel drops, or that becomes no change, fails the run.  The socket's buffer
is asked for by the configuration; who is not root is granted net.core.rmem_max at most.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench import (
    ROOT,
    BenchError,
    progress,
    rcstreamd,
    run_micro,
    source_figures,
    wait_source,
)

RECORDS = ROOT / "test/data/rcfeed/rcfeed-pairs.ndjson"
BURST = 100_000
QUICK_BURST = 100  # fits the buffer that anyone is granted
REPETITIONS = 7
RECEIVE_BUFFER = 256 << 20
TIMEOUT_S = 60
POLL_S = 0.001
SETTLE_S = 0.2  # the worker is done with it by then

# The type of a source, and the datagrams of the records that it is sent.
FORMS = {"rc2udp": "irc_datagram", "rcfeed-udp": "json_datagram"}

NOBODY = "192.0.2.0/24"  # RFC 5737: no sender has such an address


def parse(words):
    default = Path(os.environ.get("RCSTREAMD", ROOT / "build/bin/rcstreamd"))
    parser = argparse.ArgumentParser(prog="./dev bench ingest", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small burst of each")
    parser.add_argument("--datagrams", type=int, metavar="N", help=f"a burst (default {BURST:,})")
    parser.add_argument("--repetitions", type=int, metavar="N", help=f"(default {REPETITIONS})")
    parser.add_argument("--only", choices=sorted(FORMS), help="this source alone")
    parser.add_argument("--buffer", type=int, default=RECEIVE_BUFFER, help="bytes to ask for")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    parser.add_argument("--rcstreamd", type=Path, default=default, metavar="PROGRAM")
    parser.add_argument("--programs", type=Path, metavar="FOLDER", help="with the bench programs")
    arguments = parser.parse_args(words)
    arguments.datagrams = arguments.datagrams or (QUICK_BURST if arguments.quick else BURST)
    arguments.repetitions = arguments.repetitions or (1 if arguments.quick else REPETITIONS)
    arguments.programs = arguments.programs or arguments.rcstreamd.parent
    return arguments


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- threads ------------------------------------------------------------------


def threads(process):
    """The feeder's thread is the process's first; the others are the workers'."""
    others = [int(task.name) for task in Path(f"/proc/{process.pid}/task").iterdir()]
    others.remove(process.pid)
    return process.pid, others


@contextlib.contextmanager
def placed(process):
    """The feeder on a core of its own, everything else on another one, where there are two."""
    cores = os.sched_getaffinity(0)
    if len(cores) > 1:
        first, second = sorted(cores)[:2]
        feeder, others = threads(process)
        os.sched_setaffinity(feeder, {first})
        for thread in [*others, 0]:
            os.sched_setaffinity(thread, {second})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def usage_us(process):
    """User and system time of the feeder and of the workers, to the nanosecond."""

    def used(thread):
        figures = Path(f"/proc/{process.pid}/task/{thread}/schedstat").read_text()
        return int(figures.split()[0]) / 1000

    feeder, others = threads(process)
    return used(feeder), sum(used(thread) for thread in others)


# --- a burst ------------------------------------------------------------------


def send(arguments, port, form):
    done = subprocess.run(
        [arguments.programs / "bench_burst", str(port), form, str(arguments.datagrams), RECORDS],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise BenchError(f"bench_burst failed\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def socket_of(port):
    """The bytes that wait in the socket that is bound to this port, and its drops so far."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            return int(fields[4].partition(":")[2], 16), int(fields[-1])
    raise BenchError(f"no socket is bound to port {port}")


def wait_empty(port):
    deadline = time.monotonic() + TIMEOUT_S
    while socket_of(port)[0] > 0:
        if time.monotonic() > deadline:
            raise BenchError(f"the burst was not taken in within {TIMEOUT_S} s")
        time.sleep(POLL_S)


def deliver(arguments, server, port, form, at_once):
    """Send a burst; returns how it was sent, and the seconds until all of it was taken in."""
    if at_once:
        server.process.send_signal(signal.SIGSTOP)
        try:
            sent = send(arguments, port, form)
        finally:
            began = time.monotonic()
            server.process.send_signal(signal.SIGCONT)
        before = 0
    else:
        sent = send(arguments, port, form)
        before, began = sent["seconds"], time.monotonic()
    wait_empty(port)
    return sent, before + time.monotonic() - began


def total(count):
    """A counter, or several by reason."""
    return sum(count.values()) if isinstance(count, dict) else count


def burst(arguments, server, port, form, at_once, counter="published"):
    """What a burst cost, once all of it has come."""
    begun = source_figures(server)
    used = usage_us(server.process)
    sent, seconds = deliver(arguments, server, port, form, at_once)
    if socket_of(port)[1] > 0:
        raise BenchError(
            f"the kernel dropped {socket_of(port)[1]} datagrams: raise net.core.rmem_max "
            f"to {arguments.buffer} or run this as root"
        )
    wanted = total(begun[counter]) + arguments.datagrams
    wait_source(server, lambda source: total(source[counter]) >= wanted, "the burst")
    time.sleep(SETTLE_S)
    feeder, workers = (b - a for a, b in zip(used, usage_us(server.process)))
    ended = source_figures(server)
    grown = {name: total(ended[name]) - total(begun[name]) for name in ("received", counter)}
    if set(grown.values()) != {arguments.datagrams}:
        raise BenchError(f"{ended['type']}: not every datagram was {counter}: {grown}")
    return {
        "datagrams_per_s": arguments.datagrams / seconds,
        "sent_per_s": sent["sent"] / sent["seconds"],
        "bytes_per_datagram": sent["bytes"] / sent["sent"],
        "feeder_us": feeder / arguments.datagrams,
        "workers_us": workers / arguments.datagrams,
    }


def bursts(arguments, source, title, at_once=False, allow=()):
    """The medians of some bursts to one server, the first of which warms it up."""
    port = free_port()
    entry = {"type": source, "listen": f"127.0.0.1:{port}", "receive_buffer": arguments.buffer}
    entry["allow"] = list(allow)
    counter = "dropped" if allow else "published"
    runs = []
    with (
        rcstreamd(arguments.rcstreamd, "socketio", [entry]) as server,
        placed(server.process),
    ):
        for repetition in range(arguments.repetitions + 1):
            progress(f"{title}: {repetition} of {arguments.repetitions}")
            runs.append(burst(arguments, server, port, FORMS[source], at_once, counter))
    progress("")
    figures = {name: statistics.median(run[name] for run in runs[1:]) for name in runs[0]}
    return {"title": title, **figures, "runs": runs}


# --- tables -------------------------------------------------------------------

HEAD = (
    f"{'':26}{'datagrams a second':^24}{'':10}{'CPU us a datagram':^18}",
    f"{'bursts, no drops':26}{'taken in':>12}{'sent':>12}{'bytes':>10}{'feeder':>9}{'worker':>9}",
)


def row(result):
    return (
        f"{result['title']:26}{result['datagrams_per_s']:12,.0f}{result['sent_per_s']:12,.0f}"
        f"{result['bytes_per_datagram']:10.0f}{result['feeder_us']:9.2f}{result['workers_us']:9.2f}"
    )


def split(source, at_once, alone, micro_ns):
    """Of what the feeder's thread takes for a datagram, each step."""
    step_us = {name: cost / 1000 for name, cost in micro_ns.items()}
    is_line = source == "rc2udp"
    render = 0 if is_line else step_us["render_line"]
    parse_us = step_us["read_line"] if is_line else step_us["read_json"] - render
    rest = at_once["feeder_us"] - alone["feeder_us"] - parse_us - render
    return {
        "receive": alone["feeder_us"],
        "parse": parse_us,
        "render": render,
        "hand over, and the rest": rest,
        "worker, without clients": at_once["workers_us"],
    }


def run_source(arguments, source, micro_ns):
    as_sent = bursts(arguments, source, f"{source}, as sent")
    print(row(as_sent), flush=True)
    at_once = bursts(arguments, source, f"{source}, at once", at_once=True)
    print(row(at_once), flush=True)
    alone = bursts(arguments, source, f"{source}, received only", at_once=True, allow=[NOBODY])
    print(row(alone), flush=True)
    steps = split(source, at_once, alone, micro_ns)
    return {"source": source, "bursts": [as_sent, at_once, alone], "steps_us": steps}


def print_steps(results, micro_ns):
    names = "".join(f"{result['source']:>12}" for result in results)
    print("", f"{'CPU us a datagram':26}{names}", sep="\n")
    for step in results[0]["steps_us"]:
        print(f"{step:26}" + "".join(f"{r['steps_us'][step]:12.2f}" for r in results))
    print("", "once, by those who want it", sep="\n")
    for step in ("make_json", "encode_irc", "encode_socketio_packet", "encode_socketio_frame"):
        print(f"{step:26}{micro_ns[step] / 1000:12.2f}")
    ratio = micro_ns["read_json"] / micro_ns["parse_json"]
    print("", f"read_json to jansson alone: {ratio:.2f}", sep="\n")


def main(words):
    arguments = parse(words)
    micro_ns = run_micro(arguments.programs)
    print(*HEAD, sep="\n", flush=True)
    sources = [source for source in FORMS if arguments.only in (None, source)]
    results = [run_source(arguments, source, micro_ns) for source in sources]
    print_steps(results, micro_ns)
    if arguments.json:
        figures = {"ingest": results, "micro_ns_per_change": micro_ns}
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BenchError as fault:
        sys.exit(f"ingest.py: {fault}")
