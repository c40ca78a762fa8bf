# SPDX-License-Identifier: Apache-2.0
"""One change to many clients: what a delivery costs, beside the floors and the peers."""

from collections import namedtuple

import programs
from harness import BenchError, clients_label, median

KEY = "fanout"

# `rate` is changes a second; 0 is as many as the window lets through.
Work = namedtuple("Work", "title protocol clients changes warm_up rate peers")
IRC_PEERS = ("ngircd", "inspircd")
HTTP_PEERS = ("nchan", "redis")
WORKS = (
    Work("IRC, flooded", "irc", 100, 8000, 800, 0, IRC_PEERS),
    Work("IRC, flooded", "irc", 1000, 150, 64, 0, IRC_PEERS),
    Work("IRC, 50 a second", "irc", 500, 150, 10, 50, IRC_PEERS),
    Work("Socket.IO, flooded", "websocket", 100, 8000, 800, 0, HTTP_PEERS),
    Work("Socket.IO, flooded", "websocket", 1000, 150, 64, 0, HTTP_PEERS),
    Work("Socket.IO, 50 a second", "websocket", 500, 150, 10, 50, HTTP_PEERS),
    Work("SSE, flooded", "sse", 1000, 150, 64, 0, ("nchan",)),
)
QUICK_WORKS = (
    Work("IRC, flooded", "irc", 20, 200, 20, 0, IRC_PEERS),
    Work("IRC, 50 a second", "irc", 20, 20, 2, 50, ()),
    Work("Socket.IO, flooded", "websocket", 20, 200, 20, 0, HTTP_PEERS),
)

# For the plot: the flooded work with ever more clients, about as many deliveries each.  To
# the peers thousands of JOINs take minutes.
SWEEP = tuple(
    Work("IRC, flooded, sweep", "irc", clients, max(150, 150000 // clients), 64, 0, peers)
    for clients, peers in (
        (10, IRC_PEERS),
        (30, IRC_PEERS),
        (100, IRC_PEERS),
        (300, IRC_PEERS),
        (1000, IRC_PEERS),
        (3000, ()),
    )
)

HEAD = f"{'':36}{'CPU us':>11}{'CPU':>9}{'CPU':>9}{'p50':>9}{'p99':>9}{'bytes':>9}{'KiB':>9}"
UNITS = (
    f"{'':36}{'a delivery':>11}{'to each':>9}{'to batch':>9}{'ms':>9}{'ms':>9}"
    f"{'each':>9}{'a client':>9}"
)


def protocol_of(name, protocol):
    return programs.PEERS[name].protocol if name in programs.PEERS else protocol


def run_one(bench, name, work):
    """One run of one program."""
    with programs.start(bench, name, work.protocol) as server:
        return bench.load(
            server,
            {protocol_of(name, work.protocol): work.clients},
            changes=work.changes,
            warm_up=work.warm_up,
            rate=work.rate,
        )


def check_bytes(title, work, runs):
    """Peers say the same in their own words; the floors say what rcstreamd does.

    Not so with server-sent events: the floors' have no ids.
    """
    own = [name for name in runs if name not in programs.PEERS]
    if work.protocol == "sse":
        return
    sizes = {run["groups"][0]["bytes_per_delivery"] for name in own for run in runs[name]}
    if len(sizes) != 1:
        raise BenchError(f"{title}: not all wrote the same bytes: {sorted(sizes)}")


def figures_of(some):
    """The medians of a program's runs."""
    return {
        "cpu_us_per_delivery": median(some, "server", "cpu_us_per_delivery"),
        "latency_p50_us": median(some, "latency_to_last_us", "p50"),
        "latency_p99_us": median(some, "latency_to_last_us", "p99"),
        "bytes_per_delivery": some[0]["groups"][0]["bytes_per_delivery"],
        "deliveries_per_read": median(some, "deliveries_per_read"),
        "rss_bytes_per_client": median(some, "server", "rss_bytes_per_client"),
        "own_cores": median(some, "own_cores"),
    }


def line_of(name, figures, floors):
    cpu = figures["cpu_us_per_delivery"]
    ratios = "".join(f"{cpu / floors[mode]:8.2f}x" for mode in programs.FLOORS)
    return (
        f"  {programs.title_of(name):34}{cpu:11.3f}{ratios}"
        f"{figures['latency_p50_us'] / 1000:9.2f}{figures['latency_p99_us'] / 1000:9.2f}"
        f"{figures['bytes_per_delivery']:9.0f}{figures['rss_bytes_per_client'] / 1024:9.2f}"
    )


def run_work(bench, work):
    title = clients_label(work.title, work.clients)
    own = ["rcstreamd"] if programs.rcstreamd_speaks(bench, work.protocol) else []
    names = [*own, *programs.FLOORS, *programs.peers_there(bench, work.peers)]
    runs = bench.repeat(title, names, lambda name: run_one(bench, name, work))
    check_bytes(title, work, runs)
    figures = {name: figures_of(some) for name, some in runs.items()}
    floors = {mode: figures[mode]["cpu_us_per_delivery"] for mode in programs.FLOORS}
    bench.line(title)
    for name in names:
        bench.line(line_of(name, figures[name], floors))
    return {**work._asdict(), "label": title, "programs": figures, "runs": runs}


def run(bench):
    works = QUICK_WORKS if bench.quick else WORKS + (SWEEP if bench.sweep else ())
    works = [work for work in works if bench.wants(clients_label(work.title, work.clients))]
    if works:
        bench.head(HEAD, UNITS)
    return [run_work(bench, work) for work in works]
