# SPDX-License-Identifier: Apache-2.0
"""CHATHISTORY: a bot that was away asks for what it missed."""

import random
import re
import socket
import threading
import time

import pytest

from irc_channels import answers, make_channels
from rcstreamd import WAIT_TIMEOUT_S, wait_until

CHANNEL = "#en.wikipedia"
ALL = "batch server-time message-tags"
LIMIT = 1000  # irc.chathistory_limit
RATE = 2000  # changes a second
ROUNDS = 12

NOTE = r"^:localhost NOTE CHATHISTORY HISTORY_INCOMPLETE "

LINE = re.compile(r"^(?:@(?P<tags>\S+) )?:\S+ PRIVMSG (?P<channel>\S+) :(?P<text>.*)$")


class Change:
    """A PRIVMSG of the bot, taken apart."""

    def __init__(self, match):
        tags = dict(tag.split("=", 1) for tag in (match["tags"] or "").split(";") if tag)
        self.msgid, self.time, self.batch = (tags.get(k) for k in ("msgid", "time", "batch"))
        self.channel, self.text = match["channel"], match["text"]

    @property
    def sequence(self):
        return int(self.msgid.rpartition("-")[2])


def change_of(line):
    match = LINE.match(line)
    return Change(match) if match else None


def changes_of(lines):
    return [change for change in map(change_of, lines) if change]


def reader(run, capabilities=ALL):
    """A client that has registered with these capabilities."""
    client = run.irc()
    client.send(f"CAP REQ :{capabilities}")
    client.send("NICK reader\r\nUSER reader 0 * :reader\r\nCAP END")
    client.expect(" ACK ")
    client.expect(r"^(@\S+ )?:\S+ 221 ")
    return client


def enter(client, channel):
    client.send(f"JOIN {channel}")
    client.expect(" 366 ")


def texts(client, command):
    return [change.text for change in changes_of(answers(client, command))]


@pytest.fixture
def run(server):
    """A server with ten changes that every worker has: a to j, every third in #de.wikipedia."""
    run = server()
    make_channels(run, CHANNEL, "#de.wikipedia")
    for number, text in enumerate("abcdefghij"):
        run.send_rc2udp("#de.wikipedia" if number % 3 == 2 else CHANNEL, text)
        time.sleep(0.003)  # times that differ
    wait_for_change(run, "j")
    return run


def wait_for_change(run, text):
    """Until every worker has it, as far as the kernel deals clients out to both."""
    for _ in range(8):
        client = reader(run)
        wait_until(lambda: text in texts(client, "CHATHISTORY LATEST #* * 1000"), what=text)
        client.close()


# --- what is given ---


@pytest.mark.threads
def test_irc_history_is_the_same_in_every_worker(run):
    seen = set()
    for _ in range(8):
        changes = changes_of(answers(reader(run), "CHATHISTORY LATEST #* * 10"))
        seen.add(tuple((c.msgid, c.time, c.channel, c.text) for c in changes))
    assert len(seen) == 1
    assert "".join(text for *_, text in seen.pop()) == "abcdefghij"


def test_irc_history_answers_every_subcommand_by_msgid_and_by_time(run):
    client = reader(run)
    changes = {
        change.text: change for change in changes_of(answers(client, "CHATHISTORY LATEST #* * 10"))
    }

    def ask(form):
        """Fill in "<e>" with both kinds of reference to e; what both gave."""
        given = [
            "".join(
                texts(
                    client,
                    "CHATHISTORY "
                    + re.sub(r"<(\w)>", lambda m: f"{name}={getattr(changes[m[1]], member)}", form),
                )
            )
            for name, member in (("msgid", "msgid"), ("timestamp", "time"))
        ]
        assert given[0] == given[1], form
        return given[0]

    assert ask(f"LATEST {CHANNEL} * 3") == "ghj"
    assert ask(f"LATEST {CHANNEL} <e> 100") == "ghj"
    assert ask(f"LATEST {CHANNEL} <b> 2") == "hj"
    assert ask(f"BEFORE {CHANNEL} <e> 2") == "bd"
    assert ask(f"AFTER {CHANNEL} <e> 2") == "gh"
    assert ask(f"AFTER #DE.wikipedia <c> 5") == "fi"
    assert ask(f"AROUND {CHANNEL} <e> 3") == "deg"
    assert ask(f"BETWEEN {CHANNEL} <a> <h> 3") == "bde"
    assert ask(f"BETWEEN {CHANNEL} <h> <a> 3") == "deg"
    assert ask("AFTER #* <g> 2") == "hi"
    assert ask("LATEST #d?.wikipedia * 2") == "fi"
    assert ask(f"AFTER {CHANNEL} <j> 5") == ""


