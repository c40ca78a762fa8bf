# SPDX-License-Identifier: Apache-2.0
"""A web IRC client in a real browser: Chromium, with a page that this test serves."""

import json
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest

from irc_channels import make_channels, says
from irc_websocket_client import BINARY, TEXT

PAGE = Path(__file__).with_name("irc_browser.html")
CHANNEL = "#en.wikipedia"
EVENT_TIMEOUT_S = 30  # the browser's start is most of it
COMMAND = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
]


class Page(ThreadingHTTPServer):
    """Serves the page to the browser and collects what the page tells."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), PageHandler)
        self.events = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, **parameters):
        return f"http://127.0.0.1:{self.server_address[1]}/?{urlencode(parameters)}"

    def expect(self, event):
        """The next thing the page tells, which must be this; for "line" see expect_line()."""
        told = self.events.get(timeout=EVENT_TIMEOUT_S)
        assert told["event"] == event, told
        return told

    def expect_line(self, kind, word, text=None):
        """Read on to a line whose second word, or whose whole text, is this."""
        while True:
            told = self.expect("line")
            assert told["kind"] == kind
            if told["line"] == text or told["line"].split(" ")[1] == word:
                return told["line"]


class PageHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path.startswith("/?") else 404, PAGE.read_bytes())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.put(json.loads(body))
        self.answer(200, b"")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


@pytest.fixture
def page():
    page = Page()
    yield page
    page.shutdown()
    page.server_close()


@pytest.fixture
def browse(tmp_path):
    """Opens a browser on an address; it is ended with the test."""
    browsers = []

    def start(url):
        with open(tmp_path / "chromium.txt", "w", encoding="utf-8") as output:
            browsers.append(
                subprocess.Popen(
                    [*COMMAND, f"--user-data-dir={tmp_path / 'profile'}", url],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
            )

    yield start
    for browser in browsers:
        browser.terminate()
        browser.wait(20)


@pytest.mark.parametrize("subprotocol, kind", [(TEXT, "string"), (BINARY, "object")])
def test_irc_in_a_browser_joins_and_shows_a_change(server, page, browse, subprotocol, kind):
    run = server()
    make_channels(run, CHANNEL)
    host, port = run.address("http")
    browse(
        page.url(address=f"ws://{host}:{port}/irc", subprotocol=subprotocol, channel=CHANNEL)
    )
    assert page.expect("open")["subprotocol"] == subprotocol
    page.expect_line(kind, "366")
    change = "\x0314[[\x0307\u0420\u043e\u0441\u0441\u0438\u044f \U0001f600\x0314]]\x034 N\x0310"
    run.send_rc2udp(CHANNEL, change)
    assert page.expect_line(kind, "PRIVMSG") == says(CHANNEL, change)
    goodbye = "ERROR :Closing Link: (Quit: d\u00e9j\u00e0 vu)"
    assert page.expect_line(kind, None, goodbye) == goodbye
    assert page.expect("close") == {
        "event": "close",
        "code": 1000,
        "reason": "Client quit",
        "clean": True,
    }
