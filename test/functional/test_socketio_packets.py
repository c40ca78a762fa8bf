# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9, packet by packet: the same answers over every transport."""

import json

import pytest

from rcstreamd import make_change
from socketio_clients import RAW, RawWebSocket, event_packet

NO_METHOD = '{"args":["no_such_method","The method \\"on_%s\\" was not found"],"name":"error"}'
BAD_NAME = (
    '{"args":["unallowed_event_name","name must only contains alpha numerical characters"],'
    '"name":"error"}'
)
NO_NAMESPACE = (
    '{"args":["no_such_namespace","The endpoint you tried to connect to doesn\'t exist: %s"],'
    '"name":"error"}'
)
TOO_MANY = '5::/rc:{"args":["subscribe_error","Too many subscriptions"],"name":"error"}'
ELEVEN = [f"{number}.example" for number in range(11)]

# What a client sends, and all that it gets for it (docs/protocols/socketio.md, "Packets").
CONVERSATIONS = {
    "connect": (["1::/rc"], ["1::/rc"]),
    "connect, four parts": (["1::/rc:"], ["1::/rc"]),
    "connect with a query": (["1::/rc:?a=b"], ["1::/rc"]),
    "connect to the whole": (["1::", "1:::"], []),
    "heartbeats": (["2::", "2:::"], []),
    "message": (["3::/rc:text: with colons"], []),
    "JSON message": (['4::/rc:{"a":1}'], []),
    "message with an ack": (["3:7+:/rc:text"], ["6::/rc:7+[null]"]),
    "JSON message with an ack": (['4:8+:/rc:{"a":1}'], ["6::/rc:8+[null]"]),
    "message with a receipt": (["3:7:/rc:text"], ["6::/rc:7"]),
    "event with an ack": (['5:9+:/rc:{"name":"subscribe","args":[]}'], ["6::/rc:9+[null]"]),
    "event without args": (['5:1+:/rc:{"name":"subscribe"}'], ["6::/rc:1+[null]"]),
    "event with a receipt": (['5:3:/rc:{"name":"unsubscribe","args":["x"]}'], ["6::/rc:3"]),
    "no strings": (
        [event_packet("subscribe", [1, None, True, {}, ["x"], "", "a.example"], id="1+")],
        ["6::/rc:1+[null]"],
    ),
    "duplicates are no subscriptions": (
        [event_packet("subscribe", ["a.example"] * 30 + ["b.example"] * 30, id="1+")],
        ["6::/rc:1+[null]"],
    ),
    "the eleventh": (
        [event_packet("subscribe", ELEVEN, id="1+")],
        [TOO_MANY, "6::/rc:1+[null]"],
    ),
    "one error for a call": ([event_packet("subscribe", ELEVEN + ["x", "y"])], [TOO_MANY]),
    "a duplicate at the limit": (
        [event_packet("subscribe", ELEVEN[:10]), event_packet("subscribe", "0.example", id="2+")],
        ["6::/rc:2+[null]"],
    ),
    "room after unsubscribe": (
        [
            event_packet("subscribe", ELEVEN[:10]),
            event_packet("unsubscribe", ["0.example", "never.example", 5]),
            event_packet("subscribe", "x.example", id="2+"),
        ],
        ["6::/rc:2+[null]"],
    ),
    "an unknown event": ([event_packet("dance")], ["5::/rc:" + NO_METHOD % "dance"]),
    "an unknown event with an ack": (
        [event_packet("do it", id="4+")],
        ["5::/rc:" + NO_METHOD % "do_it", "6::/rc:4+[null]"],
    ),
    "a name that is none": ([event_packet("a-b"), event_packet("")], ["5::/rc:" + BAD_NAME] * 2),
    "an unknown namespace": (["1::/other"], ["5::/other:" + NO_NAMESPACE % "/other"]),
    "an event to it": (['5::/other:{"name":"x"}'], ["5::/other:" + NO_NAMESPACE % "/other"]),
    "acks, errors, noops": (["6:::1", "6::/rc:1+[]", "7::/rc:1+0", "8::", "8:::"], []),
    "no packets": (["", "x", "9::", "5::/rc", "5::/rc:{", "5::/rc:[]", ":::::"], []),
    "leave and come back": (["1::/rc", "0::/rc", "1::/rc"], ["1::/rc", "1::/rc"]),
}


