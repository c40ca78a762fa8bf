# SPDX-License-Identifier: Apache-2.0
"""The Debian package: installed, started, asked, upgraded and purged in a root of its own.

`./dev test package` builds the package and a bare Debian root and names them: PACKAGE is the
.deb, PACKAGE_ROOT the folder.  The root has a network of its own, so the default ports are free.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import dockerfile
import pytest
from rcstreamd import ROOT

pytestmark = [pytest.mark.package, pytest.mark.time_limit(600)]

CONFIGURATION = "/etc/rcstreamd/rcstreamd.yaml"
START_TIMEOUT_S = 20


class Root:
    """A Debian in a folder, in which commands run as root."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def command(self, line):
        inside = 'ip link set lo up; mount -t proc proc "$1/proc"; exec chroot "$1" sh -c "$2"'
        unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
        return [*unshare, "sh", "-ec", inside, "-", str(self.folder), line]

    def run(self, line, is_checked=True):
        done = subprocess.run(
            self.command(line), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0 or not is_checked, f"{line}\n{done.stdout}\n{done.stderr}"
        return done

    def apt(self, arguments):
        """On the machine's network."""
        line = f"DEBIAN_FRONTEND=noninteractive apt-get -q -y {arguments}"
        done = subprocess.run(
            ["chroot", self.folder, "sh", "-c", line],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"

    def path(self, path):
        return self.folder / str(path).lstrip("/")

    def version(self):
        """The installed one; None when there is none."""
        line = "dpkg-query -W -f '${db:Status-Status} ${Version}' rcstreamd"
        status, _, version = self.run(line, is_checked=False).stdout.partition(" ")
        return version if status == "installed" else None

    def ask_running(self, line, started=("rcstreamd", "-c", CONFIGURATION)):
        """Run a command while the server runs as its own user; returns what it printed."""
        service = "setpriv --reuid rcstreamd --regid rcstreamd --clear-groups --no-new-privs"
        script = f"""
            rm -f /tmp/log
            {service} {" ".join(started)} >/tmp/log 2>&1 & server=$!
            tries=0
            until grep -q ready /tmp/log; do
                tries=$((tries + 1)); [ $tries -lt {START_TIMEOUT_S * 10} ] || exit 90
                sleep 0.1
            done
            status=0; {line} || status=$?
            kill $server; wait $server || exit 91
            exit $status
        """
        return self.run(script).stdout


def repack(package, version, folder):
    """The same package as another version, whose configuration has changed too."""
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {version}", control.read_text()))
    with (tree / CONFIGURATION.lstrip("/")).open("a") as file:
        file.write("# and what else is new\n")
    made = folder / f"rcstreamd_{version}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, made], check=True)
    return made


@pytest.fixture
def root():
    folder = os.environ.get("PACKAGE_ROOT")
    assert folder, "run by ./dev test package"
    root = Root(folder)
    yield root
    if root.version() is not None:
        root.apt("purge rcstreamd")


@pytest.fixture
def package():
    return Path(os.environ["PACKAGE"])


def install(root, package):
    shutil.copy(package, root.path("/tmp/rcstreamd.deb"))
    kept = "-o Dpkg::Options::=--force-confold"
    root.apt(f"install --no-install-recommends {kept} /tmp/rcstreamd.deb")


def ask(root, port, words):
    """What the running server says to these words; with bash alone, for that is there."""
    root.path("/tmp/words").write_text(words)
    root.path("/tmp/ask").write_text(
        f"exec 3<>/dev/tcp/127.0.0.1/{port}; cat /tmp/words >&3; cat <&3"
    )
    return root.ask_running("bash /tmp/ask")


def test_package_has_no_errors_for_lintian(package):
    found = subprocess.run(
        ["lintian", "--fail-on", "error", "--allow-root", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_package_from_installing_to_purging(root, package, tmp_path):
    install(root, package)
    version = root.version()
    assert version is not None
    assert root.run(f"rcstreamd -c {CONFIGURATION} --check-config").stderr == ""
    assert root.run("getent passwd rcstreamd").stdout.split(":")[6].strip() == "/usr/sbin/nologin"
    assert root.ask_running("stat -c %U /proc/$server").strip() == "rcstreamd"
    root.ask_running(f"rcstreamd -c {CONFIGURATION} --probe")
    answers = ask(root, 6667, "NICK reader\r\nUSER reader 0 * :reader\r\nQUIT\r\n")
    assert " 001 reader " in answers and " 376 reader " in answers
    answers = ask(root, 8080, "GET /rcstream_status HTTP/1.0\r\n\r\n")
    assert answers.startswith("HTTP/1.1 200 ") and '"connected_clients": 0' in answers

    # What the operator has written outlives the next release, and is what it runs with.
    file = root.path(CONFIGURATION)
    file.write_text(file.read_text().replace("localhost:8080", "127.0.0.1:8099"))
    install(root, repack(package, f"{version}+next", tmp_path))
    assert root.version() == f"{version}+next"
    assert "127.0.0.1:8099" in file.read_text()
    log = root.ask_running(f"rcstreamd -c {CONFIGURATION} --probe && cat /tmp/log")
    assert "http 127.0.0.1:8099" in log

    root.apt("remove rcstreamd")
    assert root.version() is None and file.exists()
    root.apt("purge rcstreamd")
    assert not file.parent.exists()
    left = root.run("find / -xdev -name '*rcstreamd*' -not -path '/tmp/*'").stdout.split()
    assert left == []


def test_package_brings_its_manual_pages(root, package):
    install(root, package)
    listed = root.run("dpkg -L rcstreamd").stdout.split()
    for page in ("man8/rcstreamd.8", "man5/rcstreamd.yaml.5", "man1/rcstream-bench.1"):
        assert f"/usr/share/man/{page}.gz" in listed
        assert ".Sh NAME" in root.run(f"zcat /usr/share/man/{page}.gz").stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("rcstreamd --d", ["--demo", "--dump-config"]),
        ("rcstreamd --log-level ", ["debug", "info", "warn", "error"]),
        ("rcstreamd -c /etc/rcs", ["/etc/rcstreamd"]),
        ("rcstream-bench --in", ["--inject", "--inject-host"]),
        ("rcstream-bench --inject re", ["redis"]),
        ("rcstream-bench --clients w", ["websocket="]),
        ("rcstream-bench --rate ", []),
    ],
)
def test_package_completes_command_lines(root, package, words, completed):
    """As bash-completion does: a file by the name of the command, and its function."""
    install(root, package)
    command = words.split()[0]
    quoted = " ".join(f"'{word}'" for word in words.split(" "))
    script = f"""
        . /usr/share/bash-completion/completions/{command}
        compopt() {{ :; }}  # is for a completion that readline has asked for
        COMP_WORDS=({quoted}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        read -r _ _ function _ < <(complete -p {command})
        $function
        printf '%s\n' "${{COMPREPLY[@]}}"
    """
    root.path("/tmp/complete").write_text(script)
    assert root.run("bash /tmp/complete").stdout.split() == completed


def test_image_is_built_runs_and_is_found_well(root, tmp_path):
    image = dockerfile.build(ROOT / "Dockerfile", root.folder, tmp_path)
    settings = image.settings
    started = dockerfile.command_of(settings["ENTRYPOINT"]) + dockerfile.command_of(settings["CMD"])
    probe = dockerfile.command_of(settings["HEALTHCHECK"])
    assert settings["USER"] == "rcstreamd"
    log = Root(image.folder).ask_running(f"{' '.join(probe)} && cat /tmp/log", started)
    assert [json.loads(line)["event.code"] for line in log.splitlines()][-1] == "server.ready"
