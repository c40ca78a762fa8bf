# SPDX-License-Identifier: Apache-2.0
"""Who may take how much: connections and sessions of an address, lines of a client."""

import json
import re
import socket
import time

import pytest

from hostile import Witnesses, assault
from http_client import CONNECTIONS, open_websocket, read_all, read_response
from irc_client import IrcClient
from rcstreamd import program, wait_until

REFUSED_ON_IRC = (
    b"ERROR :Closing Link: (Too many connections from your address: %d at most)\r\n"
)
FULL_ON_IRC = b"ERROR :Closing Link: (Too many clients)\r\n"

# How many were refused, by reason.
NOBODY = {"limit": 0, "address_limit": 0, "rate_limit": 0, "not_allowed": 0}

# Every address of the tests counts but the one that asks for the status.
ASKER = "127.0.0.99"
EVERYBODY = {"unlimited_addresses": [ASKER]}


def connect(rcstreamd, listener, source="127.0.0.1"):
    """A socket to a listener, from one of loopback's many addresses."""
    client = socket.create_connection(
        rcstreamd.address(listener), timeout=10, source_address=(source, 0)
    )
    rcstreamd.clients.append(client)
    return client


def get(rcstreamd, path, source):
    """One request over a connection of its own: status, fields, body."""
    with connect(rcstreamd, "http", source) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        status, fields, body, _ = read_response(client)
        rcstreamd.clients.remove(client)
        return status, fields, body


def status_of(rcstreamd, member="connections"):
    """The status page's figures of connections, the one that asks not counted."""
    figures = json.loads(get(rcstreamd, "/rcstream_status", ASKER)[2])[member]
    if member == "connections":
        figures["open"] -= 1
    return figures


def register(rcstreamd, source, nick="reader"):
    return rcstreamd.irc(source).register(nick)


# limits.connections_per_address: of IRC and HTTP, and of all workers, together.
def test_limits_of_an_address_are_for_all_front_ends_and_workers(server):
    rcstreamd = server(workers=4, limits={**EVERYBODY, "connections_per_address": 6})
    for _ in range(3):
        register(rcstreamd, "127.0.0.2")
        connect(rcstreamd, "http", "127.0.0.2")
    wait_until(lambda: status_of(rcstreamd)["open"] == 6)
    for _ in range(4):
        assert read_all(connect(rcstreamd, "irc", "127.0.0.2")) == REFUSED_ON_IRC % 6
        status, fields, body = get(rcstreamd, "/healthz", "127.0.0.2")
        assert (status, fields["connection"], body) == (
            429,
            "close",
            b"Too many connections from your address: 6 at most\n",
        )
        assert int(fields["retry-after"]) > 0
    register(rcstreamd, "127.0.0.3")
    # The one that asked before may be there for a moment longer.
    figures = wait_until(lambda: status if (status := status_of(rcstreamd))["open"] == 7 else None)
    assert figures.pop("max") > 6
    assert figures == {
        "open": 7,
        "addresses": 2,
        "max_per_address": 6,
        "refused": {**NOBODY, "address_limit": 8},
    }


# A place is free again when its connection has ended, however that was.
def test_limits_count_who_is_there_only(server):
    rcstreamd = server(limits={**EVERYBODY, "connections_per_address": 1})
    for end in range(6):
        client = register(rcstreamd, "127.0.0.2")
        if end % 3 == 0:
            client.send("QUIT :bye")
            client.expect_ended()
        client.close()
        wait_until(lambda: status_of(rcstreamd)["open"] == 0)
    assert status_of(rcstreamd)["refused"]["address_limit"] == 0


# limits.unlimited_addresses: loopback by default, so that a proxy on the machine is not one client.
def test_limits_except_loopback_by_default(server):
    rcstreamd = server(
        irc={"listen": ["127.0.0.1:0", "[::1]:0"]}, limits={"connections_per_address": 1}
    )
    for address in rcstreamd.addresses("irc"):
        for _ in range(5):
            client = IrcClient(address)
            rcstreamd.clients.append(client)
            client.register()
    wait_until(lambda: status_of(rcstreamd)["open"] == 10)
    assert status_of(rcstreamd)["refused"] == NOBODY


