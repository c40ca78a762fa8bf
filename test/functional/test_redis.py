# SPDX-License-Identifier: Apache-2.0
"""The source `redis`: what MediaWiki publishes reaches the clients, whatever Redis does."""

import json
import re
import threading
import time

import pytest

from irc_channels import join, registered
from rcstreamd import CONFIGURATION, make_change, merged, run_program, wait_until
from redis_server import FakeRedis, RedisServer, Sender, pushed, subscribed, wait_gone
from socketio_clients import RawWebSocket

CHANNEL = "#en.wikipedia"
PASSWORD = "s3cret-of-the-test"


@pytest.fixture
def redis():
    """Starts redis-servers: redis("--option", ...), ended with the test."""
    servers = []

    def start(*arguments, **options):
        servers.append(RedisServer(*arguments, **options))
        return servers[-1].start()

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def fake():
    servers = []

    def start(serve):
        servers.append(FakeRedis(serve))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def source(url, **options):
    return {"type": "redis", "url": url, "pattern": "rc.*", **options}


def entry(url, **options):
    """That source, and one by which the channel comes into being."""
    return [source(url, **options), {"type": "rcfeed-udp", "listen": "127.0.0.1:0"}]


def is_through(run):
    """Whether the change that came by UDP has passed every worker."""
    status = run.http_get("/rcstream_status").json()
    by_udp = next(source for source in status["sources"] if source["name"] == "rcfeed-udp")
    return by_udp["published"] > 0 and status["queue_size"] == 0


def reader(run, nick="reader"):
    """A client that has joined, and gets nothing more of what made its channel."""
    # With an id of its own, that none is taken for its duplicate.
    run.send_rcfeed(make_change(title="The one that makes the channel", id=10**9))
    wait_until(lambda: is_through(run) and is_through(run))
    client = registered(run, nick)
    join(client, CHANNEL)
    return client


def numbered(i):
    return json.dumps(make_change(title=f"Page {i}", id=i))


def figures_of(run, name):
    """What the status has of a source."""
    sources = run.http_get("/rcstream_status").json()["sources"]
    return next(source for source in sources if source["name"] == name)


def read_numbers(client, last):
    """The numbers of the changes up to one."""
    numbers = []
    while not numbers or numbers[-1] != last:
        numbers.append(int(re.search(r"\[\[\x0307Page (\d+)\x0314", client.read_line(10))[1]))
    return numbers


# --- the road -----------------------------------------------------------------


def test_redis_published_change_reaches_irc_and_socketio(server, redis):
    upstream = redis()
    run = server(ingest=entry(upstream.url))
    upstream.wait_subscribed()
    client = reader(run)
    socketio = RawWebSocket(run).connect_to_rc().subscribe("en.wikipedia.org")
    change = make_change(title="Main Page", comment="\u20ac \U0001f600")
    assert upstream.publish("rc.enwiki", json.dumps(change)) == 1
    client.expect(r"PRIVMSG #en\.wikipedia :\x0314\[\[\x0307Main Page\x0314\]\]")
    assert socketio.receive_change() == change
    assert upstream.publish("other.enwiki", json.dumps(change)) == 0


def test_redis_change_that_is_none_is_dropped_with_a_reason(server, redis):
    upstream = redis()
    run = server(ingest=entry(upstream.url))
    upstream.wait_subscribed()
    client = reader(run)
    for payload in (b"", b"{", b"\xff", b"[]", b"{}"):
        upstream.publish("rc.enwiki", payload)
    upstream.publish("rc.enwiki", numbered(1))
    assert read_numbers(client, 1) == [1]
    wait_until(lambda: len(run.log.find("source.dropped")) == 5)
    dropped = [record["message"] for record in run.log.find("source.dropped")]
    assert dropped == ["json_syntax", "json_syntax", "not_utf8", "not_an_object", "no_server_name"]


def test_redis_patterns_that_overlap_give_a_change_once(server, redis):
    upstream = redis()
    patterns = ["rc.*", "rc.en*", "rc", "[r]c.*wiki"]
    run = server(ingest=entry(upstream.url, pattern=patterns))
    upstream.wait_subscribed(4)
    client = reader(run)
    for i in (1, 2, 2, 3):  # the same twice is published twice
        upstream.publish("rc.enwiki", numbered(i))
    upstream.publish("rc", numbered(4))
    assert read_numbers(client, 4) == [1, 2, 2, 3, 4]


def test_redis_unix_socket(server, redis):
    upstream = redis("--port", "0")
    run = server(ingest=entry(f"unix://{upstream.path}"))
    upstream.wait_subscribed()
    client = reader(run)
    upstream.publish("rc.enwiki", numbered(1))
    assert read_numbers(client, 1) == [1]


def test_redis_host_name_is_resolved_and_its_addresses_tried(server, redis):
    """localhost may be ::1 first, where nobody listens."""
    upstream = redis()
    server(ingest=entry(f"redis://localhost:{upstream.port}/3"))
    upstream.wait_subscribed()


