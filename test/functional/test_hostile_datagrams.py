# SPDX-License-Identifier: Apache-2.0
"""Datagrams that are nearly changes: nothing but a drop with a reason comes of them."""

import socket

import pytest

from hostile import ROUNDS, Witnesses, assault, mutated, recorded
from rcstreamd import wait_until

DATAGRAMS = 1500 * ROUNDS
IN_FLIGHT = 500  # well under what the kernel holds: none is to be lost there


def figures(rcstreamd):
    status = rcstreamd.http_get("/rcstream_status").json()
    return {source["name"]: source for source in status["sources"]}


# DESIGN of the feed: what fails is counted by reason and dropped; the rest is none the wiser.
@pytest.mark.threads
@pytest.mark.parametrize(
    ("source", "field"), [("rc2udp", "irc_datagram"), ("rcfeed-udp", "json")]
)
def test_hostile_datagrams_are_counted_and_harm_nobody(server, source, field):
    rcstreamd = server()
    address = rcstreamd.address(source)
    pool = recorded(field)
    sent = []

    def has_caught_up():
        return figures(rcstreamd)[source]["received"] > len(sent) - IN_FLIGHT

    def flood(chance):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(DATAGRAMS):
                sender.sendto(mutated(chance, chance.choice(pool), pool)[:65000], address)
                sent.append(1)
                if len(sent) % 100 == 0:
                    wait_until(has_caught_up, what="the source")

    with Witnesses(rcstreamd) as witnesses:
        assault(2, flood)
    count = len(sent) + (witnesses.sent if source == "rcfeed-udp" else 0)
    found = wait_until(
        lambda: (f := figures(rcstreamd)[source])["received"] == count and f,
        what=f"{count} datagrams",
    )
    assert found["received"] == found["published"] + sum(found["dropped"].values())
    assert found["published"] > 10 and len(found["dropped"]) > 1
