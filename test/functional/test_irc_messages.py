# SPDX-License-Identifier: Apache-2.0
"""How a line is taken apart, seen by what answers: tags, source, spaces, trailing parameters."""

import pytest

from irc_channels import answers, make_channels
from irc_table import CHANNELS, check, member, newcomer


def pong(text):
    return f":localhost PONG localhost :{text}"


# RFC 2812 §2.3.1, Modern IRC "Parameters", IRCv3 message tags.
def test_irc_lines_are_taken_apart(server):
    rows = [
        ("PING a", pong("a")),
        ("ping a", pong("a")),
        ("pInG a", pong("a")),
        ("PING   a", pong("a")),
        ("PING a ", pong("a")),
        ("  PING a", pong("a")),
        ("PING :a", pong("a")),
        ("PING ::a", pong(":a")),
        ("PING : a  b", pong(" a  b")),
        ("PING a:b", pong("a:b")),
        ("PING a b c", pong("a")),
        ("PING a :b c", pong("a")),
        ("PING \u20ac", pong("\u20ac")),
        (":source PING a", pong("a")),
        (":source    PING    a", pong("a")),
        (":a!b@c PING a", pong("a")),
        (": PING a", pong("a")),
        ("@a PING a", pong("a")),
        ("@a=b;c=d;+e/f= PING a", pong("a")),
        ("@a=\\:\\s\\\\\\r\\n PING a", pong("a")),
        ("@a   :source   PING   a", pong("a")),
        ("@time=2026-01-31T12:00:00.000Z :x PING :a b", pong("a b")),
        ("PING " + " ".join("abcdefghijklmnopqrst"), pong("a")),
        (":x",),
        (":",),
        (": ",),
        (":x ",),
        ("@a",),
        ("@a ",),
        ("@a :x",),
        ("   ",),
        ("",),
        ("PONG " + "x " * 100,),
    ]
    check(server(), rows, newcomer)


# The same where a trailing parameter is one that the command looks at.
def test_irc_parameters_of_commands_are_taken_apart(server):
    run = server()
    make_channels(run, *CHANNELS)
    not_on = ":localhost 442 reader {} :You're not on that channel"
    rows = [
        ("PART :#x", not_on.format("#x")),
        ("PART   #x   :why not", not_on.format("#x")),
        ("PART #x,#y,", not_on.format("#x"), not_on.format("#y")),
        ("PRIVMSG reader ::)", ":reader!me@localhost PRIVMSG reader ::)"),
        ("PRIVMSG reader : a  b ", ":reader!me@localhost PRIVMSG reader : a  b"),
        ("PRIVMSG reader a b", ":reader!me@localhost PRIVMSG reader :a"),
        (":liar!x@y PRIVMSG reader :a", ":reader!me@localhost PRIVMSG reader :a"),
        ("@a=b PRIVMSG reader :a", ":reader!me@localhost PRIVMSG reader :a"),
        ("PRIVMSG :reader", ":localhost 461 reader PRIVMSG :Not enough parameters"),
        ("\u00e9", ":localhost 421 reader \u00e9 :Unknown command"),
        ("__init__", ":localhost 421 reader __INIT__ :Unknown command"),
        ("001 x", ":localhost 421 reader 001 :Unknown command"),
        ("JOINT #en.wikipedia", ":localhost 421 reader JOINT :Unknown command"),
    ]
    check(run, rows, member)


# Bytes that are no text: NUL is dropped, what is not UTF-8 is passed over, controls are kept.
@pytest.mark.parametrize(
    "line, answer",
    [
        (b"PI\0NG a\0b", "ab"),
        (b"PING \x01a\x02\x03\x1f\x7f", "\x01a\x02\x03\x1f\x7f"),
        (b"PING \tx", "\tx"),
        (b"PING \xf0\x9f\x98\x80", "\U0001f600"),
        (b"PING \xff", None),
        (b"PING \xc0\xaf", None),
        (b"PING \xed\xa0\x80", None),
        (b"PING \xf4\x90\x80\x80", None),
        (b"PING \xe2\x82", None),
        (b"PI\xffNG a", None),
    ],
)
def test_irc_bytes_of_a_line(server, line, answer):
    client = newcomer(server())
    client.send_bytes(line + b"\r\nPING last\r\n")
    client.expect(" PONG localhost :last$")
    assert client.lines[:-1] == ([] if answer is None else [pong(answer)])


# A line of 510 bytes is whole; of a longer one 510 count, whatever the length of its tags.
@pytest.mark.parametrize("tags", [b"", b"@a=b ", b"@" + b"t" * 4000 + b" "])
@pytest.mark.parametrize("length", [505, 506, 2000, 20000])
def test_irc_long_lines_are_cut(server, tags, length):
    client = newcomer(server())
    client.send_bytes(tags + b"PING " + b"x" * length + b"\r\nPING last\r\n")
    client.expect_next("^:localhost PONG localhost :x+$")
    kept = client.lines[-1].rpartition(":")[2]
    assert kept == "x" * (510 - len(":localhost PONG localhost :")) and len(kept) < length
    client.expect_next(" PONG localhost :last$")


# Hundreds of commands of every kind in one segment, and the answers are those of each alone.
def test_irc_commands_in_one_segment_are_answered_as_if_alone(server):
    run = server()
    make_channels(run, *CHANNELS)
    client = member(run)
    lines = ["NAMES #en.wikipedia", "MODE #x b", "FOO", "TOPIC #x", "PART #x", "PING a", "MOTD"]
    alone = [answers(client, line) for line in lines]
    first = len(client.lines)
    client.send_bytes("".join(f"{line}\r\n" for line in lines * 100).encode() + b"PING end\r\n")
    client.expect(" PONG localhost :end$")
    assert client.lines[first:-1] == [line for some in alone for line in some] * 100
