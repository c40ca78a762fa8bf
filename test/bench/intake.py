# SPDX-License-Identifier: Apache-2.0
"""What a change costs that comes in: by datagrams to one client, by connections to none."""

import json
import time
from collections import namedtuple
from urllib.request import urlopen

import fanout
import programs
import roads
from harness import RUN_TIMEOUT_S, BenchError, cpu_us, median, wait_until

KEY = "intake"

Work = namedtuple("Work", "title protocol changes warm_up")
WORKS = (
    Work("rc2udp in, flooded", "irc", 20000, 500),
    Work("rcfeed-udp in, flooded", "websocket", 20000, 500),
)
QUICK_WORKS = tuple(work._replace(changes=500, warm_up=50) for work in WORKS)
NAMES = ("rcstreamd", *programs.FLOORS)

ROAD_CHANGES, QUICK_ROAD_CHANGES = 20000, 500
ROAD_WARM_UP = 100

HEAD = (
    f"{'':34}{'changes a second':^26}{'CPU us per change':^26}",
    f"{'what comes in, one worker':34}{'rcstreamd':>10}{'each':>8}{'batch':>8}"
    f"{'rcstreamd':>10}{'each':>8}{'batch':>8}",
)


def run_work(bench, work):
    """To one client: a change is delivered once."""
    one = fanout.Work(work.title, work.protocol, 1, work.changes, work.warm_up, 0, ())
    runs = bench.repeat(work.title, NAMES, lambda name: fanout.run_one(bench, name, one))
    figures = {
        name: {
            "changes_per_s": work.changes / median(some, "seconds"),
            "cpu_us_per_change": median(some, "server", "cpu_us_per_delivery"),
        }
        for name, some in runs.items()
    }
    rates = [figures[name]["changes_per_s"] for name in NAMES]
    cpu = [figures[name]["cpu_us_per_change"] for name in NAMES]
    bench.line(
        f"{work.title:34}{rates[0]:10,.0f}{rates[1]:8,.0f}{rates[2]:8,.0f}"
        f"{cpu[0]:10.2f}{cpu[1]:8.2f}{cpu[2]:8.2f}"
    )
    return {**work._asdict(), "programs": figures, "runs": runs}


# --- the roads that are connections -------------------------------------------


def source_figures(server):
    """What the status has of the only source."""
    with urlopen(f"http://127.0.0.1:{server.ports['http']}/rcstream_status") as answer:
        return json.load(answer)["sources"][0]


def run_road(bench, name, count):
    """One run: seconds and CPU of `count` changes that came, each once."""
    changes = [roads.change(number) for number in range(1, ROAD_WARM_UP + count + 1)]
    with (
        roads.ROADS[name]() as (entry, send),
        programs.rcstreamd(bench.rcstreamd, None, ingest=[entry]) as server,
    ):

        def has_published(some):
            return lambda: source_figures(server)["published"] >= some

        wait_until(lambda: source_figures(server)["is_up"], f"{name} to be up", RUN_TIMEOUT_S)
        send(changes[:ROAD_WARM_UP])
        wait_until(has_published(ROAD_WARM_UP), f"{name} warm", RUN_TIMEOUT_S)
        began_us, began = cpu_us(server.process), time.monotonic()
        send(changes[ROAD_WARM_UP:])
        wait_until(has_published(len(changes)), f"{name} all", RUN_TIMEOUT_S)
        seconds = time.monotonic() - began
        used_us = cpu_us(server.process) - began_us
        source = source_figures(server)
    if source["published"] != len(changes) or source["duplicates"] or source["dropped"]:
        raise BenchError(f"{name}: not every change came once: {source}")
    return {"seconds": seconds, "cpu_us_per_change": used_us / count}


ROAD_HEAD = f"{'by connections, no client':34}{'changes a second':>18}{'CPU us per change':>20}"


def run_roads(bench):
    results = []
    count = QUICK_ROAD_CHANGES if bench.quick else ROAD_CHANGES
    for name in roads.ROADS:
        title = f"{name} in, flooded"
        if not bench.wants(title):
            continue
        if not results:
            bench.head(ROAD_HEAD)
        runs = bench.repeat(title, [name], lambda name: run_road(bench, name, count))[name]
        rate, cpu = count / median(runs, "seconds"), median(runs, "cpu_us_per_change")
        results.append(
            {"title": title, "changes_per_s": rate, "cpu_us_per_change": cpu, "runs": runs}
        )
        bench.line(f"{title:34}{rate:18,.0f}{cpu:20.2f}")
    return results


def run(bench):
    works = [work for work in (QUICK_WORKS if bench.quick else WORKS) if bench.wants(work.title)]
    if works:
        bench.head(*HEAD)
    datagrams = [run_work(bench, work) for work in works]
    connections = run_roads(bench)
    if not datagrams and not connections:
        return {}
    return {"datagrams": datagrams, "connections": connections}
