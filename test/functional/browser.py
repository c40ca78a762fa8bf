# SPDX-License-Identifier: Apache-2.0
"""A real browser, Chromium driven by playwright-core.

Its page is served by the test, and tells the test what happens.
"""

import json
import queue
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

EVENT_TIMEOUT_S = 30  # the browser's start is most of it
SCRIPT = Path(__file__).with_name("browser.js")


class Page(ThreadingHTTPServer):
    """Serves the page to the browser and collects what the page tells."""

    daemon_threads = True

    def __init__(self, file):
        super().__init__(("127.0.0.1", 0), PageHandler)
        self.content = file.read_bytes()
        self.events = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, **parameters):
        return f"http://127.0.0.1:{self.server_address[1]}/?{urlencode(parameters)}"

    def expect(self, event, after=()):
        """The next thing the page tells, which must be this; these may come before it."""
        told = self.events.get(timeout=EVENT_TIMEOUT_S)
        while told["event"] in after:
            told = self.events.get(timeout=EVENT_TIMEOUT_S)
        assert told["event"] == event, told
        return told


class PageHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200 if self.path.startswith("/?") else 404, self.server.content)

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


class Browsers:
    """Chromium, on one address each; ended with the test."""

    def __init__(self, folder):
        self.folder = folder
        self.processes = []

    def open(self, url, *options):
        with open(self.folder / "browser.txt", "a", encoding="utf-8") as output:
            self.processes.append(
                subprocess.Popen(
                    ["node", str(SCRIPT), url, *options],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                )
            )

    def close(self):
        for process in self.processes:
            process.stdin.close()
            process.wait(20)
