# SPDX-License-Identifier: Apache-2.0
"""Real IRC clients, run without a person: irssi in a pseudo-terminal, WeeChat without one.

Each has a folder of its own for all its files, connects by itself, joins CHANNEL, reconnects by
itself, and logs what it shows, in colour.  What it shows is read from that log.
"""

import os
import pty
import re
import subprocess
import threading

from rcstreamd import WAIT_TIMEOUT_S, wait_until

CHANNEL = "#en.wikipedia"
NICK = "reader"
CONNECT_TIMEOUT_S = 40
RECONNECT_S = 1  # irssi looks every five seconds

IRSSI_CONFIGURATION = """
servers = ({{
  address = "{host}"; port = "{port}"; chatnet = "test"; autoconnect = "yes"; {more}
}});
chatnets = {{ test = {{ type = "IRC"; }}; }};
channels = ({{ name = "{channel}"; chatnet = "test"; autojoin = "yes"; }});
settings = {{
  core = {{
    real_name = "A reader"; user_name = "{nick}"; nick = "{nick}";
    server_reconnect_time = "{reconnect}sec";
  }};
  "irc/core" = {{ cmds_max_at_once = "100"; }};
  "fe-common/core" = {{ autolog = "yes"; autolog_colors = "yes"; autolog_path = "{log}"; }};
}};
"""


class Program:
    """A client that runs; subclasses say how."""

    def __init__(self, directory, address):
        self.directory = directory
        self.address = address
        self.process = None

    def log(self):
        """What it has shown of the channel so far, as its log has it."""
        try:
            return self.log_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def wait_joined(self, times):
        """Wait until it has shown so many times that it has joined the channel."""
        wait_until(
            lambda: self.log().count(" has joined ") == times,
            timeout=CONNECT_TIMEOUT_S,
            what=f"{times} times joined",
        )

    def wait_for(self, text, timeout=WAIT_TIMEOUT_S):
        """Wait until the channel's log holds this text; returns the line with it."""

        def found():
            return next((line for line in self.log().split("\n") if text in line), None)

        try:
            return wait_until(found, timeout)
        except AssertionError:
            raise AssertionError(f"{text!r} was not shown:\n{self.log()}") from None

    def quit(self, reason):
        """Have it quit; returns its exit status."""
        self.command(f"/quit {reason}")
        return self.process.wait(WAIT_TIMEOUT_S)

    def close(self):
        """End it, however it is."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Weechat(Program):
    """weechat-headless; it takes commands from a FIFO."""

    SETTINGS = (
        "logger.file.flush_delay 0",
        "logger.file.color_lines on",
        f"irc.server_default.autoreconnect_delay {RECONNECT_S}",
    )

    # MediaWiki's colours as WeeChat writes them for a terminal.
    COLOURS = {"": 39, "14": 90, "07": 33, "4": 91, "10": 36, "02": 34, "5": 31, "03": 32}

    @property
    def log_file(self):
        return self.directory / f"logs/irc.test.{CHANNEL}.weechatlog"

    def shows(self, text):
        """How a line of a change stands in the log."""

        def colour(match):
            code = self.COLOURS[match[1]]
            return f"\x1b[{code}m" + ("\x1b[49m" if code == 39 else "")

        return re.sub("\x03([0-9]*)", colour, text)

    def start(self):
        host, port = self.address
        commands = [f"/set {setting}" for setting in self.SETTINGS]
        commands += [
            f"/server add test {host}/{port} -nicks={NICK} -autojoin={CHANNEL} -autoconnect",
            "/connect test",
        ]
        words = [word for command in commands for word in ("-r", command)]
        self.process = subprocess.Popen(
            ["weechat-headless", "--dir", str(self.directory), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def has_negotiated(self):
        """Whether it has asked for capabilities and was told of some."""
        log = self.directory / "logs/irc.server.test.weechatlog"
        return "client capability, enabled: " in log.read_text(encoding="utf-8")

    def command(self, text):
        fifo = self.directory / f"weechat_fifo_{self.process.pid}"
        wait_until(fifo.exists, what="WeeChat's FIFO")
        fifo.write_text(f"*{text}\n")


class Irssi(Program):
    """irssi, which wants a terminal."""

    terminal = None
    server_settings = ""  # beside its address, in its configuration's words

    @property
    def log_file(self):
        return self.directory / f"{CHANNEL}.log"

    def shows(self, text):
        """How a line of a change stands in the log: as it came, without a last end of colour."""
        return text.rstrip("\x03")

    def start(self):
        self.directory.mkdir(exist_ok=True)
        host, port = self.address
        configuration = IRSSI_CONFIGURATION.format(
            host=host,
            port=port,
            more=self.server_settings,
            channel=CHANNEL,
            nick=NICK,
            reconnect=RECONNECT_S,
            log=self.directory / "$0.log",
        )
        (self.directory / "config").write_text(configuration)
        self.terminal, inside = pty.openpty()
        self.process = subprocess.Popen(
            ["irssi", f"--home={self.directory}"],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            env={**os.environ, "TERM": "vt100", "LC_ALL": "C.UTF-8"},
        )
        os.close(inside)
        threading.Thread(target=self._read_screen, daemon=True).start()
        return self

    def _read_screen(self):
        """Nobody looks at it, but irssi waits while it is full."""
        try:
            while os.read(self.terminal, 65536):
                pass
        except OSError:  # the other end is closed
            pass

    def has_negotiated(self):
        """Whether it has asked for capabilities and was told of some."""
        log = self.directory / "raw.log"
        self.command(f"/rawlog save {log}")
        wait_until(log.exists, what="irssi's raw log")
        raw = log.read_text(encoding="utf-8")
        return all(word in raw for word in ("<< CAP LS 302\n", " ACK :", "<< CAP END\n"))

    def command(self, text):
        os.write(self.terminal, f"{text}\n".encode())

    def close(self):
        super().close()
        os.close(self.terminal)
