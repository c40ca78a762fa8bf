# SPDX-License-Identifier: Apache-2.0
"""IRC over WebSocket, as web IRC clients speak it: ws://HOST:8080/irc."""

import re
import signal
import socket
import struct

import pytest
import websocket

from http_client import frame, read_all, read_response
from irc_channels import make_channels, registered, says
from irc_client import ConnectionEnded
from irc_websocket_client import BINARY, TEXT, IrcWebSocketClient
from rcstreamd import wait_until

CHANNEL = "#en.wikipedia"
OPCODE_TEXT, OPCODE_BINARY = websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY
FIN_TEXT, FIN_CLOSE = 0x81, 0x88


@pytest.fixture
def run(server):
    return server()


def registered_websocket(run, nick="reader", **options):
    """A client that has read all of its welcome."""
    client = IrcWebSocketClient(run, **options).register(nick)
    client.expect(r"^:\S+ 221 ")
    return client


def raw_websocket(run, behind=b"", field=""):
    """A socket after the handshake, with what is sent in the same segment, and what came behind."""
    connection = run.connect("http")
    head = (
        "GET /irc HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{field}\r\n"
    )
    connection.sendall(head.encode() + behind)
    status, fields, _, rest = read_response(connection)
    assert status == 101
    assert "sec-websocket-protocol" not in fields
    return connection, rest


# --- the beginning ---


@pytest.mark.parametrize(
    "offered, agreed",
    [
        ([TEXT], TEXT),
        ([BINARY], BINARY),
        ([TEXT, BINARY], TEXT),
        ([BINARY, TEXT], BINARY),
        (["irc", BINARY], BINARY),
        ([], None),
    ],
)
def test_irc_websocket_follows_the_clients_preference(run, offered, agreed):
    client = IrcWebSocketClient(run, offered)
    assert client.subprotocol == agreed
    client.register("reader")


def test_irc_websocket_is_open_to_every_origin(run):
    client = IrcWebSocketClient(run, origin="https://web-irc.example")
    client.register("reader")


def test_irc_websocket_wants_an_upgrade(run):
    response = run.http_get("/irc")
    assert response.status_code == 426
    assert response.headers["Upgrade"] == "websocket"
    assert run.http_request("POST", "/irc", data="PING x").status_code == 405


def test_irc_websocket_is_not_there_without_irc(server):
    run = server(irc=None)
    assert run.http_get("/irc").status_code == 404
    with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
        IrcWebSocketClient(run)


def test_irc_websocket_reads_what_came_with_the_handshake(run):
    unknown = "Sec-WebSocket-Protocol: irc\r\n"  # no agreement: text
    connection, received = raw_websocket(run, frame(FIN_TEXT, b"PING early"), unknown)
    answer = b":localhost PONG localhost :early"
    while len(received) < len(answer) + 2:
        received += connection.recv(100)
    assert received == bytes([FIN_TEXT, len(answer)]) + answer


# --- changes ---


@pytest.mark.threads
@pytest.mark.parametrize("subprotocol", [TEXT, BINARY])
def test_irc_websocket_clients_of_all_workers_get_each_change_once(run, subprotocol):
    make_channels(run, CHANNEL)
    clients = [registered_websocket(run, subprotocols=[subprotocol]) for _ in range(20)]
    clients.append(registered(run, "stream"))
    for client in clients:
        client.join(CHANNEL)
    for number in range(3):
        run.send_rc2udp(CHANNEL, f"\x0314[[\x0307\u00c4\U0001f600 {number}\x0314]]")
    for client in clients:
        for number in range(3):
            assert client.read_line() == says(
                CHANNEL, f"\x0314[[\x0307\u00c4\U0001f600 {number}\x0314]]"
            )


