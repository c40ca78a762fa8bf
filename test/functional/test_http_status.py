# SPDX-License-Identifier: Apache-2.0
"""/rcstream_status and /healthz: what operators and their monitors read."""

import pytest

from http_client import CONNECTIONS, open_websocket
from rcstreamd import make_change, wait_until
from socketio_clients import RawJsonp, RawPolling, RawWebSocket, begun_page


def status_of(run):
    response = run.http_get("/rcstream_status")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    return response.json()


def test_status_of_a_fresh_server_is_whole(server):
    run = server()
    status = status_of(run)
    assert status["connected_clients"] == 0
    assert status["queue_size"] == 0
    assert 0 <= status["uptime"] < 60
    assert status["version"] == run.log.wait_for("server.ready")["message"].split()[2].rstrip(",")
    assert [source["type"] for source in status["sources"]] == ["rc2udp", "rcfeed-udp"]
    for source in status["sources"]:
        assert source["last_change_age"] is None
        assert source["is_up"] is True
        assert (source["duplicates"], source["reconnects"]) == (0, 0)
    assert set(status["clients"]) == {"irc", "http", "websocket", "socketio"}
    assert status["clients"]["http"] >= 1  # the one that asks
    assert status["counters"]["connections_accepted"] >= 1
    assert status["closed"]["shutdown"] == 0


@pytest.mark.threads
def test_status_is_the_same_whichever_worker_is_asked(server):
    run = server()
    for number in range(10):
        run.send_rcfeed(make_change(id=number))
    run.send_datagram("rcfeed-udp", b"{}")
    run.send_datagram("rcfeed-udp", b'{"server_name": "\xff"}')
    wait_until(lambda: status_of(run)["sources"][1]["received"] == 12, what="12 datagrams")
    wait_until(lambda: status_of(run)["queue_size"] == 0, what="both workers to have them")
    for _ in range(CONNECTIONS):
        status = status_of(run)
        assert status["changes_in"] == 10
        assert status["queue_size"] == 0
        source = status["sources"][1]
        assert source["published"] == 10
        assert source["dropped"] == {"no_server_name": 1, "not_utf8": 1}
        assert 0 <= source["last_change_age"] < 60


def test_canary_counts_for_health_and_reaches_nobody(server):
    run = server()
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    run.send_rcfeed(make_change(meta={"domain": "canary"}, title="of the canary"))
    run.send_rcfeed(make_change(meta={"domain": "en.wikipedia.org"}, title="of a user"))
    assert client.receive_change()["title"] == "of a user"
    source = status_of(run)["sources"][1]
    assert (source["received"], source["published"]) == (2, 1)
    assert source["dropped"] == {"canary": 1}


def test_canary_is_a_sign_of_life(server):
    run = server()
    run.send_rcfeed(make_change(meta={"domain": "canary"}))
    wait_until(lambda: status_of(run)["sources"][1]["last_change_age"] == 0, what="its age")


@pytest.mark.threads
def test_status_counts_clients_of_all_workers(server):
    run = server()
    clients = [open_websocket(run) for _ in range(CONNECTIONS)]
    run.irc().register("reader")

    def counts():
        status = status_of(run)
        return status["connected_clients"], status["clients"]

    wait_until(lambda: counts()[0] == CONNECTIONS, what="connected_clients")
    assert counts()[1]["websocket"] == CONNECTIONS
    assert counts()[1]["irc"] == 1
    for client in clients:
        client.close()
    wait_until(lambda: counts()[0] == 0, what="no connected_clients")
    assert status_of(run)["closed"]["client_quit"] == CONNECTIONS


# RCStream's own two figures: sessions with a transport, whichever, and what waits in the server.
@pytest.mark.threads
def test_status_counts_polls_and_websockets_as_rcstream_did(server):
    run = server()
    polls = [kind(run).connect_to_rc() for kind in (RawPolling, RawJsonp) for _ in range(4)]
    sockets = [RawWebSocket(run).connect_to_rc() for _ in range(4)]
    pages = [begun_page(run).connect_to_rc() for _ in range(4)]
    for _ in range(3):
        run.http_get("/socket.io/1/")  # a handshake alone is nobody

    def figures():
        status = status_of(run)
        return status["connected_clients"], status["clients"]["websocket"], status["queue_size"]

    for _ in range(CONNECTIONS):  # the same, whichever worker one asks
        assert figures() == (16, 4, 0)
    for client in (polls[0], polls[4], sockets[0], pages[0]):
        client.send("0::")
    wait_until(lambda: figures() == (12, 3, 0), what="twelve clients")


def test_health_answers_get_and_head(server):
    run = server()
    assert run.http_get("/healthz").text == "ok\n"
    head = run.http_request("HEAD", "/healthz")
    assert (head.status_code, head.text, head.headers["Content-Length"]) == (200, "", "3")
