# SPDX-License-Identifier: Apache-2.0
"""SIGHUP: another configuration while the server serves, all of it or nothing."""

import json
import re
import socket
import threading
import time

import pytest

from rcstreamd import CONFIGURATION, make_change, wait_until


def reloaded(rcstreamd, **overrides):
    """Reload with these overrides; returns the record that says how it ended."""
    before = len(outcomes(rcstreamd))
    rcstreamd.reload(**overrides)
    wait_until(lambda: len(outcomes(rcstreamd)) > before, what="the end of the reload")
    return outcomes(rcstreamd)[-1]


def outcomes(rcstreamd):
    return rcstreamd.log.find(message=None, id="conf.reloaded") + rcstreamd.log.find(
        id="conf.reload_failed"
    )


def status(rcstreamd):
    return rcstreamd.http_get("/rcstream_status").json()


def config_status(rcstreamd):
    return status(rcstreamd)["config"]


def source(rcstreamd, name):
    return next((s for s in status(rcstreamd)["sources"] if s["name"] == name), None)


def reader(rcstreamd, nick="reader"):
    """A client in #en.wikipedia, which exists then."""
    rcstreamd.send_rcfeed(make_change())
    client = rcstreamd.irc().register(nick)

    def joins():
        client.send("JOIN #en.wikipedia")
        return client.expect(r" (366|403) ").group(1) == "366"

    wait_until(joins, what="the channel")
    return client


class Feed:
    """Numbered changes at a steady rate to one source, until it is stopped."""

    def __init__(self, address, rate, wiki="en.wikipedia.org"):
        self.sent = 0
        self._address, self._rate, self._wiki = address, rate, wiki
        self._stops = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._stops.set()
        self._thread.join()

    def _run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            begin = time.monotonic()
            while not self._stops.is_set():
                if self.sent < (time.monotonic() - begin) * self._rate:
                    change = make_change(
                        id=self.sent + 10, title=f"n{self.sent}", server_name=self._wiki
                    )
                    sender.sendto(json.dumps(change).encode(), self._address)
                    self.sent += 1
                else:
                    time.sleep(0.001)


def assert_all_came(client, count, first=0):
    """The numbers of a Feed, in order, with nothing missing."""
    for number in range(first, count):
        line = client.expect(r"PRIVMSG #en\.wikipedia :.*\[\[\x0307(n\d+)\x0314\]\]")
        assert line.group(1) == f"n{number}", line.string


# --- what changes at once ---------------------------------------------------------


def test_motd_and_topic_change_for_connected_clients(server):
    rcstreamd = server(irc={"motd": "old words", "topic": "old {channel}"})
    client = reader(rcstreamd)
    client.send("MOTD")
    client.expect(r" 372 reader :.*old words")
    outcome = reloaded(rcstreamd, irc={"motd": "new words", "topic": "new {channel}"})
    assert "irc.motd" in outcome["message"] and "irc.topic" in outcome["message"]
    wait_until(lambda: motd(client) == "new words", what="the MOTD")
    client.send("TOPIC #en.wikipedia")
    client.expect(r" 332 reader #en\.wikipedia :new #en\.wikipedia$")
    newcomer = rcstreamd.irc()
    newcomer.send("NICK newcomer")
    newcomer.send("USER newcomer 0 * :newcomer")
    newcomer.expect(r" 372 newcomer :.*new words")
    newcomer.join("#en.wikipedia")
    assert any(line.endswith(":new #en.wikipedia") for line in newcomer.lines)


def motd(client):
    client.send("MOTD")
    words = client.expect(r" 372 reader :- ?(.*)$").group(1)
    client.expect(r" 376 ")
    return words


def test_channel_names_change_for_changes_from_then_on(server):
    rcstreamd = server()
    client = reader(rcstreamd)
    reloaded(rcstreamd, channel_names={"enwiki": "#elsewhere"}, irc={"channels": ["#elsewhere"]})
    wait_until(lambda: joined(client, "#elsewhere"), what="#elsewhere")
    rcstreamd.send_rcfeed(make_change(title="moved"))
    client.expect(r"PRIVMSG #elsewhere :.*moved")


def joined(client, channel):
    client.send(f"JOIN {channel}")
    return client.expect(rf" (366|403) \S+ {channel} ").group(1) == "366"