# --- who we are ---------------------------------------------------------------


def dumped(run):
    result = run_program("-c", run.configuration_file, "--dump-config")
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_redis_password_in_the_url(server, redis):
    upstream = redis(password=PASSWORD)
    url = f"redis://:{PASSWORD}@127.0.0.1:{upstream.port}"
    run = server(ingest=entry(url))
    upstream.wait_subscribed()
    run.log.wait_for("redis.up")
    assert PASSWORD not in run.log.text()
    assert url in dumped(run)  # it is to be read back


def test_redis_acl_user_and_password_file(server, redis, tmp_path):
    upstream = redis()
    upstream.command(
        *("ACL", "SETUSER", "rc:user", "on", f">{PASSWORD}"),
        *("resetchannels", "&rc.*", "-@all", "+psubscribe", "+ping"),
    )
    upstream.command("ACL", "SETUSER", "default", "-psubscribe")
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    run = server(ingest=entry(upstream.url, user="rc:user", password_file=str(file)))
    upstream.wait_subscribed()
    server(ingest=entry(f"redis://rc%3Auser:{PASSWORD}@127.0.0.1:{upstream.port}"))
    wait_until(
        lambda: upstream.command("CLIENT", "LIST", "TYPE", "pubsub").count(b"user=rc:user") == 2
    )
    assert PASSWORD not in run.log.text() + dumped(run)


@pytest.mark.parametrize("password", [None, "wrong-one"])
def test_redis_refused_login_is_told_once_and_tried_again(server, redis, password):
    upstream = redis(password=PASSWORD)
    login = f":{password}@" if password else ""
    run = server(ingest=entry(f"redis://{login}127.0.0.1:{upstream.port}"))
    code = "WRONGPASS" if password else "NOAUTH"
    run.log.wait_for("redis.lost", f"was answered with {code}")
    wait_until(lambda: len(run.log.find("redis.lost")) >= 3, 10)
    lost = run.log.find("redis.lost")
    assert [record["level"] for record in lost] == ["warn"] + ["debug"] * (len(lost) - 1)
    upstream.command("CONFIG", "SET", "requirepass", password or "")
    run.log.wait_for("redis.up", timeout=10)
    assert "wrong-one" not in run.log.text()


def test_redis_file_that_is_missing_keeps_it_from_starting(tmp_path):
    sources = entry("redis://127.0.0.1:1", password_file=str(tmp_path / "no"))
    file = tmp_path / "refused.yaml"
    file.write_text(json.dumps(merged(CONFIGURATION, {"ingest": sources})))
    result = run_program("-c", file)
    assert result.returncode == 2
    assert result.stderr == (
        f"rcstreamd: ingest: redis: password_file: {tmp_path}/no: No such file or directory\n"
    )


# --- outages ------------------------------------------------------------------


def test_redis_that_is_not_there_yet_is_waited_for(server, redis):
    upstream = redis()
    upstream.kill()
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.lost", "connection refused")
    assert figures_of(run, "redis")["is_up"] is False
    upstream.start()
    run.log.wait_for("redis.up", timeout=10)
    upstream.wait_subscribed()


def test_redis_killed_and_restarted_under_load_is_resumed(server, redis):
    """What is published meanwhile is missed, once: never twice, never out of order."""
    upstream = redis()
    run = server(ingest=entry(upstream.url))
    upstream.wait_subscribed()
    client = reader(run)
    publisher = Sender(upstream, lambda i: ("PUBLISH", "rc.enwiki", numbered(i)), repeats=False)
    publisher.start()
    for outage in (1, 2):
        publisher.wait_more()
        upstream.kill()
        wait_until(lambda: len(run.log.find("redis.lost")) >= outage)
        time.sleep(0.5)
        upstream.start()
        wait_until(lambda: len(run.log.find("redis.up")) == outage + 1, 15)
    publisher.wait_more()
    publisher.end()
    upstream.publish("rc.enwiki", numbered(10**6))
    numbers = read_numbers(client, 10**6)
    assert numbers == sorted(set(numbers))
    gaps = [b - a for a, b in zip(numbers[:-1], numbers[1:-1]) if b - a > 1]
    assert len(gaps) == 2, gaps
    messages = [record["message"] for record in run.log.find("redis.up")]
    assert messages == [f"{upstream.url}: receiving"] + [f"{upstream.url}: receiving again"] * 2
    warnings = [r for r in run.log.find("redis.lost") if r["level"] == "warn"]
    assert len(warnings) == 2
    figures = figures_of(run, "redis")
    assert (figures["is_up"], figures["reconnects"], figures["gaps"]) == (True, 2, 2)


