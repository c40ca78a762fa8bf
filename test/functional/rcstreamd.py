# SPDX-License-Identifier: Apache-2.0
"""The program under test: started, fed, read and ended from outside.

    def test_irc_client_gets_the_change(server):
        rcstreamd = server(irc={"bot_name": "rc-bot"})
        rcstreamd.send_rcfeed(make_change(title="Main Page"))
        client = rcstreamd.irc().register("reader").join("#en.wikipedia")
        ...

Every listener is on a free port of 127.0.0.1; the log tells which.
"""

import copy
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import requests

import ecs
from irc_client import IrcClient

ROOT = Path(__file__).resolve().parents[2]

START_TIMEOUT_S = 20  # generous: sanitizers, and a machine that does other work as well
STOP_TIMEOUT_S = 20
WAIT_TIMEOUT_S = 5

# Everything on, two workers, so that clients of one test live on different threads.
CONFIGURATION = {
    "workers": 2,
    "drain": {"window": 0},
    "irc": {"listen": ["127.0.0.1:0"]},
    "http": {"listen": ["127.0.0.1:0"]},
    "ingest": [
        {"type": "rc2udp", "listen": "127.0.0.1:0"},
        {"type": "rcfeed-udp", "listen": "127.0.0.1:0"},
    ],
}

# What a sanitizer, or a broken require(), says before the process ends.
REPORT = re.compile(
    r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: |: does not hold: "
)

# A change as MediaWiki's JSON formatter writes it.
CHANGE = {
    "id": 1,
    "type": "edit",
    "namespace": 0,
    "title": "Example page",
    "title_url": "https://en.wikipedia.org/wiki/Example_page",
    "comment": "a comment",
    "timestamp": 1700000000,
    "user": "Alice",
    "bot": False,
    "notify_url": "https://en.wikipedia.org/w/index.php?diff=2&oldid=1",
    "minor": False,
    "length": {"old": 10, "new": 20},
    "revision": {"old": 1, "new": 2},
    "server_url": "https://en.wikipedia.org",
    "server_name": "en.wikipedia.org",
    "server_script_path": "/w",
    "wiki": "enwiki",
}


def make_change(**members):
    """An edit on en.wikipedia.org, with these members set or, when None, left out."""
    change = {**copy.deepcopy(CHANGE), **members}
    return {name: value for name, value in change.items() if value is not None}


def program():
    """The program under test, as a command."""
    return [os.environ.get("RCSTREAMD", str(ROOT / "build/bin/rcstreamd"))]