@pytest.fixture(params=list(RAW))
def client(server, request):
    client = RAW[request.param](server(irc=None))
    assert client.receive() == "1::"
    return client


def receive_all(client):
    """What came before the answer to a last question."""
    client.send(event_packet("unsubscribe", [], id="99+"))
    received = []
    while (packet := client.receive()) != "6::/rc:99+[null]":
        received.append(packet)
    return received


def test_socketio_packets_have_their_answers(client):
    """In one session one after the other; each leaves it without subscriptions."""
    for name, (sent, wanted) in CONVERSATIONS.items():
        for packet in sent:
            client.send(packet)
        assert receive_all(client) == wanted, name
        client.send("0::/rc")


def test_socketio_second_connect_keeps_the_subscriptions(client):
    client.send(event_packet("subscribe", "*", id="1+"))  # before any connect
    client.send("1::/rc")
    client.send("1::/rc")
    assert [client.receive() for _ in range(3)] == ["6::/rc:1+[null]", "1::/rc", "1::/rc"]
    client.rcstreamd.send_rcfeed(make_change(id=5))
    assert client.receive_change()["id"] == 5


# Python's fnmatch.fnmatchcase(): what it matches, and not what a shell or a C library would.
@pytest.mark.parametrize(
    "pattern, matches",
    [
        ("*", True),
        ("en.*", True),
        ("e?.wiki*.org", True),
        ("[a-e]n.*", True),
        ("[!d]*", True),
        ("*[]g]", True),
        ("EN.*", False),
        ("[^e]*", True),  # the set of "^" and "e"
        ("en\\.wikipedia.org", False),
        ("[[:alpha:]]n.*", False),
        ("[e", False),
        ("[z-a]n.*", False),
        ("{en,de}.*", False),
        ("*a" * 20 + "*b", False),
    ],
)
def test_socketio_patterns_are_those_of_python(server, pattern, matches):
    rcstreamd = server(irc=None)
    client = RawWebSocket(rcstreamd).connect_to_rc().subscribe(pattern, "witness.example")
    rcstreamd.send_rcfeed(make_change(server_name="en.wikipedia.org"))
    rcstreamd.send_rcfeed(make_change(server_name="witness.example"))
    received = [client.receive_change()["server_name"]]
    if matches and received == ["en.wikipedia.org"]:
        received.append(client.receive_change()["server_name"])
    assert received == ["en.wikipedia.org"] * matches + ["witness.example"]


# fnmatch without backtracking: the worst pattern on the longest name costs others nothing.
def test_socketio_no_pattern_takes_long(server):
    rcstreamd = server(irc=None, workers=1)
    evil = RawWebSocket(rcstreamd).connect_to_rc()
    evil.subscribe(*("*" + "a*" * number + "b" for number in range(100, 110)))
    witness = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*.example")
    for number in range(100):
        rcstreamd.send_rcfeed(make_change(server_name="a" * 60 + ".example", id=number))
    for number in range(100):
        assert witness.receive_change()["id"] == number


# Whatever a change has in it, what goes out is ASCII, so that all lengths agree.
def test_socketio_changes_are_the_same_over_every_transport(client):
    client.send(event_packet("subscribe", "*", id="1+"))
    assert client.receive() == "6::/rc:1+[null]"
    change = make_change(
        title="\u00f1 \U0001f600 \u2028 \ufffd </script>", comment='"\\\b\u0000', id=2**63 - 1
    )
    client.rcstreamd.send_rcfeed(change)
    while (packet := client.receive()) in ("2::", "8::"):
        pass
    assert packet.isascii()
    assert json.loads(packet.removeprefix("5::/rc:")) == {"args": [change], "name": "change"}
