# SPDX-License-Identifier: Apache-2.0
"""The units of conf/deploy/systemd, as systemd reads them."""

import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from rcstreamd import ROOT, make_change, program, wait_until
from test_reload import RC2UDP, RCFEED, reloaded

UNITS = ROOT / "conf/deploy/systemd"
EXPOSURE_MAX = 1.5

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze")


def analyze(*arguments):
    return subprocess.run(
        [ANALYZE, *map(str, arguments)], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def units(tmp_path):
    """Copies that start the program under test, for it is not installed."""
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/usr/bin/rcstreamd", program()[0])
        (tmp_path / unit.name).write_text(text)
    return tmp_path


@needs_systemd
def test_units_are_valid(units):
    names = sorted(units.glob("rcstreamd.*"))
    assert [unit.name for unit in names] == ["rcstreamd.service", "rcstreamd.socket"]
    result = analyze("verify", "--man=no", "--recursive-errors=no", *names)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@needs_systemd
def test_service_is_hardly_exposed(units):
    """The figure of `systemd-analyze security`; redis-server's unit has 1.2, nginx's 9.6."""
    result = analyze("security", "--offline=true", units / "rcstreamd.service")
    exposure = re.search(r"Overall exposure level for rcstreamd\.service: ([\d.]+)", result.stdout)
    assert exposure, result.stdout + result.stderr
    assert float(exposure.group(1)) <= EXPOSURE_MAX, result.stdout


def values(unit, key):
    lines = re.findall(rf"^{key}=(.*)$", (UNITS / unit).read_text(), re.MULTILINE)
    return [word for line in lines for word in line.split()]


def test_service_has_no_capability():
    text = (UNITS / "rcstreamd.service").read_text()
    assert re.search(r"^CapabilityBoundingSet=$", text, re.MULTILINE)
    assert re.search(r"^AmbientCapabilities=$", text, re.MULTILINE)


def test_service_starts_on_every_layout_of_a_system():
    """A path of ExecPaths= that is not there keeps a service from starting, but for a "-":
    there is no /lib64 on arm64, no /usr/bin/kill before Debian 12, and none without procps."""
    paths = values("rcstreamd.service", "ExecPaths")
    assert [path for path in paths if not path.startswith("-")] == ["/usr/bin/rcstreamd"]


def test_kernel_settings_are_known_to_the_kernel():
    text = (ROOT / "conf/deploy/sysctl/rcstreamd.conf").read_text()
    names = re.findall(r"(?m)^([\w.]+) = ", text)
    assert len(names) == 4
    assert [n for n in names if not Path("/proc/sys", *n.split(".")).exists()] == []


def ports(key):
    return {value.rpartition(":")[2] for value in values("rcstreamd.socket", key)}


def test_socket_unit_has_the_default_ports():
    """Those of conf/rcstreamd.yaml, on all addresses."""
    default = (ROOT / "conf/rcstreamd.yaml").read_text()
    listen = re.findall(r'(?m)^ *listen: \["localhost:(\d+)"\]', default)
    assert ports("ListenStream") == set(listen)
    assert ports("ListenDatagram") == set(re.findall(r"listen: localhost:(\d+)", default))


# --- system calls -----------------------------------------------------------------


def calls_of(group):
    """The names in one of systemd's groups, those of the groups in it too."""
    names = set()
    for word in analyze("syscall-filter", group).stdout.split("\n"):
        word = word.strip()
        if word.startswith("@") and word != group:
            names |= calls_of(word)
        elif re.fullmatch(r"\w+", word):
            names.add(word)
    return names


def allowed_calls():
    """systemd.exec(5): lists add up, "~" takes away, @default is always allowed."""
    lines = re.findall(
        r"^SystemCallFilter=(.*)$", (UNITS / "rcstreamd.service").read_text(), re.MULTILINE
    )
    allowed = calls_of("@default")
    for line in lines:
        groups = [calls_of(word) for word in line.lstrip("~").split()]
        for calls in groups:
            allowed = allowed - calls if line.startswith("~") else allowed | calls
    return allowed | calls_of("@default")


def is_instrumented():
    """A sanitizer makes system calls of its own, and does not go with a tracer."""
    return re.search(rb"__(asan|tsan)_init", Path(program()[0]).read_bytes()) is not None


@needs_systemd
@pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")
def test_system_calls_are_those_that_the_service_may_make(server, tmp_path):
    """Of a run that binds, serves, reloads, resolves a name, saves a state file, and drains."""
    if is_instrumented():
        pytest.skip("instrumented")
    calls = tmp_path / "calls"
    entries = [
        RC2UDP,
        RCFEED,
        {"type": "rc2udp", "name": "file", "listen": f"unix:{tmp_path}/rc.socket"},
        {"type": "redis", "url": "redis://localhost:1"},
        {
            "type": "eventstreams",
            "url": "http://localhost:1/",
            "state_file": str(tmp_path / "state"),
        },
    ]
    # -D: the program is the child, and gets the signals.
    rcstreamd = server(
        command=["strace", "-D", "-f", "-qq", "-o", str(calls), "-c", *program()],
        ingest=entries,
        drain={"window": "500ms"},
    )
    client = rcstreamd.irc().register()
    rcstreamd.send_rcfeed(make_change())
    rcstreamd.http_get("/rcstream_status")
    reloaded(rcstreamd, ingest=entries[:3], irc={"motd": "new"})
    client.send("PING :still here")
    client.expect("still here")
    rcstreamd.process.send_signal(signal.SIGTERM)
    client.expect("^ERROR ")
    rcstreamd.wait_stopped()
    wait_until(lambda: calls.exists() and "total" in calls.read_text(), what="the tracer's table")
    made = set(re.findall(r"^ +[\d.]+ .* (\w+)$", calls.read_text(), re.MULTILINE)) - {"total"}
    assert {"epoll_wait", "recvmmsg", "accept4"} & made and len(made) > 25, made
    # What starts a service is systemd's own call, before the filter.
    assert made - allowed_calls() == set()
