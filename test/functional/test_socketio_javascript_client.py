# SPDX-License-Identifier: Apache-2.0
"""The real socket.io-client 0.9.16 on Node, over each transport."""

from itertools import permutations

import pytest

from nginx import HOST, Nginx

from rcstreamd import make_change, wait_until
from socketio_clients import JavaScriptClient

TRANSPORTS = ["websocket", "xhr-polling"]  # jsonp-polling and htmlfile need a page
OFFERED = ["websocket", "htmlfile", "xhr-polling", "jsonp-polling"]
PATIENCE_MS = 1000


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


@pytest.fixture
def connected(server, transport):
    """A server and a client of it that has connected."""
    rcstreamd = server(irc=None)
    client = JavaScriptClient(rcstreamd, transport)
    client.expect("connect")
    return rcstreamd, client


@pytest.mark.threads
def test_socketio_javascript_client_gets_changes(connected):
    rcstreamd, client = connected
    assert client.call("subscribe", "en.wikipedia.org") == [None]
    change = make_change(title="Ca\u00f1on \U0001f600 \u2028\ufffd", user="\u0420\u043e\u0441")
    rcstreamd.send_rcfeed(change)
    assert client.expect("change") == [change]


def test_socketio_javascript_client_gets_all_of_a_burst(connected):
    rcstreamd, client = connected
    client.call("subscribe", "*")
    for number in range(200):
        rcstreamd.send_rcfeed(make_change(id=number))
    assert [client.expect("change")[0]["id"] for _ in range(200)] == list(range(200))


def test_socketio_javascript_client_subscribes_to_patterns_and_lists(connected):
    rcstreamd, client = connected
    client.emit("subscribe", ["*.wiktionary.org", "[de]?.wikipedia.org"])
    client.call("subscribe", "\u00e9\U0001f600.example")
    for wiki in ["en.wiktionary.org", "fr.wikipedia.org", "de.wikipedia.org"]:
        rcstreamd.send_rcfeed(make_change(server_name=wiki))
    assert client.expect("change")[0]["server_name"] == "en.wiktionary.org"
    assert client.expect("change")[0]["server_name"] == "de.wikipedia.org"
    client.expect_nothing()


def test_socketio_javascript_client_unsubscribes(connected):
    rcstreamd, client = connected
    client.call("subscribe", ["en.wikipedia.org", "de.wikipedia.org"])
    client.call("unsubscribe", "*")
    client.call("unsubscribe", "en.wikipedia.org")
    rcstreamd.send_rcfeed(make_change(server_name="en.wikipedia.org"))
    rcstreamd.send_rcfeed(make_change(server_name="de.wikipedia.org"))
    assert client.expect("change")[0]["server_name"] == "de.wikipedia.org"


def test_socketio_javascript_client_hears_of_the_limit(connected):
    _, client = connected
    client.call("subscribe", [f"{number}.example" for number in range(10)])
    client.call("subscribe", "3.example")
    client.emit("subscribe", ["one.more", "another"])
    assert client.expect("error") == ["subscribe_error", "Too many subscriptions"]
    client.expect_nothing()


def test_socketio_javascript_client_comes_back_after_a_restart(server, connected, transport):
    rcstreamd, client = connected
    client.call("subscribe", "*")
    host, port = rcstreamd.address("http")
    rcstreamd.clients.remove(client)  # it outlives this run of the server
    rcstreamd.stop()
    client.expect("disconnect", timeout=15)
    second = server(irc=None, http={"listen": [f"{host}:{port}"]})
    second.clients.append(client)
    names = {client.next(timeout=15)[0], client.next(timeout=15)[0]}
    assert names == {"connect", "reconnect"}
    client.call("subscribe", "*")
    second.send_rcfeed(make_change(id=5))
    assert client.expect("change")[0]["id"] == 5


def test_socketio_javascript_client_gets_nothing_once_it_has_left(connected):
    """disconnect() leaves the namespace; the client does not wait for the server to know."""
    rcstreamd, client = connected
    client.call("subscribe", "*")
    client.disconnect()
    client.expect("disconnect")

    def is_quiet():
        rcstreamd.send_rcfeed(make_change())
        return client.is_quiet()

    wait_until(is_quiet, what="the end of changes")


# The handshake's list: the library takes the first of it that it has and can.
@pytest.mark.parametrize("offered", permutations(OFFERED), ids=",".join)
def test_socketio_javascript_client_finds_its_transport_in_any_list(server, offered):
    rcstreamd = server(irc=None, http={"socketio": {"transports": list(offered)}})
    client = JavaScriptClient(rcstreamd, "flashsocket,htmlfile,xhr-polling,jsonp-polling,websocket")
    client.expect("connect")
    taken = rcstreamd.log.wait_for("socketio.connected")["rcstreamd.transport"]
    assert taken == next(name for name in offered if name in TRANSPORTS)
    client.call("subscribe", "*")
    rcstreamd.send_rcfeed(make_change(id=3))
    assert client.expect("change")[0]["id"] == 3


# Proxies of RCStream's days: one refuses what it does not know, one passes it on without Upgrade.
@pytest.mark.parametrize(
    "location",
    [
        "location ^~ /socket.io/1/websocket/ { return 502; }",
        "location ^~ /socket.io/1/websocket/ "
        '{ proxy_set_header Upgrade ""; proxy_pass http://rcstreamd; }',
    ],
    ids=["refused", "not upgraded"],
)
def test_socketio_javascript_client_falls_back_behind_a_proxy(
    server, tmp_path, monkeypatch, location
):
    servers = [server(irc=None, http={"trusted_proxies": [HOST]}) for _ in range(2)]
    nginx = Nginx(tmp_path, servers, location)
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(nginx.certificate))
    nginx.start()
    try:
        client = JavaScriptClient(nginx, "websocket,xhr-polling", PATIENCE_MS)
        while (event := client.next(timeout=15)[0]) != "connect":
            assert event in ("error", "disconnect")
        assert client.call("subscribe", "*") == [None]
        for rcstreamd in servers:
            rcstreamd.send_rcfeed(make_change(id=6))
        assert client.expect("change")[0]["id"] == 6

        def opened():
            found = [r for s in servers for r in s.log.find("socketio.connected")]
            return [record["rcstreamd.transport"] for record in found]

        assert wait_until(opened, what="the record")[-1] == "xhr-polling"
    finally:
        nginx.stop()
