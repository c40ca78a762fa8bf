# SPDX-License-Identifier: Apache-2.0
"""Channels for the IRC tests: they exist once a change has come, a moment later in each worker."""

import time

from irc_client import TIMEOUT_S

SOURCE = "rc-pmtpa!rc-pmtpa@localhost"  # the bot, as conf/options.def has it


def registered(run, nick):
    """A client that has read all of its welcome, the modes behind the MOTD too."""
    client = run.irc().register(nick)
    client.expect(r"^:\S+ 221 ")
    return client


def make_channels(run, *names):
    """Have these channels, spelt like this, in every worker."""
    for name in names:
        run.send_rc2udp(name, "the change that makes the channel")
    for _ in range(8):  # the kernel deals clients out to both workers
        client = registered(run, "maker")
        for name in names:
            join(client, name)
        client.close()


def join(client, channel):
    """JOIN a channel that is about to exist; the lines that answered, from JOIN to 366."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        client.send(f"JOIN {channel}")
        if client.expect(r"^\S+ (403|JOIN) ")[1] == "JOIN":
            break
        assert time.monotonic() < deadline, f"{channel} does not come into being"
        time.sleep(0.01)
    first = len(client.lines) - 1
    client.expect(r"^:\S+ 366 ")
    return client.lines[first:]


def says(channel, text):
    """The line of a change."""
    return f":{SOURCE} PRIVMSG {channel} :{text}"


def answers(client, line):
    """Send a line; all that answers it, seen by a PING behind it."""
    first = len(client.lines)
    client.send(line)
    client.send("PING :that was all")
    client.expect(r"^(@\S+ )?:\S+ PONG \S+ :that was all$")
    return client.lines[first:-1]
