# SPDX-License-Identifier: Apache-2.0
"""What changes with size: delay, cores, wildcards, clients that do not read, ever more clients.

Minutes each, so they are run when asked for: ./dev bench scale, or one with --only "scale, cores".
"""

import contextlib
import itertools
import json
import os
import resource
import socket
import subprocess
import threading
import time
from urllib.request import urlopen

import atomics
import fanout
import programs
from crowd import SMALL_BUFFER, Crowd, come_and_go
from harness import BenchError, cpu_us, median, rss_bytes, run_json, wait_until

KEY = "scale"

MIB = 2**20


def status_of(server):
    with urlopen(f"http://127.0.0.1:{server.ports['http']}/rcstream_status") as answer:
        return json.load(answer)


def counter(server, name):
    return status_of(server)["counters"][name]


# --- flush_delay --------------------------------------------------------------

DELAYS = {
    "rcstreamd": {},
    "rcstreamd, 100 ms": {"flush_delay": "100ms"},
    "rcstreamd, 100 ms adaptive": {"flush_delay": "100ms", "flush_adaptive": True},
}
DELAY_RATES = (50, 150)


def run_delayed(bench, name, work):
    if name == "each":
        return fanout.run_one(bench, name, work)
    with programs.rcstreamd(bench.rcstreamd, "rc2udp", **DELAYS[name]) as server:
        return bench.load(
            server,
            {"irc": work.clients},
            changes=work.changes,
            warm_up=work.warm_up,
            rate=work.rate,
        )


