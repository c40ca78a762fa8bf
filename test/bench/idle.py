# SPDX-License-Identifier: Apache-2.0
"""What clients cost that only wait: connected, and joined or subscribed.

Bytes a client are the process's own resident memory, without the kernel's for its sockets.
One change is sent at the end, and must reach every one of them.
"""

from collections import namedtuple

import fanout
import programs
from harness import clients_label, median

KEY = "idle"

# Peers have fewer clients: an IRC server tells everyone in a channel of everyone that joins.
Work = namedtuple("Work", "title protocol clients peer_clients peers")
WORKS = (
    Work("IRC, idle", "irc", 10000, 2000, fanout.IRC_PEERS),
    Work("Socket.IO, idle", "websocket", 10000, 2000, fanout.HTTP_PEERS),
    Work("Socket.IO polling, idle", "polling", 10000, 2000, ()),
)
QUICK_WORKS = tuple(work._replace(clients=300, peer_clients=50) for work in WORKS)

HEAD = (
    f"{'':36}{'resident memory':^44}",
    f"{'clients that wait, one worker':36}{'clients':>9}{'bytes a client':>15}"
    f"{'MiB, all':>10}{'MiB, one':>10}",
)


def run_one(bench, name, work):
    clients = work.peer_clients if name in programs.PEERS else work.clients
    with programs.start(bench, name, work.protocol) as server:
        protocol = fanout.protocol_of(name, work.protocol)
        return bench.load(server, {protocol: clients}, changes=1, warm_up=0)


def run_work(bench, work):
    title = clients_label(work.title, work.clients)
    names = ["rcstreamd", *programs.peers_there(bench, work.peers)]
    runs = bench.repeat(title, names, lambda name: run_one(bench, name, work))
    figures = {
        name: {
            "clients": some[0]["clients"],
            "rss_bytes_per_client": median(some, "server", "rss_bytes_per_client"),
            "rss_bytes_with_all": median(some, "server", "rss_bytes_with_all"),
            "rss_bytes_with_one": median(some, "server", "rss_bytes_with_one"),
        }
        for name, some in runs.items()
    }
    bench.line(title)
    for name in names:
        row = figures[name]
        mib = [row[f"rss_bytes_with_{which}"] / 2**20 for which in ("all", "one")]
        bench.line(
            f"  {programs.title_of(name):34}{row['clients']:9,}{row['rss_bytes_per_client']:15,.0f}"
            f"{mib[0]:10.1f}{mib[1]:10.1f}"
        )
    return {**work._asdict(), "label": title, "programs": figures, "runs": runs}


def run(bench):
    works = QUICK_WORKS if bench.quick else WORKS
    works = [work for work in works if bench.wants(clients_label(work.title, work.clients))]
    if works:
        bench.head(*HEAD)
    return [run_work(bench, work) for work in works]
