# SPDX-License-Identifier: Apache-2.0
"""The log as systemd's journal takes it, and the one word that tells that it does.

The journal's stream is a socket whose device and inode stand in $JOURNAL_STREAM (systemd.exec(5));
what a line begins with is its priority (sd-daemon(3)).
"""

import json
import os
import re
import socket
import subprocess

import pytest

from rcstreamd import CONFIGURATION, STOP_TIMEOUT_S, environment, program

PRIORITIES = "<[3467]>"


class Journal:
    """One end of a stream, and how a service manager tells of it."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(STOP_TIMEOUT_S)

    def name(self):
        status = os.fstat(self.theirs.fileno())
        return f"{status.st_dev}:{status.st_ino}"

    def close(self):
        self.ours.close()
        self.theirs.close()

    def read_until(self, word):
        """All that comes up to this word and what comes with it, or to the end."""
        text = b""
        while (word is None or word not in text) and (chunk := self.ours.recv(65536)):
            text += chunk
        return text


@pytest.fixture
def journal():
    stream = Journal()
    yield stream
    stream.close()


def run(journal, directory, configuration, *arguments, stream=None, errors=subprocess.DEVNULL):
    """Start, end once it is ready, and return what was written to the journal."""
    file = directory / "rcstreamd.yaml"
    file.write_text(json.dumps(configuration))
    process = subprocess.Popen(
        [*program(), "-c", file, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=journal.theirs,
        stderr=errors,
        env={**environment(), "JOURNAL_STREAM": stream or journal.name()},
    )
    journal.theirs.close()
    try:
        text = journal.read_until(b"ready: ")
        process.terminate()
        text += journal.read_until(None)
        process.wait(STOP_TIMEOUT_S)
    finally:
        process.kill()
        process.wait()
    return text.decode()


def test_log_in_the_journal_has_priorities_and_no_time_of_its_own(journal, tmp_path):
    lines = run(journal, tmp_path, CONFIGURATION).splitlines()
    assert all(re.match(PRIORITIES + r"[a-z]", line) for line in lines)
    bound = [line for line in lines if line.startswith("<6>server listener.bound: irc ")]
    assert len(bound) == 1


def test_log_of_another_stream_is_plain(journal, tmp_path):
    device, inode = journal.name().split(":")
    stream = f"{device}:{int(inode) + 1}"
    lines = run(journal, tmp_path, CONFIGURATION, stream=stream).splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT.{12}Z (info|warn) ", line) for line in lines)


def test_log_as_json_in_the_journal_has_priorities_that_it_takes_off(journal, tmp_path):
    lines = run(journal, tmp_path, CONFIGURATION, "--log-format", "json").splitlines()
    records = [json.loads(re.sub(f"^{PRIORITIES}", "", line)) for line in lines]
    assert "listener.bound" in [record["event.code"] for record in records]
    assert all(re.match(PRIORITIES, line) for line in lines)


def test_log_is_plain_in_the_journal_where_that_is_asked_for(journal, tmp_path):
    configuration = {**CONFIGURATION, "log": {"format": "plain"}}
    assert not re.search(PRIORITIES, run(journal, tmp_path, configuration))


def test_why_it_does_not_start_is_an_error_in_the_journal(journal, tmp_path):
    configuration = {**CONFIGURATION, "workers": 0, "no_such_key": 1}
    text = run(journal, tmp_path, configuration, errors=journal.theirs)
    lines = text.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"<3>{tmp_path}/rcstreamd.yaml:") for line in lines)
