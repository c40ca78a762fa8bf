# SPDX-License-Identifier: Apache-2.0
"""Socket.IO: `subscribe` with an object, and what a client missed while it was away."""

import json
import re
import threading
import time

import pytest

from rcstreamd import make_change
from socketio_clients import RAW, JavaScriptClient, RawWebSocket, event_packet

POSITION = re.compile(r"([0-9a-f]+)-(\d+)")

WIKI = "en.wikipedia.org"
OTHER = "de.wikipedia.org"


@pytest.fixture(params=list(RAW))
def transport(request):
    return request.param


@pytest.fixture(params=["websocket", "xhr-polling"])
def node_transport(request):
    """What socket.io-client has outside a page."""
    return request.param


@pytest.fixture
def javascript(server, node_transport):
    """A server and the real client, which has connected."""
    rcstreamd = server(irc=None)
    client = JavaScriptClient(rcstreamd, node_transport)
    client.expect("connect")
    return rcstreamd, client


def call(client, name, *arguments):
    """Emit over a raw client; returns the events before the ack, and what the ack answers."""
    client.send(event_packet(name, *arguments, id="9+"))
    events = []
    while not (packet := client.receive()).startswith("6::/rc:9+"):
        events.append(event_of(packet))
    (answer,) = json.loads(packet.removeprefix("6::/rc:9+"))
    return events, answer


def event_of(packet):
    assert packet.startswith("5::/rc:"), packet
    event = json.loads(packet.removeprefix("5::/rc:"))
    return [event["name"], *event["args"]]


def next_event(client):
    """The next event; heartbeats and noops do not count."""
    while (packet := client.receive()) in ("2::", "8::"):
        pass
    return event_of(packet)


def read_replay(client):
    """The ids of the changes up to `replayed`, whose arguments come second."""
    ids = []
    while (event := next_event(client))[0] == "change":
        ids.append(event[1]["id"])
    assert event[0] == "replayed", event
    return ids, event[1]


def feed(rcstreamd, ids, **members):
    for id in ids:
        rcstreamd.send_rcfeed(make_change(id=id, **members))


def feed_and_wait(rcstreamd, ids, **members):
    """Send changes, and wait until they have arrived on whichever worker."""
    witness = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    feed(rcstreamd, ids, **members)
    for _ in ids:
        witness.receive_change()
    witness.close()


# --- filters ---


def test_socketio_filter_lets_through_what_was_asked_for(javascript):
    rcstreamd, client = javascript
    asked = {"wiki": ["*.wikipedia.org"], "type": ["edit", "new"], "namespace": 0, "bot": False}
    (answer,) = client.call("subscribe", asked)
    assert answer["accepted"] == {**asked, "namespace": [0]}
    assert POSITION.fullmatch(answer["position"])
    wanted = dict(server_name=WIKI, type="edit", namespace=0, bot=False)
    feed(rcstreamd, [1], **wanted)
    feed(rcstreamd, [2], **{**wanted, "server_name": "en.wiktionary.org"})
    feed(rcstreamd, [3], **{**wanted, "type": "categorize"})
    feed(rcstreamd, [4], **{**wanted, "namespace": 1})
    feed(rcstreamd, [5], **{**wanted, "bot": True})
    feed(rcstreamd, [6], **{**wanted, "namespace": None})
    feed(rcstreamd, [7], **{**wanted, "type": "new", "server_name": OTHER})
    change, position = client.expect("change")
    assert change["id"] == 1 and POSITION.fullmatch(position)
    assert client.expect("change")[0]["id"] == 7
    client.expect_nothing()


def test_socketio_filter_of_a_line_knows_its_bot(server, transport):
    """A line has the bot's flag, and never a namespace (change.h)."""
    rcstreamd = server(irc=None)
    client = RAW[transport](rcstreamd).connect_to_rc()
    call(client, "subscribe", {"bot": True})
    call(client, "subscribe", {"namespace": 0})
    for flags in ["", "B", "MB"]:
        rcstreamd.send_rc2udp(
            "#en.wikipedia",
            f"\x0314[[\x0307Page\x0314]]\x034 {flags}\x0310 \x0302https://en.wikipedia.org/w/"
            "index.php?diff=4&oldid=3\x03 \x035*\x03 \x0303U\x03 \x035*\x03 (+1) \x0310c\x03",
        )
    assert [next_event(client)[1]["bot"] for _ in range(2)] == [True, True]