def test_log_level_changes_unless_the_command_line_has_one(server):
    """The harness gives --log-level debug, which comes before the configuration."""
    rcstreamd = server()
    outcome = reloaded(rcstreamd, log={"level": "error"})
    assert outcome["id"] == "conf.reloaded"
    rcstreamd.irc().register("loud")
    rcstreamd.log.wait_for("irc.registered", "loud")


def test_limits_change_for_those_who_come(server):
    rcstreamd = server(limits={"connections_per_address": 0, "unlimited_addresses": []})
    first, second = rcstreamd.irc(), rcstreamd.irc()
    first.register("first"), second.register("second")
    reloaded(rcstreamd, limits={"connections_max": 1})
    rcstreamd.irc().expect(r"^ERROR :Closing Link: \(Too many clients\)")
    for client in (first, second):
        client.send("PING :still here")
        client.expect("still here")
    reloaded(rcstreamd, limits={"connections_max": 0})
    rcstreamd.irc().register("third")


def test_http_limits_change(server):
    rcstreamd = server()
    cookie = {"X-Long": "x" * 5000}
    assert rcstreamd.http_get("/healthz", headers=cookie).status_code == 200
    reloaded(rcstreamd, http={"max_header_bytes": 2048})
    wait_until(
        lambda: rcstreamd.http_get("/healthz", headers=cookie).status_code == 431,
        what="the limit in both workers",
    )


# --- what does not ----------------------------------------------------------------


def test_what_cannot_change_is_named_and_holds(server):
    rcstreamd = server()
    client = reader(rcstreamd)
    outcome = reloaded(
        rcstreamd,
        workers=3,
        irc={"server_name": "other.example", "listen": ["127.0.0.1:1"], "motd": "new"},
    )
    assert outcome["message"].endswith("options: irc.motd")
    kept = rcstreamd.log.wait_for("conf.kept")
    assert kept["level"] == "warn"
    assert kept["message"].split(": ")[1] == "irc.listen, irc.server_name, workers"
    client.send("VERSION")
    client.expect(r"^:localhost 351 ")
    rcstreamd.irc().register("newcomer")
    assert config_status(rcstreamd)["last_reload_successful"] is True


def test_front_end_that_is_taken_out_goes_on(server):
    rcstreamd = server()
    client = reader(rcstreamd)
    reloaded(rcstreamd, irc=None)
    assert rcstreamd.log.wait_for("conf.kept")["message"].endswith(": irc")
    client.send("PING :still here")
    client.expect("still here")
    rcstreamd.irc().register("newcomer")


BROKEN = {
    "syntax": ("irc: [", r"rcstreamd\.yaml:\d+:\d+: "),
    "key": ("irc: {modt: x}", r"rcstreamd\.yaml:1:7: irc\.modt: is not a key .*did you mean motd"),
    "value": ("workers: many", r"rcstreamd\.yaml:1:10: workers: .*many"),
    "two faults": ("workers: many\nirk: x", r"workers: .*\(and 1 more: --check-config .*\)"),
}


@pytest.mark.parametrize("text, sentence", BROKEN.values(), ids=BROKEN.keys())
def test_broken_file_leaves_all_as_it_was(server, text, sentence):
    rcstreamd = server(irc={"motd": "old words"})
    client = reader(rcstreamd)
    lines = len(rcstreamd.log.records)
    rcstreamd.configuration_file.write_text(text)
    rcstreamd.process.send_signal(1)
    record = rcstreamd.log.wait_for("conf.reload_failed")
    assert record["level"] == "error"
    assert re.search(sentence, record["message"]), record["message"]
    assert config_status(rcstreamd)["last_reload_successful"] is False
    told = [r for r in rcstreamd.log.records[lines:] if r["level"] != "debug"]
    assert [r for r in told if not r["id"].startswith("irc.")] == [record]
    assert motd(client) == "old words"
    rcstreamd.send_rcfeed(make_change(title="after"))
    client.expect("after")
    reloaded(rcstreamd, irc={"motd": "new words"})
    assert config_status(rcstreamd)["last_reload_successful"] is True


