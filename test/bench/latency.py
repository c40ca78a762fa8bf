# SPDX-License-Identifier: Apache-2.0
"""How long a change takes to the last of 1,000 clients, with the machine more or less busy.

A load of 100 % is as many changes a second as the floor that writes each of them gets rid of
when it is flooded, measured first; rcstreamd and the floors are then given parts of it.
"""

import fanout
import programs
from harness import clients_label, median

KEY = "latency"

NAMES = ("rcstreamd", *programs.FLOORS)
LOADS = (20, 70)
SWEEP_LOADS = (10, 20, 40, 55, 70, 85)
CLIENTS, QUICK_CLIENTS = 1000, 20
SECONDS, QUICK_SECONDS = 4, 1
QUICK_RATE_MAX = 200

HEAD = f"{'':36}{'changes':>11}{'p50':>9}{'p99':>9}{'p99.9':>9}{'p99 to':>9}{'CPU us':>11}"
UNITS = f"{'':36}{'a second':>11}{'ms':>9}{'ms':>9}{'ms':>9}{'each':>9}{'a delivery':>11}"


def capacity_of_floor(bench, clients):
    """Changes a second; the median of a few runs."""
    changes = 100 if bench.quick else 300
    work = fanout.Work("capacity", "irc", clients, changes, 64, 0, ())
    runs = bench.repeat("latency, capacity", ["each"], lambda name: fanout.run_one(bench, name, work))
    return changes / median(runs["each"], "seconds")


def run_load(bench, clients, load, capacity):
    rate = max(1, round(capacity * load / 100))
    if bench.quick:
        rate = min(rate, QUICK_RATE_MAX)
    seconds = QUICK_SECONDS if bench.quick else SECONDS
    work = fanout.Work("latency", "irc", clients, rate * seconds, rate // 2, rate, ())
    title = f"{clients_label('latency', clients)}, {load} % load"
    runs = bench.repeat(title, NAMES, lambda name: fanout.run_one(bench, name, work))
    figures = {
        name: {
            "p50_us": median(some, "latency_to_last_us", "p50"),
            "p99_us": median(some, "latency_to_last_us", "p99"),
            "p99.9_us": median(some, "latency_to_last_us", "p99.9"),
            "cpu_us_per_delivery": median(some, "server", "cpu_us_per_delivery"),
        }
        for name, some in runs.items()
    }
    bench.line(title)
    for name in NAMES:
        row = figures[name]
        times = "".join(f"{row[key] / 1000:9.2f}" for key in ("p50_us", "p99_us", "p99.9_us"))
        to_each = row["p99_us"] / figures["each"]["p99_us"]
        bench.line(
            f"  {programs.title_of(name):34}{rate:11,}{times}{to_each:8.2f}x"
            f"{row['cpu_us_per_delivery']:11.3f}"
        )
    return {
        "label": title,
        "clients": clients,
        "load_percent": load,
        "rate": rate,
        "programs": figures,
        "runs": runs,
    }


def run(bench):
    clients = QUICK_CLIENTS if bench.quick else CLIENTS
    if not bench.wants(clients_label("latency", clients)):
        return {}
    capacity = capacity_of_floor(bench, clients)
    bench.head(HEAD, UNITS)
    loads = SWEEP_LOADS if bench.sweep and not bench.quick else LOADS
    return {
        "capacity_changes_per_s": capacity,
        "loads": [run_load(bench, clients, load, capacity) for load in loads],
    }
