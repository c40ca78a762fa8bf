# SPDX-License-Identifier: Apache-2.0
"""RCStream's pages in a real browser: the library from the server, changes across origins."""

from pathlib import Path

import pytest

from browser import Browsers, Page
from rcstreamd import ROOT, make_change

PAGE = Path(__file__).with_name("socketio_browser.html")
LIBRARY = ROOT / "test/functional/node_modules/socket.io-client/dist/socket.io.js"


@pytest.fixture
def page():
    page = Page(PAGE)
    yield page
    page.shutdown()
    page.server_close()


@pytest.fixture
def browsers(tmp_path):
    browsers = Browsers(tmp_path)
    yield browsers
    browsers.close()


# The Fetch standard: the page's origin is another, and 0.9 asks with credentials.
@pytest.mark.parametrize("transport", ["websocket", "xhr-polling"])
def test_socketio_in_a_browser_brings_changes_across_origins(server, page, browsers, transport):
    run = server(irc=None, http={"socketio": {"client_file": str(LIBRARY)}})
    browsers.open(page.url(server=run.url("").rstrip("/"), transport=transport))
    connected = page.expect("connect")
    assert connected["transport"] == transport
    assert connected["version"] == "0.9.16"
    assert not run.url().startswith(connected["origin"] + "/")
    page.expect("subscribed")
    title = "\u0420\u043e\u0441\u0441\u0438\u044f \U0001f600 \u2028"
    change = make_change(title=title, user="A\ufffd")
    run.send_rcfeed(make_change(server_name="de.wikipedia.org"))
    for number in range(20):
        run.send_rcfeed({**change, "id": number})
    for number in range(20):
        assert page.expect("change")["change"] == {**change, "id": number}
