# SPDX-License-Identifier: Apache-2.0
"""Who is let in by a listener, and how often: irc.allow, http.allow, connection_rate."""

import json
import socket
import struct
import time

import pytest
import websocket

from http_client import read_all, read_response
from irc_websocket_client import IrcWebSocketClient
from rcstreamd import run_program, wait_until

STRANGER_ON_IRC = b"ERROR :Closing Link: (Your address is not allowed)\r\n"
PROXY = "127.0.0.77"  # believed where a test says so
ASKER = "127.0.0.99"  # asks for the status, and is bound by nothing
BOUND = {"unlimited_addresses": [ASKER]}
SLOW = 0.001  # a second: no more than the burst within a test
V2_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def too_often(rate):
    text = f"Too many new connections from your address: {rate} a second at most"
    return f"ERROR :Closing Link: ({text})\r\n".encode()


def connect(rcstreamd, listener, source="127.0.0.1", address=None):
    """A socket to a listener, from one of loopback's many addresses."""
    address = address or rcstreamd.address(listener)
    client = socket.create_connection(address, timeout=10, source_address=(source, 0))
    rcstreamd.clients.append(client)
    return client


def ask_irc(client, before=b""):
    """What IRC answers: a PONG to who is let in, else an ERROR and the end."""
    client.sendall(before + b"PING x\r\n")
    answer = client.recv(200)
    return b"PONG" if b" PONG " in answer else answer + read_all(client)


def irc(rcstreamd, source):
    client = connect(rcstreamd, "irc", source)
    try:
        return ask_irc(client)
    finally:
        client.close()


def request(client, path="/healthz", before=b"", forwarded=None, ends=True):
    """The answer to one request: status, fields, body."""
    field = f"X-Forwarded-For: {forwarded}\r\n" if forwarded else ""
    end = "Connection: close\r\n" if ends else ""
    text = f"GET {path} HTTP/1.1\r\nHost: x\r\n{field}{end}\r\n"
    client.sendall(before + text.encode())
    return read_response(client)[:3]


def http(rcstreamd, source, **options):
    """One request over a connection of its own."""
    client = connect(rcstreamd, "http", source)
    try:
        return request(client, **options)
    finally:
        client.close()


def refused(rcstreamd):
    """How many were refused, by reason, those left out of whom there is none."""
    status = json.loads(http(rcstreamd, ASKER, path="/rcstream_status")[2])
    return {reason: count for reason, count in status["connections"]["refused"].items() if count}


def proxy_v1(client):
    family, to = ("TCP6", "::1") if ":" in client else ("TCP4", "192.0.2.200")
    return f"PROXY {family} {client} {to} 4711 80\r\n".encode()


def proxy_v2(client):
    ipv6 = ":" in client
    family = socket.AF_INET6 if ipv6 else socket.AF_INET
    to = "::1" if ipv6 else "192.0.2.200"
    addresses = socket.inet_pton(family, client) + socket.inet_pton(family, to)
    body = addresses + struct.pack("!HH", 4711, 80)
    return V2_SIGNATURE + struct.pack("!BBH", 0x21, 0x21 if ipv6 else 0x11, len(body)) + body


def has_ipv6():
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="there is no ::1")


def reload(rcstreamd, **overrides):
    """Have these in force: not only in the file, but in every worker."""
    before = len(rcstreamd.log.find("conf.reloaded"))
    rcstreamd.reload(**overrides)
    wait_until(lambda: len(rcstreamd.log.find("conf.reloaded")) > before, what="the reload")
    time.sleep(0.3)  # a turn of each loop


# --- allow -----------------------------------------------------------------------


# irc.allow and http.allow: by network, and each for its own listener.
def test_allow_serves_networks_that_are_named(server):
    rcstreamd = server(
        irc={"allow": ["127.0.0.4/30"]}, http={"allow": ["127.0.0.8", ASKER]}, limits=BOUND
    )
    assert irc(rcstreamd, "127.0.0.7") == b"PONG"
    assert irc(rcstreamd, "127.0.0.8") == STRANGER_ON_IRC
    assert http(rcstreamd, "127.0.0.8")[0] == 200
    status, fields, body = http(rcstreamd, "127.0.0.7")
    assert (status, body, fields["connection"]) == (403, b"Your address is not allowed\n", "close")
    assert "retry-after" not in fields
    assert refused(rcstreamd) == {"not_allowed": 2}
    told = [r for r in rcstreamd.log.records if r["id"].startswith("listener.refused")]
    assert [r["level"] for r in told] == ["debug", "debug"]
    assert "127.0.0.8" in told[0]["message"] and "not_allowed" in told[0]["message"]


