# SPDX-License-Identifier: Apache-2.0
"""The programs that live by the feed understand what they get as they did MediaWiki's own lines."""

import json
from collections import Counter

import pytest

from irc_channels import join, registered
from irc_client import LINE_MAX
from irc_consumers import CONSUMERS, Wikichanges, cvnbot, huggle, pywikibot
from rcstreamd import ROOT

RECORDED = ROOT / "test/data/rcfeed/rcfeed-pairs.ndjson"
AT_ONCE = 50  # datagrams under way; more than this fits every socket's buffer
ELLIPSIS = "\u2026"
NICK = "reader"


def recorded():
    """What MediaWiki sent and its JSON tells: all but a few with an interwiki prefix."""
    with RECORDED.open(encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    return [
        pair
        for pair in pairs
        if pair["irc"] is not None
        and pair["kind"] != "oversize"
        and set(pair["needs"]) <= {"special-namespace"}
    ]


def with_comment(pair, comment):
    """The pair of an edit or a new page as MediaWiki would have made it with this comment."""
    flags, fields, _ = pair["irc"].split("\x0310", 2)
    line = "\x0310".join([flags, fields, f"{comment}\x03"])
    return {**pair, "json": {**pair["json"], "comment": comment}, "irc": line}


def of_type(pairs, *types):
    return [pair for pair in pairs if pair["type"] in types]


def by_json(pair):
    return "rcfeed-udp", json.dumps(pair["json"], ensure_ascii=False).encode()


def by_line(pair):
    return "rc2udp", f"{pair['channel']}\t {pair['irc']}\n".encode()


ROADS = {"rcfeed-udp": by_json, "rc2udp": by_line}


class Feed:
    """One road into a server, and a reader of every channel."""

    def __init__(self, server, road):
        self.run = server(ingest=[{"type": road, "listen": "127.0.0.1:0"}])
        self.datagram = ROADS[road]
        self.channels = set()
        self.reader = registered(self.run, NICK)

    def open_channel(self, pair):
        if pair["channel"] not in self.channels:
            self.channels.add(pair["channel"])
            self.run.send_datagram(*self.datagram(pair))
            join(self.reader, pair["channel"])

    def lines_of(self, pairs):
        """What the reader gets for these: its channel and text, each, in order."""
        for pair in pairs:
            self.open_channel(pair)
        for start in range(0, len(pairs), AT_ONCE):
            some = pairs[start : start + AT_ONCE]
            for pair in some:
                self.run.send_datagram(*self.datagram(pair))
            for pair in some:
                self.reader.expect_next(" PRIVMSG ")
                source, _, channel, text = self.reader.lines[-1].split(" ", 3)
                assert (source, channel) == (":rc-pmtpa!rc-pmtpa@localhost", pair["channel"])
                assert text.startswith(":")
                yield pair, text[1:]


def is_cut(pair):
    before = len(f":rc-pmtpa!rc-pmtpa@localhost PRIVMSG {pair['channel']} :".encode())
    return before + len(pair["irc"].encode()) > LINE_MAX - 2


def assert_understood(pair, text):
    """Every consumer makes of `text` what it makes of MediaWiki's line, less what was cut off."""
    understood = []
    for name, consumer in CONSUMERS.items():
        wanted, met = consumer(pair["irc"]), consumer(text)
        if wanted is not None:
            understood.append(name)
        if wanted is not None and is_cut(pair):
            comment = met.pop("comment").rstrip(ELLIPSIS)
            assert wanted.pop("comment").startswith(comment), f"{name}: {text!r}"
        assert met == wanted, f"{name}: {text!r}"
    return understood


# docs/protocols/irc.md: each consumer's pattern, on both roads, for all that was recorded.
@pytest.mark.parametrize("road", ROADS)
def test_irc_consumers_understand_what_was_recorded(server, road):
    pairs = recorded()
    counts = Counter()
    for pair, text in Feed(server, road).lines_of(pairs):
        if not is_cut(pair):
            assert text == pair["irc"]
        counts.update(assert_understood(pair, text))
    edits, pages = (len(of_type(pairs, kind)) for kind in ("edit", "new"))
    assert edits > 100 and pages > 20 and sum(is_cut(pair) for pair in pairs) > 3
    assert counts["CVNBot"] == counts["wikichanges"] == len(pairs)
    assert counts["pywikibot"] == counts["Flink"] == edits + pages
    assert counts["Huggle"] == edits
    assert counts["ClueBot NG"] > edits / 2 and counts["AVBot"] > edits / 2


# The same with comments that do not fit, of characters of every length.
@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("character", ["x", "\u00e9", "\u20ac", "\U0001f600"])
def test_irc_consumers_understand_lines_that_were_cut(server, road, character):
    pairs = [
        with_comment(pair, character * 500) for pair in of_type(recorded(), "edit", "new")[:100]
    ]
    for pair, text in Feed(server, road).lines_of(pairs):
        assert is_cut(pair) and text.endswith(f"{character}{ELLIPSIS}\x03")
        assert {"pywikibot", "CVNBot", "wikichanges", "Flink"} <= set(assert_understood(pair, text))


# A title and a user that fill the line alone: the title gives way, and every field is still there.
def test_irc_consumers_find_every_field_behind_a_title_that_was_cut(server):
    user, title = "\u00fc" * 85, "\u20ac" * 85  # 170 and 255 bytes: MediaWiki's limit of a title
    pair = of_type(recorded(), "edit")[0]
    pair["json"].update(title=title, user=user, comment="\u20ac" * 166)
    ((_, text),) = Feed(server, "rcfeed-udp").lines_of([pair])
    assert text.endswith("\x03")
    for consumer in (pywikibot, cvnbot, huggle, Wikichanges()):
        met = consumer(text)
        assert met["user"] == user
        assert met["title"].endswith(ELLIPSIS) and len(met["title"]) > len(title) / 2
        assert title.startswith(met["title"].rstrip(ELLIPSIS))
