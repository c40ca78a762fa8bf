# SPDX-License-Identifier: Apache-2.0
"""The package's units under a systemd that is process 1, and is obeyed.

`./dev test systemd` builds the package, installs it in a Debian root with systemd and names that
root: SYSTEMD_ROOT.  test_systemd.py reads the same units without starting them.
"""

import json
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest
import requests

from irc_client import IrcClient
from machine import Machine
from rcstreamd import ROOT, make_change, wait_until
from redis_server import RedisServer
from test_package import CONFIGURATION, repack
from test_reload import Feed
from test_service_manager import Bot, remembered
from test_systemd import EXPOSURE_MAX

pytestmark = [pytest.mark.systemd, pytest.mark.time_limit(180)]

SERVICE = "rcstreamd.service"
SOCKET = "rcstreamd.socket"
IRC = ("127.0.0.1", 6667)
HTTP = "http://127.0.0.1:8080"
RATE = 1000
WATCHDOG_S = 10
STATE = "/var/lib/rcstreamd"

# What rcstreamd.socket holds; docs/operations.md.
HELD = {
    "irc": {"listen": ["[::]:6667"], "channels": ["#en.wikipedia"], "chathistory_limit": 10000},
    "http": {"listen": ["[::]:8080"]},
    "history": {"changes": 100000},
    "drain": {"window": "1s"},
    "ingest": [
        {"type": "rc2udp", "listen": "[::]:9390"},
        {"type": "rcfeed-udp", "listen": "[::]:9391"},
    ],
}


@pytest.fixture
def machine():
    """Booted, with the service as the package starts it."""
    folder = os.environ.get("SYSTEMD_ROOT")
    assert folder, "run by ./dev test systemd"
    machine = Machine(folder)
    try:
        machine.boot()
        yield machine
        print(machine.journal(SERVICE))  # shown when the test has failed
    finally:
        machine.stop()


class Running:
    """The part of rcstreamd.Rcstreamd that remembered() wants."""

    def irc(self):
        return IrcClient(IRC)


def configure(machine, configuration):
    machine.write(CONFIGURATION, json.dumps(configuration, indent=1))


def drop_in(machine, text):
    machine.write(f"/etc/systemd/system/{SERVICE}.d/test.conf", text)
    machine.run("systemctl", "daemon-reload")


def hold_sockets(machine, configuration=HELD):
    """What docs/operations.md says to have the sockets held."""
    configure(machine, configuration)
    machine.run("systemctl", "stop", SERVICE)
    machine.run("systemctl", "enable", "--now", SOCKET, SERVICE)


def send(change, port=9391):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(json.dumps(change).encode(), ("127.0.0.1", port))


def status(http=HTTP):
    return requests.get(f"{http}/rcstream_status", timeout=5).json()


def process_status(process):
    """/proc/PID/status, of the machine's process."""
    return dict(re.findall(r"(?m)^(\w+):\t(.*)$", process))


# --- the service as it is installed -----------------------------------------------


def test_service_runs_after_the_boot_as_nobody(machine):
    """Its own user, no capability, a filter of system calls, nothing to gain by a program."""
    process = machine.wait_active(SERVICE)
    assert machine.property(SERVICE, "StatusText") == "Serving"
    assert machine.property(SERVICE, "NRestarts") == "0"
    assert status()["sources"]
    told = process_status(machine.read(f"/proc/{process}/status"))
    user = int(machine.run("id", "-u", "rcstreamd").stdout)
    assert user != 0 and told["Uid"].split() == [str(user)] * 4
    assert told["CapEff"] == told["CapPrm"] == told["CapBnd"] == "0" * 16
    assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
    assert Path(STATE).name in machine.run("ls", "/var/lib").stdout.split()


def test_running_service_is_hardly_exposed(machine):
    machine.wait_active(SERVICE)
    told = machine.run("systemd-analyze", "security", "--no-pager", SERVICE).stdout
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", told).group(1))
    assert exposure <= EXPOSURE_MAX, told


def has_motd(client, words):
    client.send("MOTD")
    lines = []
    while " 376 " not in (line := client.read_line()):
        lines.append(line)
    return any(line.endswith(words) for line in lines)


