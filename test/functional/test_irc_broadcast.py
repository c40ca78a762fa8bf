# SPDX-License-Identifier: Apache-2.0
"""Changes on their way to IRC clients."""

import pytest

from irc_channels import join, make_channels, registered, says
from irc_client import LINE_MAX
from rcstreamd import make_change

BODY_MAX = LINE_MAX - 2


@pytest.fixture
def run(server):
    run = server()
    make_channels(run, "#en.wikipedia")
    return run


def reader(run, *channels):
    client = registered(run, "reader")
    for channel in channels:
        join(client, channel)
    return client


def next_line(client):
    client.expect_next("")
    return client.lines[-1]


@pytest.mark.threads
def test_irc_change_goes_to_every_member_once_and_to_nobody_else(run):
    members = [reader(run, "#en.wikipedia") for _ in range(10)]
    outsider = registered(run, "outsider")
    left = reader(run, "#en.wikipedia")
    left.send("PART #en.wikipedia")
    left.expect(" PART ")
    run.send_rc2udp("#en.wikipedia", "a change \u20ac")
    run.send_rc2udp("#en.wikipedia", "another")
    for member in members:
        assert next_line(member) == says("#en.wikipedia", "a change \u20ac")
        assert next_line(member) == says("#en.wikipedia", "another")
    outsider.expect_nothing()
    left.expect_nothing(0.05)


def test_irc_first_change_makes_the_channel_and_goes_to_nobody(run):
    client = registered(run, "reader")
    client.send("JOIN #new.wiki")
    client.expect_next(r"^:localhost 403 reader #new\.wiki :No such channel$")
    run.send_rc2udp("#new.wiki", "first")
    join(client, "#new.wiki")
    client.expect_nothing(0.1)
    run.send_rc2udp("#new.wiki", "second")
    assert next_line(client) == says("#new.wiki", "second")


def test_irc_channels_differ_by_more_than_case(run):
    client = reader(run, "#EN.Wikipedia")
    run.send_rc2udp("#En.wikipedia", "shouted")
    assert next_line(client) == says("#en.wikipedia", "shouted")
    client.send("LIST")
    client.expect(" 323 ")
    assert sum(" 322 " in line for line in client.lines) == 1


@pytest.mark.parametrize(
    "text, line",
    [
        ("word", "word"),
        (" two  words  ", "two  words  "),
        ("", ""),
        (":colon", ":colon"),
        ("a\r\nQUIT :b\n", "aQUIT :b"),
        ("tab\tin it", "tab\tin it"),
        ("\x0314[[\x0307T\x0314]]\x034 \x0310 \x0302u\x03", None),
    ],
)
def test_irc_text_is_handed_on(run, text, line):
    client = reader(run, "#en.wikipedia")
    run.send_rc2udp("#en.wikipedia", text)
    assert next_line(client) == says("#en.wikipedia", text if line is None else line)


def test_irc_rcfeed_change_is_shown_as_mediawiki_does(run):
    client = reader(run, "#en.wikipedia")
    run.send_rcfeed(make_change(type="categorize"))
    run.send_rcfeed(make_change(title="Main Page", minor=True, bot=True))
    assert next_line(client) == says(
        "#en.wikipedia",
        "\x0314[[\x0307Main Page\x0314]]\x034 MB\x0310 "
        "\x0302https://en.wikipedia.org/w/index.php?diff=2&oldid=1\x03 "
        "\x035*\x03 \x0303Alice\x03 \x035*\x03 (+10) \x0310a comment\x03",
    )


@pytest.mark.parametrize("character", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_irc_long_comment_is_cut_and_every_field_survives(run, character):
    client = reader(run, "#en.wikipedia")
    run.send_rcfeed(make_change(comment=character * 500))
    raw = next_line(client).encode()
    assert BODY_MAX - 4 < len(raw) <= BODY_MAX
    assert raw.endswith((character + "\u2026\x03").encode())
    assert raw.count(b"\x03") == 15  # what CVNBot takes apart, and the final one


def test_irc_long_text_of_another_form_is_cut_at_its_end(run):
    client = reader(run, "#en.wikipedia")
    text = "x" * 1000
    run.send_rc2udp("#en.wikipedia", text)
    line = next_line(client)
    assert len(line) == BODY_MAX and says("#en.wikipedia", text).startswith(line)


@pytest.mark.threads
def test_irc_order_is_the_order_of_arrival(run):
    clients = [reader(run, "#en.wikipedia") for _ in range(4)]
    for i in range(500):
        run.send_rc2udp("#en.wikipedia", str(i))
    for client in clients:
        assert [next_line(client) for _ in range(500)] == [
            says("#en.wikipedia", str(i)) for i in range(500)
        ]
