# SPDX-License-Identifier: Apache-2.0
"""The benchmark of bursts on little work: it runs, and every datagram became a change."""

import json
import subprocess
import sys

import pytest

from rcstreamd import ROOT, environment, program


def run_bench(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "test/bench/bench.py", "ingest", "--quick", *arguments]
        + ["--rcstreamd", *program()],
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
        env=environment(),
    )


@pytest.mark.time_limit(180)  # bench_micro under sanitizers, on a machine at work
def test_quick_bursts_are_taken_in(tmp_path):
    """docs/performance.md: a datagram that is dropped or becomes no change is a failure."""
    figures = tmp_path / "figures.json"
    done = run_bench("--json", figures)
    assert done.returncode == 0, done.stdout + done.stderr
    met = json.loads(figures.read_text())
    assert [one["source"] for one in met["ingest"]] == ["rc2udp", "rcfeed-udp"]
    for one in met["ingest"]:
        assert len(one["bursts"]) == 3
        assert all(burst["feeder_us"] > 0 for burst in one["bursts"])
        assert "receive" in one["steps_us"]


@pytest.mark.time_limit(180)  # bench_micro under sanitizers, on a machine at work
def test_bursts_that_the_kernel_drops_fail():
    """docs/performance.md: nothing is measured of a burst that did not come whole."""
    done = run_bench("--receive-buffer", "4096")
    assert done.returncode == 1
    assert "the kernel dropped" in done.stderr
