# SPDX-License-Identifier: Apache-2.0
"""RCStream's bots, which are programs of a dozen lines on socketIO_client 0.5.6."""

import pytest

from rcstreamd import make_change, wait_until
from socketio_python import PythonClient

QUICK = {"heartbeat_interval": 1, "heartbeat_timeout": 4}
TRANSPORTS = ["websocket", "xhr-polling", "jsonp-polling"]


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return request.param


class Bot:
    """The example of RCStream's manual: subscribe on connect, print each change."""

    def __init__(self, rcstreamd, *transports, wiki="commons.wikimedia.org"):
        self.printed = []
        self.errors = []
        self.wiki = wiki
        self.client = PythonClient(rcstreamd, *transports)
        self.client.define(
            "/rc", connect=self.on_connect, change=self.on_change, error=self.on_error
        )

    def on_connect(self):
        self.client.emit("/rc", "subscribe", self.wiki)

    def on_change(self, change):
        self.printed.append("%(user)s edited %(title)s" % change)

    def on_error(self, reason, advice):
        self.errors.append((reason, advice))

    def call(self, event, *arguments):
        """Emit, and wait for the answer, as bots do before they rely on it."""
        answers = []
        self.client.emit("/rc", event, *arguments, callback=lambda *values: answers.append(values))
        self.client.wait(10, until=lambda: answers)
        return answers[0]


@pytest.mark.time_limit(90)
def test_socketio_python_bot_prints_changes_over_heartbeats(server, transport):
    """Longer than the server's time-out: its own heartbeats are what keeps the session."""
    rcstreamd = server(irc=None, http={"socketio": QUICK})
    bot = Bot(rcstreamd, transport)
    assert bot.call("subscribe", []) == (None,)
    titles = [f"Ca\u00f1on \U0001f600 {number}" for number in range(9)]
    for title in titles:
        rcstreamd.send_rcfeed(make_change(server_name="en.wikipedia.org"))
        rcstreamd.send_rcfeed(
            make_change(server_name="commons.wikimedia.org", title=title, user="\u0420")
        )
        bot.client.wait(1)
    bot.client.wait(5, until=lambda: len(bot.printed) == len(titles))
    assert bot.printed == [f"\u0420 edited {title}" for title in titles]
    assert bot.client.heartbeats_sent >= 2
    assert bot.client.connections == 1
    assert bot.client.packets[:2] == ["1::", "1::/rc"]
    if transport == "websocket":
        assert bot.client.packets.count("2::") >= 5
    assert not bot.errors


# Changes that wait for a poll come in frames, whose lengths this client counts in code points.
def test_socketio_python_bot_gets_all_of_a_burst(server, transport):
    rcstreamd = server(irc=None)
    bot = Bot(rcstreamd, transport, wiki="*")
    bot.call("subscribe", "*")
    titles = [f"\U0001f600\u20ac\u2028 {number}" for number in range(200)]
    for title in titles:
        rcstreamd.send_rcfeed(make_change(title=title))
    bot.client.wait(10, until=lambda: len(bot.printed) == len(titles))
    assert bot.printed == [f"Alice edited {title}" for title in titles]


# Its poll ends every three seconds by itself, whatever the server would have done.
def test_socketio_python_bot_loses_nothing_with_the_polls_it_drops(server, transport):
    rcstreamd = server(irc=None)
    bot = Bot(rcstreamd, transport)
    bot.call("subscribe", [])
    bot.client.wait(3.5)
    rcstreamd.send_rcfeed(make_change(server_name="commons.wikimedia.org", title="late"))
    bot.client.wait(5, until=lambda: bot.printed)
    assert bot.printed == ["Alice edited late"]
    assert bot.client.connections == 1


def test_socketio_python_bot_hears_of_the_limit(server, transport):
    """As an event: packet 7 would have to be understood, and the bot died of one it was not."""
    bot = Bot(server(irc=None), transport)
    assert bot.call("subscribe", [f"{number}.example" for number in range(12)]) == (None,)
    assert bot.errors == [("subscribe_error", "Too many subscriptions")]


def test_socketio_python_bot_leaves_a_namespace_and_comes_back(server, transport):
    rcstreamd = server(irc=None)
    bot = Bot(rcstreamd, transport, wiki="en.wikipedia.org")
    bot.call("subscribe", [])
    bot.wiki = "de.wikipedia.org"
    bot.client.leave("/rc")
    bot.client.join("/rc")
    bot.call("subscribe", [])
    for wiki in ("en.wikipedia.org", "de.wikipedia.org"):
        rcstreamd.send_rcfeed(make_change(server_name=wiki, title=wiki))
    bot.client.wait(5, until=lambda: bot.printed)
    assert bot.printed == ["Alice edited de.wikipedia.org"]


# Notes on its end: "disconnect=True" behind "t=...", or a WebSocket that is gone.
def test_socketio_python_bot_that_ends_is_forgotten_at_once(server, transport):
    rcstreamd = server(irc=None)
    bot = Bot(rcstreamd, transport)
    bot.call("subscribe", [])

    def sessions():
        return rcstreamd.http_get("/rcstream_status").json()["clients"]["socketio"]

    assert sessions() == 1
    bot.client.close()
    wait_until(lambda: sessions() == 0, what="the session's end")


# "__del__" shakes hands and connects once more, only to disconnect.
def test_socketio_python_bot_may_have_sessions_of_no_length(server, transport):
    rcstreamd = server(irc=None)
    for _ in range(5):
        PythonClient(rcstreamd, transport).close()
    status = rcstreamd.http_get("/rcstream_status").json
    wait_until(lambda: status()["clients"]["socketio"] == 0, what="the sessions' end")
    assert status()["connected_clients"] == 0


# It connects to the whole again ("1:::"), and to each namespace, whose on_connect it calls.
def test_socketio_python_bot_comes_back_after_a_restart(server, transport):
    first = server(irc=None)
    bot = Bot(first, transport)
    bot.call("subscribe", [])
    host, port = first.address("http")
    first.clients.remove(bot.client)
    first.stop()
    second = server(irc=None, http={"listen": [f"{host}:{port}"]})
    second.clients.append(bot.client)
    bot.client.rcstreamd = second
    bot.client.wait(15, until=lambda: bot.client.connections == 2)
    bot.call("subscribe", [])
    second.send_rcfeed(make_change(server_name="commons.wikimedia.org", title="again"))
    bot.client.wait(5, until=lambda: bot.printed)
    assert bot.printed == ["Alice edited again"]


# Its list is websocket, xhr-polling, jsonp-polling; it takes the first that the server offers.
@pytest.mark.parametrize(
    "offered, taken",
    [
        (["jsonp-polling", "htmlfile", "websocket"], "websocket"),
        (["htmlfile", "jsonp-polling", "xhr-polling"], "xhr-polling"),
        (["jsonp-polling", "htmlfile"], "jsonp-polling"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_socketio_python_bot_takes_what_is_offered(server, offered, taken):
    rcstreamd = server(irc=None, http={"socketio": {"transports": offered}})
    bot = Bot(rcstreamd)
    assert bot.client.transport == taken
    bot.call("subscribe", [])
    rcstreamd.send_rcfeed(make_change(server_name="commons.wikimedia.org", title="here"))
    bot.client.wait(5, until=lambda: bot.printed)
    assert bot.printed == ["Alice edited here"]
