# SPDX-License-Identifier: Apache-2.0
"""MediaWiki sends, clients read: what they get is what it sent.  `./dev test mediawiki`.

Every change goes out four times: as a line and as JSON to plain sockets, which keep the very
datagrams, and on the same roads to servers that hear both roads, JSON alone and lines alone.
"""

import json
import socket

import pytest

from irc_channels import join, registered, says
from irc_client import LINE_MAX
from mediawiki import CHANNEL, SERVER_NAME, MediaWiki
from rcstreamd import wait_until
from socketio_clients import JavaScriptClient

pytestmark = [pytest.mark.mediawiki, pytest.mark.time_limit(600)]

LINE_FORMATTER = "IRCColourfulRCFeedFormatter"
JSON_FORMATTER = "JSONRCFeedFormatter"

# Told by the line of an edit or a new page as the JSON has them; docs/translation.md.
TOLD_OF_EDITS = ("type", "title", "user", "bot", "minor", "revision", "id", "patrolled")
TOLD_OF_LOGS = ("type", "user", "log_type", "log_action", "log_action_comment")


class Recorder:
    """A plain socket that keeps what comes."""

    def __init__(self):
        self.datagrams = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)

    @property
    def address(self):
        return self.socket.getsockname()

    def read(self):
        """All that has come since the last time."""
        datagrams = []
        while True:
            try:
                datagrams.append(self.socket.recv(65536))
            except BlockingIOError:
                return datagrams


def line_uri(address):
    host, port = address
    return f"udp://{host}:{port}/{CHANNEL}\\t"


def json_uri(address):
    host, port = address
    return f"udp://{host}:{port}"


class Reader:
    """An IRC client and a Socket.IO client of one server, there before the first change."""

    def __init__(self, run):
        self.run = run
        self.irc = registered(run, "reader")
        join(self.irc, CHANNEL)
        self.socketio = JavaScriptClient(run, "websocket")
        self.socketio.expect("connect")
        self.socketio.call("subscribe", SERVER_NAME)

    def lines(self, count):
        """The next lines of the channel, without what stands before their text."""
        before = says(CHANNEL, "")
        lines = []
        for _ in range(count):
            line = self.irc.read_line()
            assert line.startswith(before), line
            lines.append(line[len(before) :])
        self.irc.expect_nothing(0.1)
        return lines

    def changes(self, count):
        changes = [self.socketio.expect("change")[0] for _ in range(count)]
        self.socketio.expect_nothing()
        return changes


def make_changes(wiki):
    """At least one of everything that a reader could stumble over."""
    wiki.edit("First page", "a", "--summary", "a new page")
    wiki.edit("First page", "a\n\nlonger", "--summary", "an edit")
    wiki.edit("First page", "a\n\nlonger!", "--summary", "minor", "--minor")
    wiki.edit("First page", "a\n\nlonger!!", "--summary", "of a bot", "--bot", "--minor")
    wiki.edit("First page", "x" * 2000, "--summary", "")
    wiki.edit("First page", "", "--summary", "&amp; &#65; &copy <b>bold</b> [[link]] ]] * (+1)")
    wiki.edit("Ünïcödé \U0001f409/日本語", "ü", "--summary", "ünïcödé \U0001f409 日本語 \u200f \u2028")
    wiki.edit("Long comment", "a", "--summary", "é\U0001f409" * 240)
    wiki.edit("L" * 250, "a", "--summary", "of a long title " + "y" * 400)
    wiki.edit("1984", "a", "--summary", "\x03digits\x0304 behind a colour\x02\x1f\tand a tab")
    wiki.edit("In a category", "[[Category:Some]]", "--summary", "")
    wiki.run_jobs()
    wiki.move("First page", "First & last page", 'moved "because" & so on')
    wiki.protect("1984", "protected: why not")
    wiki.delete("Long comment", "deleted ü\U0001f409")


