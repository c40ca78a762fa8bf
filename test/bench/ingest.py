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

import contextlib
import json
import os
import signal
import socket
import statistics
import time
from pathlib import Path

import micro
import programs
from harness import RUN_TIMEOUT_S, BenchError, run_json, wait_until
from intake import source_figures

KEY = "ingest"

BURST = 100_000
QUICK_BURST = 100  # fits the buffer that anyone is granted
POLL_S = 0.001
SETTLE_S = 0.2  # the worker is done with it by then

# The type of a source, and the datagrams of the records that it is sent.
FORMS = {"rc2udp": "irc_datagram", "rcfeed-udp": "json_datagram"}

NOBODY = "192.0.2.0/24"  # RFC 5737: no sender has such an address


def size_of(bench):
    return QUICK_BURST if bench.quick else BURST


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


def send(bench, port, form):
    words = [bench.programs / "bench_burst", port, form, size_of(bench), micro.RECORDED]
    return run_json(words, RUN_TIMEOUT_S)


def socket_of(port):
    """The bytes that wait in the socket that is bound to this port, and its drops so far."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            return int(fields[4].partition(":")[2], 16), int(fields[-1])
    raise BenchError(f"no socket is bound to port {port}")


def wait_empty(port):
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while socket_of(port)[0] > 0:
        if time.monotonic() > deadline:
            raise BenchError(f"the burst was not taken in within {RUN_TIMEOUT_S} s")
        time.sleep(POLL_S)


def deliver(bench, server, port, form, at_once):
    """Send a burst; returns how it was sent, and the seconds until all of it was taken in."""
    if at_once:
        server.process.send_signal(signal.SIGSTOP)
        try:
            sent = send(bench, port, form)
        finally:
            began = time.monotonic()
            server.process.send_signal(signal.SIGCONT)
        before = 0
    else:
        sent = send(bench, port, form)
        before, began = sent["seconds"], time.monotonic()
    wait_empty(port)
    return sent, before + time.monotonic() - began


def total(count):
    """A counter, or several by reason."""
    return sum(count.values()) if isinstance(count, dict) else count


def burst(bench, server, port, form, at_once, counter="published"):
    """What a burst cost, once all of it has come."""
    begun = source_figures(server)
    used = usage_us(server.process)
    sent, seconds = deliver(bench, server, port, form, at_once)
    if socket_of(port)[1] > 0:
        raise BenchError(
            f"the kernel dropped {socket_of(port)[1]} datagrams: raise net.core.rmem_max "
            f"to {bench.receive_buffer} or run this as root"
        )
    wanted = total(begun[counter]) + size_of(bench)
    wait_until(
        lambda: total(source_figures(server)[counter]) >= wanted, "the burst", RUN_TIMEOUT_S
    )
    time.sleep(SETTLE_S)
    feeder, workers = (b - a for a, b in zip(used, usage_us(server.process)))
    ended = source_figures(server)
    grown = {name: total(ended[name]) - total(begun[name]) for name in ("received", counter)}
    if set(grown.values()) != {size_of(bench)}:
        raise BenchError(f"{ended['type']}: not every datagram was {counter}: {grown}")
    return {
        "datagrams_per_s": size_of(bench) / seconds,
        "sent_per_s": sent["sent"] / sent["seconds"],
        "bytes_per_datagram": sent["bytes"] / sent["sent"],
        "feeder_us": feeder / size_of(bench),
        "workers_us": workers / size_of(bench),
    }


def bursts(bench, source, title, at_once=False, allow=()):
    """The medians of some bursts to one server, the first of which warms it up."""
    port = free_port()
    entry = {"type": source, "listen": f"127.0.0.1:{port}", "receive_buffer": bench.receive_buffer}
    entry["allow"] = list(allow)
    counter = "dropped" if allow else "published"
    runs = []
    with (
        programs.rcstreamd(bench.rcstreamd, None, ingest=[entry]) as server,
        placed(server.process),
    ):
        for repetition in range(bench.repetitions + 1):
            bench.progress(f"{title}: {repetition} of {bench.repetitions}")
            runs.append(burst(bench, server, port, FORMS[source], at_once, counter))
    bench.progress("")
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


def run_source(bench, source, micro_ns):
    as_sent = bursts(bench, source, f"{source}, as sent")
    bench.line(row(as_sent))
    at_once = bursts(bench, source, f"{source}, at once", at_once=True)
    bench.line(row(at_once))
    alone = bursts(bench, source, f"{source}, received only", at_once=True, allow=[NOBODY])
    bench.line(row(alone))
    steps = split(source, at_once, alone, micro_ns)
    return {"source": source, "bursts": [as_sent, at_once, alone], "steps_us": steps}


def print_steps(bench, results, micro_ns):
    names = "".join(f"{result['source']:>12}" for result in results)
    bench.head(f"{'CPU us a datagram':26}{names}")
    for step in results[0]["steps_us"]:
        bench.line(f"{step:26}" + "".join(f"{r['steps_us'][step]:12.2f}" for r in results))
    bench.head("once, by those who want it")
    for step in ("make_json", "encode_irc", "encode_socketio_packet", "encode_socketio_frame"):
        bench.line(f"{step:26}{micro_ns[step] / 1000:12.2f}")
    ratio = micro_ns["read_json"] / micro_ns["parse_json"]
    bench.line(f"read_json to jansson alone: {ratio:.2f}")


def run(bench):
    sources = [source for source in FORMS if bench.wants(f"ingest, {source}")]
    if not sources:
        return []
    micro_ns = run_json([bench.programs / "bench_micro", micro.RECORDED], RUN_TIMEOUT_S)
    bench.head(*HEAD)
    results = [run_source(bench, source, micro_ns) for source in sources]
    print_steps(bench, results, micro_ns)
    return results