def run_program(*arguments, timeout=START_TIMEOUT_S):
    """Run the program to its end, as for --help; returns status, stdout and stderr."""
    return subprocess.run(
        [*program(), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=environment(),
    )


def environment():
    settings = dict(os.environ)
    settings.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    # A suppression needs the stack that it names, which a short history may have lost.
    suppressions = f"suppressions={ROOT}/test/tsan.supp"
    settings.setdefault("TSAN_OPTIONS", f"{suppressions}:history_size=7")
    return settings


def merged(base, overrides):
    """`base` with `overrides`, section by section; None takes a key away."""
    result = dict(base)
    for key, value in overrides.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


class Log:
    """The records of one run.

    A thread takes them as they come, and find() takes what has been written: a record that was
    written before a client got its answer is there for a test that has read the answer.
    """

    def __init__(self, stream):
        self.lines = []
        self.records = []
        self.malformed = []  # lines that are no record as ecs.py has them; there must be none
        self.is_ended = False
        self._descriptor = stream.fileno()
        self._begun = b""  # a line of which more is to come
        self._changed = threading.Condition()
        os.set_blocking(self._descriptor, False)
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        while not self.is_ended:
            select.select([self._descriptor], [], [])
            with self._changed:
                self._take()

    def _take(self):
        """Take all that can be read now; the lock is held."""
        while not self.is_ended:
            try:
                some = os.read(self._descriptor, 1 << 16)
            except BlockingIOError:
                return
            *lines, self._begun = (self._begun + some).split(b"\n")
            if not some and self._begun:
                lines.append(self._begun)
            self.is_ended = not some
            for line in lines:
                self._add(line.decode(errors="replace"))
            self._changed.notify_all()

    def _add(self, line):
        self.lines.append(line)
        try:
            record = dict(json.loads(line))
        except (TypeError, ValueError):
            self.malformed.append(line)
            return
        faults = ecs.faults(record)
        if faults:
            self.malformed.append(f"{line}: {'; '.join(faults)}")
        self.records.append(ecs.short(record))

    def wait_for(self, id=None, message=None, timeout=WAIT_TIMEOUT_S):
        """The first record with this id and a message that holds this regular expression."""

        def found():
            return next((r for r in self.records if matches(r, id, message)), None)

        with self._changed:
            self._changed.wait_for(lambda: found() or self.is_ended, timeout)
            record = found()
        if record is None:
            why = "the program ended" if self.is_ended else f"not within {timeout} s"
            raise AssertionError(f"no record id={id!r} message={message!r}: {why}\n{self.text()}")
        return record

    def find(self, id=None, message=None):
        """All such records so far."""
        with self._changed:
            self._take()
            return [record for record in self.records if matches(record, id, message)]

    def text(self):
        return "\n".join(self.lines)

    def join(self):
        """Wait until the program has closed its end."""
        self._thread.join(STOP_TIMEOUT_S)


def matches(record, id, message):
    return (id is None or record.get("id") == id) and (
        message is None or re.search(message, record.get("message", "")) is not None
    )


class Rcstreamd:
    """One run of the program.  `directory` keeps its configuration and what it said."""

    def __init__(self, directory, configuration, command=None, arguments=()):
        self.directory = Path(directory)
        self.configuration_file = self.directory / "rcstreamd.yaml"
        self.errors_file = self.directory / "stderr.txt"
        self.clients = []
        self.configure(configuration)
        self.command = [
            *(command or program()),
            *("-c", str(self.configuration_file)),
            *("--log-format", "json", "--log-level", "debug"),
            *arguments,
        ]
        self.pass_fds = ()
        self.settings = {}  # of the environment, besides the usual
        self.process = None
        self.log = None

    def configure(self, configuration):
        """Write the configuration; JSON is YAML."""
        self.configuration = configuration
        self.configuration_file.write_text(json.dumps(configuration, indent=2))

    def start(self):
        """Start, and wait until it says that it is ready."""
        self.process = self._spawn()
        self.log = Log(self.process.stdout)
        try:
            self.log.wait_for(message=r"\bready\b", timeout=START_TIMEOUT_S)
        except AssertionError as error:
            self.kill()
            raise AssertionError(f"{error}\n{self.errors()}") from None
        return self

    def _spawn(self):
        with self.errors_file.open("wb") as errors:
            try:
                return subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env={**environment(), **self.settings},
                    pass_fds=self.pass_fds,
                )
            except FileNotFoundError as error:
                raise AssertionError(
                    f"there is no {error.filename}: build it, or set RCSTREAMD"
                ) from None

    def reload(self, **overrides):
        """Change the configuration and have it read again (SIGHUP)."""
        self.configure(merged(self.configuration, overrides))
        self.process.send_signal(signal.SIGHUP)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def errors(self):
        """What it wrote to standard error: sanitizer reports, and nothing else in a good run."""
        return self.errors_file.read_text(encoding="utf-8", errors="replace")

    def report(self):
        """All that is known about the run, for a failed test."""
        log = self.log.text() if self.log else "(not started)"
        return f"{log}\n--- standard error\n{self.errors()}"

    # --- ending ---

    def stop(self):
        """End it with SIGTERM; it must exit 0 and have nothing to report."""
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
        return self.wait_stopped()

    def wait_stopped(self):
        """Wait for its end, however that was asked for, and judge it."""
        self._disconnect()
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"did not end within {STOP_TIMEOUT_S} s\n{self.report()}"
            ) from None
        self._close_log()
        if REPORT.search(self.errors()):
            raise AssertionError(f"standard error holds a report\n{self.report()}")
        if self.log.malformed:
            raise AssertionError(
                f"no record of the log: {self.log.malformed[0]!r}\n{self.report()}"
            )
        if status != 0:
            raise AssertionError(f"exit status {status} (want 0)\n{self.report()}")

    def kill(self):
        """End it without a judgement, for a run that has failed already."""
        self._disconnect()
        if self.is_running():
            self.process.kill()
        if self.process is not None:
            self.process.wait()
            self._close_log()

    def _close_log(self):
        self.log.join()
        self.process.stdout.close()

    def _disconnect(self):
        for client in self.clients:
            client.close()
        self.clients = []

    # --- its listeners ---

    def addresses(self, name):
        """(host, port) of every address that a listener or source is bound to, in order."""
        found = []
        for record in self.log.find("listener.bound"):
            bound, _, address = record["message"].rpartition(" ")
            if address.startswith("unix:"):
                continue
            host, _, port = address.rpartition(":")
            pair = (host.strip("[]"), int(port))
            if bound == name and pair not in found:
                found.append(pair)
        return found

    def address(self, name):
        addresses = self.addresses(name)
        if not addresses:
            raise AssertionError(f"no listener.bound for {name!r}\n{self.report()}")
        return addresses[0]

    # --- feeding it ---

    def send_datagram(self, name, payload):
        """Send bytes to the source with this name."""
        host, port = self.address(name)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.sendto(payload, (host, port))

    def send_rc2udp(self, channel, line):
        self.send_datagram("rc2udp", f"{channel}\t{line}".encode())

    def send_rcfeed(self, change):
        text = change if isinstance(change, str) else json.dumps(change, ensure_ascii=False)
        self.send_datagram("rcfeed-udp", text.encode())

    # --- reading it ---

    def irc(self, source=None):
        """A plain IRC client, connected and not registered; closed with the program.

        `source` is the address it comes from: Linux has all of 127.0.0.0/8.
        """
        return self._kept(IrcClient(self.address("irc"), source=source))

    def connect(self, name):
        """A plain TCP socket to a listener; closed with the program."""
        connection = socket.create_connection(self.address(name), timeout=WAIT_TIMEOUT_S)
        return self._kept(connection)

    def url(self, path="/"):
        host, port = self.address("http")
        return f"http://{host}:{port}{path}"

    def http_get(self, path, **options):
        return self.http_request("GET", path, **options)

    def http_request(self, method, path, **options):
        """One request over a connection of its own; `options` are those of requests."""
        options.setdefault("timeout", WAIT_TIMEOUT_S)
        with requests.Session() as session:
            session.trust_env = False  # a proxy of the environment knows nothing of 127.0.0.1
            return session.request(method, self.url(path), **options)

    def _kept(self, client):
        self.clients.append(client)
        return client


def wait_until(condition, timeout=WAIT_TIMEOUT_S, what="the condition"):
    """Ask until it is true, and return what it gave; for what only polling can see."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout} s")
        time.sleep(0.02)