@pytest.mark.parametrize("subprotocol", [TEXT, BINARY])
def test_irc_websocket_changes_have_the_tags_that_were_asked_for(run, subprotocol):
    make_channels(run, CHANNEL)
    client = registered_websocket(run, subprotocols=[subprotocol]).join(CHANNEL)
    client.send("CAP REQ :server-time message-tags")
    client.expect_next(r"CAP reader ACK ")
    run.send_rc2udp(CHANNEL, "text")
    match = client.expect(r"^@(\S+) (.*PRIVMSG.*)$")
    tags = dict(tag.partition("=")[::2] for tag in match[1].split(";"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", tags["time"])
    assert tags["msgid"]
    assert match[2] == says(CHANNEL, "text")


def test_irc_websocket_client_is_shown_its_address(run):
    client = registered_websocket(run)
    client.send("USERHOST reader")
    client.expect_next(r"^:localhost 302 reader :reader=\+reader@127\.0\.0\.1 ?$")
    client.send("WHOIS reader")
    client.expect_next(r"^:localhost 311 reader reader reader 127\.0\.0\.1 \* :reader$")


def test_irc_websocket_clients_are_counted(run):
    registered_websocket(run)
    registered(run, "stream")

    def counted():
        status = run.http_get("/rcstream_status").json()
        return (
            status["clients"]["irc"],
            status["counters"]["irc_websocket_clients"],
            status["counters"]["irc_registered"],
        )

    wait_until(lambda: counted() == (2, 1, 2), what="the count of clients")
    for client in run.clients:
        client.close()
    wait_until(lambda: counted() == (0, 0, 0), what="the count of none")


# --- lines ---


@pytest.mark.parametrize("end", ["", "\r\n", "\n", "\r"])
def test_irc_websocket_line_may_end_in_cr_lf_all_the_same(run, end):
    client = IrcWebSocketClient(run)
    client.send(f"PING one{end}")
    client.send("PING two")
    assert [client.read_line() for _ in range(2)] == [
        f":localhost PONG localhost :{word}" for word in ("one", "two")
    ]


def test_irc_websocket_message_may_hold_several_lines(run):
    client = IrcWebSocketClient(run)
    client.send("NICK reader\r\nUSER reader 0 * :Reader")
    client.expect(r" 221 ")
    client.send("\r\n".join(f"PING {number}" for number in range(500)))
    for number in range(500):
        client.expect_next(f" PONG localhost :{number}$")


def test_irc_websocket_takes_either_kind_of_message(run):
    client = IrcWebSocketClient(run, [TEXT])
    client.send_bytes(b"PING one", OPCODE_BINARY)
    client.expect_next(r"PONG \S+ :one$")
    client = IrcWebSocketClient(run, [BINARY])
    client.send_bytes(b"PING two", OPCODE_TEXT)
    client.expect_next(r"PONG \S+ :two$")


def test_irc_websocket_cuts_a_long_line_and_runs_no_part_of_it(run):
    client = registered_websocket(run)
    tail = "x" * 20000
    client.send(f"PRIVMSG reader :{tail} QUIT :never")
    client.send("PING after")
    assert set(client.read_line().rpartition(":")[2]) == {"x"}
    client.expect_next(r"PONG \S+ :after$")


def test_irc_websocket_tags_do_not_count_towards_the_line(run):
    client = registered_websocket(run)
    client.send(f"@+tag={'t' * 4000} PING :one")
    client.expect_next(r"PONG \S+ :one$")


def test_irc_websocket_ignores_a_binary_message_that_is_not_utf8(run):
    client = registered_websocket(run, subprotocols=[BINARY])
    client.send_bytes(b"PING \xff")
    client.send("PING fine")
    client.expect_next(r"PONG \S+ :fine$")


def test_irc_websocket_takes_fragments_with_pings_between(run):
    client = IrcWebSocketClient(run)
    for fin, opcode, data in [
        (0, OPCODE_TEXT, b"PI"),
        (1, websocket.ABNF.OPCODE_PING, b"there?"),
        (0, websocket.ABNF.OPCODE_CONT, b"NG :\xe2\x82"),
        (1, websocket.ABNF.OPCODE_CONT, b"\xac"),
    ]:
        client.socket.send_frame(websocket.ABNF(fin, 0, 0, 0, opcode, 1, data))
    assert client.socket.recv_data(control_frame=True) == (
        websocket.ABNF.OPCODE_PONG,
        b"there?",
    )
    client.expect_next(r"PONG \S+ :\u20ac$")


# --- the end ---


def expect_end(client, error, closed):
    """An ERROR line with this, then a close frame with this, then nothing."""
    with pytest.raises(ConnectionEnded):
        while not client.read_line().startswith("ERROR"):
            pass
        client.read_line()
    assert client.lines[-1] == f"ERROR :Closing Link: ({error})"
    assert client.closed == closed


def test_irc_websocket_quit_is_answered_and_closes(run):
    client = registered_websocket(run)
    client.send("QUIT :bye")
    expect_end(client, "Quit: bye", (1000, "Client quit"))


def test_irc_websocket_client_that_does_not_answer_is_ended(server):
    run = server(irc={"ping_timeout": 5})
    client = registered_websocket(run)
    client.expect(r"^PING :localhost$")
    expect_end(client, "Ping timeout", (1001, "Ping timeout"))


def test_irc_websocket_client_that_does_not_register_is_ended(server):
    run = server(irc={"registration_timeout": 1})
    expect_end(
        IrcWebSocketClient(run), "Registration timed out", (1001, "Registration timed out")
    )


@pytest.mark.parametrize(
    "payload, opcode, reason, code",
    [
        (b"PING \xff", OPCODE_TEXT, "Not UTF-8", 1007),
        (b"x" * 65537, OPCODE_TEXT, "Message too big", 1009),
        (b"x" * 65537, OPCODE_BINARY, "Message too big", 1009),
        (b"x", 3, "Protocol error", 1002),
    ],
    ids=["not UTF-8", "too big", "too big and binary", "reserved opcode"],
)
def test_irc_websocket_that_breaks_the_rules_is_told(run, payload, opcode, reason, code):
    client = registered_websocket(run)
    client.socket.sock.sendall(frame(0x80 | opcode, payload))
    expect_end(client, reason, (code, reason))


@pytest.mark.threads
def test_irc_websocket_clients_are_told_that_the_server_ends(run):
    clients = [registered_websocket(run) for _ in range(6)]
    run.process.send_signal(signal.SIGTERM)
    for client in clients:
        expect_end(client, "Server shutting down", (1001, "Server shutting down"))
    run.wait_stopped()


def test_irc_websocket_close_frame_is_the_last_word(run):
    connection, _ = raw_websocket(run)
    connection.sendall(frame(FIN_CLOSE, struct.pack("!H", 1000)))
    assert read_all(connection) == bytes([FIN_CLOSE, 2]) + struct.pack("!H", 1000)


def test_irc_websocket_half_closed_client_gets_its_answers(run):
    connection, received = raw_websocket(run)
    connection.sendall(b"".join(frame(FIN_TEXT, b"PING %d" % i) for i in range(1000)))
    connection.shutdown(socket.SHUT_WR)
    received += read_all(connection)
    answers = [b":localhost PONG localhost :%d" % i for i in range(1000)]
    assert received == b"".join(bytes([FIN_TEXT, len(line)]) + line for line in answers)


def test_irc_websocket_clients_that_vanish_leave_nothing(run):
    make_channels(run, CHANNEL)
    for number in range(20):
        client = registered_websocket(run).join(CHANNEL)
        if number % 2:  # with a reset
            client.socket.sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        client.close()
        run.send_rc2udp(CHANNEL, "text")

    def open_now():
        counters = run.http_get("/rcstream_status").json()["counters"]
        return counters["irc_websocket_clients"], counters["websocket_connections"]

    wait_until(lambda: open_now() == (0, 0), what="the end of all WebSockets")


def test_irc_websocket_slow_reader_is_ended_and_others_lose_nothing(server):
    run = server(slow_client={"outbox_max": "64KiB", "outbox_soft": "32KiB"})
    make_channels(run, CHANNEL)
    slow = registered_websocket(
        run, sockopt=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)], nick="slow"
    ).join(CHANNEL)
    reader = registered_websocket(run).join(CHANNEL)
    text = "x" * 400
    number = 0
    while not run.log.find("irc.closing", "sendq_exceeded"):
        run.send_rc2udp(CHANNEL, f"{number} {text}")
        assert reader.read_line() == says(CHANNEL, f"{number} {text}")
        number += 1
        assert number < 50000, "the slow client is never ended"
    with pytest.raises(ConnectionEnded):
        while True:
            slow.read_line()
    assert slow.lines[-1] == "ERROR :Closing Link: (SendQ exceeded)"
    assert slow.closed == (1008, "SendQ exceeded")
    got = [line for line in slow.lines if " PRIVMSG " in line]
    assert got == [says(CHANNEL, f"{i} {text}") for i in range(len(got))]
