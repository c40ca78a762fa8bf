# SPDX-License-Identifier: Apache-2.0
"""Commands about users, and what is said to them, to the byte (RFC 2812 §3.3, §3.6)."""

import re

import pytest

from irc_channels import answers, make_channels
from irc_table import CHANNELS, check, member

ADDRESS = "127.0.0.1"


def few(command):
    return f":localhost 461 reader {command} :Not enough parameters"


def nobody(nick):
    return f":localhost 401 reader {nick} :No such nick/channel"


def whois(nick, user, host, real_name, asked):
    """`real_name` and the times are regular expressions."""
    return (
        f"~:localhost 311 reader {nick} {user} {re.escape(host)} \\* :{real_name}",
        f"~:localhost 312 reader {nick} localhost :.+",
        f"~:localhost 317 reader {nick} 0 [0-9]{{10,}} :seconds idle, signon time",
        f":localhost 318 reader {asked} :End of /WHOIS list",
    )


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, *CHANNELS)
    return run


def test_irc_user_mode_answers(run):
    rows = [
        ("MODE reader", ":localhost 221 reader +i"),
        ("MODE READER", ":localhost 221 reader +i"),
        ("MODE reader +i",),
        ("MODE reader -i",),
        ("MODE reader +iwx",),
        ("MODE rc-pmtpa", ":localhost 502 reader :Can't change mode for other users"),
        ("MODE rc-pmtpa +i", ":localhost 502 reader :Can't change mode for other users"),
        ("MODE nobody", nobody("nobody")),
        ("MODE nobody +i", nobody("nobody")),
    ]
    check(run, rows, member)


def test_irc_whois_answers(run):
    own = ("reader", "me", ADDRESS, "Real Name")
    bot = ("rc-pmtpa", "rc-pmtpa", "localhost", ".*")
    rows = [
        ("WHOIS", ":localhost 431 reader :No nickname given"),
        ("WHOIS reader", *whois(*own, "reader")),
        ("WHOIS localhost reader", *whois(*own, "reader")),
        ("WHOIS reader reader", *whois(*own, "reader")),
        ("WHOIS rc-pmtpa", *whois(*bot, "rc-pmtpa")),
        ("WHOIS reader,rc-pmtpa", *whois(*own, "reader,rc-pmtpa")),
        ("WHOIS x", nobody("x"), ":localhost 318 reader x :End of /WHOIS list"),
        ("WHOIS #en.wikipedia", nobody("#en.wikipedia"), "~:localhost 318 reader .*"),
        ("WHOWAS", ":localhost 431 reader :No nickname given"),
        (
            "WHOWAS reader",
            ":localhost 406 reader reader :There was no such nickname",
            ":localhost 369 reader reader :End of WHOWAS",
        ),
    ]
    check(run, rows, member)


# Rows may show the bot and the client itself and nobody else; the end names the mask as sent.
@pytest.mark.parametrize(
    "line, mask",
    [
        ("WHO", "*"),
        ("WHO *", "*"),
        ("WHO #en.wikipedia", "#en.wikipedia"),
        ("WHO #EN.wikipedia", "#EN.wikipedia"),
        ("WHO #en.wikipedia %tuhnaf,152", "#en.wikipedia"),
        ("WHO #x", "#x"),
        ("WHO reader", "reader"),
        ("WHO rc-pmtpa o", "rc-pmtpa"),
        ("WHO *.example.org", "*.example.org"),
        ("WHO %", "%"),
    ],
)
def test_irc_who_ends_and_shows_nobody_else(run, line, mask):
    members = [member(run), member(run)]
    members[1].send("NICK other")
    *rows, end = answers(members[0], line)
    assert end == f":localhost 315 reader {mask} :End of /WHO list."
    for row in rows:
        assert re.match(r":localhost (352|354) reader ", row)
        assert " other" not in row


