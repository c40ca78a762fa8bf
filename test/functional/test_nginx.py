# SPDX-License-Identifier: Apache-2.0
"""Behind Debian's nginx, as RCStream was deployed: conf/deploy/nginx/rcstreamd.conf as it is."""

import time

import pytest

from http_client import read_response
from nginx import HOST, Nginx
from rcstreamd import make_change, wait_until
from socketio_clients import JavaScriptClient


@pytest.fixture
def servers(server):
    http = {"trusted_proxies": [HOST], "socketio": {"sessions_per_address": 40}}
    return [server(irc=None, http=http) for _ in range(2)]


@pytest.fixture
def nginx(servers, tmp_path, monkeypatch):
    folder = tmp_path / "nginx"
    folder.mkdir()
    nginx = Nginx(folder, servers)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(nginx.certificate))
    yield nginx.start()
    nginx.stop()


def get(nginx, source, path, fields=""):
    """One request over a connection of its own: status and body."""
    with nginx.connect(source) as connection:
        nginx.clients.remove(connection)
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: x\r\n{fields}Connection: close\r\n\r\n".encode()
        )
        status, _, body, _ = read_response(connection)
        return status, body.decode()


# RCStream's clients come by TLS, and lose nothing on the way, whatever they fall back to.
@pytest.mark.parametrize("transport", ["websocket", "xhr-polling"])
def test_nginx_brings_all_changes_through_tls(nginx, servers, transport):
    client = JavaScriptClient(nginx, transport)
    client.expect("connect", timeout=10)
    assert client.call("subscribe", "*") == [None]
    for number in range(100):
        for rcstreamd in servers:  # one of them has the client
            rcstreamd.send_rcfeed(make_change(id=number, title="Ca\u00f1on \U0001f600"))
    assert [client.expect("change")[0]["id"] for _ in range(100)] == list(range(100))
    client.disconnect()


# ip_hash: both servers have clients, and each client's requests come to one of them.
def test_nginx_keeps_a_client_at_its_server(nginx, servers):
    for number in range(12):
        source = f"127.0.{number}.1"
        session = get(nginx, source, "/socket.io/1/")[1].split(":")[0]
        path = f"/socket.io/1/xhr-polling/{session}"
        assert get(nginx, source, path) == (200, "1::")
    for rcstreamd in servers:
        rcstreamd.log.wait_for("socketio.handshake")


# http.trusted_proxies: the address is the client's, and not what the client says of itself.
def test_nginx_tells_the_address_of_the_client(nginx, servers):
    lies = "X-Forwarded-For: 192.0.2.66\r\nForwarded: for=192.0.2.66\r\n"
    assert get(nginx, "127.0.7.3", "/socket.io/1/", lies)[0] == 200

    def told():
        return [r["message"] for s in servers for r in s.log.find("socketio.handshake")]

    assert wait_until(told, what="the handshake's record") == ["from 127.0.7.3"]


# docs/deployment.md: a time is good at each server, a position at the one that it came from.
def test_nginx_client_goes_on_at_the_other_server(nginx, servers):
    client = JavaScriptClient(nginx, "websocket")
    client.expect("connect", timeout=10)
    client.call("subscribe", {"wiki": "*"})
    for rcstreamd in servers:
        rcstreamd.send_rcfeed(make_change(id=1))
    _, position = client.expect("change")
    wait_until(lambda: any(s.log.find("socketio.connected") for s in servers))
    ended, other = sorted(servers, key=lambda s: not s.log.find("socketio.connected"))
    wait_until(lambda: other.http_get("/rcstream_status").json()["changes_in"] == 1)
    time.sleep(0.05)
    since = time.time()
    ended.stop()
    client.expect("disconnect", timeout=15)
    other.send_rcfeed(make_change(id=2))
    assert {client.next(timeout=15)[0] for _ in range(2)} == {"connect", "reconnect"}
    (answer,) = client.call("subscribe", {"since": since})
    assert "gap" not in answer
    assert client.expect("change")[0]["id"] == 2
    client.expect("replayed")
    late = JavaScriptClient(nginx, "xhr-polling")
    late.expect("connect", timeout=10)
    late.emit("subscribe", {"since": position})
    assert late.expect("gap")[0]["reason"] == "unknown position"
    assert [late.expect("change")[0]["id"] for _ in range(2)] == [1, 2]
    late.expect("replayed")


# What is not for the public stays behind.
def test_nginx_passes_on_what_is_public(nginx):
    assert get(nginx, HOST, "/rcstream_status")[0] == 200
    assert get(nginx, HOST, "/irc")[0] == 404  # IRC is off here; the server's own answer
    assert get(nginx, HOST, "/irc")[1] == "Not Found\n"
    assert get(nginx, HOST, "/socket.io/socket.io.js") == (404, "Not Found\n")
    assert "nginx" in get(nginx, HOST, "/healthz")[1]
