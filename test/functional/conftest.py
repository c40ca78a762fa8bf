# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the functional tests, and what every one of them is held to."""

import signal

import pytest

from rcstreamd import CONFIGURATION, Rcstreamd, merged

pytest_plugins = ["pytester"]  # test_harness.py runs these fixtures in a session of its own

TEST_TIMEOUT_S = 60


@pytest.fixture
def server(tmp_path):
    """Starts programs: server(irc={...}, http=None) runs CONFIGURATION with these overrides.

    What was started is ended with the test; it must exit 0 and report nothing.  A test that
    ends one itself calls stop() or wait_stopped().
    """
    runs = []

    def start(arguments=(), command=None, prepare=None, **overrides):
        directory = tmp_path / f"rcstreamd-{len(runs) + 1}"
        directory.mkdir()
        run = Rcstreamd(directory, merged(CONFIGURATION, overrides), command, arguments)
        runs.append(run)
        if prepare:
            prepare(run)
        return run.start()

    start.runs = runs
    yield start
    faults = []
    for run in runs:
        try:
            if run.is_running():
                run.stop()
            elif run.process is not None and not run.process.stdout.closed:
                run.wait_stopped()  # ended by itself or by a signal of the test: judged too
        except AssertionError as fault:
            faults.append(str(fault))
    if faults:
        pytest.fail("\n\n".join(faults), pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what its programs said."""
    outcome = yield
    report = outcome.get_result()
    server = getattr(item, "funcargs", {}).get("server")
    if report.when == "call" and report.failed and server is not None:
        for run in server.runs:
            report.sections.append((f"log of {run.directory.name}", run.report()))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """No test hangs: after a minute, or what its mark `time_limit(seconds)` says, it fails."""
    mark = item.get_closest_marker("time_limit")
    seconds = mark.args[0] if mark else TEST_TIMEOUT_S

    def on_alarm(number, frame):
        pytest.fail(f"the test did not end within {seconds} s")

    before = signal.signal(signal.SIGALRM, on_alarm)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