@pytest.fixture
def fed(server, tmp_path):
    """A wiki whose changes have been read: (lines sent, JSON sent, reader by its roads)."""
    wiki = MediaWiki(tmp_path)
    line_recorder, json_recorder = Recorder(), Recorder()
    ingest = {
        "line": {"type": "rc2udp", "listen": "127.0.0.1:0"},
        "json": {"type": "rcfeed-udp", "listen": "127.0.0.1:0"},
    }
    runs = {
        "both": server(ingest=list(ingest.values()), duplicates={"join_window": "10s"}),
        "json": server(ingest=[ingest["json"]]),
        "line": server(ingest=[ingest["line"]]),
    }
    wiki.feed(LINE_FORMATTER, line_uri(line_recorder.address))
    wiki.feed(JSON_FORMATTER, json_uri(json_recorder.address))
    for roads in ("both", "line"):
        wiki.feed(LINE_FORMATTER, line_uri(runs[roads].address("rc2udp")))
    for roads in ("both", "json"):
        wiki.feed(JSON_FORMATTER, json_uri(runs[roads].address("rcfeed-udp")))
    # The first change makes the channel and goes to nobody on IRC.
    wiki.edit("The first", "a", "--summary", "to make the channel")
    for run in runs.values():
        wait_until(lambda: run.http_get("/rcstream_status").json()["changes_in"] == 1)
    line_recorder.read()
    json_recorder.read()
    readers = {roads: Reader(run) for roads, run in runs.items()}
    make_changes(wiki)
    lines = [datagram.decode() for datagram in line_recorder.read()]
    changes = [json.loads(datagram) for datagram in json_recorder.read()]
    assert {change["type"] for change in changes} == {"edit", "new", "log", "categorize"}
    return [text_of(line) for line in lines], changes, readers


def text_of(datagram):
    """What IRC shows of a datagram: channel, TAB, SPACE, text, LF."""
    channel, _, text = datagram.partition("\t")
    assert channel == CHANNEL and text[0] == " " and text[-1] == "\n"
    return text[1:-1]


def assert_shown(shown, sent):
    """A line as it was sent, or cut in its comment, then in its title, to what IRC holds."""
    room = LINE_MAX - 2 - len(says(CHANNEL, "").encode())
    if len(sent.encode()) <= room:
        assert shown == sent
        return
    assert len(shown.encode()) <= room
    assert shown.count("\x03") == sent.count("\x03")
    assert "\u2026" in shown and shown.endswith("\x03")
    before, _, behind = shown.partition("\u2026")
    assert sent.startswith(before)
    assert behind == "\x03" or shown.endswith("\x0310\x03")


def test_mediawiki_each_form_arrives_as_it_was_sent(fed):
    lines, changes, readers = fed
    reader = readers["both"]
    for shown, sent in zip(reader.lines(len(lines)), lines, strict=True):
        assert_shown(shown, sent)
    assert reader.changes(len(changes)) == changes
    sources = reader.run.http_get("/rcstream_status").json()["sources"]
    shown_on_irc = len(lines) + 1  # and the one that made the channel
    assert sum(source["duplicates"] for source in sources) == shown_on_irc
    assert sum(source["published"] for source in sources) == len(changes) + 1
    assert not any(source["dropped"] for source in sources)
    # From JSON alone, the same lines.
    for shown, sent in zip(readers["json"].lines(len(lines)), lines, strict=True):
        assert_shown(shown, sent)
    assert readers["json"].changes(len(changes)) == changes
    # From lines alone, what a line tells.
    for shown, sent in zip(readers["line"].lines(len(lines)), lines, strict=True):
        assert_shown(shown, sent)
    told = [change for change in changes if change["type"] != "categorize"]
    for met, wanted in zip(readers["line"].changes(len(told)), told, strict=True):
        assert_told(met, wanted)


def assert_told(met, wanted):
    is_log = wanted["type"] == "log"
    for member in TOLD_OF_LOGS if is_log else TOLD_OF_EDITS:
        if "&" not in str(wanted[member]):  # else MediaWiki has decoded it
            assert met[member] == wanted[member], member
    if not is_log:
        old, new = wanted["length"]["old"] or 0, wanted["length"]["new"]
        assert met["length_difference"] == new - old
        if "&" not in wanted["comment"]:
            assert met["comment"] == wanted["comment"]
    for member in ("namespace", "timestamp", "wiki", "log_params"):
        assert member in met and met[member] is None
    assert met["server_name"] == wanted["server_name"]
