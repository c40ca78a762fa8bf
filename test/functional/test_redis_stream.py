# SPDX-License-Identifier: Apache-2.0
"""The source `redis-stream`: what Redis still has is read, once, whatever happened meanwhile."""

import json
import time

import pytest

from rcstreamd import CONFIGURATION, make_change, merged, run_program, wait_until
from redis_server import FakeRedis, RedisServer, Sender, encode, wait_gone
from test_redis import figures_of, numbered, read_numbers, reader

KEY = "rc.enwiki"


@pytest.fixture
def redis():
    servers = []

    def start(*arguments):
        servers.append(RedisServer(*arguments))
        return servers[-1].start()

    yield start
    for server in servers:
        server.close()


def entry(url, **options):
    """The source, and one by which the channel comes into being."""
    return [
        {"type": "redis-stream", "url": url, "streams": KEY, **options},
        {"type": "rcfeed-udp", "listen": "127.0.0.1:0"},
    ]


def add(upstream, numbers, key=KEY):
    client = upstream.client()
    for i in numbers:
        client.command("XADD", key, "*", "other", "x", "json", numbered(i))


def adder_to(upstream):
    """Adds numbered changes; one that fails is added again."""
    adder = Sender(upstream, lambda i: ("XADD", KEY, "*", "json", numbered(i)), repeats=True)
    adder.start()
    return adder


def test_redis_stream_begins_with_what_is_added_from_now_on(server, redis):
    upstream = redis()
    add(upstream, range(1, 4))
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.up")
    client = reader(run)
    add(upstream, range(4, 7))
    assert read_numbers(client, 6) == [4, 5, 6]


def state_of(file):
    return json.loads(file.read_text())


def is_kept(file, upstream):
    """Whether the file has the last entry of the stream."""
    return state_of(file).get(KEY, {}).get("id") == last_id(upstream)


def last_id(upstream, key=KEY):
    return upstream.command("XREVRANGE", key, "+", "-", "COUNT", "1")[0][0].decode()


def test_redis_stream_may_begin_with_all_that_is_there(server, redis, tmp_path):
    upstream = redis()
    add(upstream, range(1, 251))
    file = tmp_path / "state.json"
    run = server(ingest=entry(upstream.url, start="0", state_file=str(file)))
    wait_until(lambda: is_kept(file, upstream))
    client = reader(run)
    client.expect_nothing(0.2)
    add(upstream, [251])
    assert read_numbers(client, 251) == [251]
    run.stop()
    assert state_of(file)[KEY] == {"id": last_id(upstream), "entries": 251}


def test_redis_stream_of_several_keys_some_of_which_do_not_exist(server, redis):
    upstream = redis()
    add(upstream, [0], "rc.dewiki")
    run = server(ingest=entry(upstream.url, streams=["rc.enwiki", "rc.dewiki", "rc.frwiki"]))
    run.log.wait_for("redis.up")
    client = reader(run)
    for i, key in enumerate(["rc.frwiki", "rc.enwiki", "rc.dewiki", "rc.frwiki"], 1):
        add(upstream, [i], key)
    assert read_numbers(client, 4) == [1, 2, 3, 4]


def test_redis_stream_entry_without_the_field_is_dropped(server, redis):
    upstream = redis()
    run = server(ingest=entry(upstream.url, field="data"))
    run.log.wait_for("redis.up")
    client = reader(run)
    upstream.command("XADD", KEY, "*", "json", numbered(1))
    upstream.command("XADD", KEY, "*", "data", "{")
    upstream.command("XADD", KEY, "*", "a", "data", "data", numbered(2))
    assert read_numbers(client, 2) == [2]
    dropped = [record["message"] for record in run.log.find("source.dropped")]
    assert dropped == ["no_field", "json_syntax"]


def test_redis_stream_loses_nothing_when_connections_are_cut(server, redis):
    upstream = redis()
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.up")
    client = reader(run)
    adder = adder_to(upstream)
    for outage in range(1, 4):
        adder.wait_more()
        # The adder's is one of them.
        upstream.client().command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        wait_until(lambda: len(run.log.find("redis.up")) == outage + 1, 10)
    adder.wait_more()
    last = adder.end()
    numbers = read_numbers(client, last)
    assert sorted(set(numbers)) == list(range(1, last + 1))
    # Where XADD was done but not answered it is in the stream twice.
    assert len(numbers) == upstream.command("XLEN", KEY)
    assert run.log.find("redis.gap") == []


