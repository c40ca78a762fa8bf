# SPDX-License-Identifier: Apache-2.0
"""Changes of an EventStreams server, from there to IRC and Socket.IO clients."""

import functools
import json
import random
import re
import subprocess

import pytest

from eventstreams_server import (
    EventStreams,
    Proxy,
    answer,
    serve,
    serve_open,
    serve_part,
    stall,
)
from irc_channels import join, make_channels, registered
from rcstreamd import CONFIGURATION, ROOT, make_change, run_program
from socketio_clients import RawWebSocket

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def environment_without_proxy(monkeypatch):
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def stand_in():
    """Starts streams and proxies: stand_in(EventStreams); they end with the test."""
    started = []

    def start(kind, *arguments):
        started.append(kind(*arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def stream(stand_in):
    return stand_in(EventStreams)


@pytest.fixture
def certificate(tmp_path):
    """A self-made certificate for localhost, with its key, in one file."""
    file, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        + ["-keyout", str(key), "-out", str(file)],
        check=True,
        capture_output=True,
    )
    file.write_text(key.read_text() + file.read_text())
    return str(file)


def source(url, **options):
    """The program's sources: the usual ones, and one of this stream."""
    return [*CONFIGURATION["ingest"], {"type": "eventstreams", "url": url, **options}]


def make_event(number, **members):
    """A change as EventStreams has it, known by its title."""
    meta = {
        "uri": f"https://en.wikipedia.org/wiki/Page_{number}",
        "id": f"3f8c3b6e-0000-4000-8000-{number:012}",
        "domain": "en.wikipedia.org",
        "stream": "mediawiki.recentchange",
    }
    change = make_change(id=number, title=f"Page {number}", **members)
    return {"$schema": "/mediawiki/recentchange/1.0.0", "meta": meta, **change}


def canary(number):
    """As Wikimedia makes one up each hour, out of the schema's example."""
    event = make_event(number)
    event["meta"]["domain"] = "canary"
    return event


class Readers:
    """One client of each protocol, subscribed to en.wikipedia, and a source that is connected."""

    def __init__(self, run, stream, requests=1):
        stream.wait_for_requests(requests)
        make_channels(run, "#en.wikipedia")
        self.irc = registered(run, "reader")
        join(self.irc, "#en.wikipedia")
        self.socketio = RawWebSocket(run).connect_to_rc().subscribe("en.wikipedia.org")

    def irc_number(self):
        return int(self.irc.expect(r"PRIVMSG .*Page (\d+)\x03", timeout=30)[1])

    def socketio_change(self):
        return self.socketio.receive_change()

    def socketio_number(self):
        return self.socketio_change()["id"]

    def expect(self, numbers):
        """These, each once, in one order for both, and nothing behind them."""
        irc = [self.irc_number() for _ in numbers]
        assert sorted(irc) == sorted(numbers)
        assert [self.socketio_number() for _ in numbers] == irc
        self.irc.expect_nothing(0.1)


@functools.lru_cache(maxsize=None)
def oversize():
    return json.dumps(make_event(0, comment="x" * (1 << 20)))


def test_eventstreams_change_reaches_both_protocols(server, stream):
    sources = source(stream.url(), contact="https://example.org/")
    readers = Readers(server(ingest=sources), stream)
    stream.publish(make_event(1, comment="\u20ac", bot=True))
    assert readers.irc_number() == 1
    change = readers.socketio_change()
    assert change == make_event(1, comment="\u20ac", bot=True)
    ((_, fields),) = stream.requests
    assert re.fullmatch(
        r"rcstreamd/[\d.]+ \(https://example\.org/\) libcurl/[\d.]+", fields["user-agent"]
    )
    assert "accept-encoding" not in fields


def test_eventstreams_hour_of_bad_luck_delivers_each_change_once(server, stream):
    """Cuts, repeats, reordering, canaries, garbage, oversize, 4xx and 5xx, chunks cut anywhere."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    luck = random.Random(seed)
    stream.plans = [
        lambda s, e: serve_open(s, e, 15, 0, luck),  # at the present, once that is known
        answer("500 Internal Server Error", Content_Length="0"),
        lambda s, e: serve(s, e, 20, 5, luck),
        lambda s, e: serve_part(s, e, 7, luck),
        answer("302 Found", Location="/elsewhere", Content_Length="0"),
        lambda s, e: serve_open(s, e, 20, 10, luck),
        answer("200 OK", Content_Type="text/html"),
        lambda s, e: serve_part(s, e, 30, luck),
        answer("429 Too Many Requests", Retry_After="1", Content_Length="0"),
        stall,
        lambda s, e: serve(s, e, 50, 3, luck),
        lambda s, e: serve(s, e, 1, 8, luck),
    ]
    stream.gate.clear()
    readers = Readers(server(ingest=source(stream.url(), silence_timeout=1)), stream)
    numbers = range(1, 241)
    for number in numbers:
        stream.publish(make_event(number), topic=luck.randrange(2))
        if number % 40 == 0:
            stream.publish(canary(10000 + number), topic=luck.randrange(2))
            stream.publish("{garbage", topic=luck.randrange(2))
            stream.publish(oversize(), topic=luck.randrange(2))
    stream.gate.set()
    readers.expect(numbers)
    assert not stream.plans


def test_eventstreams_outage_is_said_once(server, stream):
    stream.plans = [answer("503 Service Unavailable", Content_Length="0")] * 3
    readers = Readers(server(ingest=source(stream.url())), stream)
    stream.wait_for_requests(4)
    stream.publish(make_event(1))
    readers.expect([1])
    run = server.runs[0]
    warnings = [r for r in run.log.find("source.lost") if r["level"] == "warn"]
    assert len(warnings) == 1 and "HTTP 503" in warnings[0]["message"]
    assert len(run.log.find("source.lost")) == 3
    run.log.wait_for("source.up", "at attempt 4")


def test_eventstreams_without_a_server_starts_all_the_same(server, stream):
    stream.close()
    run = server(ingest=source(stream.url()))
    run.log.wait_for("source.lost", "onnect")
    make_channels(run, "#en.wikipedia")  # by another source


def test_eventstreams_restart_goes_on_from_the_state_file(server, stream, tmp_path):
    state_file = tmp_path / "wikimedia.state"
    sources = source(stream.url(), state_file=str(state_file))
    readers = Readers(server(ingest=sources), stream)
    for number in (1, 2, 3):
        stream.publish(make_event(number))
    readers.expect([1, 2, 3])
    server.runs[0].stop()
    assert state_file.read_text().splitlines()[1] == f"url {stream.url()}"
    assert [file.name for file in tmp_path.glob("wikimedia*")] == ["wikimedia.state"]

    stream.gate.clear()
    for number in (4, 5, 6):
        stream.publish(make_event(number))
    before = len(stream.requests)
    run = server(ingest=sources)
    readers = Readers(run, stream, before + 1)
    _, fields = stream.requests[before]
    assert [position["offset"] for position in json.loads(fields["last-event-id"])] == [2, -1]
    stream.gate.set()
    readers.expect([4, 5, 6])
    run.log.wait_for("source.position", "goes on")


def test_eventstreams_changed_by_a_reload_goes_on_where_it_was(server, stream, tmp_path):
    """The position is saved before the new one begins, also when it is younger than a second."""
    options = {"state_file": str(tmp_path / "wikimedia.state")}
    run = server(ingest=source(stream.url(), **options))
    readers = Readers(run, stream)
    for number in range(1, 31):
        stream.publish(make_event(number))
        if number % 10 == 0:
            readers.expect(range(number - 9, number + 1))
            before = len(stream.requests)
            contact = f"https://example.org/{number}"
            run.reload(ingest=source(stream.url(), contact=contact, **options))
            run.log.wait_for("conf.reloaded", "1 changed")
            stream.wait_for_requests(before + 1)
            _, fields = stream.requests[-1]
            assert contact in fields["user-agent"]
            assert json.loads(fields["last-event-id"])[0]["offset"] == number - 1
    stream.publish(make_event(31))
    readers.expect([31])


@pytest.mark.parametrize("content", ["", "garbage\n", "rcstreamd state 1\nurl http://x/\nid 1\n"])
def test_eventstreams_broken_state_file_is_said_and_ignored(server, stream, tmp_path, content):
    state_file = tmp_path / "wikimedia.state"
    state_file.write_text(content)
    run = server(ingest=source(stream.url(), state_file=str(state_file)))
    run.log.wait_for("source.position", "ignored")
    _, fields = stream.wait_for_requests(1)
    assert "last-event-id" not in fields


def test_eventstreams_killed_program_has_saved_within_a_second(server, stream, tmp_path):
    state_file = tmp_path / "wikimedia.state"
    run = server(ingest=source(stream.url(), state_file=str(state_file)))
    readers = Readers(run, stream)
    stream.publish(make_event(1))
    readers.expect([1])
    for _ in range(100):
        if state_file.exists():
            break
        readers.irc.expect_nothing(0.1)
    server.runs.clear()  # it is not to be judged: a kill is no good end
    run.kill()
    assert '"offset": 0' in state_file.read_text()


def test_eventstreams_https_wants_a_certificate_it_knows(server, stand_in, certificate):
    stream = stand_in(EventStreams, certificate)
    sources = source(stream.url("localhost"), ca_file=certificate)
    readers = Readers(server(ingest=sources), stream)
    stream.publish(make_event(1))
    readers.expect([1])
    stranger = server(ingest=source(stream.url("localhost")))
    stranger.log.wait_for("source.lost", "certificate")
    other_name = server(ingest=source(stream.url("127.0.0.1"), ca_file=certificate))
    other_name.log.wait_for("source.lost", "certificate|SSL")
    assert len(stream.requests) == 1


def test_eventstreams_is_not_led_from_https_to_http(server, stand_in, certificate):
    secure, plain = stand_in(EventStreams, certificate), stand_in(EventStreams)
    secure.plans = [answer("302 Found", Location=plain.url(), Content_Length="0")]
    run = server(ingest=source(secure.url("localhost"), ca_file=certificate))
    run.log.wait_for("source.lost", "http")
    assert not plain.requests


def test_eventstreams_takes_the_proxy_of_the_environment(server, stand_in, stream, monkeypatch):
    proxy = stand_in(Proxy, stream.port)
    monkeypatch.setenv("http_proxy", proxy.url())
    url = "http://stream.wikimedia.org/v2/stream/recentchange"
    run = server(ingest=source(url))
    readers = Readers(run, stream)
    stream.publish(make_event(1))
    readers.expect([1])
    assert proxy.heads[0].startswith(f"GET {url} HTTP/1.1\r\n")
    assert "contact" in run.log.wait_for("source.contact")["message"]


def test_eventstreams_takes_https_through_the_proxy_too(
    server, stand_in, certificate, monkeypatch
):
    stream = stand_in(EventStreams, certificate)
    proxy = stand_in(Proxy, stream.port)
    monkeypatch.setenv("https_proxy", proxy.url())
    sources = source("https://localhost/", ca_file=certificate)
    readers = Readers(server(ingest=sources), stream)
    stream.publish(make_event(1))
    readers.expect([1])
    assert proxy.heads[0].startswith("CONNECT localhost:443 HTTP/1.1\r\n")


def test_eventstreams_leaves_the_proxy_where_the_environment_says(
    server, stand_in, stream, monkeypatch
):
    proxy = stand_in(Proxy, stream.port)
    monkeypatch.setenv("http_proxy", proxy.url())
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server(ingest=source(stream.url()))
    stream.wait_for_requests(1)
    assert not proxy.heads


@pytest.mark.parametrize(
    "option, value, complaint",
    [
        ("url", "gopher://example.org/", "url: Unsupported URL scheme"),
        ("ca_file", "/nonexistent.pem", "ca_file: /nonexistent.pem: cannot be read"),
        ("contact", "a(b)", "contact: "),
    ],
)
def test_eventstreams_option_that_is_unusable_is_refused(tmp_path, option, value, complaint):
    entry = {"type": "eventstreams", "url": "http://127.0.0.1:9/", option: value}
    file = tmp_path / "refused.yaml"
    file.write_text(json.dumps({"workers": 1, "ingest": [entry]}))
    result = run_program("-c", file)
    assert result.returncode == 2
    assert result.stderr.startswith(f"rcstreamd: ingest: eventstreams: {complaint}")


def test_eventstreams_stop_does_not_wait_for_the_peer(server, stream):
    stream.plans = [stall]
    run = server(ingest=source(stream.url()))
    stream.wait_for_requests(1)
    run.stop()  # within the harness's time, and without a report


@pytest.mark.threads
def test_eventstreams_burst_is_delivered_in_one_order(server, stream):
    stream.gate.clear()
    readers = Readers(server(ingest=source(stream.url())), stream)
    numbers = range(1, 2001)
    for number in numbers:
        stream.publish(make_event(number))
    stream.gate.set()
    readers.expect(numbers)


def test_eventstreams_example_is_a_good_configuration():
    for example in sorted((ROOT / "conf/examples").glob("*.yaml")):
        result = run_program("--check-config", "-c", example)
        assert (result.returncode, result.stderr) == (0, ""), example
    text = (ROOT / "conf/examples/wikimedia-irc.yaml").read_text()
    manual = (ROOT / "docs/sources/eventstreams.md").read_text()
    shown = re.search(r"```yaml\n(.*?)```", manual, re.DOTALL)[1]
    assert text == "# SPDX-License-Identifier: Apache-2.0\n" + shown
