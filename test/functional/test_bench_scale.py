# SPDX-License-Identifier: Apache-2.0
"""The rows of ./dev bench scale on little work: they run, and lose nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rcstreamd import ROOT, environment, program

ROWS = ["cores", "wildcards", "slow clients", "connections", "churn"]


def scale_row(folder, row):
    """Its figures, on little work."""
    figures = folder / "figures.json"
    command = [sys.executable, ROOT / "test/bench/bench.py", "--rcstreamd", *program()]
    done = subprocess.run(
        [*command, "--quick", "--only", f"scale, {row}", "--json", figures],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    scale = json.loads(figures.read_text())["scale"]
    assert list(scale) == [f"scale, {row}"]
    return scale[f"scale, {row}"]


@pytest.mark.time_limit(120)
@pytest.mark.parametrize("row", ROWS)
def test_scale_row_runs(tmp_path, row):
    """docs/scale.md: a change that is lost, or memory beyond its bound, ends it."""
    figures = scale_row(tmp_path, row)
    check = CHECKS.get(row)
    assert check is None or check(figures), figures


@pytest.mark.time_limit(120)
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="there is no valgrind")
def test_scale_counts_atomic_operations(tmp_path):
    """One for a change and three for each worker that has it, whoever reads it."""
    if b"__asan_init" in Path(program()[0]).read_bytes():
        pytest.skip("valgrind cannot run what was built with a sanitizer")
    rows = scale_row(tmp_path, "atomics")
    assert [row["a_change"]["rcstreamd"] for row in rows] == [1 + 3 * 1, 1 + 3 * 2]


CHECKS = {
    "wildcards": lambda row: row["bus"]["twice the clients"]["receivers"]
    == 2 * row["bus"]["as it is"]["receivers"],
    "slow clients": lambda row: row["beside"]["most"] < row["bound"],
    "connections": lambda row: row["irc"]["most"] == 1000,
    "churn": lambda row: max(row["rss_bytes"]) < 2 * min(row["rss_bytes"]),
}