# An IPv4 client of an IPv6 socket has an IPv4 address: neighbours are not one /64.
def test_limits_tell_ipv4_addresses_apart_on_an_ipv6_socket(server):
    rcstreamd = server(
        irc={"listen": ["[::]:0"]}, limits={**EVERYBODY, "connections_per_address": 1}
    )
    port = rcstreamd.address("irc")[1]
    for is_let_in in (True, False):
        for source in ("127.0.0.2", "127.0.0.3", "::1"):
            host = "::1" if source == "::1" else "127.0.0.1"
            client = socket.create_connection((host, port), 10, (source, 0))
            rcstreamd.clients.append(client)
            if is_let_in:
                client.sendall(b"PING x\r\n")
                assert client.recv(100).startswith(b":localhost PONG ")
            else:
                assert read_all(client) == REFUSED_ON_IRC % 1
    assert status_of(rcstreamd)["addresses"] == 3


def figures_for(asker):
    """On a connection that is there, as a new one might not be let in."""
    asker.sendall(b"GET /rcstream_status HTTP/1.1\r\nHost: x\r\n\r\n")
    return read_response(asker)[2]


# limits.connections_max: of all together, unlimited addresses too.
def test_limits_of_the_server_are_told(server):
    rcstreamd = server(limits={"connections_max": 5})
    asker = rcstreamd.connect("http")
    clients = [rcstreamd.irc().register() for _ in range(4)]
    assert read_all(rcstreamd.connect("irc")) == FULL_ON_IRC
    status, fields, body, _ = read_response(rcstreamd.connect("http"))
    assert (status, fields["connection"], body) == (503, "close", b"Too many clients\n")
    assert int(fields["retry-after"]) > 0
    clients[0].send("QUIT")
    clients[0].expect_ended()
    clients[0].close()

    def is_let_in():
        client = rcstreamd.connect("irc")
        client.sendall(b"PING x\r\n")
        return client.recv(100).startswith(b":localhost PONG ")

    wait_until(is_let_in, what="a place")
    assert b'"address_limit": 0' in figures_for(asker)
    assert len(rcstreamd.log.find("listener.refused")) <= rcstreamd.configuration["workers"]


# limits.connections_max 0: nobody waits for a descriptor, all hear that there are too many.
def test_limits_keep_descriptors_in_reserve(server):
    limited = ["prlimit", "--nofile=256:256", *program()]
    rcstreamd = server(command=limited)
    asker = rcstreamd.connect("http")
    figures_for(asker)  # it has come, before all others
    clients = [rcstreamd.connect("irc") for _ in range(200)]
    for client in clients:
        client.sendall(b"PING x\r\n")
    answers = [client.recv(100) for client in clients]
    served = [answer for answer in answers if answer.startswith(b":localhost PONG ")]
    assert 80 < len(served) < 150
    assert answers.count(FULL_ON_IRC) == len(answers) - len(served)
    figures = figures_for(asker)
    assert b'"accept_pauses": 0,' in figures
    assert b'"limit": %d' % (len(answers) - len(served)) in figures


# Requests of a session move to its worker: each connection has one place, before and after.
@pytest.mark.threads
def test_limits_follow_connections_that_move(server):
    rcstreamd = server(workers=3, limits={**EVERYBODY, "connections_per_address": CONNECTIONS})
    for _ in range(3):
        clients = [open_websocket(rcstreamd) for _ in range(CONNECTIONS - 1)]
        figures = status_of(rcstreamd)
        assert (figures["open"], figures["addresses"]) == (CONNECTIONS - 1, 1)
        for client in clients:
            client.close()
        wait_until(lambda: status_of(rcstreamd)["open"] == 0)
    assert status_of(rcstreamd)["addresses"] == 0
    assert status_of(rcstreamd)["refused"]["address_limit"] == 0


STORM = 2000


