# SPDX-License-Identifier: Apache-2.0
"""The harness itself, against a program that pretends: it must see faults, not hide them."""

import sys
from pathlib import Path

import pytest

import rcstreamd
from rcstreamd import Rcstreamd, make_change, merged, wait_until

FAKE = [sys.executable, str(Path(__file__).with_name("fake_rcstreamd.py"))]


def fake_run(directory, behaviour):
    return Rcstreamd(directory, {"fake": behaviour}, FAKE)


@pytest.fixture
def fake(server):
    return server(command=FAKE)


def test_harness_finds_the_listeners_in_the_log(fake):
    ports = {fake.address(name)[1] for name in ("irc", "http", "rc2udp", "rcfeed-udp")}
    assert len(ports) == 4
    with pytest.raises(AssertionError, match="no listener.bound for 'gopher'"):
        fake.address("gopher")


def test_harness_feeds_both_forms(fake):
    fake.send_rc2udp("#en.wikipedia", "line \u20ac")
    assert fake.log.wait_for("rc2udp.datagram")["message"] == "#en.wikipedia\tline \u20ac"
    fake.send_rcfeed(make_change(title="Ca\u00f1on", bot=None))
    message = fake.log.wait_for("rcfeed-udp.datagram")["message"]
    assert '"title": "Ca\u00f1on"' in message and '"bot"' not in message


def test_harness_speaks_http(fake, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    response = fake.http_get("/rcstream_status")
    assert (response.status_code, response.json()) == (200, {})


def test_harness_speaks_irc(fake):
    client = fake.irc().register("n").join("#en.wikipedia")
    assert client.lines[-1] == ":x 366 n #en.wikipedia :End"
    client.send(r"SAY one\r\ntwo\r\n")
    client.expect("two")
    client.expect_nothing(0.05)
    client.send(r"SAY three\r\n")
    assert client.expect_next("^th(.*)$")[1] == "ree"
    client.send("QUIT")
    client.expect_ended()


@pytest.mark.parametrize(
    "said, act, complaint",
    [
        (r"one\r\n", lambda client: client.expect("two", 0.2), "no line holds 'two'.*'one'"),
        (r"one\r\n", lambda client: client.expect_next("two"), "'one' does not hold 'two'"),
        (r"one\r\n", lambda client: client.expect_nothing(2), "nothing was to come, but 'one'"),
        (r"one\r\n", lambda client: client.expect_ended(0.2), "lives on.*'one'"),
        (r"one", lambda client: client.expect_next("one", 0.2), "no line came.*b'one'"),
        (r"one\n", lambda client: client.read_line(), "a line without CR"),
        ("x" * 511 + r"\r\n", lambda client: client.read_line(), "a line of 513 bytes"),
    ],
)
def test_harness_sees_what_is_wrong_on_irc(fake, said, act, complaint):
    client = fake.irc()
    client.send(f"SAY {said}")
    with pytest.raises(AssertionError, match=f"(?s){complaint}"):
        act(client)


def test_harness_sees_a_line_that_is_not_utf8(fake):
    client = fake.irc()
    client.send(r"SAY caf\xe9\r\n")
    with pytest.raises(UnicodeDecodeError):
        client.read_line()


def test_harness_reloads(fake):
    fake.reload(irc={"bot_name": "other"})
    fake.log.wait_for("server.reload", "^reloaded$")
    assert '"bot_name": "other"' in fake.configuration_file.read_text()
    assert fake.configuration["irc"]["listen"] == ["127.0.0.1:0"]


def test_harness_merges_section_by_section():
    base = {"a": {"x": 1, "y": 2}, "b": [1], "c": 3}
    assert merged(base, {"a": {"y": 5}, "b": [2], "c": None}) == {"a": {"x": 1, "y": 5}, "b": [2]}
    assert base == {"a": {"x": 1, "y": 2}, "b": [1], "c": 3}


@pytest.mark.parametrize(
    "behaviour, complaint",
    [
        ("leaks", "holds a report.*LeakSanitizer: detected"),
        ("babbles", "no record of the log: 'not a record"),
        ("exits_3", r"exit status 3 \(want 0\)"),
        ("ignores_sigterm", "did not end within 1 s"),
    ],
)
def test_harness_sees_a_bad_end(tmp_path, monkeypatch, behaviour, complaint):
    monkeypatch.setattr(rcstreamd, "STOP_TIMEOUT_S", 1)
    run = fake_run(tmp_path, behaviour).start()
    with pytest.raises(AssertionError, match=f"(?s){complaint}"):
        run.stop()
    assert not run.is_running()


@pytest.mark.parametrize(
    "behaviour, complaint",
    [
        ("ready_never", "not within 1 s.*listener.bound"),
        ("ends_early", "the program ended.*a sentence"),
    ],
)
def test_harness_sees_a_bad_start(tmp_path, monkeypatch, behaviour, complaint):
    monkeypatch.setattr(rcstreamd, "START_TIMEOUT_S", 1)
    run = fake_run(tmp_path, behaviour)
    with pytest.raises(AssertionError, match=f"(?s){complaint}"):
        run.start()
    assert not run.is_running()


INNER_TESTS = """
import time
import pytest
from test_harness import FAKE

def test_good(server):
    server(command=FAKE)

def test_fails_and_shows_the_log(server):
    server(command=FAKE)
    assert False

def test_leaves_a_leak(server):
    server(command=FAKE, fake="leaks")

def test_ends_on_its_own(server):
    run = server(command=FAKE, fake="ends_on_its_own")
    run.process.wait()

@pytest.mark.time_limit(1)
def test_hangs():
    time.sleep(30)
"""


def test_harness_fails_the_test_whose_program_misbehaves(pytester, monkeypatch):
    folder = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", str(folder))
    pytester.makeini("[pytest]\nmarkers = time_limit(seconds): x")
    pytester.makeconftest((folder / "conftest.py").read_text())
    pytester.makepyfile(INNER_TESTS)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    # A test that passes and whose program then ends badly counts in both columns.
    result.assert_outcomes(passed=3, failed=2, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*standard error holds a report*",
            "*exit status 3 (want 0)*",
            "*log of rcstreamd-1*",
            "*did not end within 1 s*",
        ]
    )


def test_harness_names_a_program_that_is_not_there(tmp_path):
    run = Rcstreamd(tmp_path, {}, [str(tmp_path / "rcstreamd")])
    with pytest.raises(AssertionError, match="there is no .*/rcstreamd: build it"):
        run.start()


def test_harness_waits_for_a_condition():
    answers = iter([None, 0, "yes"])
    assert wait_until(lambda: next(answers)) == "yes"
    with pytest.raises(AssertionError, match="rain did not come true within 0.05 s"):
        wait_until(lambda: False, 0.05, "rain")