def test_socketio_string_subscriptions_stay_as_they_were(server, transport):
    """Not a byte of position for who never subscribes with an object."""
    rcstreamd = server(irc=None)
    old = RAW[transport](rcstreamd).connect_to_rc().subscribe(WIKI)
    new = RAW[transport](rcstreamd).connect_to_rc()
    call(new, "subscribe", {"wiki": WIKI})
    feed(rcstreamd, [1], server_name=WIKI)
    packet = old.receive()
    change = json.dumps(event_of(packet)[1], separators=(",", ":"))
    assert re.sub(r"\s", "", packet) == re.sub(
        r"\s", "", '5::/rc:{"args":[' + change + '],"name":"change"}'
    )
    name, same, position = next_event(new)
    assert (name, same) == ("change", event_of(packet)[1])
    assert POSITION.fullmatch(position)


def test_socketio_change_comes_once_for_strings_and_objects(javascript):
    rcstreamd, client = javascript
    client.call("subscribe", ["*", WIKI])
    client.call("subscribe", {"wiki": WIKI})
    client.call("subscribe", {"wiki": [WIKI, "*.org"]})
    feed(rcstreamd, [1, 2], server_name=WIKI)
    assert [client.expect("change")[0]["id"] for _ in range(2)] == [1, 2]
    client.expect_nothing()


def test_socketio_bad_object_is_refused_by_name(javascript):
    rcstreamd, client = javascript
    client.emit("subscribe", {"wiki": 1})
    assert client.expect("error") == ["subscribe_error", "Bad subscription"]
    client._command("call", "subscribe", {"wiki": WIKI, "types": "edit", "bot": "no"})
    client.expect("error")
    (answer,) = client.expect("ack")
    assert answer["error"] == "Bad subscription"
    assert sorted(answer["refused"]) == ["bot", "types"]
    feed(rcstreamd, [1], server_name=WIKI)
    client.expect_nothing()


def test_socketio_objects_share_the_limit_and_are_ended(javascript):
    rcstreamd, client = javascript
    client.call("subscribe", [str(number) for number in range(9)])
    (answer,) = client.call("subscribe", {"wiki": WIKI})
    client._command("call", "subscribe", {"wiki": OTHER})
    assert client.expect("error") == ["subscribe_error", "Too many subscriptions"]
    assert client.expect("ack")[0]["error"] == "Too many subscriptions"
    assert client.call("unsubscribe", {"id": answer["id"]}) == [{"id": "1", "ended": True}]
    client.call("subscribe", {"wiki": OTHER})
    feed(rcstreamd, [1], server_name=WIKI)
    feed(rcstreamd, [2], server_name=OTHER)
    assert client.expect("change")[0]["id"] == 2
    assert client.call("unsubscribe", {"wiki": [OTHER]}) == [{"id": "2", "ended": True}]
    feed(rcstreamd, [3], server_name=OTHER)
    client.expect_nothing()


# --- since ---


def test_socketio_javascript_client_goes_on_where_it_was(javascript, node_transport):
    rcstreamd, client = javascript
    client.call("subscribe", {"wiki": WIKI})
    feed(rcstreamd, [1], server_name=WIKI)
    _, position = client.expect("change")
    client.close()
    feed_and_wait(rcstreamd, [2, 3, 4], server_name=WIKI)
    again = JavaScriptClient(rcstreamd, node_transport)
    again.expect("connect")
    (answer,) = again.call("subscribe", {"wiki": WIKI, "since": position})
    assert answer["from"] == position and "gap" not in answer
    assert [again.expect("change")[0]["id"] for _ in range(3)] == [2, 3, 4]
    (replayed,) = again.expect("replayed")
    assert replayed["changes"] == 3
    feed(rcstreamd, [5], server_name=WIKI)
    assert again.expect("change")[0]["id"] == 5


