# SPDX-License-Identifier: Apache-2.0
"""A blast of datagrams: who else is served meanwhile, and what becomes of every one of them."""

import json
import socket
import threading
import time

import pytest

from rcstreamd import make_change, wait_until

WIKI, CHANNEL = "quiet.example.org", "#quiet.example"
LINE = "#blast.example\t\00314[[\00307Blast\00314]]\0034 \00310 \00302https://blast.example.org/"
BLASTS = {
    "rc2udp": LINE.encode(),
    "rcfeed-udp": json.dumps(make_change(server_name="blast.example.org")).encode(),
}

BLAST_MAX = 5_000_000  # datagrams
HEAD_START = 20_000
PATIENCE_S = 15  # sanitizers, and a machine that does other work as well; without: milliseconds


class Blast:
    """Sends as fast as it can, from its entering to its end."""

    def __init__(self, address, datagram):
        self.address, self.datagram = address, datagram
        self.sent = 0
        self._is_over = False
        self._thread = threading.Thread(target=self._send, daemon=True)

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self.sent > HEAD_START, what="the blast")
        return self

    def __exit__(self, *_):
        self._is_over = True
        self._thread.join()

    def _send(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(self.address)
            while not self._is_over and self.sent < BLAST_MAX:
                sender.send(self.datagram)
                self.sent += 1

    def is_going_on(self):
        before = self.sent
        time.sleep(0.05)
        return self.sent > before


def source_of(run, name):
    return {one["name"]: one for one in run.http_get("/rcstream_status").json()["sources"]}[name]


def quiet_change(title):
    return make_change(server_name=WIKI, title=title)


# ingest/udp.h: received in bounded batches, so that a blast does not starve the rest;
# server/worker.c publishes a bounded number a turn, so that clients' input is not starved.
@pytest.mark.threads
@pytest.mark.parametrize("name", BLASTS)
def test_blast_of_datagrams_leaves_clients_and_other_sources_served(server, name):
    sources = [{"type": name, "listen": "127.0.0.1:0"}]
    sources.append({"type": "rcfeed-udp", "name": "quiet", "listen": "127.0.0.1:0"})
    run = server(ingest=sources)
    blasted, *_, quiet = run.addresses(name) + run.addresses("rcfeed-udp")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as feed:
        feed.connect(quiet)
        feed.send(json.dumps(quiet_change("first")).encode())
        wait_until(lambda: source_of(run, "quiet")["published"] == 1, what="the first change")
        client = run.irc().register("early").join(CHANNEL)
        with Blast(blasted, BLASTS[name]) as blast:
            for number in range(5):
                client.send(f"PING {number}")
                client.expect(rf" PONG .*{number}$", PATIENCE_S)
                feed.send(json.dumps(quiet_change(f"Change {number}.")).encode())
                client.expect(rf"Change {number}\.", PATIENCE_S)
                assert run.http_get("/healthz", timeout=PATIENCE_S).ok
            run.irc().register("late").join(CHANNEL)
            assert blast.is_going_on()
    # Decision 0007: what was not received is what the kernel dropped, and counted.
    wait_until(
        lambda: (found := source_of(run, name))["received"] + found["kernel_drops"] == blast.sent,
        timeout=PATIENCE_S,
        what="every datagram's fate",
    )
    found = source_of(run, name)
    assert found["received"] == found["published"] > 0
