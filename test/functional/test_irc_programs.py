# SPDX-License-Identifier: Apache-2.0
"""Clients that people run: they connect, join, show changes, come back, and quit."""

import irc.bot
import pytest

from irc_channels import make_channels
from irc_programs import CHANNEL, CONNECT_TIMEOUT_S, NICK, Irssi, Weechat
from rcstreamd import make_change, wait_until
from tcp_relay import TcpRelay

PROGRAMS = {"irssi": Irssi, "weechat": Weechat}

# What MediaWiki makes of change(comment).
LINE = (
    "\x0314[[\x0307Caf\u00e9 \u20ac\x0314]]\x034 M\x0310 "
    "\x0302https://en.wikipedia.org/w/index.php?diff=2&oldid=1\x03 "
    "\x035*\x03 \x0303Alice\x03 \x035*\x03 (+10) \x0310{comment}\x03"
)


def change(comment):
    return make_change(title="Caf\u00e9 \u20ac", minor=True, comment=comment)


def make_server(server, relay):
    """A server that has the channel before any client can come."""
    run = server()
    make_channels(run, CHANNEL)
    relay.open(run.address("irc"))
    return run


def again(server, relay, run):
    """The server ends, and is there again at the same address."""
    relay.close()
    run.stop()
    return make_server(server, relay)


@pytest.fixture
def relay():
    relay = TcpRelay()
    yield relay
    relay.close()


@pytest.fixture
def program(tmp_path, relay):
    """Starts a client of this name; it is ended with the test."""
    started = []

    def start(name):
        started.append(PROGRAMS[name](tmp_path / name, relay.address))
        return started[-1].start()

    yield start
    for client in started:
        client.close()


# What a person does with it, who never looks at the server.
@pytest.mark.time_limit(120)
@pytest.mark.parametrize("name", PROGRAMS)
def test_irc_program_shows_changes_and_comes_back(server, relay, program, name):
    run = make_server(server, relay)
    client = program(name)
    client.wait_joined(1)
    run.send_rcfeed(change("before"))
    assert client.shows(LINE.format(comment="before")) in client.wait_for("before")
    assert client.has_negotiated()
    run = again(server, relay, run)
    client.wait_joined(2)
    run.send_rcfeed(change("behind"))
    assert client.shows(LINE.format(comment="behind")) in client.wait_for("behind")
    assert client.quit("enough") == 0
    run.log.wait_for("irc.closing", "client_quit")


class Bot(irc.bot.SingleServerIRCBot):
    """A bot of python3-irc, as its own examples make one."""

    def __init__(self, address):
        if hasattr(irc.bot, "ExponentialBackoff"):  # later versions
            patience = {"recon": irc.bot.ExponentialBackoff(min_interval=1, max_interval=2)}
        else:
            patience = {"reconnection_interval": 1}
        super().__init__([address], NICK, "A reader", **patience)
        self.loop = self.reactor if hasattr(self, "reactor") else self.ircobj
        self.heard = []
        self.capabilities = []
        self.joined = 0
        self._connect()

    def on_welcome(self, connection, event):
        connection.cap("LS", "302")
        connection.join(CHANNEL)

    def on_cap(self, connection, event):
        self.capabilities.append(event.arguments)

    def on_endofnames(self, connection, event):
        self.joined += 1

    def on_pubmsg(self, connection, event):
        self.heard.append((event.source, event.target, event.arguments))

    def until(self, condition, what):
        """Let the bot work until this is true."""

        def turn():
            self.loop.process_once(0.05)
            return condition()

        wait_until(turn, timeout=CONNECT_TIMEOUT_S, what=what)


# The library of many scripts; a bot that is left alone for years.
@pytest.mark.time_limit(120)
def test_irc_python_bot_comes_back(server, relay):
    run = make_server(server, relay)
    bot = Bot(relay.address)
    for times, comment in ((1, "before"), (2, "behind")):
        bot.until(lambda: bot.joined == times, f"{times} times joined")
        run.send_rcfeed(change(comment))
        bot.until(lambda: len(bot.heard) == times, f"{times} changes")
        assert bot.heard[-1] == (
            "rc-pmtpa!rc-pmtpa@localhost",
            CHANNEL,
            [LINE.format(comment=comment)],
        )
        assert bot.channels[CHANNEL].is_oper("rc-pmtpa")
        assert len(bot.capabilities) == times and bot.capabilities[-1][0] == "LS"
        if times == 1:
            run = again(server, relay, run)
    bot.connection.quit("enough")
    bot.until(lambda: run.log.find("irc.closing", "client_quit"), "the end of the client")
