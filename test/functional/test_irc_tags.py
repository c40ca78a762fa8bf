# SPDX-License-Identifier: Apache-2.0
"""IRCv3 message tags on the wire: those of the changes, and those that clients send."""

import datetime
import json
import time

import pytest

from irc_channels import answers, make_channels, registered, says
from irc_tags import TIME, request, split_tags, tagged_answers
from rcstreamd import make_change

CHANGE = "rcstreamd.alt/change"
TAG_DATA_MAX = 4094


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, "#en.wikipedia")
    return run


def reader(run, *capabilities):
    client = registered(run, "reader")
    if capabilities:
        request(client, *capabilities)
    client.send("JOIN #en.wikipedia")
    client.expect(r" 366 ")
    return client


def next_change(client):
    """The tags of the next change, and its line."""
    client.expect(r" PRIVMSG #")
    return split_tags(client.lines[-1])


# --- changes ---


def test_irc_change_has_no_tags_for_who_did_not_ask(run):
    plain = reader(run)
    other = reader(run, "batch", "setname", "labeled-response", "echo-message")
    tagged = reader(run, "server-time", "message-tags", CHANGE)
    run.send_rc2udp("#en.wikipedia", "a change")
    for client in (plain, other):
        client.expect_next("")
        assert client.lines[-1] == says("#en.wikipedia", "a change")
    tags, line = next_change(tagged)
    assert list(tags) == ["time", "msgid", CHANGE]
    assert line == says("#en.wikipedia", "a change")


def test_irc_server_time_is_when_the_change_arrived(run):
    client = reader(run, "server-time")
    before = time.time()
    run.send_rc2udp("#en.wikipedia", "a change")
    tags, _ = next_change(client)
    after = time.time()
    assert list(tags) == ["time"] and TIME.fullmatch(tags["time"])
    moment = datetime.datetime.fromisoformat(tags["time"].replace("Z", "+00:00")).timestamp()
    assert before - 0.01 <= moment <= after


def test_irc_server_time_is_on_every_line(run):
    client = request(registered(run, "reader"), "server-time")
    lines = tagged_answers(client, "JOIN #en.wikipedia")
    lines += tagged_answers(client, "PRIVMSG reader :hi")
    lines += tagged_answers(client, "NICK other")
    assert len(lines) == 7
    assert all(TIME.fullmatch(tags["time"]) for tags, _ in lines)


@pytest.mark.threads
def test_irc_msgid_is_the_same_in_all_workers_and_never_twice(run):
    clients = [reader(run, "message-tags") for _ in range(10)]
    for number in range(5):
        run.send_rc2udp("#en.wikipedia", f"change {number}")
    seen = [[next_change(client)[0]["msgid"] for _ in range(5)] for client in clients]
    assert all(msgids == seen[0] for msgids in seen)
    assert len(set(seen[0])) == 5
    runs = {msgid.partition("-")[0] for msgid in seen[0]}
    numbers = [int(msgid.partition("-")[2]) for msgid in seen[0]]
    assert len(runs) == 1
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_irc_change_tag_is_the_change(run):
    client = reader(run, CHANGE)
    change = make_change(
        title="A; page \\ with\nall", comment="c " + "ä;\\ " * 300, patrolled=True, user="Zoë"
    )
    run.send_rcfeed(change)
    tags, line = next_change(client)
    assert "msgid" in tags
    got = json.loads(tags[CHANGE])
    left_out = {"title_url", "server_url", "server_script_path"}
    assert got == {key: value for key, value in change.items() if key not in left_out}
    assert len(line.encode()) <= 510 and "…" in line


def test_irc_change_tag_says_what_was_cut(run):
    client = reader(run, CHANGE, "server-time")
    change = make_change(comment="ä; " * 3000)
    run.send_rcfeed(change)
    tags, _ = next_change(client)
    raw = client.lines[-1].partition(" ")[0]
    assert 3900 <= len(raw.encode()) - 1 <= TAG_DATA_MAX
    got = json.loads(tags[CHANGE])
    assert got["cut"] == ["comment"]
    assert change["comment"].startswith(got["comment"]) and len(got["comment"]) > 500
    assert got["revision"] == change["revision"]
    assert "time" in tags and "msgid" in tags


