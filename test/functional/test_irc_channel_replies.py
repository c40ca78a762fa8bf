# SPDX-License-Identifier: Apache-2.0
"""Commands about channels, to the byte (RFC 2812 §3.2, modern.ircdocs.horse)."""

import pytest

from irc_channels import answers, join, make_channels, registered
from irc_table import CHANNELS, check, member

SHOWN = [
    ":reader!me@localhost JOIN #De.Wikipedia",
    ":localhost 332 reader #De.Wikipedia :Stream for topic #De.Wikipedia",
    "~:localhost 333 reader #De.Wikipedia rc-pmtpa!rc-pmtpa@localhost [0-9]{10,}",
    ":localhost 353 reader = #De.Wikipedia :reader @rc-pmtpa",
    ":localhost 366 reader #De.Wikipedia :End of /NAMES list",
]
LIST_EN = ":localhost 322 reader #en.wikipedia 2 :Stream for topic #en.wikipedia"
LIST_DE = ":localhost 322 reader #De.Wikipedia 1 :Stream for topic #De.Wikipedia"
LIST_END = ":localhost 323 reader :End of /LIST"


def few(command):
    return f":localhost 461 reader {command} :Not enough parameters"


def no_such(channel):
    return f":localhost 403 reader {channel} :No such channel"


def not_on(channel):
    return f":localhost 442 reader {channel} :You're not on that channel"


def no_operator(channel):
    return f":localhost 482 reader {channel} :You're not a channel operator"


def no_bans(channel):
    return f":localhost 368 reader {channel} :End of channel ban list"


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, *CHANNELS)
    return run


def test_irc_join_answers(run):
    rows = [
        ("JOIN", few("JOIN")),
        ("JOIN :", few("JOIN")),
        ("JOIN #De.Wikipedia", *SHOWN),
        ("JOIN #DE.WIKIPEDIA", *SHOWN),
        ("JOIN #De.Wikipedia key", *SHOWN),
        ("JOIN #De.Wikipedia,#de.wikipedia", *SHOWN),
        ("JOIN #x,#De.Wikipedia,#y k,l", no_such("#x"), *SHOWN, no_such("#y")),
        ("JOIN #En.Wikipedia",),
        ("JOIN en.wikipedia", no_such("en.wikipedia")),
        ("JOIN #", no_such("#")),
        ("JOIN &x", no_such("&x")),
        ("JOIN #" + "x" * 49, no_such("#" + "x" * 49)),
        ("JOIN #" + "x" * 80, no_such("#" + "x" * 80)),
        ("JOIN #a\u20ac", no_such("#a\u20ac")),
        ("JOIN 0", "~:reader!me@localhost PART #en.wikipedia.*"),
    ]
    check(run, rows, member)


def test_irc_part_answers(run):
    rows = [
        ("PART", few("PART")),
        ("PART #en.wikipedia", ":reader!me@localhost PART #en.wikipedia"),
        ("PART #EN.wikipedia", ":reader!me@localhost PART #en.wikipedia"),
        ("PART #en.wikipedia :so long", "~:reader!me@localhost PART #en.wikipedia( :so long)?"),
        ("PART #De.Wikipedia", not_on("#De.Wikipedia")),
        ("PART #x", not_on("#x")),
        ("PART x,#en.wikipedia", not_on("x"), ":reader!me@localhost PART #en.wikipedia"),
    ]
    check(run, rows, member)


def test_irc_topic_answers(run):
    rows = [
        ("TOPIC", few("TOPIC")),
        (
            "TOPIC #EN.wikipedia",
            ":localhost 332 reader #en.wikipedia :Stream for topic #en.wikipedia",
            SHOWN[2].replace("De.Wikipedia", "en.wikipedia"),
        ),
        ("TOPIC #De.Wikipedia", not_on("#De.Wikipedia")),
        ("TOPIC #x", not_on("#x")),
        ("TOPIC #en.wikipedia :mine", no_operator("#en.wikipedia")),
        ("TOPIC #en.wikipedia :", no_operator("#en.wikipedia")),
        ("TOPIC #x :mine", "~:localhost (442|482) reader #x :.*"),
    ]
    check(run, rows, member)


