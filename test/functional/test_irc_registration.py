# SPDX-License-Identifier: Apache-2.0
"""How a client gets in: every order, every fault, and what is refused before (RFC 2812 3.1)."""

import itertools

import pytest

from irc_channels import answers, registered
from irc_table import BEHIND_WELCOME, check, newcomer

NOT_ENOUGH = ":localhost 461 * USER :Not enough parameters"
NOT_REGISTERED = ":localhost 451 * :You have not registered"


# RFC 2812 §5.2; a numeric has "*" where there is no nick yet.
def test_irc_faults_before_registration(server):
    rows = [
        ("NICK", ":localhost 431 * :No nickname given"),
        ("NICK :", ":localhost 431 * :No nickname given"),
        ("NICK a.b", ":localhost 432 * a.b :Erroneous nickname"),
        ("USER", NOT_ENOUGH),
        ("USER u", NOT_ENOUGH),
        ("USER u 0 *", NOT_ENOUGH),
        ("USER u 0 :*", NOT_ENOUGH),
        ("USER  0 * :", NOT_ENOUGH),
        ("PING", ":localhost 409 * :No origin specified"),
        ("PING t", ":localhost PONG localhost :t"),
        ("PING t x", ":localhost PONG localhost :t"),
        ("PING :a b", ":localhost PONG localhost :a b"),
        ("PONG",),
        ("PONG x",),
        ("PASS x",),
        ("NICK reader",),
        ("USER u 0 * :r",),
        ("USER u 0 * :",),
        ("CAP FOO", ":localhost 410 * FOO :Invalid CAP command"),
    ]
    check(server(), rows, newcomer)


# "Anything else, known or not": an unregistered client learns nothing, not even what commands are.
def test_irc_commands_before_registration_are_refused(server):
    commands = "JOIN PART TOPIC NAMES LIST MODE WHO WHOIS WHOWAS USERHOST PRIVMSG NOTICE".split()
    commands += "MOTD LUSERS FOO __INIT__ 001 join".split()
    rows = [(f"{command} #en.wikipedia x", NOT_REGISTERED) for command in commands]
    rows += [(command, NOT_REGISTERED) for command in commands]
    check(server(), rows, newcomer)


# Modern IRC: PASS, NICK and USER in any order; the last NICK before the end counts.
def test_irc_registration_takes_its_lines_in_any_order(server):
    run = server()
    lines = ("PASS secret", "NICK reader", "USER me 0 * :Real Name")
    for order in [*itertools.permutations(lines), ("NICK a.b", "NICK first", *lines)]:
        client = run.irc()
        client.send_bytes("\r\n".join([*order, ""]).encode())
        client.expect(BEHIND_WELCOME)
        assert sum(" 001 reader :Welcome to " in line for line in client.lines) == 1
        client.close()


@pytest.mark.parametrize(
    "user",
    [
        "USER me 0 * :Real Name",
        "USER me 4 * :Real Name",  # SmartIrc4net
        'USER "1" "1" "1" "1"',  # ClueBot NG
        "USER one two three four",
        "USER me 0 * :",
        "USER me 0 * real name and more",
        "user me 0 * :Real Name",
        "USER me@host 0 * :Real Name",
    ],
)
def test_irc_user_takes_these(server, user):
    client = server().irc()
    client.send(f"NICK reader\r\n{user}")
    client.expect(BEHIND_WELCOME)
    assert answers(client, user) == [":localhost 462 reader :You may not reregister"]


# A nick is 2 to 30 of A-Z a-z 0-9 and these; a digit may come first.
def test_irc_nicks_that_are_taken_and_not(server):
    run = server()
    client = registered(run, "reader")
    nick = "reader"
    for good in ("ab", "7up", "_-[]'`^{}|\\", "x" * 30, "rc-pmtpa", "A1"):
        assert answers(client, f"NICK {good}") == [f":{nick}!reader@localhost NICK {good}"]
        nick = good
        assert answers(client, "MODE " + nick) == [f":localhost 221 {nick} +i"]
    for bad in ("a", "*", "/x", "a!b", "a.b", "#x", "x" * 31, "a@b", "\u00e9t\u00e9", "a,b", "a?b"):
        assert answers(client, f"NICK {bad}") == [
            f":localhost 432 {nick} {bad} :Erroneous nickname"
        ]
    assert answers(client, f"MODE {nick}") == [f":localhost 221 {nick} +i"]


# RFC 2812 §3.1.7, with what is said; nothing behind it is run.
@pytest.mark.parametrize(
    "line, reason",
    [("QUIT", None), ("QUIT :so long", "so long"), ("QUIT so long", "so"), ("quit :", None)],
)
def test_irc_quit_ends_registered_clients_and_others(server, line, reason):
    run = server()
    for client in (run.irc(), registered(run, "reader")):
        client.send_bytes(f"{line}\r\nPING never\r\n".encode())
        wanted = rf"\(Quit: {reason}\)" if reason else r"\(.*\)"
        client.expect_next(rf"^ERROR :Closing Link: {wanted}$")
        client.expect_ended()
        assert client.lines[-1].startswith("ERROR ")