def test_irc_change_tag_of_a_line_has_what_the_line_tells(run):
    client = reader(run, CHANGE)
    run.send_rc2udp(
        "#en.wikipedia",
        "\x0314[[\x0307Main Page\x0314]]\x034 M\x0310 "
        "\x0302https://en.wikipedia.org/w/index.php?diff=2&oldid=1\x03 \x035*\x03 "
        "\x0303Alice\x03 \x035*\x03 (+12) \x0310a comment\x03",
    )
    got = json.loads(next_change(client)[0][CHANGE])
    assert got["title"] == "Main Page"
    assert got["user"] == "Alice"
    assert got["revision"] == {"old": 1, "new": 2}
    assert got["length_difference"] == 12
    assert "timestamp" not in got and "namespace" not in got


@pytest.mark.threads
def test_irc_each_client_gets_the_tags_it_asked_for(run):
    """However the clients of a worker are mixed, each gets the variant it asked for."""
    wanted = [
        ((), []),
        (("server-time",), ["time"]),
        (("message-tags",), ["msgid"]),
        (("server-time", "message-tags"), ["time", "msgid"]),
        ((CHANGE,), ["msgid", CHANGE]),
    ]
    clients = [(reader(run, *names), keys) for names, keys in wanted * 4]
    for number in range(50):
        run.send_rc2udp("#en.wikipedia", f"change {number}")
    for number in range(50):
        for client, keys in clients:
            tags, line = next_change(client)
            assert list(tags) == keys
            assert line == says("#en.wikipedia", f"change {number}")


# --- a client's own ---


def test_irc_tags_of_4094_bytes_are_taken_and_more_are_not(run):
    client = registered(run, "reader")
    fits = "@" + "t" * TAG_DATA_MAX
    assert answers(client, f"{fits} TOPIC #x") == [
        ":localhost 442 reader #x :You're not on that channel"
    ]
    refused = [":localhost 417 reader :Input line was too long"]
    assert answers(client, f"{fits}t TOPIC #x") == refused
    assert answers(client, f"{fits * 10} TOPIC #x") == refused
    client.send_bytes((fits + "t" * 20000).encode())
    client.expect_next(" 417 ")
    client.send(" TOPIC #x")
    assert answers(client, f"{fits[:-1]} PRIVMSG #x :{'x' * 400}") == [
        ":localhost 404 reader #x :Cannot send to channel"
    ]


def test_irc_client_only_tags_come_back(run):
    client = request(registered(run, "reader"), "message-tags")
    assert tagged_answers(client, "@+example.org/a=\\s\\:;b=c;+d PRIVMSG reader :hi") == [
        ({"+example.org/a": " ;", "+d": ""}, ":reader!reader@localhost PRIVMSG reader :hi")
    ]
    assert tagged_answers(client, "@+d=1 TAGMSG reader") == [
        ({"+d": "1"}, ":reader!reader@localhost TAGMSG reader")
    ]
    assert tagged_answers(client, "@+d=1 TAGMSG rc-pmtpa") == []


def test_irc_tagmsg_is_unknown_without_message_tags(run):
    client = registered(run, "reader")
    assert answers(client, "@+d=1 TAGMSG reader") == [
        ":localhost 421 reader TAGMSG :Unknown command"
    ]


def test_irc_tags_go_with_their_capability(run):
    client = reader(run, "server-time", "message-tags")
    client.send("CAP REQ :-server-time")
    client.expect(r" ACK ")
    assert "time" in split_tags(client.lines[-1])[0]
    run.send_rc2udp("#en.wikipedia", "a change")
    tags, _ = next_change(client)
    assert list(tags) == ["msgid"]