def test_irc_names_answers(run):
    rows = [
        ("NAMES", ":localhost 366 reader * :End of /NAMES list"),
        (
            "NAMES #en.wikipedia",
            ":localhost 353 reader = #en.wikipedia :reader @rc-pmtpa",
            ":localhost 366 reader #en.wikipedia :End of /NAMES list",
        ),
        (
            "NAMES #De.Wikipedia",
            ":localhost 353 reader = #De.Wikipedia :@rc-pmtpa",
            ":localhost 366 reader #De.Wikipedia :End of /NAMES list",
        ),
        ("NAMES #x", ":localhost 366 reader #x :End of /NAMES list"),
        ("NAMES x", ":localhost 366 reader x :End of /NAMES list"),
    ]
    check(run, rows, member)


def test_irc_list_answers(run):
    rows = [
        ("LIST", LIST_DE, LIST_EN, LIST_END),
        ("LIST #en.wikipedia", LIST_EN, LIST_END),
        ("LIST #EN.wikipedia", LIST_EN, LIST_END),
        ("LIST #x,#de.wikipedia", LIST_DE, LIST_END),
        ("LIST #x", LIST_END),
    ]
    check(run, rows, member)


def test_irc_channel_mode_answers(run):
    modes = "~:localhost 324 reader {} \\+[a-z]*m[a-z]*t[a-z]*"
    rows = [
        ("MODE", few("MODE")),
        ("MODE #en.wikipedia", modes.format("#en.wikipedia")),
        ("MODE #De.Wikipedia", modes.format("#De.Wikipedia")),
        ("MODE #x", modes.format("#x")),
        ("MODE #en.wikipedia b", no_bans("#en.wikipedia")),
        ("MODE #en.wikipedia +b", no_bans("#en.wikipedia")),
        ("MODE #x b", no_bans("#x")),
        ("MODE #x +b", no_bans("#x")),
        ("MODE #en.wikipedia -b", no_operator("#en.wikipedia")),
        ("MODE #en.wikipedia +b x!*@*", "~:localhost (482|368) reader #en.wikipedia :.*"),
        ("MODE #en.wikipedia +o reader", no_operator("#en.wikipedia")),
        ("MODE #en.wikipedia e", no_operator("#en.wikipedia")),
        ("MODE #x -m", no_operator("#x")),
    ]
    check(run, rows, member)


# LIST comes in the order of the names, all of it, once, though it is longer than any buffer.
def test_irc_list_of_a_thousand_channels(run):
    names = [f"#w{i:03}.{'x' * 30}" for i in range(998)]
    for start in range(0, len(names), 100):
        for name in names[start : start + 100]:
            run.send_rc2udp(name, "first")
        join(registered(run, "maker"), names[min(start + 99, len(names) - 1)])
    client = registered(run, "reader")
    join(client, names[-1])
    rows = answers(client, "LIST")
    assert rows.pop() == LIST_END
    listed = [row.split(" ")[3] for row in rows]
    assert sorted(listed, key=str.lower) == listed == ["#De.Wikipedia", "#en.wikipedia", *names]
    assert [row.split(" ")[4] for row in rows] == ["1"] * 999 + ["2"]


# 005 promises nothing that JOIN and NICK do not keep: see also test_irc_nicks_that_are_taken.
def test_irc_isupport_is_what_joins_and_nicks_keep_to(run):
    client = member(run)
    tokens = {}
    for line in client.lines:
        if line.startswith(":localhost 005 reader "):
            words, text = line.split(" ", 3)[3].split(" :")
            assert text == "are supported by this server" and len(words.split()) <= 13
            tokens.update((word + "=").split("=", 1) for word in words.split())
    tokens = {name: value.rstrip("=") for name, value in tokens.items()}
    assert tokens["CHANTYPES"] == "#" and tokens["PREFIX"] == "(ov)@+"
    assert tokens["CASEMAPPING"] == "ascii" and tokens["CHANMODES"] == "b,k,l,mnst"
    assert {"SAFELIST", "NETWORK"} <= set(tokens)
    longest = "#" + "x" * (int(tokens["CHANNELLEN"]) - 1)
    run.send_rc2udp(longest + "x", "too long")
    make_channels(run, longest)
    join(client, longest)
    assert answers(client, f"JOIN {longest}x") == [no_such(longest + "x")]
    nick = "x" * int(tokens["NICKLEN"])
    assert answers(client, f"NICK {nick}") == [f":reader!me@localhost NICK {nick}"]
    assert " 432 " in answers(client, f"NICK {nick}x")[0]