def test_socketio_replay_since_a_time(server, transport):
    rcstreamd = server(irc=None)
    feed_and_wait(rcstreamd, [1], server_name=WIKI)
    time.sleep(0.05)
    now = time.time()
    feed_and_wait(rcstreamd, [2, 3], server_name=WIKI)
    iso = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
    for since in [now, int(now * 1000), iso]:
        client = RAW[transport](rcstreamd).connect_to_rc()
        events, answer = call(client, "subscribe", {"since": since})
        assert events == [] and answer["accepted"]["since"] == since
        assert read_replay(client)[0] == [2, 3]
        client.send("0::")


@pytest.mark.threads
def test_socketio_replay_has_no_seam(server, transport):
    """Clients come and go while changes flow: each sees every change once, in order."""
    rcstreamd = server(irc=None, workers=2)
    wanted = list(range(3000))
    sender = threading.Thread(target=send_steadily, args=(rcstreamd, wanted))
    received, position = [], None
    sender.start()
    while len(received) < len(wanted):
        client = RAW[transport](rcstreamd).connect_to_rc()
        since = 0 if position is None else position
        events, answer = call(client, "subscribe", {"wiki": WIKI, "since": since})
        assert [event[0] for event in events] == ([] if position else ["gap"])
        part = 0
        while part < 500 and len(received) < len(wanted):
            name, change, *rest = next_event(client)
            if name == "change":
                received.append(change["id"])
                (position,) = rest
                part += 1
        client.send("0::")
    sender.join()
    assert received == wanted


def send_steadily(rcstreamd, ids):
    for id in ids:
        rcstreamd.send_rcfeed(make_change(id=id, server_name=WIKI))
        rcstreamd.send_rcfeed(make_change(id=id, server_name=OTHER))
        time.sleep(0.0005)


def test_socketio_replay_larger_than_an_outbox(server, transport):
    """More is remembered than may wait for a client, which reads late and loses nothing."""
    rcstreamd = server(irc=None, slow_client={"outbox_max": "1MiB", "outbox_soft": "1MiB"})
    comment = "x" * 4000
    witness = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    for id in range(1000):
        rcstreamd.send_rcfeed(make_change(id=id, comment=comment))
        witness.receive_change()
    client = RAW[transport](rcstreamd).connect_to_rc()
    call(client, "subscribe", {"since": time.time() - 3600})
    time.sleep(1)
    feed(rcstreamd, [1000])
    ids, replayed = read_replay(client)
    assert ids == list(range(1001)) and replayed["changes"] == 1001


def test_socketio_gap_when_the_memory_is_too_short(server, transport):
    rcstreamd = server(irc=None, history={"changes": 5})
    client = RAW[transport](rcstreamd).connect_to_rc()
    _, answer = call(client, "subscribe", {"wiki": WIKI})
    run, first = POSITION.fullmatch(answer["position"]).groups()
    feed_and_wait(rcstreamd, range(1, 11), server_name=WIKI)
    again = RAW[transport](rcstreamd).connect_to_rc()
    events, answer = call(again, "subscribe", {"wiki": WIKI, "since": answer["position"]})
    gap = {"from": f"{run}-{first}", "to": f"{run}-5", "reason": "forgotten"}
    assert events == [["gap", gap]] and answer["gap"] == gap
    assert read_replay(again)[0] == [6, 7, 8, 9, 10]


def test_socketio_gap_after_a_restart(server, transport):
    """A position of an earlier run is not taken for one of this."""
    rcstreamd = server(irc=None)
    feed_and_wait(rcstreamd, [1], server_name=WIKI)
    client = RAW[transport](rcstreamd).connect_to_rc()
    events, _ = call(client, "subscribe", {"since": "123456789a-7"})
    ((name, gap),) = events
    assert (name, gap["from"], gap["reason"]) == ("gap", "123456789a-7", "unknown position")
    assert read_replay(client)[0] == [1]


def test_socketio_replay_has_a_limit(server, transport):
    rcstreamd = server(irc=None, http={"socketio": {"max_replay": 3}})
    feed_and_wait(rcstreamd, range(1, 9), server_name=WIKI)
    client = RAW[transport](rcstreamd).connect_to_rc()
    events, answer = call(client, "subscribe", {"since": time.time() - 1})
    assert [event[0] for event in events] == ["gap"]
    assert answer["gap"]["reason"] == "max_replay"
    assert read_replay(client)[0] == [6, 7, 8]
