# SPDX-License-Identifier: Apache-2.0
"""docs/translation.md, seen by clients: what comes in one form goes out in both."""

import json

import pytest

from irc_channels import join, make_channels, registered, says
from irc_client import LINE_MAX
from rcstreamd import make_change
from socketio_clients import RawWebSocket

BODY_MAX = LINE_MAX - 2
URL = "https://en.wikipedia.org/w/index.php?diff=2&oldid=1"

# Whatever one may find in a summary: all of ASCII's, C1, and what looks like line ends to others.
OTHER_CONTROLS = "".join(
    chr(code) for code in [*range(1, 0x20), *range(0x7F, 0xA0)] if chr(code) not in "\r\n"
)
OTHER_CONTROLS += "\u200e\u200f\u2028\u2029\ufeff"


def line(title="Example page", comment="a comment", url=URL):
    return (
        f"\x0314[[\x0307{title}\x0314]]\x034 \x0310 \x0302{url}\x03 "
        f"\x035*\x03 \x0303Alice\x03 \x035*\x03 (+10) \x0310{comment}\x03"
    )


class Clients:
    def __init__(self, run):
        self.run = run
        make_channels(run, "#en.wikipedia")
        self.irc = registered(run, "reader")
        join(self.irc, "#en.wikipedia")
        self.socketio = RawWebSocket(run).connect_to_rc().subscribe("*")

    def next_line(self):
        self.irc.expect_next("")
        return self.irc.lines[-1]

    def lines_cut(self):
        status = self.run.http_get("/rcstream_status").json()
        return status["counters"]["irc_lines_cut"]


@pytest.fixture
def clients(server):
    return Clients(server())


# --- control characters ---


def test_controls_of_json_reach_both_but_for_line_ends_on_irc(clients):
    """MediaWiki makes a space of LF and deletes CR; NUL, which it never has, goes too."""
    comment = f"a\nb\rc\r\nd\0e{OTHER_CONTROLS}f"
    clients.run.send_rcfeed(json.dumps(make_change(comment=comment)))
    assert clients.socketio.receive_change()["comment"] == comment
    shown = f"a bc de{OTHER_CONTROLS}f"
    assert clients.next_line() == says("#en.wikipedia", line(comment=shown))


def test_controls_of_references_are_no_line_ends_either(clients):
    comment = "a&#10;b&#13;c&NewLine;d&#0;e&Tab;f"
    clients.run.send_rcfeed(make_change(comment=comment))
    assert clients.socketio.receive_change()["comment"] == comment
    shown = "a b\ufffdc d\ufffde\tf"
    assert clients.next_line() == says("#en.wikipedia", line(comment=shown))


def test_controls_of_a_line_reach_both_but_for_line_ends(clients):
    """In a line there is none to be made a space: what came of a line end is gone."""
    text = line(comment=f"a\nb\rc\r\nd\0e{OTHER_CONTROLS}f")
    clients.run.send_rc2udp("#en.wikipedia", text + "\r\n")
    shown = line(comment=f"abcde{OTHER_CONTROLS}f")
    assert clients.next_line() == says("#en.wikipedia", shown)
    assert clients.socketio.receive_change()["comment"] == f"abcde{OTHER_CONTROLS}f"


@pytest.mark.parametrize("member", ["title", "user", "comment", "notify_url"])
def test_line_ends_of_no_member_forge_protocol(clients, member):
    forged = "x\r\n:evil PRIVMSG #en.wikipedia :forged\r\n\0QUIT"
    clients.run.send_rcfeed(json.dumps(make_change(**{member: forged})))
    assert clients.socketio.receive_change()[member] == forged
    shown = clients.next_line()
    assert shown.startswith(says("#en.wikipedia", "")) and "PRIVMSG #en.wikipedia :forged" in shown
    clients.irc.expect_nothing(0.1)


# --- what a line tells ---


def test_json_of_a_line_tells_what_the_line_does(clients):
    clients.run.send_rc2udp("#en.wikipedia", line(url=URL + "&rcid=7"))
    change = clients.socketio.receive_change()
    told = {name: value for name, value in change.items() if value is not None}
    assert told == {
        "id": 7,
        "type": "edit",
        "title": "Example page",
        "comment": "a comment",
        "user": "Alice",
        "bot": False,
        "notify_url": URL + "&rcid=7",
        "minor": False,
        "patrolled": True,
        "length": {"old": None, "new": None},
        "revision": {"old": 1, "new": 2},
        "server_url": "https://en.wikipedia.org",
        "server_name": "en.wikipedia.org",
        "server_script_path": "/w",
        "length_difference": 10,
    }
    assert set(make_change()) <= set(change)


# --- lines that are too long for IRC ---


@pytest.mark.parametrize("character", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_long_line_is_cut_the_same_way_on_both_roads(clients, character):
    clients.run.send_rcfeed(make_change(comment=character * 500))
    of_json = clients.next_line()
    text = line(comment=character * 500)
    clients.run.send_rc2udp("#en.wikipedia", text.replace("diff=2", "diff=3"))  # no duplicate
    of_line = clients.next_line().replace("diff=3", "diff=2")
    assert of_line == of_json
    assert BODY_MAX - 4 < len(of_line.encode()) <= BODY_MAX
    assert of_line.endswith(character + "\u2026\x03")
    assert says("#en.wikipedia", text).startswith(of_line[:-2])
    assert clients.lines_cut() == 2
    # Nobody else's is cut.
    assert clients.socketio.receive_change()["comment"] == character * 500
    assert clients.socketio.receive_change()["comment"] == character * 500


def test_title_is_cut_only_when_the_comment_is_gone(clients):
    clients.run.send_rc2udp("#en.wikipedia", line(title="T" * 255, comment="c" * 255))
    shown = clients.next_line()
    assert "\x0307" + "T" * 255 + "\x0314]]" in shown
    assert shown.endswith("c\u2026\x03") and len(shown.encode()) == BODY_MAX
    clients.run.send_rc2udp("#en.wikipedia", line(title="T" * 400, comment="c" * 255))
    shown = clients.next_line()
    assert "T\u2026\x0314]]" in shown and shown.endswith("(+10) \x0310\x03")
    assert len(shown.encode()) == BODY_MAX
    assert shown.count("\x03") == line().count("\x03")


@pytest.mark.parametrize("length", [-1, 0, 1])
def test_line_is_touched_only_when_it_does_not_fit(clients, length):
    room = BODY_MAX - len(says("#en.wikipedia", line(comment="")).encode())
    text = line(comment="c" * (room + length))
    clients.run.send_rc2udp("#en.wikipedia", text)
    shown = clients.next_line()
    assert (shown == says("#en.wikipedia", text)) == (length <= 0)
    assert len(shown.encode()) == min(BODY_MAX + length, BODY_MAX)
    assert clients.lines_cut() == (1 if length > 0 else 0)
