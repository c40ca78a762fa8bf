# SPDX-License-Identifier: Apache-2.0
"""How many atomic operations a change costs: counted, not timed.

callgrind runs the server and counts each instruction; those that lock a cache line are looked up
in the disassembly of what ran.  What two runs differ by, when one has more changes, is what the
changes cost.

callgrind runs one thread at a time, so locks are never contended, and libuv waits for a thread
that rings another's bell by trying again and again: its figure says little.
"""

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import programs

# Workers and clients, and changes of the shorter and the longer run.
SCENES = ((1, 20), (1, 100), (2, 100), (4, 100))
QUICK_SCENES = ((1, 5), (2, 5))
CHANGES = (100, 600)
QUICK_CHANGES = (20, 60)

TOOLS = {"valgrind": "valgrind", "objdump": "binutils"}
VALGRIND = ("--tool=callgrind", "--dump-instr=yes", "--compress-pos=no", "--compress-strings=no")

# "   1a2b:	lock cmpxchg %rdx,(%rax)"; xchg with memory locks without saying so.
LOCKED = re.compile(r"\s*([0-9a-f]+):\s+(?:lock\b|xchg\s.*\()")

COLUMNS = (("rcstreamd", "rcstreamd"), ("libc", "libc."), ("libuv", "libuv."))


def locked_addresses(file):
    """Where a program or library has instructions that lock."""
    if not file.startswith("/"):  # callgrind's word for code of no file
        return frozenset()
    done = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", file], capture_output=True, text=True, check=True
    )
    found = (LOCKED.match(line) for line in done.stdout.splitlines())
    return frozenset(int(match[1], 16) for match in found if match)


def executions(profile):
    """(file, address, times) of each instruction that ran, by the format of callgrind's output.

    A line "0xADDRESS LINE TIMES" is of the function and object that were named last; behind
    "calls=" it is what the called cost, and no instruction.
    """
    file, is_call = "", False
    with profile.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("ob="):
                file = line[3:].strip()
            elif line.startswith("calls="):
                is_call = True
            elif line.startswith("0x"):
                if not is_call:
                    address, _, times = line.split()[:3]
                    yield file, int(address, 16), int(times)
                is_call = False


def count_locked(profile, known):
    """Locking instructions that ran, by file; `known` keeps the addresses of files."""
    counts = Counter()
    for file, address, times in executions(profile):
        if file not in known:
            known[file] = locked_addresses(file)
        if address in known[file]:
            counts[Path(file).name] += times
    return counts


def run_counted(bench, workers, clients, changes, known):
    with tempfile.TemporaryDirectory(prefix="rcstreamd-bench-") as folder:
        profile = Path(folder, "callgrind.out")
        files = (f"--log-file={folder}/log", f"--callgrind-out-file={profile}")
        command = ["valgrind", *VALGRIND, *files, bench.rcstreamd]
        with programs.rcstreamd(command, "rc2udp", workers=workers) as server:
            bench.load(server, {"irc": clients}, changes=changes, warm_up=10)
        return count_locked(profile, known)


def count_scene(bench, workers, clients, known):
    """Of one change, by column."""
    few, many = QUICK_CHANGES if bench.quick else CHANGES
    before = run_counted(bench, workers, clients, few, known)
    after = run_counted(bench, workers, clients, many, known)
    return {
        title: sum(after[name] - before[name] for name in after if name.startswith(prefix))
        / (many - few)
        for title, prefix in COLUMNS
    }


def run(bench, title):
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing:
        bench.missing[title] = " ".join(missing)
        return None
    figures, known = [], {}
    bench.head(f"{'atomic operations a change':36}" + "".join(f"{t:>11}" for t, _ in COLUMNS))
    for workers, clients in QUICK_SCENES if bench.quick else SCENES:
        bench.progress(f"{title}: {workers} workers, {clients} clients")
        counts = count_scene(bench, workers, clients, known)
        figures.append({"workers": workers, "clients": clients, "a_change": counts})
        bench.progress("")
        label = f"{workers} worker{'' if workers == 1 else 's'}, {clients} clients"
        bench.line(f"  {label:34}" + "".join(f"{counts[title]:11.1f}" for title, _ in COLUMNS))
    return figures
