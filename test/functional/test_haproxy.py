# SPDX-License-Identifier: Apache-2.0
"""Behind Debian's HAProxy: conf/deploy/haproxy/rcstreamd.cfg as it is, and the PROXY protocol."""

import pytest

from haproxy import HOST, Haproxy
from http_client import read_response
from rcstreamd import make_change
from socketio_clients import JavaScriptClient

PROXIED = {"proxy_protocol": [HOST]}


@pytest.fixture
def servers(server):
    return [server(irc=PROXIED, http=PROXIED) for _ in range(2)]


@pytest.fixture(params=[1, 2])
def haproxy(servers, tmp_path, monkeypatch, request):
    folder = tmp_path / "haproxy"
    folder.mkdir()
    haproxy = Haproxy(folder, servers, request.param)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(haproxy.certificate))
    yield haproxy.start()
    haproxy.stop()


# RCStream's clients come by TLS, and lose nothing on the way.
@pytest.mark.parametrize("transport", ["websocket", "xhr-polling"])
def test_haproxy_brings_all_changes_through_tls(haproxy, servers, transport):
    client = JavaScriptClient(haproxy, transport)
    client.expect("connect", timeout=10)
    assert client.call("subscribe", "*") == [None]
    for number in range(100):
        for rcstreamd in servers:  # one of them has the client
            rcstreamd.send_rcfeed(make_change(id=number))
    assert [client.expect("change")[0]["id"] for _ in range(100)] == list(range(100))
    client.disconnect()


# The PROXY protocol: WHOIS shows a client's own address, as its limits are counted by.
def test_haproxy_tells_the_address_of_an_irc_client(haproxy):
    with haproxy.connect("irc", "127.0.9.9") as client:
        client.sendall(b"NICK reader\r\nUSER r 0 * :r\r\nWHOIS reader\r\n")
        said = b""
        while b" 318 " not in said:
            said += client.recv(4096)
    assert b" 311 reader reader r 127.0.9.9 * " in said


# The limits are those of the client's address: another's clients are let in beside it.
def test_haproxy_counts_connections_by_the_address_of_the_client(server, tmp_path):
    limits = {"connections_per_address": 2, "unlimited_addresses": []}
    servers = [server(irc=PROXIED, http=PROXIED, limits=limits) for _ in range(2)]
    folder = tmp_path / "haproxy"
    folder.mkdir()
    haproxy = Haproxy(folder, servers).start()
    try:
        clients = [haproxy.connect("irc", "127.0.9.1") for _ in range(5)]
        other = haproxy.connect("irc", "127.0.9.2")
        for client in [*clients, other]:
            client.sendall(b"NICK a%d\r\nUSER r 0 * :r\r\n" % client.fileno())
        answers = [client.recv(65536) for client in clients]
        assert sum(b" 001 " in answer for answer in answers) == 4  # 2 at each server
        assert sum(b"Too many connections from your address" in a for a in answers) == 1
        assert b" 001 " in other.recv(65536)
    finally:
        haproxy.stop()


# HAProxy's own checks begin with a header too (LOCAL), and find the servers well.
def test_haproxy_finds_the_servers_well(haproxy):
    with haproxy.connect("http", "127.0.9.1") as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert read_response(client)[0] == 200
    assert "DOWN" not in haproxy.log()


# Whoever connects from a proxy's address and tells nothing is closed, and counted.
@pytest.mark.parametrize("said", [b"NICK reader\r\n", b"PROXY TCP4 192.0.2.1 x 1 2\r\n"])
def test_proxy_protocol_is_asked_of_a_proxy(server, said):
    rcstreamd = server(irc=PROXIED)
    client = rcstreamd.connect("irc")
    client.settimeout(5)
    client.sendall(said)
    assert client.recv(4096) == b""
    assert rcstreamd.http_get("/rcstream_status").json()["counters"]["proxy_headers_refused"] == 1


# From anywhere else a header is no header, whatever it says.
def test_proxy_protocol_is_believed_of_proxies_alone(server):
    rcstreamd = server(irc={"proxy_protocol": ["192.0.2.1"]})
    client = rcstreamd.irc()
    client.send("PROXY TCP4 192.0.2.9 192.0.2.8 4711 6667")
    client.register("reader")
    client.send("WHOIS reader")
    client.expect(r" 311 reader reader reader 127\.0\.0\.1 \*")
