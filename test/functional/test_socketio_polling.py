# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9 over xhr-polling; each request comes to whichever worker takes it."""

import threading
import time

import pytest

from rcstreamd import make_change, wait_until
from socketio_clients import RawPolling, RawWebSocket, event_packet, packets_of, payload

ORIGIN = {"Origin": "https://tools.example.org"}


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


@pytest.mark.threads
def test_socketio_polls_reach_their_session_on_any_worker(rcstreamd):
    """Sixty requests over a connection each: none stays on one of two workers by chance."""
    client = RawPolling(rcstreamd).connect_to_rc().subscribe("en.wikipedia.org")
    for number in range(30):
        client.send("2:::")
        rcstreamd.send_rcfeed(make_change(id=number))
        assert client.receive_change()["id"] == number


def test_socketio_poll_waits_for_a_change(rcstreamd):
    client = RawPolling(rcstreamd).connect_to_rc().subscribe("*")
    threading.Timer(0.5, rcstreamd.send_rcfeed, [make_change(id=3)]).start()
    began = time.monotonic()
    response = client.poll(headers=ORIGIN)
    assert time.monotonic() - began > 0.4
    assert response.headers["Content-Type"].lower() == "text/plain; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert response.text.startswith('5::/rc:{"args":[{')


def test_socketio_packets_between_polls_come_together(rcstreamd):
    client = RawPolling(rcstreamd).connect_to_rc().subscribe("*")
    other = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    for number in range(20):
        rcstreamd.send_rcfeed(make_change(id=number, title="Ca\u00f1on \U0001f600 \ufffd"))
        other.receive_change()
    # The other client may live on the other worker, which was a moment faster.
    received = [client.receive_change()["id"]]
    assert len(client._received) >= 15
    received += [client.receive_change()["id"] for _ in range(19)]
    assert received == list(range(20))


def test_socketio_dropped_polls_lose_nothing(rcstreamd):
    """socketIO_client ends its poll whenever its wait() does."""
    client = RawPolling(rcstreamd).connect_to_rc().subscribe("*")
    for number in range(5):
        client.drop_poll()
        time.sleep(0.1)  # the server sees the end of the connection before the change
        rcstreamd.send_rcfeed(make_change(id=number))
        assert client.receive_change()["id"] == number


def test_socketio_newer_poll_replaces_the_older(rcstreamd):
    client = RawPolling(rcstreamd).connect_to_rc()
    answers = []
    older = threading.Thread(target=lambda: answers.append(client.poll().text))
    older.start()
    time.sleep(0.3)
    client.drop_poll()
    older.join()
    assert answers == ["8::"]


def test_socketio_idle_poll_ends_with_a_noop(server):
    rcstreamd = server(http={"socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 3}})
    client = RawPolling(rcstreamd).connect_to_rc()
    assert [client.poll().text for _ in range(4)] == ["8::"] * 4
    client.subscribe("*")


def test_socketio_client_that_stops_polling_is_given_up(server):
    rcstreamd = server(http={"socketio": {"close_timeout": 1}})
    client = RawPolling(rcstreamd).connect_to_rc()
    time.sleep(1.5)
    assert client.poll().status_code == 400


def test_socketio_batched_packets_count_utf16_units(rcstreamd):
    client = RawPolling(rcstreamd)
    assert client.receive() == "1::"
    names = ["\u00e9\U0001f600.example", "*.wikipedia.org"]
    body = payload("1::/rc", event_packet("subscribe", names, id="1+"), "2::")
    assert client.post(body).text == "1"
    assert [client.receive(), client.receive()] == ["1::/rc", "6::/rc:1+[null]"]
    rcstreamd.send_rcfeed(make_change())
    client.receive_change()


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        "\ufffd".encode(),
        "\ufffd6\ufffd1::/rc\ufffd999\ufffd1::/rc".encode(),
        "\ufffd99999999999999999999\ufffd1::".encode(),
        payload(*["2::"] * 300).encode(),
    ],
)
def test_socketio_payload_that_is_none_is_refused_and_survived(rcstreamd, body):
    client = RawPolling(rcstreamd).connect_to_rc()
    assert rcstreamd.http_request("POST", client.path, data=body).status_code == 400
    client.subscribe("*")


def test_socketio_packets_that_are_none_are_survived(rcstreamd):
    client = RawPolling(rcstreamd).connect_to_rc()
    for body in ["", "x", "5::/rc:{", "5::/rc:" + "[" * 60000, payload("", "9::", "\x00")]:
        client.send(body)
    client.subscribe("*")


@pytest.mark.parametrize("query", ["disconnect=1", "t=1442345678901&disconnect=True"])
@pytest.mark.parametrize("transport", ["", "xhr-polling"])
def test_socketio_disconnect_parameter_ends_the_session(rcstreamd, transport, query):
    client = RawPolling(rcstreamd).connect_to_rc()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(client.poll().text))
    waiting.start()
    time.sleep(0.3)
    ending = f"/socket.io/1/{transport}/{client.session}/?{query}"
    assert rcstreamd.http_get(ending).status_code == 200
    waiting.join()
    assert answers == ["0::"]
    assert client.poll().status_code == 400


def test_socketio_disconnect_packet_ends_the_session_without_a_poll(rcstreamd):
    client = RawPolling(rcstreamd).connect_to_rc()
    client.send("0::")
    assert client.poll().status_code == 400


def test_socketio_slow_poller_is_bounded(server):
    rcstreamd = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "32KiB"})
    slow = RawPolling(rcstreamd).connect_to_rc().subscribe("*")
    quick = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    for number in range(100):
        rcstreamd.send_rcfeed(make_change(id=number, comment="x" * 2000))
        assert quick.receive_change()["id"] == number
    record = rcstreamd.log.wait_for("socketio.end")
    assert record["message"] == "sendq_exceeded"
    assert slow.poll().status_code == 400


def test_socketio_sessions_are_few_on_the_status_page(rcstreamd):
    """connected_clients has sessions with a transport only."""
    clients = [RawPolling(rcstreamd).connect_to_rc() for _ in range(3)]
    RawPolling(rcstreamd)  # a handshake, and nothing after it

    def connected():
        return rcstreamd.http_get("/rcstream_status").json()["connected_clients"]

    wait_until(lambda: connected() == 3, what="three clients")
    clients[0].send("0::")
    wait_until(lambda: connected() == 2, what="two clients")


def test_socketio_many_changes_go_in_order_to_a_poller(rcstreamd):
    client = RawPolling(rcstreamd).connect_to_rc().subscribe("*")

    def feed():
        for number in range(300):
            rcstreamd.send_rcfeed(make_change(id=number))
            time.sleep(0.001)

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert [client.receive_change()["id"] for _ in range(300)] == list(range(300))
    feeder.join()