def test_redis_stream_loses_nothing_when_redis_is_killed(server, redis):
    """With appendfsync always, Redis itself keeps what it has answered."""
    upstream = redis("--appendonly", "yes", "--appendfsync", "always")
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.up")
    client = reader(run)
    adder = adder_to(upstream)
    adder.wait_more()
    upstream.kill()
    run.log.wait_for("redis.lost")
    time.sleep(0.5)
    upstream.start()
    wait_until(lambda: len(run.log.find("redis.up")) == 2, 15)
    adder.wait_more()
    last = adder.end()
    numbers = read_numbers(client, last)
    assert sorted(set(numbers)) == list(range(1, last + 1))
    assert len(numbers) == upstream.command("XLEN", KEY)
    assert run.log.find("redis.gap") == []


def test_redis_stream_that_redis_forgot_is_begun_anew(server, redis):
    """Without persistence a restarted Redis has no stream; its new ids are later ones."""
    upstream = redis()
    run = server(ingest=entry(upstream.url))
    run.log.wait_for("redis.up")
    client = reader(run)
    add(upstream, [1])
    assert read_numbers(client, 1) == [1]
    upstream.restart()
    wait_until(lambda: len(run.log.find("redis.up")) == 2, 15)
    add(upstream, [2])
    assert read_numbers(client, 2) == [2]
    assert run.log.find("redis.gap") == []


@pytest.mark.parametrize("is_killed", [False, True])
def test_redis_stream_is_read_on_after_a_restart(server, redis, tmp_path, is_killed):
    upstream = redis()
    file = tmp_path / "state.json"
    options = {"state_file": str(file)}
    first = server(ingest=entry(upstream.url, **options))
    first.log.wait_for("redis.up")
    client = reader(first)
    add(upstream, range(1, 4))
    assert read_numbers(client, 3) == [1, 2, 3]
    if is_killed:
        wait_until(lambda: is_kept(file, upstream))
        first.process.kill()
        first.process.wait()
        first.kill()
    else:
        first.stop()
    add(upstream, range(4, 205))
    second = server(ingest=entry(upstream.url, **options))
    wait_until(lambda: is_kept(file, upstream))
    client = reader(second)
    add(upstream, [205])
    assert read_numbers(client, 205) == [205]
    second.stop()
    assert state_of(file)[KEY]["entries"] == 205  # the 201 were read, and none twice


def test_redis_stream_trimmed_past_us_is_told(server, redis, tmp_path):
    upstream = redis()
    file = tmp_path / "state.json"
    options = {"state_file": str(file)}
    first = server(ingest=entry(upstream.url, **options))
    first.log.wait_for("redis.up")
    client = reader(first)
    add(upstream, [1])
    assert read_numbers(client, 1) == [1]
    first.stop()
    add(upstream, range(2, 12))
    upstream.command("XTRIM", KEY, "MAXLEN", "=", "4")
    second = server(ingest=entry(upstream.url, **options))
    record = second.log.wait_for("redis.gap")
    assert record["message"].startswith(f"{KEY}: 6 entries behind ")
    assert figures_of(second, "redis-stream")["gaps"] == 1
    wait_until(lambda: is_kept(file, upstream))


def test_redis_stream_trimmed_up_to_us_is_no_gap(server, redis, tmp_path):
    upstream = redis()
    file = tmp_path / "state.json"
    options = {"state_file": str(file)}
    first = server(ingest=entry(upstream.url, **options))
    first.log.wait_for("redis.up")
    add(upstream, range(1, 4))
    wait_until(lambda: is_kept(file, upstream))
    first.stop()
    upstream.command("XTRIM", KEY, "MAXLEN", "=", "0")
    add(upstream, [4])
    second = server(ingest=entry(upstream.url, **options))
    wait_until(lambda: is_kept(file, upstream))
    assert second.log.find("redis.gap") == []