def test_reload_is_in_force_or_refused(machine):
    """Within a moment: `systemctl reload` may end before the signal has been taken."""
    configure(machine, HELD)
    machine.run("systemctl", "restart", SERVICE)
    process = machine.wait_active(SERVICE)
    client = IrcClient(IRC).register()
    for number in range(10):
        configure(machine, {**HELD, "irc": {**HELD["irc"], "motd": f"words {number}"}})
        machine.run("systemctl", "reload", SERVICE)
        wait_until(lambda words=f"words {number}": has_motd(client, words), what="the words")
    wait_until(lambda: machine.property(SERVICE, "StatusText") == "Serving", what="its end")
    machine.write(CONFIGURATION, "irc: {listn: 1}\n")
    machine.run("systemctl", "reload", SERVICE)
    wait_until(
        lambda: "the last reload failed" in machine.property(SERVICE, "StatusText"),
        what="the refusal",
    )
    assert machine.wait_active(SERVICE) == process
    client.send("PING :still here")
    client.expect("still here")
    client.close()


def test_journal_has_the_priorities_of_the_records(machine):
    """journalctl -p warning shows what is one, and nothing of a good day."""
    process = machine.wait_active(SERVICE)
    machine.write(CONFIGURATION, "irc: {listn: 1}\n")
    machine.run("systemctl", "reload", SERVICE)
    machine.wait_journal(SERVICE, "conf.reload_failed")
    ours = ("_PID=%d" % process,)
    assert "server.ready" in machine.journal(SERVICE, *ours)
    warnings = machine.journal(SERVICE, "--priority=warning", *ours)
    assert "server.ready" not in warnings and "conf.reload_failed" in warnings
    errors = machine.journal(SERVICE, "--priority=err", *ours)
    assert "conf.reload_failed" in errors and "source.receive_buffer" not in errors


def test_process_that_stands_still_is_replaced(machine):
    """WatchdogSec=."""
    process = machine.wait_active(SERVICE)
    machine.signal(process, "STOP")
    begin = time.monotonic()
    machine.wait_active(SERVICE, not_process=process, timeout=WATCHDOG_S * 3)
    assert time.monotonic() - begin > WATCHDOG_S / 2
    machine.wait_journal(SERVICE, "Watchdog timeout")
    assert machine.property(SERVICE, "NRestarts") == "1"
    assert status()["sources"]


def test_service_is_never_given_up(machine):
    """However often it ends: a start limit would leave the feed down, and the sockets closed."""
    hold_sockets(machine)
    process = machine.wait_active(SERVICE)
    for _ in range(7):
        machine.signal(process, "KILL")
        process = machine.wait_active(SERVICE, not_process=process)
    assert machine.property(SOCKET, "ActiveState") == "active"
    assert status()["sources"]


def example(page, language):
    """The one block of code in this language of a page."""
    (found,) = re.findall(
        rf"(?ms)^```{language}\n(.*?)^```$", (ROOT / "docs" / page).read_text()
    )
    return found


def test_port_below_1024_is_bound_with_the_drop_in_of_the_docs(machine):
    configure(machine, {"irc": {"listen": ["[::]:194"]}})
    drop_in(machine, example("operations.md", "ini"))
    machine.run("systemctl", "restart", SERVICE)
    process = machine.wait_active(SERVICE)
    IrcClient(("127.0.0.1", 194)).register().close()
    told = process_status(machine.read(f"/proc/{process}/status"))
    assert told["Uid"].split()[0] != "0" and int(told["CapEff"], 16) == 1 << 10


def test_second_server_of_a_machine_is_made_as_the_docs_say(machine):
    """docs/deployment.md: a unit, a configuration and a feed of its own."""
    for number, path in enumerate((CONFIGURATION, "/etc/rcstreamd/second.yaml")):
        http = {"listen": [f"127.0.0.1:{8081 + number}"]}
        ingest = [{"type": "rcfeed-udp", "listen": f"127.0.0.1:{9391 + number}"}]
        machine.write(path, json.dumps({"http": http, "ingest": ingest}))
    machine.run("systemctl", "restart", SERVICE)
    machine.run("sh", "-ec", example("deployment.md", "sh"))
    processes = {machine.wait_active(unit) for unit in (SERVICE, "rcstreamd-second.service")}
    assert len(processes) == 2
    assert "rcstreamd-second" in machine.run("ls", "/var/lib").stdout.split()
    send(make_change(), port=9392)
    wait_until(lambda: status("http://127.0.0.1:8082")["changes_in"] == 1, what="the change")
    assert status("http://127.0.0.1:8081")["changes_in"] == 0


