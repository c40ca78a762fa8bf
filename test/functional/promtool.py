# SPDX-License-Identifier: Apache-2.0
"""Prometheus's own judgement of what is written for it."""

import shutil
import subprocess

from rcstreamd import ROOT

# ./dev test puts it there where it is not installed: the package would start a daemon.
UNPACKED = ROOT / "build/promtool/usr/bin/promtool"


def promtool(*arguments, text=None):
    """Run it; it must have nothing to say against its input.  Returns what it printed."""
    command = shutil.which("promtool") or UNPACKED
    result = subprocess.run(
        [command, *map(str, arguments)],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    printed = result.stdout + result.stderr
    assert result.returncode == 0, printed
    return printed
