# SPDX-License-Identifier: Apache-2.0
"""Socket.IO 0.9 over WebSocket, packet by packet."""

import signal
import time

import pytest
import websocket

from rcstreamd import make_change, wait_until
from socketio_clients import RawPolling, RawWebSocket, event_packet, handshake


@pytest.fixture
def rcstreamd(server):
    return server(irc=None)


@pytest.mark.threads
def test_socketio_websocket_gets_what_it_subscribed_to(rcstreamd):
    clients = [RawWebSocket(rcstreamd).connect_to_rc() for _ in range(6)]
    for client in clients[:3]:
        client.subscribe("en.wikipedia.org")
    for client in clients[3:]:
        client.subscribe("*.wiktionary.org", "*.org")
    for number, wiki in enumerate(["en.wikipedia.org", "de.wiktionary.org", "a.example"]):
        rcstreamd.send_rcfeed(make_change(server_name=wiki, id=number))
    rcstreamd.send_rcfeed(make_change(server_name="en.wikipedia.org", id=9))
    for client in clients[:3]:
        assert [client.receive_change()["id"] for _ in range(2)] == [0, 9]
    for client in clients[3:]:
        assert [client.receive_change()["id"] for _ in range(3)] == [0, 1, 9]


def test_socketio_change_is_handed_on_whole_and_in_ascii(rcstreamd):
    client = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    change = make_change(
        title="Ca\u00f1on \U0001f600 \u2028 \ufffd \x00",
        comment='"\\/\b',
        id=9223372036854775807,
        user="\u0420\u043e\u0441\u0441\u0438\u044f",
    )
    rcstreamd.send_rcfeed(change)
    packet = client.receive()
    assert packet.isascii()
    assert '"id": 9223372036854775807' in packet or '"id":9223372036854775807' in packet
    rcstreamd.send_rcfeed(change)
    assert client.receive_change() == change


def test_socketio_limit_of_subscriptions_is_an_error_event(rcstreamd):
    client = RawWebSocket(rcstreamd).connect_to_rc()
    client.subscribe(*(f"{number}.example" for number in range(10)))
    client.send(event_packet("subscribe", "one.more", id="2+"))
    assert (
        client.receive()
        == '5::/rc:{"args":["subscribe_error","Too many subscriptions"],"name":"error"}'
    )
    assert client.receive() == "6::/rc:2+[null]"
    rcstreamd.send_rcfeed(make_change(server_name="one.more"))
    rcstreamd.send_rcfeed(make_change(server_name="9.example"))
    assert client.receive_change()["server_name"] == "9.example"


def test_socketio_disconnect_is_answered_in_kind_and_closes(rcstreamd):
    client = RawWebSocket(rcstreamd).connect_to_rc()
    client.send("0::")
    code, packets = client.receive_close()
    assert (code, packets) == (1000, ["0::"])
    assert RawPolling(rcstreamd, client.session).poll().status_code == 400


def test_socketio_leaving_the_namespace_keeps_the_session(rcstreamd):
    client = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    client.send("0::/rc:")
    client.send("1::/rc:")
    assert client.receive() == "1::/rc"
    client.subscribe("de.wikipedia.org")
    for wiki in ["en.wikipedia.org", "de.wikipedia.org"]:
        rcstreamd.send_rcfeed(make_change(server_name=wiki))
    assert client.receive_change()["server_name"] == "de.wikipedia.org"


def test_socketio_session_ends_with_its_connection(rcstreamd):
    client = RawWebSocket(rcstreamd).connect_to_rc()
    client.socket.sock.close()
    wait_until(
        lambda: RawPolling(rcstreamd, client.session).post("2::").status_code == 400,
        what="the end of the session",
    )


def test_socketio_heartbeats_come_and_silence_ends(server):
    rcstreamd = server(http={"socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 3}})
    client = RawWebSocket(rcstreamd).connect_to_rc()
    began = time.monotonic()
    code, packets = client.receive_close()
    assert code == 1001
    assert packets == ["2::", "2::"]
    assert 2.9 < time.monotonic() - began < 4.5


def test_socketio_heartbeats_keep_a_client(server):
    rcstreamd = server(http={"socketio": {"heartbeat_interval": 1, "heartbeat_timeout": 2}})
    client = RawWebSocket(rcstreamd).connect_to_rc()
    for _ in range(4):
        assert client.receive() == "2::"
        client.send("2:::")
    client.subscribe("*")


def test_socketio_fragments_and_glued_frames_are_packets(rcstreamd):
    client = RawWebSocket(rcstreamd)
    assert client.receive() == "1::"
    frames = b"".join(
        websocket.ABNF(fin, 0, 0, 0, opcode, 1, data).format()
        for fin, opcode, data in [
            (0, websocket.ABNF.OPCODE_TEXT, b"1:"),
            (1, websocket.ABNF.OPCODE_PING, b"?"),
            (1, websocket.ABNF.OPCODE_CONT, b":/rc"),
            (1, websocket.ABNF.OPCODE_TEXT, event_packet("subscribe", "*", id="1+").encode()),
            (1, websocket.ABNF.OPCODE_TEXT, b"1::/rc:"),
        ]
    )
    client.socket.sock.sendall(frames)
    assert [client.receive() for _ in range(3)] == ["1::/rc", "6::/rc:1+[null]", "1::/rc"]


def test_socketio_garbage_is_survived(rcstreamd):
    client = RawWebSocket(rcstreamd).connect_to_rc()
    for packet in ["", "x", "5::/rc", "5::/rc:{", "5::/rc:" + "[" * 60000, "9::", ":::::", "7:::"]:
        client.send(packet)
    client.subscribe("*")


@pytest.mark.threads
def test_socketio_shutdown_never_says_disconnect(rcstreamd):
    """A client that reads "0::" takes itself for dismissed and does not come back."""
    clients = [RawWebSocket(rcstreamd).connect_to_rc() for _ in range(4)]
    handshake(rcstreamd)
    rcstreamd.process.send_signal(signal.SIGTERM)
    for client in clients:
        assert client.receive_close() == (1001, [])
    rcstreamd.wait_stopped()


def test_socketio_polling_takes_over_from_a_websocket(rcstreamd):
    first = RawWebSocket(rcstreamd).connect_to_rc().subscribe("*")
    second = RawPolling(rcstreamd, first.session)
    assert second.receive() == "1::"
    assert first.receive_close()[1] == []
    rcstreamd.send_rcfeed(make_change(id=7))
    assert second.receive_change()["id"] == 7
