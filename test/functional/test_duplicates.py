# SPDX-License-Identifier: Apache-2.0
"""One change on several roads: each client gets it once, in the form docs/translation.md says."""

import json
import socket

import pytest

from irc_channels import join, make_channels, registered, says
from rcstreamd import make_change, wait_until
from socketio_clients import RawWebSocket

LINE = (
    "\x0314[[\x0307Example page\x0314]]\x034 {flags}\x0310 "
    "\x0302https://en.wikipedia.org/w/index.php?diff={revision}&oldid=1\x03 "
    "\x035*\x03 \x0303Alice\x03 \x035*\x03 (+10) \x0310a comment\x03"
)


def sources(**third):
    return [
        {"type": "rcfeed-udp", "listen": "127.0.0.1:0"},
        {"type": "rcfeed-udp", "listen": "127.0.0.1:0"},
        {"type": "rc2udp", "listen": "127.0.0.1:0", **third},
    ]


class Roads:
    """A server with two sources of JSON and one of lines, and a client of each protocol."""

    def __init__(self, server, **options):
        self.run = server(**options)
        make_channels(self.run, "#en.wikipedia")
        self.irc = registered(self.run, "reader")
        join(self.irc, "#en.wikipedia")
        self.socketio = RawWebSocket(self.run).connect_to_rc().subscribe("en.wikipedia.org")

    def send_json(self, source, change):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(json.dumps(change).encode(), self.run.addresses("rcfeed-udp")[source])

    def send_line(self, revision, flags=""):
        self.run.send_rc2udp("#en.wikipedia", LINE.format(revision=revision, flags=flags))

    def wait_for(self, member, *counts):
        """Until the three sources have counted this."""

        def are_there():
            status = self.run.http_get("/rcstream_status").json()
            return tuple(source[member] for source in status["sources"]) == counts

        wait_until(are_there, what=f"{member} {counts}")

    def next_line(self):
        self.irc.expect_next("")
        return self.irc.lines[-1]


def edit(revision, **members):
    """An edit whose IRC line is not the one that LINE has."""
    return make_change(
        revision={"old": 1, "new": revision},
        id=1000 + revision,
        notify_url=None,
        user="Alice of the JSON",
        **members,
    )


def test_change_of_two_data_centres_is_published_once(server):
    roads = Roads(server, ingest=sources())
    event = {**edit(2), "meta": {"id": "b0caf18d-6c7f-4403-947d-2712bbe28610"}}
    roads.send_json(0, event)
    roads.send_json(1, event)
    roads.send_json(1, edit(3))
    roads.wait_for("duplicates", 0, 1, 0)
    roads.wait_for("published", 1, 1, 1)
    assert [roads.socketio.receive_change()["revision"]["new"] for _ in range(2)] == [2, 3]
    assert "diff=2&" in roads.next_line()
    assert "diff=3&" in roads.next_line()


@pytest.mark.parametrize("is_line_first", [True, False])
def test_first_of_two_forms_wins_by_default(server, is_line_first):
    roads = Roads(server, ingest=sources())
    if is_line_first:
        roads.send_line(2)
        roads.wait_for("received", 0, 0, 2)
        roads.send_json(0, edit(2))
        roads.wait_for("duplicates", 1, 0, 0)
    else:
        roads.send_json(0, edit(2))
        roads.wait_for("received", 1, 0, 1)
        roads.send_line(2)
        roads.wait_for("duplicates", 0, 0, 1)
    user = "Alice" if is_line_first else "Alice of the JSON"
    assert roads.socketio.receive_change()["user"] == user
    assert f"\x0303{user}\x03" in roads.next_line()
    roads.irc.expect_nothing(0.1)


def test_each_protocol_gets_its_native_form_within_the_window(server):
    """The second change on: the first shows that the wiki comes on both roads."""
    roads = Roads(server, ingest=sources(), duplicates={"join_window": 5})
    roads.send_line(2)
    roads.wait_for("received", 0, 0, 2)
    roads.send_json(0, edit(2))
    roads.wait_for("duplicates", 1, 0, 0)
    assert roads.socketio.receive_change()["user"] == "Alice"
    assert roads.next_line() == says("#en.wikipedia", LINE.format(revision=2, flags=""))
    roads.send_line(3, flags="B")
    roads.wait_for("received", 1, 0, 3)
    roads.irc.expect_nothing(0.1)
    roads.send_json(0, edit(3))
    assert roads.socketio.receive_change() == edit(3)
    assert roads.next_line() == says("#en.wikipedia", LINE.format(revision=3, flags="B"))
    roads.send_json(0, edit(4))
    roads.wait_for("received", 3, 0, 3)
    roads.send_line(4, flags="M")
    assert roads.socketio.receive_change() == edit(4)
    assert roads.next_line() == says("#en.wikipedia", LINE.format(revision=4, flags="M"))
    roads.irc.expect_nothing(0.1)


def test_change_that_waits_for_its_other_form_is_not_lost_at_the_end(server):
    roads = Roads(server, ingest=sources(), duplicates={"join_window": "10s"})
    roads.send_line(2)
    roads.wait_for("received", 0, 0, 2)
    roads.send_json(0, edit(2))
    roads.wait_for("duplicates", 1, 0, 0)
    roads.send_line(3)
    roads.wait_for("received", 1, 0, 3)
    roads.run.process.terminate()
    roads.irc.expect_ended()
    assert sum("PRIVMSG #en.wikipedia" in line for line in roads.irc.lines) == 2
    roads.run.wait_stopped()


def test_source_that_is_told_to_repeats_what_others_bring(server):
    roads = Roads(server, ingest=sources(deduplicate=False))
    roads.send_json(0, edit(2))
    roads.wait_for("received", 1, 0, 1)
    roads.send_line(2)
    assert roads.socketio.receive_change()["user"] == "Alice of the JSON"
    assert roads.socketio.receive_change()["user"] == "Alice"


def test_log_entry_is_known_by_its_line(server):
    """It has no number on IRC; what is made of the JSON is the very line that MediaWiki sends."""
    roads = Roads(server, ingest=sources())
    entry = make_change(
        type="log",
        notify_url=None,
        minor=None,
        revision=None,
        length=None,
        log_type="move",
        log_action="move",
        log_action_comment='moved [[Example page]] to [[B]]: "why"',
    )
    line = (
        "\x0314[[\x0307Special:Log/move\x0314]]\x034 move\x0310 \x0302\x03 \x035*\x03 "
        '\x0303Alice\x03 \x035*\x03  \x0310moved [[\x0302Example page\x0310]] to [[B]]: "why"\x03'
    )
    roads.run.send_rc2udp("#en.wikipedia", line)
    roads.wait_for("received", 0, 0, 2)
    roads.send_json(0, entry)
    roads.wait_for("duplicates", 1, 0, 0)
    assert roads.next_line() == says("#en.wikipedia", line)
    roads.irc.expect_nothing(0.1)


def test_source_that_repeats_itself_is_believed(server):
    roads = Roads(server, ingest=sources())
    for _ in range(3):
        roads.send_json(0, edit(2))
    roads.wait_for("published", 3, 0, 1)
    roads.wait_for("duplicates", 0, 0, 0)