def test_file_that_is_gone_leaves_all_as_it_was(server):
    rcstreamd = server()
    client = reader(rcstreamd)
    rcstreamd.configuration_file.unlink()
    rcstreamd.process.send_signal(1)
    record = rcstreamd.log.wait_for("conf.reload_failed")
    assert "cannot be read: No such file" in record["message"]
    rcstreamd.send_rcfeed(make_change(title="after"))
    client.expect("after")


def test_time_of_the_last_successful_reload_is_told(server):
    begin = int(time.time())
    rcstreamd = server()
    at_start = config_status(rcstreamd)
    assert at_start["last_reload_successful"] is True
    assert begin <= at_start["last_reload_timestamp_seconds"] <= time.time()
    time.sleep(1.1)
    rcstreamd.configuration_file.write_text("{")
    rcstreamd.process.send_signal(1)
    rcstreamd.log.wait_for("conf.reload_failed")
    failed = config_status(rcstreamd)
    assert failed == {**at_start, "last_reload_successful": False}
    reloaded(rcstreamd)
    after = config_status(rcstreamd)["last_reload_timestamp_seconds"]
    assert at_start["last_reload_timestamp_seconds"] < after <= time.time()


# --- sources ----------------------------------------------------------------------

RCFEED, RC2UDP = CONFIGURATION["ingest"][1], CONFIGURATION["ingest"][0]
SECOND = {"type": "rcfeed-udp", "name": "second", "listen": "127.0.0.1:0"}


def port_of_source(rcstreamd, name):
    """Where the source of this name was bound last."""
    found = [r for r in rcstreamd.log.find("listener.bound") if r.get("scope") == name]
    host, _, port = found[-1]["message"].rpartition(" ")[2].rpartition(":")
    return host, int(port)


def send_to(address, change):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(json.dumps(change).encode(), address)


def test_source_is_added_and_removed_and_added_again(server):
    rcstreamd = server()
    client = reader(rcstreamd)
    message = reloaded(rcstreamd, ingest=[RC2UDP, RCFEED, SECOND])["message"]
    assert message == "sources: 1 added, 0 removed, 0 changed; options: none"
    address = port_of_source(rcstreamd, "second")
    send_to(address, make_change(id=2, title="by the second"))
    client.expect("by the second")
    assert source(rcstreamd, "second")["published"] == 1
    message = reloaded(rcstreamd, ingest=[RC2UDP, RCFEED])["message"]
    assert message == "sources: 0 added, 1 removed, 0 changed; options: none"
    assert source(rcstreamd, "second") is None
    wait_until(lambda: is_free(address), what="its address")
    rcstreamd.send_rcfeed(make_change(id=3, title="by the first"))
    client.expect("by the first")
    reloaded(rcstreamd, ingest=[RC2UDP, RCFEED, SECOND])
    send_to(port_of_source(rcstreamd, "second"), make_change(id=4, title="once more"))
    client.expect("once more")
    assert source(rcstreamd, "second")["published"] == 2  # counters do not go back