def test_irc_history_batch_holds_the_lines_as_they_were_sent(run):
    live = reader(run)
    enter(live, CHANNEL)
    run.send_rc2udp(CHANNEL, "\x0314[[\x0307k\x0314]]")
    live.expect("k")
    sent = live.lines[-1]
    wait_for_change(run, "\x0314[[\x0307k\x0314]]")
    lines = answers(reader(run), f"CHATHISTORY LATEST {CHANNEL} * 1")
    begin = rf":localhost BATCH \+(\S+) chathistory {re.escape(CHANNEL)}$"
    start = re.match(begin, untimed(lines[0]))
    assert lines[1] == sent.replace("@", f"@batch={start[1]};", 1)
    assert untimed(lines[2]) == f":localhost BATCH -{start[1]}"
    assert len(lines) == 3


def untimed(line):
    """Replies may carry the time, too."""
    return re.sub(r"^@time=\S+ ", "", line)


def test_irc_history_without_capabilities_is_the_bare_lines(run):
    client = run.irc().register("plain")
    client.expect(" 221 ")
    assert answers(client, f"CHATHISTORY LATEST {CHANNEL} * 2") == [
        f":rc-pmtpa!rc-pmtpa@localhost PRIVMSG {CHANNEL} :h",
        f":rc-pmtpa!rc-pmtpa@localhost PRIVMSG {CHANNEL} :j",
    ]


def test_irc_history_targets_are_the_channels_with_changes(run):
    client = reader(run)
    changes = changes_of(answers(client, "CHATHISTORY LATEST #* * 10"))
    last = {change.channel: change for change in changes}
    lines = answers(
        client,
        "CHATHISTORY TARGETS timestamp=9999-01-01T00:00:00.000Z "
        f"timestamp={changes[0].time} 10",
    )
    assert "draft/chathistory-targets" in lines[0]
    assert [line.split(" TARGETS ")[1] for line in lines if " TARGETS " in line] == [
        f"{channel} {last[channel].time}" for channel in ("#de.wikipedia", CHANNEL)
    ]


def test_irc_history_is_announced_with_its_limit(server):
    run = server(irc={"chathistory_limit": 7})
    client = run.irc()
    client.send("NICK reader\r\nUSER reader 0 * :reader")
    client.expect(r" 005 .*\bCHATHISTORY=7\b")
    assert re.search(r" MSGREFTYPES=msgid,timestamp\b", client.lines[-1])


# --- what is not there any more ---


def test_irc_history_that_is_too_short_says_so(server):
    run = server(workers=1, history={"changes": 5})
    make_channels(run, CHANNEL, "#quiet")
    live = reader(run)
    enter(live, CHANNEL)
    enter(live, "#quiet")
    for number in range(8):
        run.send_rc2udp("#quiet" if number == 0 else CHANNEL, str(number))
        live.expect(f":{number}$")
        time.sleep(0.003)
    changes = changes_of(live.lines)
    oldest = changes[3].msgid
    for reference in (f"msgid={changes[1].msgid}", f"timestamp={changes[0].time}"):
        lines = answers(live, f"CHATHISTORY AFTER {CHANNEL} {reference} 100")
        assert re.search(NOTE + rf"{re.escape(CHANNEL)} {oldest} :", untimed(lines[0]))
        assert [change.text for change in changes_of(lines)] == ["3", "4", "5", "6", "7"]
    # Nothing of #quiet came behind its own last change, whatever others have lost.
    assert len(answers(live, f"CHATHISTORY AFTER #quiet msgid={changes[0].msgid} 100")) == 2
    assert texts(live, f"CHATHISTORY AFTER {CHANNEL} msgid={changes[2].msgid} 100") == list("34567")
    status = run.http_get("/rcstream_status").json()["counters"]
    assert status["history_changes"] == 5
    assert 5 * 1024 < status["history_bytes"] < 5 * 4096
    assert status["irc_history_lines"] >= 15


def test_irc_history_of_an_earlier_run_is_not_mistaken_for_this_one(server):
    first = server()
    make_channels(first, CHANNEL)
    first.send_rc2udp(CHANNEL, "of the first run")
    wait_for_change(first, "of the first run")
    last = changes_of(answers(reader(first), f"CHATHISTORY LATEST {CHANNEL} * 1"))[0]
    first.stop()
    second = server()
    make_channels(second, CHANNEL)
    second.send_rc2udp(CHANNEL, "of the second run")
    wait_for_change(second, "of the second run")
    client = reader(second)
    for reference in (f"msgid={last.msgid}", f"timestamp={last.time}"):
        lines = answers(client, f"CHATHISTORY AFTER {CHANNEL} {reference} 100")
        assert re.search(NOTE, untimed(lines[0]))
        assert [c.text for c in changes_of(lines)][-1] == "of the second run"
    lines = answers(client, f"CHATHISTORY BEFORE {CHANNEL} msgid={last.msgid} 100")
    assert re.search(rf" FAIL CHATHISTORY MESSAGE_ERROR BEFORE {CHANNEL} :", lines[0])


