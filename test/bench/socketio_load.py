# SPDX-License-Identifier: Apache-2.0
"""Socket.IO as RCStream had it, at full size: websocket and polling clients side by side.

One run, since it takes half a minute; a change that one client misses fails it.
"""

import programs

KEY = "socketio_load"

TITLE = "Socket.IO load"
CLIENTS = {"websocket": 5000, "polling": 2000}
QUICK_CLIENTS = {"websocket": 100, "polling": 40}
RATE = 100
SECONDS, QUICK_SECONDS = 30, 1
WORKERS = 2

TIMES = ("p50", "p90", "p99", "p99.9", "max")
HEAD = (
    f"{'':36}{'clients':>9}{'lost':>7}" + "".join(f"{name:>9}" for name in TIMES),
    f"{f'{RATE} changes a second, {WORKERS} workers':52}" + f"{'ms to a client':^45}",
)


def run(bench):
    if not bench.wants(TITLE):
        return {}
    seconds = QUICK_SECONDS if bench.quick else SECONDS
    with programs.rcstreamd(bench.rcstreamd, workers=WORKERS) as server:
        bench.progress(f"{TITLE}: {seconds} s")
        figures = bench.load(
            server,
            QUICK_CLIENTS if bench.quick else CLIENTS,
            time_limit_s=10 * seconds + 60,
            rate=RATE,
            seconds=seconds,
        )
    bench.progress("")
    bench.head(*HEAD)
    for group in figures["groups"]:
        times = "".join(f"{group['latency_us'][name] / 1000:9.1f}" for name in TIMES)
        bench.line(
            f"{TITLE + ', ' + group['protocol']:36}{group['clients']:9,}{group['lost']:7,}{times}"
        )
    cost = figures["server"]
    bench.line(
        f"  {figures['changes']:,} changes in {figures['seconds']:.1f} s: {cost['cores']:.2f} cores,"
        f" {cost['cpu_us_per_delivery']:.3f} us of CPU a delivery,"
        f" {cost['rss_bytes_per_client']:,.0f} bytes an idle client,"
        f" {cost['rss_bytes_at_end'] / 2**20:.0f} MiB at the end"
    )
    return figures