def test_example_of_the_package_is_a_configuration_of_the_service(machine):
    """Wikimedia's feed, as README.md has it; here there is no network to have it from."""
    package = "/usr/share/doc/rcstreamd/examples/wikimedia-irc.yaml"
    machine.run("cp", package, CONFIGURATION)
    machine.run("systemctl", "restart", SERVICE)
    machine.wait_active(SERVICE)
    machine.wait_journal(SERVICE, "source.lost")
    assert "source.state_failed" not in machine.journal(SERVICE)
    assert status()["sources"][0]["name"] == "wikimedia"


# --- sockets that are held --------------------------------------------------------


def test_first_client_starts_the_service(machine):
    """rcstreamd.socket alone: systemd holds the sockets, on all addresses."""
    configure(machine, HELD)
    machine.run("systemctl", "stop", SERVICE)
    machine.run("systemctl", "start", SOCKET)
    assert machine.property(SERVICE, "ActiveState") == "inactive"
    send(make_change())
    client = IrcClient(IRC, timeout=20).register().join("#en.wikipedia")
    client.close()
    wait_until(lambda: status()["sources"][1]["received"] == 1, what="the datagram")
    journal = machine.journal(SERVICE)
    assert journal.count("socket.inherited") == 4, journal
    assert "socket.unused" not in journal


def test_held_sockets_have_the_buffer_of_their_unit(machine):
    """ReceiveBuffer=16M, which process 1 may set whatever net.core.rmem_max says."""
    hold_sockets(machine)
    machine.wait_active(SERVICE)
    told = machine.run("ss", "--udp", "--listening", "--memory", "--numeric").stdout
    buffers = [int(size) for size in re.findall(r":939[01] .*\n.*\brb(\d+)", told)]
    assert len(buffers) == 2 and min(buffers) >= 16 << 20, told


def test_restart_under_load_loses_no_datagram_and_no_client(machine):
    """systemctl restart with a thousand datagrams a second: as in test_service_manager.py."""
    hold_sockets(machine)
    process = machine.wait_active(SERVICE)
    bots = [Bot(IRC, f"bot{n}") for n in range(4)]
    wait_until(lambda: all(bot.runs for bot in bots), what="all bots")
    with Feed(("127.0.0.1", 9391), RATE) as feed:
        wait_until(lambda: feed.sent > RATE, what="a second's changes")
        machine.run("systemctl", "restart", SERVICE)
        assert machine.wait_active(SERVICE) != process
        wait_until(lambda: all(len(bot.runs) == 2 for bot in bots), 20, "all bots again")
        wait_until(lambda: all(bot.runs[1] for bot in bots), what="changes for all bots")
    first_read = len(bots[0].runs[0])

    def second_read():
        return status()["sources"][1]["received"]

    wait_until(lambda: first_read + second_read() >= feed.sent, 20, "the last datagram")
    wait_until(lambda: all(bot.runs[1][-1] == feed.sent - 1 for bot in bots), 20, "the last")
    assert first_read + second_read() == feed.sent
    expected = list(range(first_read, min(first_read + 2000, feed.sent)))
    assert remembered(Running(), 2000) == expected
    for bot in bots:
        bot.end()
        assert bot.runs[0] == list(range(first_read))
        assert bot.runs[1] == list(range(bot.runs[1][0], feed.sent))


# --- all it does, under the filter -------------------------------------------------


@pytest.fixture
def redis():
    redis = RedisServer().start()
    yield redis
    redis.close()


