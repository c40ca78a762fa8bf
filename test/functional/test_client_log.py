# SPDX-License-Identifier: Apache-2.0
"""What clients do, as the log tells it at info: each line from a real client, its totals against
what the client has got, and a bound on how many lines there are.

The names of all members are held against ecs.py by the harness, in every test.
"""

import json
import os
import re
import socket
import subprocess
import time

import pytest

from irc_client import IrcClient
from rcstreamd import (
    CONFIGURATION,
    STOP_TIMEOUT_S,
    WAIT_TIMEOUT_S,
    environment,
    make_change,
    program,
    wait_until,
)
from socketio_clients import RawJsonp, RawPolling, RawWebSocket, event_packet, handshake

AT_INFO = ("--log-level", "info")
EVENTS = ("connected", "registered", "subscribed", "disconnected")
CHANGES = 25
BURST_S = 10


@pytest.fixture
def rcstreamd(server):
    return server(arguments=AT_INFO, log={"client_rate": 10000})


def one(run, id, **members):
    """The one record with this id and these members; there must be no other with this id."""
    run.log.wait_for(id)
    (record,) = run.log.find(id)
    for name, value in members.items():
        name = name.replace("__", ".")
        assert record.get(name) == value, f"{name}: {record}"
    return record


def lines_about_clients(run):
    return [r for r in run.log.find() if re.match(r"(irc|socketio)\.", r["id"])]


def suppressed(run):
    """How many lines of each event were not written."""
    records = run.log.find("log.suppressed")
    return {e: sum(r[f"rcstreamd.suppressed.{e}"] for r in records) for e in EVENTS}


class CountingIrc(IrcClient):
    """Counts the bytes that come."""

    received = 0

    def _receive(self, deadline):
        before = len(self._pending)
        super()._receive(deadline)
        self.received += len(self._pending) - before


# --- a client's life ----------------------------------------------------------


def test_irc_client_is_told_of_from_its_first_to_its_last_byte(rcstreamd):
    began = time.monotonic()
    for channel in ("en", "de"):
        rcstreamd.send_rcfeed(make_change(server_name=f"{channel}.wikipedia.org"))
    client = CountingIrc(rcstreamd.address("irc"))
    host, port = client._socket.getsockname()
    wait_until(lambda: rcstreamd.http_get("/rcstream_status").json()["changes_in"] == 2)
    client.send("NICK Reader\r\nUSER rc 0 * :A reader, 2.0")
    client.expect(" (376|422) ")
    client.send("JOIN #en.wikipedia,#nowhere,#de.wikipedia")
    client.expect("366 Reader #de.wikipedia")
    for _ in range(CHANGES):
        rcstreamd.send_rcfeed(make_change())
    for _ in range(CHANGES):
        client.expect("PRIVMSG")
    client.send("QUIT :bye")
    client.expect_ended()
    client.close()
    connected = one(rcstreamd, "irc.connected", level="info", rcstreamd__transport="tcp")
    assert (connected["source.ip"], connected["source.port"]) == (host, port)
    assert connected["message"] == "over tcp" and "user.name" not in connected
    who = {"user.name": "Reader", "user.full_name": "A reader, 2.0"}
    who |= {name: connected[name] for name in ("source.ip", "source.port", "rcstreamd.id")}
    registered = one(rcstreamd, "irc.registered", level="info", **who)
    assert registered["message"] == "Reader!rc (A reader, 2.0)"
    joined = one(rcstreamd, "irc.subscribed", level="info", rcstreamd__subscriptions=2, **who)
    assert joined["message"] == "Reader to #en.wikipedia, #de.wikipedia"
    ended = one(rcstreamd, "irc.disconnected", level="info", **who)
    assert ended["event.reason"] == "client_quit"
    assert ended["rcstreamd.deliveries"] == CHANGES
    assert ended["destination.bytes"] == client.received
    assert ended["rcstreamd.unsent_bytes"] == 0
    assert 0 < ended["event.duration"] <= (time.monotonic() - began + 1) * 1e9
    assert re.fullmatch(
        rf"Reader, client_quit after \d+\.\d s: {CHANGES} changes, {client.received} bytes",
        ended["message"],
    )
    assert len(lines_about_clients(rcstreamd)) == 4


