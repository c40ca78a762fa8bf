# SPDX-License-Identifier: Apache-2.0
"""A reload that changes the topic: members of channels are sent a TOPIC."""

import pytest

from irc_websocket_client import BINARY, TEXT, IrcWebSocketClient
from rcstreamd import make_change, wait_until

WIKIS = ("de.wikipedia", "en.wikipedia", "fr.wikipedia")


def told(channel, topic):
    return f":localhost TOPIC #{channel} :{topic}"


def feed(rcstreamd):
    """A channel for each wiki, in every worker."""
    for wiki in WIKIS:
        rcstreamd.send_rcfeed(make_change(server_name=f"{wiki}.org", wiki="x"))
    client = rcstreamd.irc().register("waiter")

    def has_all(channels):
        client.send("LIST")
        found = set()
        while not (line := client.expect(r" (322|323) \S+ (\S+) ")).group(1) == "323":
            found.add(line.group(2))
        return found >= channels

    wait_until(lambda: has_all({f"#{wiki}" for wiki in WIKIS}), what="the channels")


def join(client, channels):
    for channel in channels:

        def joins(name=channel):
            client.send(f"JOIN #{name}")
            return client.expect(r" (366|403) ").group(1) == "366"

        wait_until(joins, what=f"#{channel}")
    return client


def lines_to(client, mark):
    """What comes up to the answer to a PING, which is left out."""
    client.send(f"PING {mark}")
    lines = []
    while not (line := client.read_line()).endswith(f":{mark}"):
        lines.append(line)
    return lines


# As an ircd does: to each member of each channel, on every worker and in every framing.
@pytest.mark.threads
def test_topic_that_a_reload_changes_is_sent_to_members(server):
    rcstreamd = server(irc={"topic": "old {channel}"})
    feed(rcstreamd)
    members = [
        join(rcstreamd.irc().register(f"member{i}"), WIKIS[: i % 3 + 1]) for i in range(12)
    ]
    upgraded = [
        join(IrcWebSocketClient(rcstreamd, (kind,)).register(f"upgraded{i}"), WIKIS[:2])
        for i, kind in enumerate((TEXT, BINARY) * 2)
    ]
    strangers = [rcstreamd.irc().register(f"stranger{i}") for i in range(4)]
    for client in (*members, *upgraded, *strangers):
        lines_to(client, "before")
    rcstreamd.reload(irc={"topic": "new {channel}"})
    for i, client in enumerate(members):
        for wiki in WIKIS[: i % 3 + 1]:
            client.expect_next("^" + told(wiki, f"new #{wiki}").replace(".", r"\.") + "$")
        assert lines_to(client, "after") == []
    for client in upgraded:
        assert [client.read_line() for _ in range(2)] == [
            told(wiki, f"new #{wiki}") for wiki in WIKIS[:2]
        ]
    for client in strangers:
        assert lines_to(client, "after") == []
    newcomer = join(rcstreamd.irc().register("newcomer"), WIKIS[:1])
    assert any(line.endswith(" :new #de.wikipedia") for line in newcomer.lines)
    lines_to(newcomer, "after")
    assert not [line for line in newcomer.lines if " TOPIC " in line]


# Only where the text differs: not for another MOTD, not for the map of channels, and not for a
# channel whose topic another template makes the same.
def test_topic_that_reads_as_before_is_not_sent(server):
    rcstreamd = server(irc={"topic": "About {channel}"})
    feed(rcstreamd)
    clients = [join(rcstreamd.irc().register(f"reader{i}"), WIKIS) for i in range(4)]

    def heard(**overrides):
        for client in clients:
            lines_to(client, "before")
        rcstreamd.reload(irc=overrides.get("irc", {}), channel_names=overrides.get("names", {}))
        motd = overrides.get("irc", {}).get("motd")
        lines = []
        for client in clients:
            if motd:  # in force when it is told

                def is_in_force(client=client):
                    client.send("MOTD")
                    return client.expect(r" 372 \S+ :(?:- ?)?(.*)$").group(1) == motd

                seen = len(client.lines)
                wait_until(is_in_force, what="the MOTD")
                lines += [line for line in client.lines[seen:] if " TOPIC " in line]
            lines += [line for line in lines_to(client, "after") if " TOPIC " in line]
        return lines

    assert heard(irc={"motd": "one"}) == []
    assert heard(names={"dewiki": "#deutsch"}, irc={"motd": "two"}) == []
    same = "About #en.wikipedia"
    assert heard(irc={"topic": same, "motd": "three"}) == [
        told(wiki, same) for wiki in (WIKIS[0], WIKIS[2])
    ] * len(clients)


# Reload upon reload, under way with many members: what each hears last is what is so.
@pytest.mark.threads
def test_topic_is_the_last_one_in_the_end(server):
    rcstreamd = server(irc={"topic": "0"})
    feed(rcstreamd)
    clients = [join(rcstreamd.irc().register(f"reader{i}"), WIKIS) for i in range(20)]
    for number in range(1, 9):
        rcstreamd.reload(irc={"topic": str(number)})
        if number == 4:
            for client in clients[::2]:
                client.close()
    for client in clients[1::2]:
        heard = {}
        while set(heard.values()) != {"8"} or len(heard) < len(WIKIS):
            line = client.read_line()
            if " TOPIC " in line:
                _, _, channel, topic = line.split(" ")
                heard[channel] = topic[1:]
        assert not [line for line in lines_to(client, "end") if " TOPIC " in line]