@pytest.mark.parametrize(
    "parameters, code",
    [
        ("", "INVALID_PARAMS *"),
        ("NEWEST #en.wikipedia * 5", "INVALID_PARAMS NEWEST"),
        ("LATEST #en.wikipedia *", "INVALID_PARAMS LATEST"),
        ("LATEST #en.wikipedia * 5 5", "INVALID_PARAMS LATEST"),
        ("LATEST #en.wikipedia * 0", "INVALID_PARAMS LATEST 0"),
        ("LATEST #en.wikipedia * -5", "INVALID_PARAMS LATEST -5"),
        ("LATEST #en.wikipedia * five", "INVALID_PARAMS LATEST five"),
        ("AFTER #en.wikipedia timestamp=today 5", "INVALID_PARAMS AFTER timestamp=today"),
        ("AFTER #en.wikipedia id=5 5", "INVALID_MSGREFTYPE AFTER #en.wikipedia id=5"),
        ("AFTER #en.wikipedia * 5", "INVALID_MSGREFTYPE AFTER #en.wikipedia *"),
        ("TARGETS msgid=1 msgid=2 5", "INVALID_MSGREFTYPE TARGETS * msgid=1"),
        ("LATEST #no.such.channel * 5", "INVALID_TARGET LATEST #no.such.channel"),
        ("LATEST reader * 5", "INVALID_TARGET LATEST reader"),
        ("BEFORE #en.wikipedia msgid=abc 5", "MESSAGE_ERROR BEFORE #en.wikipedia"),
    ],
)
def test_irc_history_refuses_bad_requests(run, parameters, code):
    lines = answers(reader(run), f"CHATHISTORY {parameters}".rstrip())
    assert len(lines) == 1
    assert untimed(lines[0]).startswith(f":localhost FAIL CHATHISTORY {code} :")


# --- under load ---


class Sender(threading.Thread):
    """Sends numbered changes at RATE until it is ended; `sent` is how many."""

    def __init__(self, run):
        super().__init__(daemon=True)
        self.address = run.address("rc2udp")
        self.sent = 0
        self._is_ending = threading.Event()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            begin = time.monotonic()
            while not self._is_ending.wait(0.001):
                while self.sent < (time.monotonic() - begin) * RATE:
                    self.sent += 1
                    out.sendto(f"{CHANNEL}\t{self.sent} {'x' * 200}".encode(), self.address)

    def end(self):
        self._is_ending.set()
        self.join()
        return self.sent


class Bot:
    """Keeps every change once; what it did not see live it asks for when it is back."""

    def __init__(self, run, first):
        self.run = run
        self.changes = [first]

    @property
    def last(self):
        return self.changes[-1]

    def take(self, change):
        """A worker may be a moment behind the one that had this bot before: that is known."""
        if change.sequence > self.last.sequence:
            self.changes.append(change)

    def stay(self, client, seconds):
        """Take what comes, each once and in order within a connection."""
        before = None
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            change = change_of(client.read_line(WAIT_TIMEOUT_S))
            if change:
                assert before is None or change.sequence > before, "twice, or out of order"
                before = change.sequence
                self.take(change)

    def come_back(self, client):
        """Pages until one is not full, and a JOIN right behind the last."""
        while True:
            lines = answers(client, f"CHATHISTORY AFTER {CHANNEL} msgid={self.last.msgid} {LIMIT}")
            assert not any(" NOTE " in line for line in lines)
            for change in changes_of(lines):
                self.take(change)
            if len(changes_of(lines)) < LIMIT:
                break
        client.send(
            f"CHATHISTORY AFTER {CHANNEL} msgid={self.last.msgid} {LIMIT}\r\nJOIN {CHANNEL}"
        )

    def come_back_joined(self, client):
        """JOIN first, then pages until one is not full: what is in both is known by its msgid."""
        enter(client, CHANNEL)
        live = changes_of(client.lines)
        asked = self.last
        while True:
            first = len(client.lines)
            lines = answers(client, f"CHATHISTORY AFTER {CHANNEL} msgid={asked.msgid} {LIMIT}")
            assert not any(" NOTE " in line for line in lines)
            changes = changes_of(client.lines[first:])
            page = [change for change in changes if change.batch]
            live += [change for change in changes if not change.batch]
            for change in page:
                self.take(change)
            asked = page[-1] if page else asked
            if len(page) < LIMIT:
                break
        for change in live:
            self.take(change)


@pytest.mark.threads
@pytest.mark.parametrize("way", [Bot.come_back, Bot.come_back_joined])
def test_irc_history_and_the_live_stream_join_without_gap_or_repetition(server, way):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    run = server(history={"changes": 100000, "bytes": "1GiB"})
    make_channels(run, CHANNEL)
    bot = Bot(run, changes_of(answers(reader(run), f"CHATHISTORY LATEST {CHANNEL} * 1"))[0])
    sender = Sender(run)
    sender.start()
    for _ in range(ROUNDS):
        client = reader(run)
        way(bot, client)
        bot.stay(client, chance.uniform(0, 0.3))
        client.close()
        time.sleep(chance.uniform(0, 0.3))
    sent = sender.end()
    client = reader(run)
    wait_until(
        lambda: texts(client, f"CHATHISTORY LATEST {CHANNEL} * 1")[0].startswith(f"{sent} "),
        what="the last change",
    )
    way(bot, client)
    numbers = [int(change.text.split()[0]) for change in bot.changes[1:]]
    assert numbers == list(range(1, sent + 1))
