# SPDX-License-Identifier: Apache-2.0
"""The bots of the old feed, each with the habits that a server has to live with."""

import re
import socket
import time

import pytest

from irc_channels import join, make_channels, registered, says
from irc_consumers import cluebot, cvnbot
from rcstreamd import make_change

CHANNEL = "#en.wikipedia"
LINE = (
    "\x0314[[\x0307T\x0314]]\x034 \x0310 \x0302\x03 "
    "\x035*\x03 \x0303U\x03 \x035*\x03  \x0310c\x03"
)


class Bot:
    """A bare socket; `heard` keeps every line, `turn()` reads once."""

    END = "\r\n"

    def __init__(self, run):
        self.socket = run.connect("irc")
        self.pending = b""
        self.heard = []

    def send(self, *lines):
        self.socket.sendall("".join(line + self.END for line in lines).encode())

    def turn(self, timeout=5):
        self.socket.settimeout(timeout)
        self.pending += self.socket.recv(4096)
        *lines, self.pending = self.pending.split(b"\n")
        for line in lines:
            self.heard.append(line.decode().rstrip("\r"))
            self.on_line(self.heard[-1])

    def until(self, found, seconds=30):
        """Turn until `found` holds of a line; returns it."""
        looked_at = 0
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.heard[looked_at:]:
                if found(line):
                    return line
            looked_at = len(self.heard)
            self.turn()
        raise AssertionError(f"not heard; the last lines: {self.heard[-10:]}")

    def on_line(self, line):
        """What it does about a line."""


class ClueBot(Bot):
    """ClueBot NG: LF, quotes around numbers, joins behind the MOTD, a buffer of 1024 bytes."""

    END = "\n"

    def __init__(self, run):
        super().__init__(run)
        self.changes = []
        self.send('USER "1" "1" "1" "1"', "NICK ClueNet", "")

    def on_line(self, line):
        assert len(line.encode()) < 1024
        words = line.split(" ")
        if words[0].lower() == "ping":
            self.send(f"PONG {words[1]}")
        elif words[1] in ("376", "422"):
            self.send(f"JOIN {CHANNEL}")
        elif words[1].lower() == "privmsg" and words[2].lower() == CHANNEL:
            self.changes.append(cluebot(line.split(" ", 3)[3][1:]))


class CvnBot(Bot):
    """CVNBot on SmartIrc4net: some 800 channels in a row, and questions about each."""

    def __init__(self, run, channels):
        super().__init__(run)
        self.channels = channels
        self.changes = []
        self.send("NICK CVNBot", "USER CVNBot 4 * :CVNBot")

    def on_line(self, line):
        words = line.split(" ")
        if words[0] == "PING":
            self.send(f"PONG {words[1][1:]}")  # it never looks what it drops
        elif words[1] == "001":
            self.send(f"MODE {words[2]} +i", *(f"JOIN {name}" for name in self.channels))
        elif words[1] == "JOIN":
            channel = words[2].lstrip(":")
            self.send(f"MODE {channel}", f"MODE {channel} +b", f"WHO {channel}")
        elif words[1] == "PRIVMSG":
            self.changes.append((words[2], cvnbot(line.split(" ", 3)[3][1:])))


def joined(channel):
    return lambda line: re.match(rf":\S+ 366 \S+ {re.escape(channel)} ", line) is not None


# It stays for longer than the server waits for an answer to PING.
@pytest.mark.parametrize("make", [ClueBot, lambda run: CvnBot(run, [CHANNEL])])
def test_irc_bot_answers_pings_in_its_own_way(server, make):
    run = server(irc={"ping_timeout": 5})
    make_channels(run, CHANNEL)
    bot = make(run)
    bot.until(joined(CHANNEL))
    end = time.monotonic() + 7
    while time.monotonic() < end:
        bot.turn(timeout=10)
    assert sum(line == "PING :localhost" for line in bot.heard) >= 5
    run.send_rcfeed(make_change(title="Still here"))
    bot.until(lambda line: "Still here" in line)
    assert len(bot.changes) == 1


# ClueBot NG's whole way, from its USER to what it makes of a change.
def test_irc_cluebot_reads_its_channel(server):
    run = server()
    make_channels(run, CHANNEL)
    bot = ClueBot(run)
    bot.until(joined(CHANNEL))
    for title in ("First", "User:Second", "L\u00e4st"):
        run.send_rcfeed(make_change(title=title, comment="\u20ac" * 400))
    bot.until(lambda line: "L\u00e4st" in line)
    assert [change["title"] for change in bot.changes] == ["First", "User:Second", "L\u00e4st"]
    assert {(change["user"], change["size"]) for change in bot.changes} == {("Alice", "+10")}


# CVNBot asks and is answered about every channel; nothing of it is an error, or slow.
def test_irc_cvnbot_joins_hundreds_of_channels(server):
    run = server()
    names = [f"#w{i}.wikipedia" for i in range(800)]
    for start in range(0, len(names), 100):
        for name in names[start : start + 100]:
            run.send_rc2udp(name, "first")
        join(registered(run, "maker"), names[start + 99])
    join(registered(run, "maker"), names[-1])
    bot = CvnBot(run, names)
    for name in (names[0], names[-1]):
        bot.until(lambda line, name=name: re.match(rf":\S+ 315 \S+ {re.escape(name)} ", line))
    for numeric in ("324", "368", "315", "366"):
        answered = [line.split(" ")[3] for line in bot.heard if line.split(" ")[1] == numeric]
        assert answered == names
    assert not [line for line in bot.heard if re.match(r":\S+ [45][0-9][0-9] ", line)]
    for name in names[::100]:
        run.send_rc2udp(name, LINE)
    bot.until(lambda line: line.startswith(says(names[700], "")))
    assert [channel for channel, change in bot.changes] == names[::100]
    assert all(change["title"] == "T" and change["user"] == "U" for _, change in bot.changes)


# printf '...' | nc -N, with a line that never ends: it is not run, and the server closes.
def test_irc_half_closed_client_with_half_a_line(server):
    run = server()
    make_channels(run, CHANNEL)
    connection = run.connect("irc")
    connection.sendall(f"NICK reader\nUSER u 0 * :r\nJOIN {CHANNEL}\nPING all\nPING half".encode())
    connection.shutdown(socket.SHUT_WR)
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    assert received.endswith(b" PONG localhost :all\r\n") and b"half" not in received