def is_free(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(address)
        except OSError:
            return False
        return True


def test_source_that_cannot_start_leaves_all_as_it_was(server, tmp_path):
    """Also what was added in front of it, and options that could have changed."""
    rcstreamd = server(irc={"motd": "old words"})
    client = reader(rcstreamd)
    missing = {"type": "replay", "file": str(tmp_path / "no.ndjson")}
    record = reloaded(
        rcstreamd, irc={"motd": "new words"}, ingest=[RC2UDP, SECOND, missing, RCFEED]
    )
    assert record["id"] == "conf.reload_failed"
    assert record["message"].startswith("all stays as it was: ingest: replay: ")
    assert config_status(rcstreamd)["last_reload_successful"] is False
    wait_until(lambda: is_free(port_of_source(rcstreamd, "second")), what="its address")
    assert {s["name"] for s in status(rcstreamd)["sources"]} == {"rc2udp", "rcfeed-udp"}
    assert motd(client) == "old words"
    rcstreamd.send_rcfeed(make_change(title="after"))
    client.expect("after")


def test_changed_source_keeps_its_socket_and_what_waits_in_it(server):
    """What was sent right before and after is there: the socket was never closed."""
    rcstreamd = server()
    client = reader(rcstreamd)
    address = port_of_source(rcstreamd, "rcfeed-udp")
    with Feed(address, rate=2000) as feed:
        wait_until(lambda: feed.sent > 200)
        for number in range(5):
            changed = {**RCFEED, "allow": ["127.0.0.0/8", f"192.0.2.{number}"]}
            assert "1 changed" in reloaded(rcstreamd, ingest=[RC2UDP, changed])["message"]
        wait_until(lambda: feed.sent > 2000)
    assert port_of_source(rcstreamd, "rcfeed-udp") == address
    assert_all_came(client, feed.sent)
    reloaded(rcstreamd, ingest=[RC2UDP, {**RCFEED, "allow": ["192.0.2.1"]}])
    rcstreamd.send_rcfeed(make_change(title="not allowed"))
    wait_until(lambda: source(rcstreamd, "rcfeed-udp")["dropped"].get("not_allowed") == 1)


def test_changed_source_that_cannot_start_goes_on_as_it_was(server):
    rcstreamd = server()
    client = reader(rcstreamd)
    taken = "127.0.0.1:%d" % rcstreamd.address("rc2udp")[1]
    record = reloaded(rcstreamd, ingest=[RC2UDP, {**RCFEED, "listen": taken}])
    assert record["id"] == "conf.reloaded"
    failure = rcstreamd.log.wait_for("source.failed")["message"]
    assert failure.endswith("is in use; it goes on as it was")
    assert config_status(rcstreamd)["last_reload_successful"] is False
    rcstreamd.send_rcfeed(make_change(title="after"))
    client.expect("after")


def test_unix_socket_of_a_changed_source_stays_in_its_place(server, tmp_path):
    path = tmp_path / "rc.socket"
    entry = {"type": "rcfeed-udp", "name": "file", "listen": f"unix:{path}", "mode": "0600"}
    rcstreamd = server(ingest=[RC2UDP, RCFEED, entry])
    client = reader(rcstreamd)
    inode = path.stat().st_ino
    reloaded(rcstreamd, ingest=[RC2UDP, RCFEED, {**entry, "mode": "0666"}])
    assert (path.stat().st_ino, path.stat().st_mode & 0o777) == (inode, 0o666)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(json.dumps(make_change(id=7, title="by the file")).encode(), str(path))
    client.expect("by the file")
    reloaded(rcstreamd, ingest=[RC2UDP, RCFEED])
    assert not path.exists()


@pytest.mark.threads
def test_reload_under_load_loses_nothing(server):
    """Sources come and go, MOTD and limits change; nobody is cut off, nothing is missed."""
    rcstreamd = server()
    clients = [reader(rcstreamd, f"reader{i}") for i in range(6)]
    address = port_of_source(rcstreamd, "rcfeed-udp")
    with Feed(address, rate=500) as feed:
        for number in range(10):
            reloaded(
                rcstreamd,
                irc={"motd": f"words {number}"},
                slow_client={"write_timeout": 60 + number},
                channel_names={"dewiki": f"#de{number}"},
                ingest=[RC2UDP, RCFEED] + ([SECOND] if number % 2 else []),
            )
            time.sleep(0.1)
    for client in clients:
        assert_all_came(client, feed.sent)
    assert len(outcomes(rcstreamd)) == 10
    closed = status(rcstreamd)["closed"]
    reasons = {reason for reason, count in closed.items() if count}
    assert reasons <= {"protocol_done", "client_closed"}, closed


@pytest.mark.threads
def test_signals_that_pile_up_are_worked_off(server):
    """A SIGHUP while a reload is under way is one more after it."""
    rcstreamd = server()
    for number in range(20):
        changed = {**RCFEED, "allow": [f"127.0.0.{number + 1}"]}
        rcstreamd.reload(ingest=[RC2UDP, changed])
    last = {**RCFEED, "allow": ["127.0.0.0/8"]}
    reloaded(rcstreamd, ingest=[RC2UDP, last], irc={"motd": "last"})
    client = rcstreamd.irc().register()
    wait_until(lambda: motd(client) == "last", what="the last one")
    assert rcstreamd.log.find("conf.reload_failed") == []


def test_signal_while_a_reload_is_under_way_ends_it(server):
    rcstreamd = server()
    for number in range(5):
        rcstreamd.reload(ingest=[RC2UDP, {**RCFEED, "allow": [f"127.0.0.{number + 1}"]}])
    rcstreamd.stop()