def test_irc_userhost_answers(run):
    own, bot = f"reader=+me@{ADDRESS}", "rc-pmtpa*=+rc-pmtpa@localhost"
    told = ":localhost 302 reader :"
    rows = [
        ("USERHOST", few("USERHOST")),
        ("USERHOST reader", told + own),
        ("USERHOST rc-pmtpa", told + bot),
        ("USERHOST x", told),
        ("USERHOST x reader y rc-pmtpa reader", f"{told}{own} {bot} {own}"),
        ("USERHOST a b c d e reader", told),
    ]
    check(run, rows, member)


def test_irc_privmsg_and_notice_answers(run):
    def cannot(channel):
        return f":localhost 404 reader {channel} :Cannot send to channel"

    rows = [
        ("PRIVMSG", few("PRIVMSG")),
        ("PRIVMSG reader", few("PRIVMSG")),
        ("PRIVMSG  :", few("PRIVMSG")),
        ("PRIVMSG #en.wikipedia :a", cannot("#en.wikipedia")),
        ("PRIVMSG #De.Wikipedia :a", cannot("#De.Wikipedia")),
        ("PRIVMSG #x :a", cannot("#x")),
        ("PRIVMSG rc-pmtpa :\x01VERSION\x01",),
        ("PRIVMSG nobody :a", nobody("nobody")),
        ("PRIVMSG READER :a b", "~:reader!me@localhost PRIVMSG (reader|READER) :a b"),
        (
            "PRIVMSG #x,reader,rc-pmtpa,y :a",
            cannot("#x"),
            ":reader!me@localhost PRIVMSG reader :a",
            nobody("y"),
        ),
        ("NOTICE", few("NOTICE")),
        ("NOTICE reader", few("NOTICE")),
        ("NOTICE reader :a", ":reader!me@localhost NOTICE reader :a"),
        ("NOTICE #en.wikipedia,nobody,rc-pmtpa :a",),
    ]
    check(run, rows, member)


def test_irc_server_answers(run):
    welcome = (
        ":localhost 375 reader :- Message of the day -",
        "~:localhost 372 reader :- .*",
        ":localhost 376 reader :End of /MOTD command.",
    )
    rows = [
        ("MOTD", *welcome),
        ("MOTD localhost", *welcome),
        (
            "LUSERS",
            "~:localhost 251 reader :There are [0-9]+ users and [0-9]+ invisible on 1 servers",
            "~:localhost 252 reader 0 :.+",
            "~:localhost 253 reader [0-9]+ :.+",
            "~:localhost 254 reader 2 :.+",
            "~:localhost 255 reader :I have [0-9]+ clients and 0 servers",
            "~:localhost 265 reader ([0-9]+) ([0-9]+) :.+",
            "~:localhost 266 reader ([0-9]+) ([0-9]+) :.+",
        ),
        ("PING", ":localhost 409 reader :No origin specified"),
        ("PASS x", ":localhost 462 reader :You may not reregister"),
        ("USER a b c :d", ":localhost 462 reader :You may not reregister"),
        ("USER a b c", few("USER")),
        ("NICK", ":localhost 431 reader :No nickname given"),
        ("NICK a!b", ":localhost 432 reader a!b :Erroneous nickname"),
        ("CAP FOO", ":localhost 410 reader FOO :Invalid CAP command"),
        ("CAP", "~:localhost (410|461) reader CAP :.*"),
        ("FOO bar", ":localhost 421 reader FOO :Unknown command"),
    ]
    check(run, rows, member)


# "Each client lives alone": two of one nick and one of another see nothing of each other.
def test_irc_clients_do_not_see_each_other(run):
    watcher, other = member(run), member(run)
    other.send("PRIVMSG reader :to myself\r\nPART #en.wikipedia :gone\r\nJOIN #en.wikipedia")
    assert answers(other, "NICK somebody")[-1] == ":reader!me@localhost NICK somebody"
    other.send("QUIT :bye")
    other.expect_ended()
    watcher.expect_nothing()
    names = answers(watcher, "NAMES #en.wikipedia")
    assert names[0].endswith(":reader @rc-pmtpa")
    assert answers(watcher, "WHOIS somebody")[0] == nobody("somebody")
