# SPDX-License-Identifier: Apache-2.0
"""How clients behave, well and badly: pipelined, cut in pieces, half-closed, slow, gone."""

import os
import signal
import socket
import struct
import threading

import irc.client
import pytest

from irc_channels import answers, join, make_channels, registered, says
from rcstreamd import wait_until


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, "#en.wikipedia")
    return run


def read_all(connection):
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def test_irc_hundreds_of_pings_in_one_segment_are_answered_in_order(run):
    client = registered(run, "reader")
    client.send_bytes(b"".join(b"PING :%d\n" % i for i in range(2000)))
    for i in range(2000):
        client.expect_next(rf"^:localhost PONG localhost :{i}$")


def test_irc_eight_hundred_joins_in_one_segment(run):
    """CVNBot joins some 800 channels in a row."""
    names = [f"#w{i}.wikipedia" for i in range(800)]
    for i, name in enumerate(names):
        run.send_rc2udp(name, "first")
        if i % 100 == 99:
            join(registered(run, "maker"), name)
    client = registered(run, "reader")
    join(client, names[-1])
    client.send("JOIN 0")
    client.expect(" PART ")
    client.send_bytes("".join(f"JOIN {name}\r\n" for name in names).encode())
    for name in names:
        client.expect_next(rf"^:reader!reader@localhost JOIN {name}$")
        for numeric in (332, 333, 353, 366):
            client.expect_next(rf"^:localhost {numeric} reader ")
    run.send_rc2udp(names[400], "second")
    client.expect_next(f"^{says(names[400], 'second')}$")


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_irc_line_may_come_byte_by_byte_and_end_as_it_likes(run, end):
    client = run.irc()
    for byte in end.join([b"NICK reader", b"", b"USER u 0 * :\xc3\xa9", b"PING \xe2\x82\xac", b""]):
        client.send_bytes(bytes([byte]))
    client.expect("^:localhost PONG localhost :\u20ac$")
    assert sum(" 001 " in line for line in client.lines) == 1


def test_irc_tail_of_a_long_line_is_never_run(run):
    client = registered(run, "reader")
    for length in (505, 510, 511, 512, 4096, 16384):
        client.send_bytes(b"PONG " + b" " * length + b"QUIT\r\n")
    client.send_bytes(b"PONG " + b"x" * 16384)
    client.send_bytes(b"QUIT\nPING alive\n")
    client.expect_next("^:localhost PONG localhost :alive$")


def test_irc_bytes_that_are_not_utf8_are_ignored_but_for_user(run):
    client = run.irc()
    client.send_bytes(b"NICK \xff\xfe\r\nNICK reader\r\nUSER u 0 * :Jos\xe9\r\n")
    client.expect(" 376 reader ")
    client.send_bytes(b"JOIN \xff\r\nPI\0NG a\0b\r\n")
    client.expect_next(" 221 ")
    client.expect_next("^:localhost PONG localhost :ab$")
    assert answers(client, "WHOIS reader")[0].endswith(" :Jos\ufffd")


def test_irc_half_closed_client_gets_all_its_answers(run):
    """printf '...' | nc -N"""
    connection = run.connect("irc")
    pings = b"".join(b"PING %d\r\n" % i for i in range(300))
    connection.sendall(b"NICK reader\r\nUSER u 0 * :r\r\nJOIN #en.wikipedia\r\n" + pings)
    connection.shutdown(socket.SHUT_WR)
    received = read_all(connection)
    assert b" 366 reader #en.wikipedia " in received
    assert received.endswith(b":localhost PONG localhost :299\r\n")


def descriptors(run):
    return len(os.listdir(f"/proc/{run.process.pid}/fd"))


def test_irc_clients_that_go_leave_nothing_behind(run):
    before = descriptors(run)
    for i in range(60):
        connection = run.connect("irc")
        connection.sendall(b"NICK reader\r\nUSER u 0 * :r\r\nJOIN #en.wikipedia\r\n")
        if i % 3 == 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif i % 3 == 1:
            connection.shutdown(socket.SHUT_WR)
        connection.close()
    wait_until(lambda: descriptors(run) <= before, what="as many descriptors as before")
    client = registered(run, "reader")
    lusers = wait_until(
        lambda: [line for line in answers(client, "LUSERS") if " :I have 1 clients" in line],
        what="one client",
    )
    assert lusers


@pytest.mark.threads
def test_irc_slow_reader_is_ended_and_others_lose_nothing(server):
    run = server(slow_client={"outbox_max": 65536, "outbox_soft": 32768})
    make_channels(run, "#en.wikipedia")
    slow = run.connect("irc")
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    slow.sendall(b"NICK slow\r\nUSER u 0 * :r\r\nJOIN #en.wikipedia\r\n")
    welcome = b""
    while b" 366 " not in welcome:
        welcome += slow.recv(65536)
    reader = registered(run, "reader")
    join(reader, "#en.wikipedia")
    count, text = 20000, "x" * 400
    room = threading.Semaphore(1)  # as fast as the reader reads, and no faster
    taken = []

    def take_late():  # but before the server gives it up
        run.log.wait_for("irc.closing", "sendq_exceeded", timeout=60)
        taken.append(read_all(slow))

    def feed():
        for i in range(count):
            if i % 100 == 0:
                room.acquire()
            run.send_rc2udp("#en.wikipedia", f"{i} {text}")

    feeder = threading.Thread(target=feed)
    late = threading.Thread(target=take_late)
    feeder.start()
    late.start()
    for i in range(count):
        reader.expect_next(rf"^:\S+ PRIVMSG #en\.wikipedia :{i} x{{400}}$")
        if i % 100 == 99:
            room.release()
    feeder.join()
    late.join()
    lines = taken[0].split(b"\r\n")
    assert lines[-2:] == [b"ERROR :Closing Link: (SendQ exceeded)", b""]
    changes = [line for line in lines if b" PRIVMSG " in line]
    assert all(line.endswith(text.encode()) for line in changes)
    assert [int(line.split(b" ")[3][1:]) for line in changes] == list(range(len(changes)))


def test_irc_clients_are_told_that_the_server_ends(run):
    clients = [registered(run, "reader") for _ in range(10)] + [run.irc()]
    answers(clients[-1], "NICK unregistered")
    run.process.send_signal(signal.SIGTERM)
    for client in clients:
        client.expect(r"^ERROR :Closing Link: \(Server shutting down\)$")
        client.expect_ended()
    run.wait_stopped()


def test_irc_python_irc_reads_the_feed(run):
    """python3-irc, as many scripts use it."""
    reactor = irc.client.IRC()  # later versions call it Reactor
    heard = []

    def on_welcome(connection, event):
        connection.join("#en.wikipedia")

    def on_endofnames(connection, event):
        connection.mode("#en.wikipedia", "+b")
        connection.who("#en.wikipedia")
        run.send_rc2udp("#en.wikipedia", "a change \u20ac")

    def on_pubmsg(connection, event):
        heard.append((event.source.nick, event.target, event.arguments))
        connection.quit("enough")

    for handler in (on_welcome, on_endofnames, on_pubmsg):
        reactor.add_global_handler(handler.__name__[3:], handler)
    host, port = run.address("irc")
    connection = reactor.server().connect(host, port, "reader", ircname="Jos\u00e9")

    def process():
        reactor.process_once(0.05)
        return not connection.is_connected()

    wait_until(process, what="the end of the client")
    assert heard == [("rc-pmtpa", "#en.wikipedia", ["a change \u20ac"])]