def run_delay(bench, title, rate):
    clients, seconds = (20, 1) if bench.quick else (500, 4)
    work = fanout.Work(title, "irc", clients, rate * seconds, rate // 2, rate, ())
    names = ("each", *DELAYS)
    runs = bench.repeat(title, names, lambda name: run_delayed(bench, name, work))
    figures = {
        name: {
            "cpu_us_per_delivery": median(some, "server", "cpu_us_per_delivery"),
            "p50_us": median(some, "latency_to_last_us", "p50"),
            "p99_us": median(some, "latency_to_last_us", "p99"),
        }
        for name, some in runs.items()
    }
    bench.line(f"IRC, {clients:,} clients, {rate} changes a second")
    for name in names:
        row = figures[name]
        to_each = row["cpu_us_per_delivery"] / figures["each"]["cpu_us_per_delivery"]
        bench.line(
            f"  {programs.title_of(name):34}{row['cpu_us_per_delivery']:11.3f}{to_each:8.2f}x"
            f"{row['p50_us'] / 1000:9.1f}{row['p99_us'] / 1000:9.1f}"
        )
    return {**work._asdict(), "programs": figures, "runs": runs}


def run_delays(bench, title):
    bench.head(
        f"{'flush_delay':36}{'CPU us':>11}{'CPU':>9}{'p50':>9}{'p99':>9}",
        f"{'':36}{'a delivery':>11}{'to each':>9}{'ms':>9}{'ms':>9}",
    )
    return [run_delay(bench, title, rate) for rate in DELAY_RATES]


# --- cores --------------------------------------------------------------------

WORKERS = (1, 2, 4, 8)


@contextlib.contextmanager
def on_core(core):
    """What is started meanwhile keeps to this core; None leaves the choice to the kernel."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, before if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# Clients, changes and how many come a second.
LOADS = {"flooded": (1000, 1500, 0), "50 a second": (500, 150, 50)}


def run_workers(bench, workers, load, place):
    """One run; `place` is the server's core and the load's."""
    clients, changes, rate = (40, 100, load[2]) if bench.quick else load
    with contextlib.ExitStack() as stack:
        with on_core(place[0]):
            start = programs.rcstreamd(bench.rcstreamd, "rc2udp", workers=workers)
            server = stack.enter_context(start)
        with on_core(place[1]):
            return bench.load(server, {"irc": clients}, changes=changes, warm_up=64, rate=rate)


def places():
    """Where the server and the load run.

    On one core the workers take turns, and the load does not take theirs: what then costs more
    with more of them is their number.
    """
    cores = sorted(os.sched_getaffinity(0))
    found = {"on any core": (None, None)}
    if len(cores) > 1:
        found["server on one core, load on another"] = (cores[0], cores[1])
    return found


def run_cores(bench, title):
    names = [str(workers) for workers in (WORKERS[:2] if bench.quick else WORKERS)]
    figures = {}
    for (where, place), (work, load) in itertools.product(places().items(), LOADS.items()):
        label = f"IRC, {work}, {where}"
        runs = bench.repeat(
            f"{title}: {label}",
            names,
            lambda name, load=load, place=place: run_workers(bench, int(name), load, place),
        )
        cpu = {name: median(runs[name], "server", "cpu_us_per_delivery") for name in names}
        batch = {name: median(runs[name], "deliveries_per_read") for name in names}
        bench.head(
            f"{label:54}{'CPU us':>11}{'CPU to':>10}{'changes':>10}",
            f"{'':54}{'a delivery':>11}{'1 worker':>10}{'a read':>10}",
        )
        for name in names:
            words = f"{name} worker{'' if name == '1' else 's'}"
            ratio = cpu[name] / cpu["1"]
            bench.line(f"  {words:52}{cpu[name]:11.3f}{ratio:9.2f}x{batch[name]:10.1f}")
        figures[label] = {"cpu_us_per_delivery": cpu, "deliveries_per_read": batch, "runs": runs}
    return figures


# --- wildcards ----------------------------------------------------------------

# Clients, patterns that fit one wiki, patterns that fit none, wikis.
SCENES = {
    "as it is": (10000, 10, 0, 1000),
    "twice the clients": (20000, 10, 0, 1000),
    "twice the patterns, half fit nothing": (10000, 10, 10, 1000),
    "twice the patterns": (10000, 20, 0, 1000),
    "twice the wikis": (10000, 10, 0, 2000),
}
# Of a whole server, where 20,000 clients are more than many machines let a process have.
SERVER_SCENES = {"half the clients": (5000, 10, 0, 1000), **SCENES}
del SERVER_SCENES["twice the clients"]


def run_bus(bench, title):
    """The bus alone: who gets a change."""
    figures = {}
    bench.head(
        f"{'the bus alone':38}{'receivers':>10}{'ns':>9}{'ns a':>10}{'ns, first after':>17}",
        f"{'':38}{'':>10}{'a change':>9}{'receiver':>10}{'a subscription':>17}",
    )
    for name, scene in SCENES.items():
        bench.progress(f"{title}: {name}")
        clients, wikis = (scene[0] // 100, scene[3] // 10) if bench.quick else scene[::3]
        run = run_json([bench.programs / "bench_bus", clients, *scene[1:3], wikis], 120)
        figures[name] = run
        bench.progress("")
        bench.line(
            f"  {name:36}{run['receivers']:10.0f}{run['ns_per_change']:9,.0f}"
            f"{run['ns_per_change'] / max(1, run['receivers']):10.2f}"
            f"{run['ns_after_subscription']:17,.0f}"
        )
    return figures


def masks_of(scene):
    """What a client of this number joins."""
    _, fitting, others, wikis = scene

    def masks(number):
        return [f"#w{(number * fitting + i) % wikis}.*" for i in range(fitting)] + [
            f"#x{(number * others + i) % wikis}.*" for i in range(others)
        ]

    return masks


def send_lines(server, wikis, count):
    """So many changes, for one wiki after another, and not more than the kernel holds."""
    port = int(server.inject.rpartition("@")[2])
    before = status_of(server)["sources"][0]["published"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(count):
            line = f"#w{number % wikis}.x\t{'a line of ordinary length ' * 8}\n"
            sender.sendto(line.encode(), ("127.0.0.1", port))
            if number % 500 == 499:
                wanted = before + number + 1
                wait_until(
                    lambda wanted=wanted: status_of(server)["sources"][0]["published"] >= wanted,
                    "changes to be taken",
                )


def run_masks(bench, scene):
    """The whole server: CPU a change and a delivery, of clients that let the kernel keep it."""
    clients, fitting, others, wikis = scene
    changes = 2 * wikis
    limits = {"listen": ["127.0.0.1:0"], "server_name": "s", "max_masks": fitting + others}
    with (
        programs.rcstreamd(bench.rcstreamd, "rc2udp", irc=limits) as server,
        Crowd(server.ports["irc"], clients, masks_of(scene)),
    ):
        send_lines(server, wikis, wikis)  # every channel comes into being
        time.sleep(1)
        before, began_us = counter(server, "irc_deliveries"), cpu_us(server.process)
        send_lines(server, wikis, changes)
        wanted = before + changes * clients * fitting // wikis
        wait_until(lambda: counter(server, "irc_deliveries") >= wanted, "all deliveries", 60)
        time.sleep(1)
        deliveries = counter(server, "irc_deliveries") - before
        used_us = cpu_us(server.process) - began_us
    if deliveries != wanted - before:
        raise BenchError(f"{deliveries} deliveries (want {wanted - before})")
    return {"receivers": deliveries / changes, "cpu_us_per_change": used_us / changes}


def run_wildcards(bench, title):
    figures = {"bus": run_bus(bench, title), "server": {}}
    bench.head(
        f"{'the whole server, IRC masks':38}{'receivers':>10}{'us':>9}{'us a':>10}",
        f"{'':38}{'':>10}{'a change':>9}{'receiver':>10}",
    )
    for name, scene in SERVER_SCENES.items():
        bench.progress(f"{title}: {name}")
        clients, wikis = (scene[0] // 100, scene[3] // 10) if bench.quick else scene[::3]
        run = run_masks(bench, (clients, *scene[1:3], wikis))
        figures["server"][name] = run
        bench.progress("")
        bench.line(
            f"  {name:36}{run['receivers']:10.0f}{run['cpu_us_per_change']:9,.0f}"
            f"{run['cpu_us_per_change'] / run['receivers']:10.2f}"
        )
    return figures


# --- clients that do not read -------------------------------------------------

BROADCAST_BYTES = 200_000_000  # for each client, in WebSocket frames
OUTBOX_MAX = 4 * MIB  # slow_client.outbox_max, the default
HISTORY_BYTES = 64 * MIB  # history.bytes, the default
WIRE_REFERENCE = 256 / 30  # bytes that a wire takes in an outbox
CHANGE_BYTES = 5120  # what one takes with its forms, as history charges it
LINE_BYTES = 257  # of IRC, the shortest wire
FIXED_BYTES = 16 * MIB  # pools, buffers and what malloc keeps


def memory_bound(idle_bytes, slow_clients):
    """docs/performance.md has the formula."""
    waiting = OUTBOX_MAX / LINE_BYTES
    return (
        idle_bytes
        + FIXED_BYTES
        + HISTORY_BYTES
        + waiting * CHANGE_BYTES
        + slow_clients * waiting * WIRE_REFERENCE
    )


class Watch:
    """The most resident memory of a process, while it lasts."""

    def __init__(self, process):
        self.process = process
        self.most = rss_bytes(process)
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.is_over.wait(0.2):
            self.most = max(self.most, rss_bytes(self.process))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


def read_beside(bench, readers, deaf, changes):
    """Readers over WebSocket, and clients of the same wiki on IRC that never read."""
    with programs.rcstreamd(bench.rcstreamd, "rcfeed-udp") as server:
        irc = {"irc": ["#bench.example"]}
        bench.load(server, {"websocket": 1}, changes=1, warm_up=0)  # makes the channel
        with Crowd(server.ports["irc"], deaf, lambda _: irc["irc"], SMALL_BUFFER):
            idle_bytes = rss_bytes(server.process)
            with Watch(server.process) as watch:
                run = bench.load(
                    server, {"websocket": readers}, changes=changes, warm_up=64, time_limit_s=600
                )
            closed = status_of(server)["closed"]
    ended = closed["sendq_exceeded"] + closed["write_timeout"]
    return {"run": run, "most": watch.most, "idle": idle_bytes, "ended": ended}


def run_slow(bench, title):
    readers, deaf = (20, 20) if bench.quick else (1000, 1000)
    size = 860
    changes = 2000 if bench.quick else BROADCAST_BYTES // size
    bench.progress(f"{title}: readers alone")
    alone = read_beside(bench, readers, 0, changes // 10)
    bench.progress(f"{title}: beside {deaf:,}")
    beside = read_beside(bench, readers, deaf, changes)
    bench.progress("")
    bound = memory_bound(beside["idle"], deaf)
    bench.head(
        f"{'clients that read, flooded':36}{'MB each':>9}{'lost':>7}{'p99 ms':>9}{'MiB, most':>11}"
        f"{'MiB, bound':>11}{'ended':>7}"
    )
    for name, some in (("alone", alone), (f"beside {deaf:,} that do not", beside)):
        group = some["run"]["groups"][0]
        each = group["bytes_per_delivery"] * some["run"]["changes"] / 1e6
        limit = "" if some is alone else f"{bound / MIB:11.0f}{some['ended']:7}"
        bench.line(
            f"  {f'{readers:,} {name}':34}{each:9.0f}{group['lost']:7}"
            f"{some['run']['latency_to_last_us']['p99'] / 1000:9.1f}"
            f"{some['most'] / MIB:11.0f}{limit}"
        )
    if beside["most"] > bound:
        raise BenchError(f"{title}: {beside['most']:,} bytes are more than {bound:,.0f}")
    return {"alone": alone, "beside": beside, "bound": bound}


# --- ever more clients --------------------------------------------------------

ADDRESSES = [f"127.0.0.{number}" for number in range(1, 6)]
OWN_DESCRIPTORS = 1000  # of a server or a load that are not for clients
HOLD_S = 60  # a change a second meanwhile


class Load(threading.Thread):
    """One load in a thread of its own; finish() gives its figures."""

    def __init__(self, bench, server, clients, seconds):
        super().__init__()
        self.work = (bench, server, clients, seconds)
        self.figures = self.fault = None
        self.start()

    def run(self):
        bench, server, clients, seconds = self.work
        try:
            self.figures = bench.load(
                server,
                clients,
                time_limit_s=300 + seconds,
                changes=seconds,
                warm_up=0,
                rate=1,
                **{"from": ADDRESSES},
            )
        except (BenchError, OSError, ValueError, subprocess.SubprocessError) as fault:
            self.fault = fault

    def finish(self):
        self.join()
        if self.fault:
            raise self.fault
        return self.figures


def shares_of(clients):
    """Of as many servers as it takes, where a process may have only so many descriptors."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - OWN_DESCRIPTORS
    servers = -(-clients // most)
    return [clients // servers + (number < clients % servers) for number in range(servers)]


def hold(bench, protocol, shares):
    """All of them connected at a time; gives how many there were, and every server's figures."""
    http = {"listen": ["127.0.0.1:0"], "socketio": {"max_sessions": 2 * max(shares)}}
    injection = programs.INJECTIONS.get(protocol, "rcfeed-udp")
    with contextlib.ExitStack() as stack:
        servers = [
            stack.enter_context(programs.rcstreamd(bench.rcstreamd, injection, http=http))
            for _ in shares
        ]
        seconds = 3 if bench.quick else HOLD_S
        loads = [
            Load(bench, server, {protocol: share}, seconds)
            for server, share in zip(servers, shares)
        ]
        most = 0
        while any(load.is_alive() for load in loads):
            open_now = sum(status_of(server)["connections"]["open"] - 1 for server in servers)
            most = max(most, open_now)
            time.sleep(0.1)
        return most, [load.finish() for load in loads]


def run_connections(bench, title):
    clients = 1000 if bench.quick else 100_000
    shares = shares_of(clients)
    figures = {}
    bench.head(
        f"{'clients that wait, a worker a server':36}{'servers':>9}{'at a time':>11}"
        f"{'bytes each':>12}{'MiB, all':>10}"
    )
    for protocol in ("irc", "websocket"):
        bench.progress(f"{title}: {protocol}")
        most, runs = hold(bench, protocol, shares)
        figures[protocol] = {"most": most, "servers": len(shares), "runs": runs}
        bench.progress("")
        each = median(runs, "server", "rss_bytes_per_client")
        total = sum(run["server"]["rss_bytes_with_all"] for run in runs)
        bench.line(
            f"  {protocol:34}{len(shares):9}{most:11,}{each:12,.0f}{total / MIB:10.1f}"
        )
    return figures


def run_churn(bench, title):
    step, steps = (2000, 5) if bench.quick else (100_000, 10)
    sizes = []
    bench.head(f"{'clients that came and went':36}{'MiB':>9}")
    with programs.rcstreamd(bench.rcstreamd, "rc2udp") as server:
        for number in range(1, steps + 1):
            bench.progress(f"{title}: {number} of {steps}")
            come_and_go(server.ports["irc"], step)
            wait_until(lambda: counter(server, "irc_clients") == 0, "all to be gone", 60)
            sizes.append(rss_bytes(server.process))
            bench.progress("")
            bench.line(f"  {number * step:<34,}{sizes[-1] / MIB:9.2f}")
    return {"step": step, "rss_bytes": sizes}


# --- all of them --------------------------------------------------------------

ROWS = {
    "scale, flush delay": run_delays,
    "scale, cores": run_cores,
    "scale, atomics": atomics.run,
    "scale, wildcards": run_wildcards,
    "scale, slow clients": run_slow,
    "scale, connections": run_connections,
    "scale, churn": run_churn,
}


def run(bench):
    """Only what is asked for by its name."""
    if not bench.only.startswith("scale"):
        return {}
    return {title: row(bench, title) for title, row in ROWS.items() if bench.wants(title)}