# Those who are connected lose nothing while many are turned away, and each of these is told.
@pytest.mark.threads
def test_limits_refuse_a_storm_that_others_do_not_notice(server):
    rcstreamd = server(limits={**EVERYBODY, "connections_per_address": 4})
    for _ in range(4):
        register(rcstreamd, "127.0.0.2")
    told = []

    def storm(chance):
        for _ in range(STORM // 4):
            listener = chance.choice(("irc", "http"))
            with socket.create_connection(
                rcstreamd.address(listener), timeout=20, source_address=("127.0.0.2", 0)
            ) as client:
                told.append((listener, read_all(client)))

    with Witnesses(rcstreamd):
        assault(4, storm)
        figures = status_of(rcstreamd)
    assert len(told) == STORM
    for listener, answer in told:
        if listener == "irc":
            assert answer == REFUSED_ON_IRC % 4
        else:
            assert answer.startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
    assert figures["refused"] == {**NOBODY, "address_limit": STORM}
    assert len(rcstreamd.log.find("listener.refused")) <= rcstreamd.configuration["workers"]


# http.socketio.sessions_per_address: sessions that never open are not everybody's trouble.
def test_limits_of_sessions_are_by_address(server):
    rcstreamd = server(
        workers=3,
        limits=EVERYBODY,
        http={"socketio": {"sessions_per_address": 20, "max_sessions": 90}},
    )
    answers = [get(rcstreamd, "/socket.io/1/", "127.0.0.2") for _ in range(30)]
    assert [status for status, _, _ in answers] == [200] * 20 + [503] * 10
    assert answers[-1][2] == b"too many sessions from your address"
    status, _, body = get(rcstreamd, "/socket.io/1/?jsonp=7", "127.0.0.2")
    assert (status, body) == (200, b'io.j[7](new Error("too many sessions from your address"));')
    assert get(rcstreamd, "/socket.io/1/", "127.0.0.3")[0] == 200
    session = answers[0][2].decode().split(":")[0]
    assert get(rcstreamd, f"/socket.io/1//{session}?disconnect", "127.0.0.4")[0] == 200
    assert get(rcstreamd, "/socket.io/1/", "127.0.0.2")[0] == 200
    assert status_of(rcstreamd, "counters")["socketio_refused_address"] == 11


# irc.input_rate: over it lines wait, in order, and nobody is disconnected; others do not notice.
def test_limits_of_input_make_one_client_wait(server):
    rcstreamd = server(irc={"input_rate": 20, "input_burst": 10})
    busy = rcstreamd.irc().register("busy")
    other = rcstreamd.irc().register("other")
    for client in (busy, other):
        client.expect_next(" 221 ")  # what comes behind the MOTD
    time.sleep(0.5)
    start = time.monotonic()
    busy.send_bytes(b"".join(b"PING %d\r\n" % i for i in range(70)))
    for _ in range(3):
        asked = time.monotonic()
        other.send("PING other")
        other.expect_next(":other$")
        assert time.monotonic() - asked < 0.5
        time.sleep(0.3)
    for i in range(70):
        busy.expect_next(f"^:localhost PONG localhost :{i}$")
    assert 2.5 < time.monotonic() - start < 6  # sixty lines at twenty a second are three
    assert status_of(rcstreamd, "counters")["irc_input_waits"] > 0


# The note on IRC: no flood limit by default; CVNBot joins some 800 channels in a row.
def test_limits_of_input_are_off_by_default(server):
    rcstreamd = server()
    client = rcstreamd.irc().register()
    client.expect_next(" 221 ")
    lines = [f"JOIN #wiki{i}.example" for i in range(800)] + [f"PING {i}" for i in range(800)]
    start = time.monotonic()
    client.send_bytes("\r\n".join([*lines, ""]).encode())
    for i in range(800):
        client.expect_next(rf"^:localhost 403 reader #wiki{i}\.example :")
    for i in range(800):
        client.expect_next(f":{i}$")
    assert time.monotonic() - start < 4
    assert status_of(rcstreamd, "counters")["irc_input_waits"] == 0


# RFC 2812, 265 and 266: the maximum is the server's, whichever worker one asks.
def test_limits_seen_by_lusers_are_of_all_workers(server):
    rcstreamd = server(workers=4)
    clients = [rcstreamd.irc().register(f"reader{i}") for i in range(20)]
    for client in clients:
        client.close()
    wait_until(lambda: status_of(rcstreamd, "clients")["irc"] == 0)
    for _ in range(8):
        client = rcstreamd.irc().register()
        found = [line for line in client.lines if re.search(r"^:\S+ 26[56] ", line)]
        assert [line.rpartition(" max ")[2] for line in found] == ["20", "20"]