def test_everything_is_done_within_the_filter(machine, redis):
    """With SystemCallErrorNumber=kill, which ends a process that makes another system call."""
    drop_in(machine, "[Service]\nSystemCallErrorNumber=kill\n")
    machine.write("/etc/hosts", "127.0.0.1 localhost\n")
    configuration = {
        **HELD,
        "admin": {"listen": ["unix:/run/rcstreamd/admin.sock"]},
        "ingest": [
            *HELD["ingest"],
            {"type": "redis", "url": f"redis://localhost:{redis.port}", "pattern": "rc.*"},
            {
                "type": "redis-stream",
                "url": f"redis://localhost:{redis.port}",
                "streams": ["rc"],
                "field": "json",
                "state_file": f"{STATE}/redis.state",
            },
            {
                "type": "eventstreams",
                "url": "http://localhost:1/",
                "state_file": f"{STATE}/eventstreams.state",
            },
        ],
    }
    hold_sockets(machine, configuration)
    process = machine.wait_active(SERVICE)

    def ask_admin(path, *options):
        command = ("curl", "-sf", *options, "--unix-socket", "/run/rcstreamd/admin.sock")
        return machine.run(*command, f"http://admin{path}").stdout

    def is_stream_up():
        return json.loads(ask_admin("/rcstream_status"))["sources"][3]["is_up"]

    redis.wait_subscribed()
    wait_until(is_stream_up, 10, "the stream")
    redis.publish("rc.enwiki", json.dumps(make_change(id=1, title="by redis")))
    redis.command("XADD", "rc", "*", "json", json.dumps(make_change(id=2, title="by stream")))
    reader = IrcClient(IRC).register().join("#en.wikipedia")
    send(make_change(id=3, title="by datagram"))
    reader.expect("by datagram")
    reader.send("CAP REQ :draft/chathistory")
    for title in ("by redis", "by stream"):
        reader.send("CHATHISTORY LATEST #en.wikipedia * 10")
        reader.expect(title)

    listed = json.loads(ask_admin("/admin/clients"))
    assert {row["front_end"] for row in listed["clients"]} == {"irc", "admin"}
    assert "rcstreamd_build_info" in ask_admin("/metrics")
    kicked = IrcClient(IRC).register("kicked")
    (number,) = [
        row["id"]
        for row in json.loads(ask_admin("/admin/clients"))["clients"]
        if (row["agent"] or "").startswith("kicked!")
    ]
    ask_admin(f"/admin/clients/{number}/kick", "-X", "POST")
    kicked.expect(r"^ERROR :Closing Link: \(Disconnected by the operator\)")
    kicked.close()

    configuration["irc"] = {**configuration["irc"], "motd": "new words"}
    configuration["ingest"][0] = {"type": "rc2udp", "listen": "localhost:9395"}
    configure(machine, configuration)
    machine.run("systemctl", "reload", SERVICE)
    wait_until(lambda: has_motd(reader, "new words"), what="the new words")
    send(make_change(id=4, title="after it"))
    reader.expect("after it")
    reader.close()

    machine.run("systemctl", "restart", SERVICE)
    assert machine.wait_active(SERVICE) != process
    assert "redis.state" in machine.run("ls", "-A", f"{STATE}/").stdout.split()
    wait_until(is_stream_up, 10, "the stream again")
    assert machine.property(SERVICE, "NRestarts") == "0", machine.journal(SERVICE)
    assert "SYS" not in machine.journal(SERVICE, "_PID=1")


# --- the package on a machine that runs -------------------------------------------


def test_upgrade_restarts_the_service_and_purging_leaves_nothing(machine, tmp_path):
    """With what systemd made for it: state, and a socket unit that was enabled."""
    package = Path(os.environ["PACKAGE"])
    hold_sockets(machine)
    process = machine.wait_active(SERVICE)
    machine.run("sh", "-c", f"echo position >{STATE}/state")
    version = machine.run("dpkg-query", "-W", "-f", "${Version}", "rcstreamd").stdout

    machine.copy(repack(package, f"{version}+next", tmp_path), "/root/next.deb")
    machine.run("dpkg", "--install", "--force-confold", "/root/next.deb")
    process = machine.wait_active(SERVICE, not_process=process)
    assert machine.read(f"{STATE}/state") == "position\n"
    assert machine.property(SOCKET, "ActiveState") == "active"
    assert json.loads(machine.read(CONFIGURATION)) == HELD
    assert status()["sources"]

    machine.run("dpkg", "--remove", "rcstreamd")
    for unit in (SOCKET, SERVICE):
        assert machine.property(unit, "ActiveState") == "inactive"
    assert machine.run("sh", "-c", f"kill -0 {process}", is_checked=False).returncode != 0
    assert machine.read(f"{STATE}/state") == "position\n"  # as the configuration
    machine.run("dpkg", "--purge", "rcstreamd")
    machine.run("rm", "/root/next.deb")
    found = machine.run("find", "/", "-xdev", "-name", "*rcstreamd*").stdout.split()
    assert found == []
    assert "rcstreamd" not in machine.run("systemctl", "list-unit-files", "--no-pager").stdout
