# SPDX-License-Identifier: Apache-2.0
"""The rows of ./dev bench scale on little work: they run, and lose nothing."""

import json
import subprocess
import sys

import pytest

from rcstreamd import ROOT, environment, program

ROWS = ["cores", "wildcards", "slow clients", "connections", "churn"]


@pytest.mark.time_limit(120)
@pytest.mark.parametrize("row", ROWS)
def test_scale_row_runs(tmp_path, row):
    """docs/scale.md: a change that is lost, or memory beyond its bound, ends it."""
    figures = tmp_path / "figures.json"
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
    check = CHECKS.get(row)
    assert check is None or check(scale[f"scale, {row}"]), scale


CHECKS = {
    "wildcards": lambda row: row["bus"]["twice the clients"]["receivers"]
    == 2 * row["bus"]["as it is"]["receivers"],
    "slow clients": lambda row: row["beside"]["most"] < row["bound"],
    "connections": lambda row: row["irc"]["most"] == 1000,
    "churn": lambda row: max(row["rss_bytes"]) < 2 * min(row["rss_bytes"]),
}
