# SPDX-License-Identifier: Apache-2.0
"""Changes that wait for others, so that one write takes several."""

import re
import signal
import time

import pytest

from irc_channels import join, make_channels, registered, says
from rcstreamd import make_change
from socketio_clients import RawWebSocket

CHANNEL = "#en.wikipedia"
DELAY_MS = 600
SLACK_S = 5  # for a machine that does other work as well


def reader(run):
    client = registered(run, "reader")
    join(client, CHANNEL)
    return client


def send(run, *texts):
    for text in texts:
        run.send_rc2udp(CHANNEL, text)


def writes_of(run):
    return int(re.search(r'"writes": ?(\d+)', run.http_get("/rcstream_status").text)[1])


def start_waiting(run, client):
    """The first change after a silence comes at once; from then on others wait."""
    send(run, "first")
    client.expect_next("first")
    return time.monotonic()


@pytest.mark.threads
def test_flush_delay_lets_changes_wait_for_each_other(server):
    run = server(flush_delay=f"{DELAY_MS}ms")
    make_channels(run, CHANNEL)
    client = reader(run)
    time.sleep(DELAY_MS / 1000)
    before = writes_of(run)
    began = start_waiting(run, client)
    send(run, *(f"change {number}" for number in range(20)))
    for number in range(20):
        client.expect_next("", DELAY_MS / 1000 + SLACK_S)
        assert client.lines[-1] == says(CHANNEL, f"change {number}")
        if number == 0:
            waited = time.monotonic() - began
    assert waited > DELAY_MS / 1000 * 0.7
    assert writes_of(run) - before <= 5  # two, and the answers to the status itself


@pytest.mark.threads
def test_flush_delay_does_not_delay_replies(server):
    run = server(flush_delay="10s")
    make_channels(run, CHANNEL)
    client = reader(run)
    start_waiting(run, client)
    send(run, "second")
    client.expect_nothing(0.3)
    client.send("PING token")
    client.expect_next("second", 3)
    client.expect_next("PONG .*token", 3)


def test_flush_delay_ends_with_the_server(server):
    run = server(flush_delay="10s")
    make_channels(run, CHANNEL)
    client = reader(run)
    start_waiting(run, client)
    send(run, "second")
    client.expect_nothing(0.3)
    run.process.send_signal(signal.SIGTERM)
    client.expect_next("second", 3)
    client.expect_next("^ERROR :", 3)
    client.expect_ended()
    run.wait_stopped()


def test_flush_delay_that_is_adaptive_leaves_an_idle_server_fast(server):
    run = server(flush_delay="10s", flush_adaptive=True)
    make_channels(run, CHANNEL)
    client = reader(run)
    began = time.monotonic()
    for number in range(10):
        send(run, f"change {number}")
        client.expect_next(f"change {number}", SLACK_S)
    assert time.monotonic() - began < SLACK_S


@pytest.mark.threads
def test_flush_delay_holds_for_websockets(server):
    run = server(flush_delay=f"{DELAY_MS}ms", workers=1)
    reader = RawWebSocket(run).connect_to_rc().subscribe("en.wikipedia.org")
    run.send_rcfeed(make_change(title="first"))
    assert reader.receive_change()["title"] == "first"
    began = time.monotonic()
    for number in range(20):
        run.send_rcfeed(make_change(title=f"change {number}"))
    assert [reader.receive_change()["title"] for _ in range(20)] == [
        f"change {number}" for number in range(20)
    ]
    assert time.monotonic() - began > DELAY_MS / 1000 * 0.7