def masked(text):
    """A client's text frame with a mask of zeros (RFC 6455 section 5.2); at most 125 bytes."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode()


def upgrade(rcstreamd, agent=b"test/1.0"):
    """A Socket.IO client that is nothing but a socket; its handshake tells the agent."""
    request = b"GET /socket.io/1/ HTTP/1.1\r\nHost: x\r\nUser-Agent: " + agent
    connection = rcstreamd.connect("http")
    connection.sendall(request + b"\r\nConnection: close\r\n\r\n")
    answer = b""
    while chunk := connection.recv(65536):
        answer += chunk
    session = answer.partition(b"\r\n\r\n")[2].partition(b":")[0].decode()
    client = rcstreamd.connect("http")
    client.sendall(
        f"GET /socket.io/1/websocket/{session} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    return client


def test_socketio_websocket_is_told_of_with_every_byte(rcstreamd):
    client = upgrade(rcstreamd)
    client.sendall(masked("1::/rc"))
    client.sendall(masked('5::/rc:{"name":"subscribe","args":[["en.wikipedia.org","*.wiki"]]}'))
    subscribed = one(rcstreamd, "socketio.subscribed", level="info", rcstreamd__subscriptions=2)
    assert subscribed["message"] == "to en.wikipedia.org, *.wiki"
    for _ in range(CHANGES):
        rcstreamd.send_rcfeed(make_change())
    received = b""
    while received.count(b'"name":"change"') < CHANGES:
        received += client.recv(65536)
    client.shutdown(socket.SHUT_WR)
    while chunk := client.recv(65536):
        received += chunk
    who = {"user_agent.original": "test/1.0", "rcstreamd.transport": "websocket"}
    connected = one(rcstreamd, "socketio.connected", level="info", **who)
    assert connected["message"] == "over websocket: test/1.0"
    assert subscribed["rcstreamd.id"] == connected["rcstreamd.id"]
    ended = one(rcstreamd, "socketio.disconnected", level="info", **who)
    assert ended["rcstreamd.id"] == connected["rcstreamd.id"]
    assert ended["source.ip"] == "127.0.0.1"
    assert ended["event.reason"] == "client_closed"
    assert ended["rcstreamd.deliveries"] == CHANGES
    assert ended["destination.bytes"] == len(received)
    assert ended["rcstreamd.unsent_bytes"] == 0
    assert len(lines_about_clients(rcstreamd)) == 3


@pytest.mark.parametrize("kind", [RawPolling, RawJsonp])
def test_socketio_polling_is_told_of_with_every_byte_of_its_packets(rcstreamd, kind):
    client = kind(rcstreamd)
    received = len(client.payload_of(client.poll()).encode())
    client.send("1::/rc")
    client.send('5::/rc:{"name":"subscribe","args":["*"]}')
    rcstreamd.log.wait_for("socketio.subscribed", r"^to \*$")
    got = 0
    for _ in range(CHANGES):
        rcstreamd.send_rcfeed(make_change())
    while got < CHANGES:
        payload = client.payload_of(client.poll())
        got += payload.count('"name":"change"')
        received += len(payload.encode())
    client.send("0::")
    ended = one(rcstreamd, "socketio.disconnected", rcstreamd__transport=kind.transport)
    assert ended["event.reason"] == "client_quit"
    assert ended["rcstreamd.deliveries"] == CHANGES
    assert ended["destination.bytes"] == received
    assert ended["rcstreamd.unsent_bytes"] == 0


def test_socketio_session_keeps_its_totals_from_transport_to_transport(rcstreamd):
    session = handshake(rcstreamd)[0]
    polling = RawPolling(rcstreamd, session)
    polled = len(polling.poll().content)
    polling.send("1::/rc")
    polling.send('5::/rc:{"name":"subscribe","args":["*"]}')
    rcstreamd.log.wait_for("socketio.subscribed")
    rcstreamd.send_rcfeed(make_change())
    while b'"name":"change"' not in (payload := polling.poll().content):
        polled += len(payload)
    polled += len(payload)
    client = RawWebSocket(rcstreamd, session)
    assert client.receive() == "1::"
    rcstreamd.send_rcfeed(make_change())
    packet = client.receive()
    assert '"name":"change"' in packet
    client.close()
    ended = one(rcstreamd, "socketio.disconnected", rcstreamd__transport="websocket")
    assert ended["rcstreamd.deliveries"] == 2
    over_websocket = ended["destination.bytes"] - polled
    # The upgrade's answer, "1::" in its frame, and the change in a frame with four bytes of head.
    assert over_websocket > len(packet) + 4 + 5 + len("HTTP/1.1 101 ")
    assert over_websocket < len(packet) + 4 + 5 + 400


def test_socketio_subscription_by_an_object_is_told_as_it_was_accepted(rcstreamd):
    client = RawWebSocket(rcstreamd)
    client.connect_to_rc()
    wanted = {"wiki": ["*.wikipedia.org"], "type": ["edit"], "namespace": 0}
    for number in range(2):  # the same again is no other subscription
        client.send(event_packet("subscribe", wanted, id=f"{number}+"))
        assert client.receive().startswith(f"6::/rc:{number}+")
    record = one(rcstreamd, "socketio.subscribed", rcstreamd__subscriptions=1)
    assert json.loads(record["message"].removeprefix("to ")) == wanted | {"namespace": [0]}


def test_http_requests_and_handshakes_that_nobody_follows_are_no_clients(rcstreamd):
    for path in ("/metrics", "/healthz", "/rcstream_status", "/", "/nothing"):
        rcstreamd.http_get(path)
    handshake(rcstreamd)
    rcstreamd.stop()
    assert lines_about_clients(rcstreamd) == []
    assert not rcstreamd.log.find("log.suppressed")


def test_irc_client_that_does_not_read_leaves_bytes_behind(server):
    run = server(
        arguments=AT_INFO, slow_client={"outbox_max": "64KiB", "outbox_soft": "32KiB"}
    )
    run.send_rcfeed(make_change())
    wait_until(lambda: run.http_get("/rcstream_status").json()["changes_in"] == 1)
    client = run.irc().register("slow").join("#en.wikipedia")
    deadline = time.monotonic() + 30
    while not run.log.find("irc.disconnected"):
        for number in range(200):
            run.send_rcfeed(make_change(id=number, comment="x" * 400))
        assert time.monotonic() < deadline
        time.sleep(0.01)
    record = one(run, "irc.disconnected", event__reason="sendq_exceeded")
    assert record["rcstreamd.unsent_bytes"] > 16 * 1024
    assert "more were waiting" in record["message"]
    client.close()


# --- what a client says of itself ----------------------------------------------

HOSTILE = b'a"b\\c\x1b[31m\xff\xe2\x80\xae{"log.level":"error"}, \xe2\x80\xa8'
SHOWN = 'a"b\\c\x1b[31m\ufffd\u202e{"log.level":"error"}, '


def test_real_name_of_irc_cannot_forge_a_record(rcstreamd):
    client = rcstreamd.irc()
    client.send_bytes(b"NICK forger\r\nUSER u 0 * :" + HOSTILE + b"\r\n")
    client.expect(" (376|422) ")
    record = one(rcstreamd, "irc.registered")
    assert record["user.full_name"].startswith(SHOWN)
    assert record["log.level"] == "info"
    client.send("QUIT")
    client.expect_ended()
    rcstreamd.log.wait_for("irc.disconnected")
    for line in rcstreamd.log.lines:
        assert not re.search("[\x00-\x1f\x7f\u202e\u2028]", line)


@pytest.mark.parametrize("cut", [1, len(HOSTILE), 300])
def test_user_agent_cannot_forge_a_record(rcstreamd, cut):
    agent = (HOSTILE.replace(b"\x1b", b"") * 20)[:cut]
    upgrade(rcstreamd, agent)
    record = one(rcstreamd, "socketio.connected")
    shown = record["user_agent.original"]
    assert shown == agent[:255].decode(errors="replace") or len(shown) >= min(cut, 255) // 3
    assert record["log.level"] == "info"
    for line in rcstreamd.log.lines:
        assert not re.search("[\x00-\x1f\x7f\u202e\u2028]", line)


def test_names_that_are_many_are_told_by_the_first_ones(server):
    run = server(
        arguments=AT_INFO,
        http={"socketio": {"max_subscriptions": 100}},
    )
    client = RawWebSocket(run).connect_to_rc()
    names = [f"{number:03}.wiki\n\"'\\.example.org" for number in range(90)]
    client.send("5::/rc:" + json.dumps({"name": "subscribe", "args": [names]}))
    record = one(run, "socketio.subscribed", rcstreamd__subscriptions=90)
    shown, left_out = re.fullmatch(r"to (.*) and (\d+) more", record["message"], re.S).groups()
    assert shown.split(", ") + names[-int(left_out) :] == names
    assert len(record["message"]) < 1000


# --- how many lines there are ----------------------------------------------------


def come_and_go(run, clients):
    """So many IRC clients, one after another, each until the server has let go of it."""
    for _ in range(clients):
        with socket.create_connection(run.address("irc"), timeout=WAIT_TIMEOUT_S) as client:
            client.sendall(b"QUIT\r\n")
            while client.recv(4096):
                pass


@pytest.mark.threads
def test_lines_about_clients_have_a_rate_and_the_others_are_counted(server):
    run = server(arguments=AT_INFO, log={"client_rate": 2})
    began = time.monotonic()
    come_and_go(run, 300)
    run.log.wait_for("log.suppressed")
    run.stop()
    seconds = time.monotonic() - began
    written = lines_about_clients(run)
    assert 2 * BURST_S <= len(written) <= 2 * BURST_S + 2 * seconds + 2
    counts = suppressed(run)
    for event in ("connected", "disconnected"):
        assert len([r for r in written if r["id"] == f"irc.{event}"]) + counts[event] == 300
    assert counts["registered"] == counts["subscribed"] == 0
    told = run.log.find("log.suppressed")
    assert len(told) <= seconds + 2
    assert all(r["level"] == "info" and r["scope"] == "log" for r in told)
    first = told[0]
    count = sum(first[f"rcstreamd.suppressed.{e}"] for e in EVENTS)
    assert first["message"].startswith(f"{count} lines about clients were not written: ")


@pytest.mark.threads
def test_rate_of_lines_changes_with_a_reload(server):
    run = server(arguments=AT_INFO, log={"client_rate": 0})
    come_and_go(run, 20)
    time.sleep(1.2)
    assert lines_about_clients(run) == [] and not run.log.find("log.suppressed")
    run.reload(log={"client_rate": 1000})
    run.log.wait_for("conf.reloaded", "log.client_rate")
    come_and_go(run, 20)
    run.stop()
    assert len(lines_about_clients(run)) == 40
    assert not run.log.find("log.suppressed")


def test_at_debug_every_line_is_written(server):
    run = server(log={"client_rate": 1})
    come_and_go(run, 50)
    run.stop()
    assert len(run.log.find("irc.connected")) == len(run.log.find("irc.disconnected")) == 50
    assert not run.log.find("log.suppressed")


def test_a_log_that_nobody_reads_keeps_no_client_waiting(tmp_path):
    """Lines about clients are left out, and counted, when the pipe is full."""
    configuration = {**CONFIGURATION, "workers": 1, "log": {"client_rate": 10000}}
    file = tmp_path / "rcstreamd.yaml"
    file.write_text(json.dumps(configuration))
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*program(), "-c", file, "--log-format", "json"],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    os.close(writing)
    try:
        text = b""
        while b"ready: " not in text:
            text += os.read(reading, 65536)
        records = [json.loads(line) for line in text.splitlines()]
        bound = next(r["message"] for r in records if r["message"].startswith("irc 127"))
        address = ("127.0.0.1", int(bound.rpartition(":")[2]))
        for number in range(400):  # of some 700 bytes; the pipe holds 65,536
            client = IrcClient(address)
            client.send(f"NICK n{number}\r\nUSER u 0 * :{'x' * 100}\r\nPING :a\r\nQUIT")
            client.expect("ERROR :")
            client.expect_ended()
            client.close()
        process.terminate()
        text = b""
        while chunk := os.read(reading, 65536):
            text += chunk
        assert process.wait(STOP_TIMEOUT_S) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reading)
    records = [json.loads(line) for line in text.splitlines()]
    left_out = [r for r in records if r["event.code"] == "log.suppressed"]
    counts = {e: sum(r[f"rcstreamd.suppressed.{e}"] for r in left_out) for e in EVENTS}
    for event in ("connected", "registered", "disconnected"):
        written = len([r for r in records if r["event.code"] == f"irc.{event}"])
        assert 0 < written < 400 and written + counts[event] == 400