# An empty list is everyone, unlimited_addresses are not let in by that.
def test_allow_is_no_matter_of_limits(server):
    rcstreamd = server(irc={"allow": ["127.0.0.9"]})
    assert irc(rcstreamd, "127.0.0.1") == STRANGER_ON_IRC
    assert http(rcstreamd, "127.0.0.1")[0] == 200


# RFC 4291 2.5.5.2: a client of an IPv6 socket that has an IPv4 address is in an IPv4 network, and
# a network may be written in that form.
@needs_ipv6
@pytest.mark.parametrize("network", ["127.0.0.4/30", "::ffff:127.0.0.4/126"])
def test_allow_knows_ipv4_behind_an_ipv6_socket(server, network):
    rcstreamd = server(irc={"listen": ["[::]:0"], "allow": [network, "2001:db8::/32"]})
    port = rcstreamd.address("irc")[1]
    answers = {}
    for source, host in (("127.0.0.5", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("::1", "::1")):
        answers[source] = ask_irc(connect(rcstreamd, "irc", source, (host, port)))
    assert answers == {
        "127.0.0.5": b"PONG",
        "127.0.0.1": STRANGER_ON_IRC,
        "::1": STRANGER_ON_IRC,
    }


@needs_ipv6
def test_allow_knows_ipv6(server):
    rcstreamd = server(irc={"listen": ["[::1]:0"], "allow": ["::1"]})
    assert ask_irc(connect(rcstreamd, "irc", "::1")) == b"PONG"


# The PROXY protocol: what counts is the client's address, and the proxy's own for its checks.
@pytest.mark.parametrize("header", [proxy_v1, proxy_v2])
def test_allow_is_asked_of_whom_a_proxy_tells(server, header):
    believing = {"proxy_protocol": [PROXY], "allow": ["192.0.2.0/24", "2001:db8::/32", ASKER]}
    rcstreamd = server(irc=believing, http=believing)

    def by_proxy(listener):
        return connect(rcstreamd, listener, PROXY)

    for client in ("192.0.2.7", "2001:db8::7"):
        assert ask_irc(by_proxy("irc"), header(client)) == b"PONG"
        assert request(by_proxy("http"), before=header(client))[0] == 200
    for client in ("198.51.100.7", "2001:db9::7"):
        assert ask_irc(by_proxy("irc"), header(client)) == STRANGER_ON_IRC
        assert request(by_proxy("http"), before=header(client))[0] == 403
    local = V2_SIGNATURE + b"\x20\0\0\0" if header is proxy_v2 else b"PROXY UNKNOWN\r\n"
    assert request(by_proxy("http"), before=local)[0] == 403
    assert refused(rcstreamd) == {"not_allowed": 5}


# http.trusted_proxies: a proxy's connection goes on, whoever of its clients is refused.
def test_allow_is_asked_of_each_request_of_a_trusted_proxy(server):
    rcstreamd = server(http={"trusted_proxies": [PROXY], "allow": ["192.0.2.0/24", ASKER]})
    proxy = connect(rcstreamd, "http", PROXY)

    def ask(client, path="/healthz"):
        return request(proxy, path, forwarded=client, ends=False)[0]

    assert ask("192.0.2.7") == 200
    assert ask("198.51.100.7") == 403
    assert ask("192.0.2.7, 198.51.100.7") == 403  # the first is what a stranger says of itself
    assert ask("::ffff:192.0.2.9") == 200
    assert ask("198.51.100.7", "/socket.io/1/") == 403
    assert ask(None) == 403  # the proxy itself
    assert ask("192.0.2.8", "/socket.io/1/") == 200
    assert http(rcstreamd, "127.0.0.1", forwarded="192.0.2.7")[0] == 403  # nobody believes that
    assert refused(rcstreamd) == {"not_allowed": 5}


# IRC over WebSocket comes by the HTTP listener, and so by its list.
def test_allow_of_irc_over_websocket_is_that_of_http(server):
    rcstreamd = server(
        irc={"allow": ["192.0.2.0/24"]},
        http={"trusted_proxies": ["127.0.0.1"], "allow": ["192.0.2.0/24"]},
    )
    IrcWebSocketClient(rcstreamd, header=["X-Forwarded-For: 192.0.2.7"]).register("reader")
    with pytest.raises(websocket.WebSocketBadStatusException) as answer:
        IrcWebSocketClient(rcstreamd, header=["X-Forwarded-For: 198.51.100.7"])
    assert answer.value.status_code == 403


# A reload binds those who come: who is there stays, on IRC, WebSockets and plain connections.
@pytest.mark.threads
def test_allow_is_changed_by_a_reload_for_those_who_come(server):
    rcstreamd = server(http={"allow": []})
    clients = [rcstreamd.irc("127.0.0.2").register(f"reader{i}") for i in range(6)]
    upgraded = IrcWebSocketClient(rcstreamd).register("upgraded")
    plain = connect(rcstreamd, "http", "127.0.0.1")
    assert request(plain, ends=False)[0] == 200
    reload(rcstreamd, irc={"allow": ["127.0.0.3"]}, http={"allow": [ASKER]})
    for _ in range(6):  # whichever worker takes it
        assert irc(rcstreamd, "127.0.0.2") == STRANGER_ON_IRC
        assert irc(rcstreamd, "127.0.0.3") == b"PONG"
        assert http(rcstreamd, "127.0.0.1")[0] == 403
    for client in [*clients, upgraded]:
        client.send("PING :still here")
        client.expect("still here")
    assert request(plain, ends=False)[0] == 200
    reload(rcstreamd, irc={"allow": []}, http={"allow": []})
    for _ in range(6):
        assert irc(rcstreamd, "127.0.0.2") == b"PONG"
        assert http(rcstreamd, "127.0.0.1")[0] == 200


# What is no network is refused at the start, with its place; a tiny rate too.
@pytest.mark.parametrize(
    "text, fault",
    [
        ("irc:\n  allow: [127.0.0.0/33]\n", ':2:11: irc.allow[0]: "127.0.0.0/33" is not a network'),
        ("http:\n  allow: example.org\n", ':2:10: http.allow: "example.org" is not a network'),
        ("irc: {connection_rate: 0.0001}", ":1:24: irc.connection_rate: 0.0001 is out of range"),
        ("http: {connection_burst: 0}", ':1:26: http.connection_burst: "0" is out of range'),
    ],
)
def test_allow_and_rate_are_checked_at_the_start(tmp_path, text, fault):
    file = tmp_path / "rcstreamd.yaml"
    file.write_text(text)
    done = run_program("-c", file, "--check-config")
    assert done.returncode == 2
    assert fault in done.stderr


# --- connection_rate ----------------------------------------------------------------


# irc.connection_rate: of an address, all workers together, and of IRC alone.
@pytest.mark.threads
def test_rate_is_of_an_address_and_of_all_workers(server):
    rcstreamd = server(
        workers=3, irc={"connection_rate": SLOW, "connection_burst": 10}, limits=BOUND
    )
    answers = [irc(rcstreamd, "127.0.0.2") for _ in range(25)]
    assert answers == [b"PONG"] * 10 + [too_often(SLOW)] * 15
    assert irc(rcstreamd, "127.0.0.3") == b"PONG"
    assert http(rcstreamd, "127.0.0.2")[0] == 200
    assert refused(rcstreamd) == {"rate_limit": 15}
    told = rcstreamd.log.find("listener.refused")
    assert 1 <= len(told) <= 3  # a warning a minute for each worker
    assert all(r["level"] == "warn" and "rate_limit" in r["message"] for r in told)


# Those who are refused come in again when their time has come.
def test_rate_lets_in_again(server):
    rcstreamd = server(irc={"connection_rate": 4, "connection_burst": 2}, limits=BOUND)
    answers = [irc(rcstreamd, "127.0.0.2") for _ in range(3)]
    assert answers == [b"PONG", b"PONG", too_often(4)]
    time.sleep(0.4)
    assert irc(rcstreamd, "127.0.0.2") == b"PONG"


# http.connection_rate: 429, and Retry-After says when.
def test_rate_is_told_over_http(server):
    rcstreamd = server(http={"connection_rate": 0.25, "connection_burst": 2}, limits=BOUND)
    answers = [http(rcstreamd, "127.0.0.2") for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    _, fields, body = answers[-1]
    assert (fields["retry-after"], fields["connection"]) == ("4", "close")
    assert body == b"Too many new connections from your address: 0.25 a second at most\n"
    assert irc(rcstreamd, "127.0.0.2") == b"PONG"


# limits.unlimited_addresses: counted for no limit of an address, this one neither.
def test_rate_excepts_unlimited_addresses(server):
    rcstreamd = server(irc={"connection_rate": SLOW, "connection_burst": 1})
    assert [irc(rcstreamd, "127.0.0.2") for _ in range(20)] == [b"PONG"] * 20
    assert refused(rcstreamd) == {}


# By default a client that polls by a new connection each time, fifty times a second, is let be.
def test_rate_is_no_matter_for_polls_by_default(server):
    rcstreamd = server(limits=BOUND)
    for _ in range(1500):
        assert http(rcstreamd, "127.0.0.2")[0] == 200
    assert refused(rcstreamd) == {}


# On IRC all that an address may have at once can come back at once, by default.
def test_rate_lets_a_crowd_come_back_by_default(server):
    rcstreamd = server(limits=BOUND)
    assert {irc(rcstreamd, "127.0.0.2") for _ in range(2 * 256 - 12)} == {b"PONG"}


# limits.ipv6_prefix: one network of IPv6 is one address.
@pytest.mark.parametrize("header", [proxy_v1, proxy_v2])
def test_rate_is_of_whom_a_proxy_tells(server, header):
    rcstreamd = server(
        irc={"proxy_protocol": [PROXY], "connection_rate": SLOW, "connection_burst": 2},
        limits={"unlimited_addresses": []},
    )

    def come(client):
        return ask_irc(connect(rcstreamd, "irc", PROXY), header(client))

    assert [come("192.0.2.7") for _ in range(3)] == [b"PONG", b"PONG", too_often(SLOW)]
    assert come("192.0.2.8") == b"PONG"
    clients = ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3", "2001:db8:0:1::1"]
    assert [come(c) for c in clients] == [b"PONG", b"PONG", too_often(SLOW), b"PONG"]


# http.trusted_proxies: what stays with a client counts for it; its polls, and the proxy, do not.
def test_rate_behind_a_trusted_proxy_is_of_what_stays(server):
    rcstreamd = server(
        http={"trusted_proxies": ["127.0.0.1"], "connection_rate": SLOW, "connection_burst": 2},
        limits=BOUND,
    )
    for _ in range(10):
        assert http(rcstreamd, "127.0.0.1", forwarded="192.0.2.7")[0] == 200
    fields = ["X-Forwarded-For: 192.0.2.7"]
    for number in range(2):
        IrcWebSocketClient(rcstreamd, header=fields).register(f"reader{number}")
    with pytest.raises(websocket.WebSocketBadStatusException) as answer:
        IrcWebSocketClient(rcstreamd, header=fields)
    assert answer.value.status_code == 429
    assert answer.value.resp_headers["retry-after"] == "1000"
    IrcWebSocketClient(rcstreamd, header=["X-Forwarded-For: 192.0.2.8"]).register("other")


# A reload: another rate holds at once, with a new beginning; options beside it change nothing.
@pytest.mark.threads
def test_rate_is_changed_by_a_reload(server):
    rcstreamd = server(
        irc={"connection_rate": SLOW, "connection_burst": 1},
        http={"connection_rate": SLOW, "connection_burst": 1},
        limits=BOUND,
    )
    assert [irc(rcstreamd, "127.0.0.2") for _ in range(2)] == [b"PONG", too_often(SLOW)]
    reload(rcstreamd, irc={"motd": "other words"})
    assert irc(rcstreamd, "127.0.0.2") == too_often(SLOW)
    reload(rcstreamd, irc={"connection_burst": 3})
    answers = [irc(rcstreamd, "127.0.0.2") for _ in range(4)]
    assert answers == [b"PONG"] * 3 + [too_often(SLOW)]
    reload(rcstreamd, irc={"connection_rate": 0})
    assert {irc(rcstreamd, "127.0.0.2") for _ in range(20)} == {b"PONG"}
    assert [http(rcstreamd, "127.0.0.2")[0] for _ in range(2)] == [200, 429]
    reload(rcstreamd, http={"connection_rate": 0})
    assert {http(rcstreamd, "127.0.0.2")[0] for _ in range(20)} == {200}
    reload(rcstreamd, irc={"connection_rate": SLOW, "connection_burst": 1})
    reload(rcstreamd, limits={"unlimited_addresses": [ASKER, "127.0.0.2"]})
    assert {irc(rcstreamd, "127.0.0.2") for _ in range(20)} == {b"PONG"}


# The admin listener is for whoever runs the server: neither holds there.
def test_admin_listener_asks_nobody(server):
    rcstreamd = server(
        irc={"allow": ["192.0.2.1"], "connection_rate": SLOW, "connection_burst": 1},
        http={"allow": ["192.0.2.1"], "connection_rate": SLOW, "connection_burst": 1},
        admin={"listen": ["127.0.0.1:0"]},
        limits={"unlimited_addresses": []},
    )
    address = rcstreamd.address("admin")
    for _ in range(5):
        client = connect(rcstreamd, "admin", "127.0.0.2", address)
        assert request(client, "/admin/clients")[0] == 200
