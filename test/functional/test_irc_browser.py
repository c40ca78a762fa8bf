# SPDX-License-Identifier: Apache-2.0
"""A web IRC client in a real browser: Chromium, with a page that this test serves."""

from pathlib import Path

import pytest

from browser import Browsers, Page
from irc_channels import make_channels, says
from irc_websocket_client import BINARY, TEXT

PAGE = Path(__file__).with_name("irc_browser.html")
CHANNEL = "#en.wikipedia"


class IrcPage(Page):
    def expect_line(self, kind, word, text=None):
        """Read on to a line whose second word, or whose whole text, is this."""
        while True:
            told = self.expect("line")
            assert told["kind"] == kind
            if told["line"] == text or told["line"].split(" ")[1] == word:
                return told["line"]


@pytest.fixture
def page():
    page = IrcPage(PAGE)
    yield page
    page.shutdown()
    page.server_close()


@pytest.fixture
def browsers(tmp_path):
    browsers = Browsers(tmp_path)
    yield browsers
    browsers.close()


@pytest.mark.parametrize("subprotocol, kind", [(TEXT, "string"), (BINARY, "object")])
def test_irc_in_a_browser_joins_and_shows_a_change(server, page, browsers, subprotocol, kind):
    run = server()
    make_channels(run, CHANNEL)
    host, port = run.address("http")
    browsers.open(
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
