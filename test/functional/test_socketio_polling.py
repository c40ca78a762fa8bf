# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9 over xhr-polling, and what jsonp-polling has in common with it; each request
comes to whichever worker takes it."""

import threading
import time

import pytest

from rcstreamd import make_change, wait_until
from socketio_clients import (
    RawJsonp,
    RawPolling,
    RawWebSocket,
    change_of,
    event_packet,
    payload,
)

ORIGIN = {"Origin": "https://tools.example.org"}


SHORT = {"heartbeat_interval": 1, "heartbeat_timeout": 3}


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


@pytest.fixture(params=[RawPolling, RawJsonp], ids=lambda kind: kind.transport)
def kind(request):
    """One of the two polling transports."""
    return request.param


def text_of(client, response):
    assert response.status_code == 200
    return client.payload_of(response)


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


def test_socketio_dropped_polls_lose_nothing(rcstreamd, kind):
    """socketIO_client ends its poll whenever its wait() does."""
    client = kind(rcstreamd).connect_to_rc().subscribe("*")
    for number in range(5):
        client.drop_poll()
        time.sleep(0.1)  # the server sees the end of the connection before the change
        rcstreamd.send_rcfeed(make_change(id=number))
        assert client.receive_change()["id"] == number


def test_socketio_newer_poll_replaces_the_older(rcstreamd, kind):
    """The older one is told so at once, and what comes then is the newer one's."""
    client = kind(rcstreamd).connect_to_rc().subscribe("*")
    answers = []

    def poll():
        answers.append(text_of(client, client.poll()))

    older, newer = threading.Thread(target=poll), threading.Thread(target=poll)
    older.start()
    time.sleep(0.3)
    newer.start()
    older.join()
    assert answers == ["8::"]
    rcstreamd.send_rcfeed(make_change(id=4))
    newer.join()
    assert [change_of(answer)["id"] for answer in answers[1:]] == [4]


def test_socketio_idle_poll_ends_with_a_noop(server, kind):
    """After heartbeat_interval, where that is less than 20 s; polling itself is life enough."""
    rcstreamd = server(http={"socketio": SHORT})
    client = kind(rcstreamd).connect_to_rc()
    for _ in range(4):
        began = time.monotonic()
        assert text_of(client, client.poll()) == "8::"
        assert 0.9 < time.monotonic() - began < 2.5
    client.subscribe("*")


def test_socketio_idle_poll_ends_after_twenty_seconds(rcstreamd):
    """socket.io's polling duration, with the server's own figures; both transports at once."""
    ended = {}

    def poll(client):
        began = time.monotonic()
        text = text_of(client, client.poll(timeout=30))
        ended[client.transport] = (text, time.monotonic() - began)

    polls = [
        threading.Thread(target=poll, args=[kind(rcstreamd).connect_to_rc()])
        for kind in (RawPolling, RawJsonp)
    ]
    for thread in polls:
        thread.start()
    for thread in polls:
        thread.join()
    assert sorted(ended) == ["jsonp-polling", "xhr-polling"]
    for text, seconds in ended.values():
        assert text == "8::" and 19.5 < seconds < 22


def test_socketio_client_that_stops_polling_is_given_up(server, kind):
    """http.socketio.close_timeout after its last poll has ended, and not before."""
    rcstreamd = server(http={"socketio": {"close_timeout": 2}})
    client = kind(rcstreamd).connect_to_rc()
    time.sleep(1)
    client.send("2::")  # a post is life too
    time.sleep(1.3)
    client.subscribe("*")
    time.sleep(2.7)
    assert client.poll().status_code == 400
    assert rcstreamd.log.wait_for("socketio.disconnected")["event.reason"] == "ping_timeout"
    assert rcstreamd.http_get("/rcstream_status").json()["connected_clients"] == 0


def test_socketio_client_whose_poll_waits_is_not_given_up(server, kind):
    """The poll is longer than the time-out: it counts from the poll's end."""
    settings = {"heartbeat_interval": 3, "heartbeat_timeout": 4, "close_timeout": 1}
    client = kind(server(http={"socketio": settings})).connect_to_rc()
    for _ in range(2):
        assert text_of(client, client.poll()) == "8::"
    client.subscribe("*")


def test_socketio_handshake_that_nobody_follows_is_forgotten(server, kind):
    """After heartbeat_timeout, where that is less than 30 s; it never was a client."""
    rcstreamd = server(http={"socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 2}})
    client = kind(rcstreamd)
    assert rcstreamd.http_get("/rcstream_status").json()["connected_clients"] == 0
    rcstreamd.log.wait_for("socketio.unopened", "ping_timeout")
    assert client.poll().status_code == 400
    assert client.post("1::/rc").status_code == 400


def test_socketio_batched_packets_count_utf16_units(rcstreamd, kind):
    client = kind(rcstreamd)
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


def test_socketio_disconnect_packet_ends_the_session_without_a_poll(rcstreamd, kind):
    client = kind(rcstreamd).connect_to_rc()
    client.send("0::")
    assert client.poll().status_code == 400


def test_socketio_slow_poller_is_bounded(server):
    rcstreamd = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "32KiB"})
    slow = RawPolling(rcstreamd).connect_to_rc().subscribe("*")
    quick = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    for number in range(100):
        rcstreamd.send_rcfeed(make_change(id=number, comment="x" * 2000))
        assert quick.receive_change()["id"] == number
    record = rcstreamd.log.wait_for("socketio.disconnected")
    assert record["event.reason"] == "sendq_exceeded"
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