def test_redis_stream_answer_that_is_too_long_is_asked_for_in_parts(server, redis, tmp_path):
    """Forty entries of 30 KiB are over eight strings of 64 KiB, and so are 25."""
    file = tmp_path / "state.json"
    upstream = redis()
    client = upstream.client()
    for i in range(1, 41):
        change = json.dumps(make_change(title=f"Page {i}", comment=30000 * "x"))
        client.command("XADD", KEY, "*", "json", change)
    run = server(ingest=entry(upstream.url, start="0", max_bulk_bytes=65536, state_file=str(file)))
    run.log.wait_for("redis.lost", "a reply is longer than 524288 bytes")
    wait_until(lambda: is_kept(file, upstream), 20)
    assert len(run.log.find("redis.lost")) == 3  # 100, 50 and 25 at a time
    irc = reader(run)
    add(upstream, [41])
    assert read_numbers(irc, 41) == [41]
    run.stop()
    assert state_of(file)[KEY]["entries"] == 41


def test_redis_stream_answers_that_are_none_are_outages(server):
    """Whatever a server says, it is logged and asked again."""
    info = encode("last-generated-id", "5-0").replace(b"*2", b"*2", 1)
    reads = [
        b"-WRONGTYPE Operation against a key\r\n",
        b":1\r\n",
        b"*1\r\n:1\r\n",
        b"*1\r\n*2\r\n$9\r\nrc.enwiki\r\n*1\r\n*2\r\n$3\r\n5-0\r\n*0\r\n",  # one we have
        b"*1\r\n*2\r\n$9\r\nrc.enwiki\r\n*1\r\n*2\r\n$3\r\nabc\r\n*0\r\n",
    ]

    def serve(connection, commands):
        assert next(commands)[:2] == [b"XINFO", b"STREAM"]
        connection.sendall(info)
        assert next(commands)[0] == b"XREAD"
        if reads:
            connection.sendall(reads.pop(0))
        else:
            connection.sendall(b"*-1\r\n")
            next(commands)
        wait_gone(connection, 60)

    upstream = FakeRedis(serve)
    run = server(ingest=entry(upstream.url))
    wait_until(lambda: upstream.connections == 6, 40)
    assert len(run.log.find("redis.lost")) == 5
    upstream.close()


def test_redis_stream_blocks_for_less_than_idle_timeout(server):
    """So that its silence means something."""
    blocks = []

    def serve(connection, commands):
        next(commands)
        connection.sendall(b"-ERR no such key\r\n")
        blocks.append(next(commands))
        wait_gone(connection)

    upstream = FakeRedis(serve)
    run = server(ingest=entry(upstream.url, idle_timeout=1, ping_timeout=1))
    run.log.wait_for("redis.lost", "was silent", timeout=10)
    words = [b"XREAD", b"COUNT", b"100", b"BLOCK", b"500", b"STREAMS", KEY.encode(), b"0-0"]
    assert blocks[0] == words
    upstream.close()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"rc.enwiki": 1}', '{"rc.enwiki": {"id": "x"}}']
)
def test_redis_stream_state_that_is_none_keeps_it_from_starting(tmp_path, content):
    """To begin anew would be to lose one's place without a word."""
    state = tmp_path / "state.json"
    state.write_text(content)
    sources = entry("redis://127.0.0.1:1", state_file=str(state))
    file = tmp_path / "refused.yaml"
    file.write_text(json.dumps(merged(CONFIGURATION, {"ingest": sources})))
    result = run_program("-c", file)
    assert result.returncode == 2
    assert f"state_file: {state}: is no state of redis-stream" in result.stderr
    assert state.read_text() == content


def test_redis_stream_state_that_cannot_be_written_keeps_it_from_starting(tmp_path):
    sources = entry("redis://127.0.0.1:1", state_file=str(tmp_path / "no" / "state.json"))
    file = tmp_path / "refused.yaml"
    file.write_text(json.dumps(merged(CONFIGURATION, {"ingest": sources})))
    result = run_program("-c", file)
    assert result.returncode == 2
    assert "No such file or directory" in result.stderr