def test_redis_errors_are_told_by_kind_and_tried_again(server, fake):
    answers = [
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-LOADING Redis is loading the dataset in memory\r\n",
        b"-ERR unknown command 'PSUBSCRIBE'\r\n",
        b"+OK\r\n",
        b"*1000000000\r\n",
        b"nonsense\r\n",
        subscribed(),
    ]

    def serve(connection, commands):
        assert next(commands) == [b"PSUBSCRIBE", b"rc.*"]
        connection.sendall(answers.pop(0))
        wait_gone(connection, 60)

    upstream = fake(serve)
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.up", timeout=40)
    told = [(record["level"], record["message"]) for record in run.log.find("redis.lost")]
    assert [level for level, _ in told] == ["warn", "debug", "warn", "debug", "debug", "debug"]
    for (_, message), part in zip(
        told,
        [
            "PSUBSCRIBE was answered with LOADING Redis",
            "LOADING",
            "ERR unknown command",
            "no answer to PSUBSCRIBE",
            "more than 65536 elements",
            "Protocol error",
        ],
    ):
        assert part in message


def resident_kib(run):
    status = open(f"/proc/{run.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def dribble(connection, head):
    """Announce, and go on with a few bytes, until the other end closes."""
    connection.sendall(head)
    while True:
        connection.sendall(b"x" * 1000)
        time.sleep(0.01)


def test_redis_string_of_512_mb_is_not_waited_for(server, fake):
    gone = []

    def serve(connection, commands):
        next(commands)
        began = time.monotonic()
        try:
            dribble(connection, subscribed() + b"*4\r\n$8\r\npmessage\r\n$536870912\r\n")
        finally:
            gone.append(time.monotonic() - began)

    upstream = fake(serve)
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.lost", "a string of 536870912 bytes is announced")
    before = resident_kib(run)
    wait_until(lambda: upstream.connections >= 3, 10)
    wait_until(lambda: len(gone) >= 2)
    assert max(gone) < 2
    assert resident_kib(run) < before + 4096
    assert run.log.find("redis.lost")[0]["level"] == "warn"


def test_redis_reply_without_end_is_bounded(server, fake):
    """Strings that may be large, and a reply of ever more of them; lines without end."""
    heads = [
        subscribed() + b"*1000\r\n" + 50 * (b"$8192\r\n" + b"x" * 8192 + b"\r\n"),
        subscribed() + b"+" + b"x" * 70000,
        subscribed() + 9 * b"*1\r\n",
    ]
    upstream = fake(lambda connection, commands: dribble(connection, heads.pop(0)))
    run = server(ingest=entry(upstream.url, max_bulk_bytes=8192))
    run.log.wait_for("redis.lost", "a reply is longer than 65536 bytes")
    run.log.wait_for("redis.lost", "a line is longer than 65536 bytes")
    run.log.wait_for("redis.lost", "nested")


def test_redis_silent_server_is_asked_and_then_dropped(server, fake):
    heard = []

    def serve(connection, commands):
        next(commands)
        connection.sendall(subscribed())
        heard.append(time.monotonic())
        if len(heard) == 1:
            assert next(commands) == [b"PING"]
            heard.append(time.monotonic())
            connection.sendall(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n")
        assert next(commands) == [b"PING"]
        heard.append(time.monotonic())
        wait_gone(connection)
        heard.append(time.monotonic())

    upstream = fake(serve)
    run = server(ingest=entry(upstream.url, idle_timeout=1, ping_timeout=1))
    run.log.wait_for("redis.lost", "was silent for 2 s", timeout=10)
    wait_until(lambda: len(heard) >= 4)
    pauses = [b - a for a, b in zip(heard, heard[1:4])]
    assert all(0.8 < pause < 2.5 for pause in pauses), pauses
    wait_until(lambda: len(run.log.find("redis.up")) == 2)


def test_redis_that_takes_connections_and_says_nothing_is_dropped(server, fake):
    upstream = fake(lambda connection, commands: wait_gone(connection, 60))
    run = server(ingest=entry(upstream.url, connect_timeout=1))
    run.log.wait_for("redis.lost", "took too long")
    wait_until(lambda: upstream.connections >= 2)


def test_redis_changes_in_one_burst_arrive_in_order(server, fake):
    """And in any cut: TCP keeps no bounds."""

    def serve(connection, commands):
        next(commands)
        burst = subscribed() + b"".join(
            pushed("rc.*", "rc.enwiki", numbered(i)) for i in range(1, 2001)
        )
        ready.wait(20)
        for at in range(0, len(burst), 7919):
            connection.sendall(burst[at : at + 7919])
        wait_gone(connection, 60)

    ready = threading.Event()
    upstream = fake(serve)
    run = server(ingest=entry(upstream.url))
    client = reader(run)
    ready.set()
    assert read_numbers(client, 2000) == list(range(1, 2001))


def test_redis_ends_while_it_connects(server, fake):
    """conftest.py holds the end to status 0 and to no report."""
    upstream = fake(lambda connection, commands: wait_gone(connection, 60))
    run = server(
        ingest=[
            source(upstream.url, name="mute"),
            source("redis://127.0.0.1:1", name="refused"),
            source("redis://no-such-host.invalid", name="unresolved"),
            source(f"rediss://127.0.0.1:{upstream.port}", name="tls"),
        ]
    )
    wait_until(lambda: upstream.connections >= 1)
    run.stop()
