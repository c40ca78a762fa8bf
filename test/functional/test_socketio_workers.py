# SPDX-License-Identifier: Apache-2.0
"""Socket.IO sessions on workers that are not those of their connections.

Linux gives each new connection to whichever worker it likes.  A session lives on the one that
shook hands, so of some dozens of connections most have to move (docs/decisions/0006).
"""

import json

import pytest

from rcstreamd import make_change
from socketio_clients import RAW, JavaScriptClient, event_packet, handshake
from socketio_python import PythonClient

ROUNDS = 8
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@pytest.fixture(params=[2, 4])
def workers(request):
    return request.param


def worker_of(session):
    """A session's id begins with its worker, in base64url."""
    return DIGITS.index(session[0]) << 6 | DIGITS.index(session[1])


def sessions_of_all(rcstreamd, workers, each=2):
    """So many sessions of each worker, whose handshakes came to it by chance."""
    by_worker = {worker: [] for worker in range(workers)}
    for _ in range(60 * workers):
        session = handshake(rcstreamd)[0]
        found = by_worker[worker_of(session)]
        if len(found) < each:
            found.append(session)
        if all(len(sessions) == each for sessions in by_worker.values()):
            return [session for sessions in by_worker.values() for session in sessions]
    raise AssertionError(f"a worker takes no handshake: {by_worker}")


def moved(rcstreamd):
    return rcstreamd.http_get("/rcstream_status").json()["closed"]["moved"]


# docs/protocols/socketio.md: "A session may be asked for over any connection".
@pytest.mark.threads
@pytest.mark.parametrize("transport", RAW)
def test_socketio_sessions_of_every_worker_are_reached(server, workers, transport):
    rcstreamd = server(irc=None, workers=workers)
    each = 8 if transport == "websocket" else 2  # that is one connection, others are many
    sessions = sessions_of_all(rcstreamd, workers, each)
    clients = [RAW[transport](rcstreamd, session) for session in sessions]
    for client in clients:
        client.connect_to_rc().subscribe("*")
    for number in range(ROUNDS):
        rcstreamd.send_rcfeed(make_change(id=number))
        for client in clients:
            client.send("2::")  # over polling and htmlfile on one more connection each
            assert client.receive_change()["id"] == number
    # Half of all connections, or three of four, came to another worker; chance may be unkind.
    assert moved(rcstreamd) > 0


# A session's transport changes, and with it connection and worker; its subscriptions stay.
@pytest.mark.threads
def test_socketio_session_changes_transports_across_workers(server, workers):
    rcstreamd = server(irc=None, workers=workers)
    for session in sessions_of_all(rcstreamd, workers):
        RAW["xhr-polling"](rcstreamd, session).connect_to_rc().subscribe("*")
        for number, transport in enumerate(["jsonp-polling", "websocket", "xhr-polling"]):
            client = RAW[transport](rcstreamd, session)
            assert client.receive() == "1::"
            rcstreamd.send_rcfeed(make_change(id=number))
            assert client.receive_change()["id"] == number
        client.send("0::")
    assert moved(rcstreamd) > 0


# The two clients that RCStream's users have, several at once, so that some are moved.
@pytest.mark.threads
@pytest.mark.parametrize("transport", ["websocket", "xhr-polling"])
def test_socketio_real_clients_cross_workers(server, workers, transport):
    rcstreamd = server(irc=None, workers=workers)
    pages = [JavaScriptClient(rcstreamd, transport) for _ in range(3)]
    for page in pages:
        page.expect("connect", timeout=20)
        assert page.call("subscribe", "*") == [None]
    bots = [PythonClient(rcstreamd, transport) for _ in range(2)]
    printed = []
    for bot in bots:
        bot.define("/rc", change=printed.append)
        bot.emit("/rc", "subscribe", "*", callback=lambda answer: printed.append(None))
        bot.wait(5, until=lambda: None in printed)
        printed.clear()
    for number in range(30):
        rcstreamd.send_rcfeed(make_change(id=number))
    for page in pages:
        assert [page.expect("change")[0]["id"] for _ in range(30)] == list(range(30))
    for bot in bots:
        bot.wait(10, until=lambda: len(printed) >= 30)
        assert [change["id"] for change in printed] == list(range(30))
        printed.clear()


# What one worker told is a position to every other.
@pytest.mark.threads
@pytest.mark.parametrize("transport", RAW)
def test_socketio_positions_are_good_on_every_worker(server, workers, transport):
    rcstreamd = server(irc=None, workers=workers)
    first, *others = sessions_of_all(rcstreamd, workers)
    client = RAW[transport](rcstreamd, first).connect_to_rc()
    client.send(event_packet("subscribe", {"wiki": "*"}, id="1+"))
    answer = json.loads(client.receive().removeprefix("6::/rc:1+"))[0]
    for number in range(5):
        rcstreamd.send_rcfeed(make_change(id=number))
    assert json.loads(client.receive().removeprefix("5::/rc:"))["args"][0]["id"] == 0
    for session in others:
        again = RAW[transport](rcstreamd, session).connect_to_rc()
        again.send(event_packet("subscribe", {"since": answer["position"]}, id="2+"))
        assert again.receive().startswith("6::/rc:2+[{")
        ids = []
        while len(ids) < 5:  # "replayed" among them, where this worker was behind
            packet = again.receive()
            event = json.loads(packet.removeprefix("5::/rc:")) if packet[0] == "5" else {}
            if event.get("name") == "change":
                ids.append(event["args"][0]["id"])
        assert ids == list(range(5))
