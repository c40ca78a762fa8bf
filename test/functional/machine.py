# SPDX-License-Identifier: Apache-2.0
"""A Debian that is booted: systemd as process 1 of a container (systemd-nspawn).

`./dev test systemd` makes its root, in which the package is installed, and gives the whole test
run a network of its own, which the machine shares: its services are asked on loopback, on their
default ports.  What a machine writes is in memory and gone with it.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from rcstreamd import wait_until

BOOT_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


class Machine:
    """One boot, from boot() to stop()."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._container = None
        self._init = None

    # --- its life ---

    def boot(self):
        self._container = subprocess.Popen(
            [
                *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
                *("--directory", str(self.folder), "--volatile=overlay"),
                *("--machine", "rcstreamd-test", "--console=pipe", "--link-journal=no"),
                # As process 1 of a whole machine has it, for ReceiveBuffer= of sockets.
                "--capability=CAP_NET_ADMIN",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._init = wait_until(self._find_init, timeout=BOOT_TIMEOUT_S, what="process 1")
        wait_until(self._is_up, timeout=BOOT_TIMEOUT_S, what="the end of the boot")
        return self

    def _find_init(self):
        """Process 1, as this machine numbers it: the container's only child."""
        if self._container.poll() is not None:
            raise AssertionError(f"systemd-nspawn ended: {self._container.stderr.read()}")
        number = self._container.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
        names = {child: Path(f"/proc/{child}/comm").read_text().strip() for child in children}
        return next((child for child, name in names.items() if name == "systemd"), None)

    def _is_up(self):
        state = self.run("systemctl", "is-system-running", is_checked=False).stdout.strip()
        return state in ("running", "degraded")

    def stop(self):
        if self._container is None:
            return
        self._container.send_signal(signal.SIGTERM)  # an orderly power-off
        try:
            self._container.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._container.kill()
            self._container.wait()
        self._container.stderr.close()

    # --- inside ---

    def run(self, *command, is_checked=True, input=None):
        """As root of the machine; returns what subprocess.run() does."""
        done = subprocess.run(
            ["nsenter", "--target", self._init, "--all", "--wd=/", "--", *map(str, command)],
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            input=input,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
        if is_checked and done.returncode != 0:
            said = f"{done.stdout}\n{done.stderr}\n{self._end_of_journal()}"
            raise AssertionError(f"{command}: {done.returncode}\n{said}")
        return done

    def _end_of_journal(self):
        command = ("journalctl", "--no-pager", "--quiet", "--lines=40")
        return self.run(*command, is_checked=False).stdout

    def read(self, path):
        return self.run("cat", path).stdout

    def write(self, path, text):
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat >"$1"', "-", path, input=text)

    def copy(self, source, path):
        """A file of this machine's, into that one."""
        content = Path(source).read_bytes()
        target = Path(f"/proc/{self._init}/root") / str(path).lstrip("/")
        target.write_bytes(content)
        os.chmod(target, 0o644)

    # --- a service ---

    def property(self, unit, name):
        return self.run("systemctl", "show", "--property", name, "--value", unit).stdout.strip()

    def main_process(self, unit):
        return int(self.property(unit, "MainPID"))

    def wait_active(self, unit, not_process=None, timeout=30):
        """Until the unit runs, in another process than that one; returns the process."""

        def found():
            process = self.main_process(unit)
            is_active = self.property(unit, "ActiveState") == "active"
            return process if is_active and process not in (0, not_process) else None

        return wait_until(found, timeout=timeout, what=f"{unit} to be active")

    def signal(self, process, name):
        self.run("sh", "-c", f"kill -{name} {process}")

    def journal(self, unit, *arguments):
        command = ("journalctl", "--no-pager", "--quiet", "--output=cat", "--unit", unit)
        return self.run(*command, *arguments).stdout

    def wait_journal(self, unit, text, timeout=10):
        deadline = time.monotonic() + timeout
        while text not in (journal := self.journal(unit)):
            if time.monotonic() > deadline:
                raise AssertionError(f"no {text!r} in the journal:\n{journal}")
            time.sleep(0.1)
