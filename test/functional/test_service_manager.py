# SPDX-License-Identifier: Apache-2.0
"""Under a service manager: its sockets are used, it is told, and a restart loses nothing."""

import re
import signal
import socket
import threading
import time

import pytest

from irc_client import ConnectionEnded, IrcClient
from rcstreamd import make_change, wait_until
from service_manager import ServiceManager
from socketio_clients import JavaScriptClient
from test_reload import Feed

JAVASCRIPT_CLIENTS = 3
IRC_CLIENTS = 8
RATE = 1000


@pytest.fixture
def manager(tmp_path):
    manager = ServiceManager(tmp_path)
    yield manager
    manager.close()


# --- sockets ----------------------------------------------------------------------


def test_sockets_are_used_by_their_names(server, manager, tmp_path):
    """FileDescriptorName is a front-end or a source; its `listen` is not bound then."""
    irc, http = manager.listen_tcp("irc"), manager.listen_tcp("http")
    rcfeed = manager.listen_udp("rcfeed-udp")
    manager.listen_unix("file", tmp_path / "held.socket")
    rcstreamd = manager.start(
        server,
        ingest=[
            {"type": "rcfeed-udp"},
            {"type": "rc2udp", "name": "file", "listen": "127.0.0.1:0"},
        ],
    )
    assert rcstreamd.addresses("irc") == [irc]
    assert rcstreamd.addresses("http") == [http]
    assert rcstreamd.addresses("rcfeed-udp") == [rcfeed]
    rcstreamd.log.wait_for("listener.bound", r"^rc2udp unix:.*held\.socket$")
    rcstreamd.send_rcfeed(make_change())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"#de.wikipedia\tline", str(tmp_path / "held.socket"))
    client = rcstreamd.irc().register()
    wait_until(lambda: len(channels(client)) == 2, what="a channel from each source")
    assert rcstreamd.http_get("/healthz").status_code == 200
    rcstreamd.stop()
    assert (tmp_path / "held.socket").exists()  # is the service manager's to remove


def channels(client):
    client.send("LIST")
    names = []
    while True:
        line = client.expect(r" (322|323) \S+ (\S+)")
        if line.group(1) == "323":
            return names
        names.append(line.group(2))


def test_sockets_of_other_names_are_used_by_their_addresses(server, manager, tmp_path):
    """A socket unit with several of them gives all the same name, its own."""
    irc = manager.listen_tcp("rcstreamd.socket")
    rcfeed = manager.listen_udp("rcstreamd.socket")
    manager.listen_unix("rcstreamd.socket", tmp_path / "held.socket")
    rcstreamd = manager.start(
        server,
        irc={"listen": ["%s:%d" % irc]},
        ingest=[
            {"type": "rcfeed-udp", "listen": "%s:%d" % rcfeed},
            {"type": "rc2udp", "listen": f"unix:{tmp_path}/held.socket"},
        ],
    )
    assert rcstreamd.addresses("irc") == [irc]
    assert rcstreamd.addresses("rcfeed-udp") == [rcfeed]
    assert len(rcstreamd.addresses("http")) == 1  # bound by the program itself
    rcstreamd.send_rcfeed(make_change())
    client = rcstreamd.irc().register()
    wait_until(lambda: channels(client) == ["#en.wikipedia"], what="the channel")
    assert not rcstreamd.log.find("socket.unused")


def test_socket_that_nobody_wants_is_told(server, manager):
    host, port = manager.listen_tcp("something")
    rcstreamd = manager.start(server)
    record = rcstreamd.log.wait_for("socket.unused")
    assert record["message"].startswith(f"{host}:{port}, named something, ")


@pytest.mark.parametrize("kind", ["irc", "rcfeed-udp"])
def test_held_socket_that_is_in_the_way_is_named(server, manager, kind):
    """The socket unit was enabled, and the configuration listens on the port as before."""
    listen = manager.listen_tcp if kind == "irc" else manager.listen_udp
    _, port = listen("rcstreamd.socket")
    sections = {
        "irc": {"irc": {"listen": [f"0.0.0.0:{port}"]}},
        "rcfeed-udp": {"ingest": [{"type": "rcfeed-udp", "listen": f"0.0.0.0:{port}"}]},
    }
    sentence = (
        rf"0\.0\.0\.0:{port} is in use: the service manager holds 127\.0\.0\.1:{port} "
        r"\(rcstreamd\.socket\), which no listen says"
    )
    with pytest.raises(AssertionError, match=sentence):
        manager.start(server, **sections[kind])


def test_sockets_for_another_process_are_left_alone(server, manager):
    """sd_listen_fds(3): LISTEN_PID is not this process; the descriptors are not its business."""
    irc = manager.listen_tcp("irc")

    def prepare(run):
        run.settings = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "irc"}

    rcstreamd = server(prepare=prepare)
    assert rcstreamd.address("irc") != irc
    assert not rcstreamd.log.find("socket.inherited")


def test_held_socket_serves_all_workers(server, manager):
    """Who has fewer connections takes the next: of sixty, each of three has its share."""
    manager.listen_tcp("irc")
    rcstreamd = manager.start(server, workers=3)
    clients = [rcstreamd.irc() for _ in range(60)]
    for number, client in enumerate(clients):
        client.register(f"client{number}")
    connected = rcstreamd.log.find("irc.connected")
    by_worker = [sum(int(r["scope_id"]) % 3 == n for r in connected) for n in range(3)]
    assert sum(by_worker) == 60 and min(by_worker) >= 15, by_worker


# --- telling ----------------------------------------------------------------------


def test_life_of_the_service_is_told(server, manager):
    rcstreamd = manager.start(server)
    assert manager.wait_ready()["STATUS"] == "Serving"
    told = len(manager.messages)
    rcstreamd.reload(irc={"motd": "new"})
    reloading = manager.wait_for("RELOADING=1")
    assert abs(int(reloading["MONOTONIC_USEC"]) / 1e6 - time.monotonic()) < 5
    manager.wait_ready(after=told)
    told = len(manager.messages)
    rcstreamd.configuration_file.write_text("{")
    rcstreamd.process.send_signal(signal.SIGHUP)
    manager.wait_for("RELOADING=1", after=told)
    assert "failed" in manager.wait_ready(after=told)["STATUS"]
    rcstreamd.process.send_signal(signal.SIGTERM)
    manager.wait_for("STOPPING=1")
    rcstreamd.wait_stopped()
    assert [m for m in manager.messages if "WATCHDOG" in m] == []


def test_watchdog_is_fed_while_the_loops_turn(server, manager):
    """At least twice in its time; every message comes in time."""
    rcstreamd = manager.start(server, settings={"WATCHDOG_USEC": "3000000"})
    times = []
    for _ in range(4):
        times.append(manager.wait_for("WATCHDOG=1", after=len(manager.messages))["at"])
    gaps = [after - before for before, after in zip(times, times[1:])]
    assert max(gaps) < 1.5, gaps
    assert not rcstreamd.log.find("server.hangs")


def test_watchdog_is_not_fed_when_the_process_stands_still(server, manager):
    rcstreamd = manager.start(server, settings={"WATCHDOG_USEC": "600000"})
    manager.wait_for("WATCHDOG=1")
    rcstreamd.process.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    while True:  # what was under way
        try:
            manager.wait_for("WATCHDOG=1", timeout=0.05, after=len(manager.messages))
        except AssertionError:
            break
    with pytest.raises(AssertionError):
        manager.wait_for("WATCHDOG=1", timeout=1.5, after=len(manager.messages))
    rcstreamd.process.send_signal(signal.SIGCONT)
    manager.wait_for("WATCHDOG=1", after=len(manager.messages))


# --- draining ---------------------------------------------------------------------


def test_clients_are_told_to_go_over_a_window(server):
    """Each at a moment of its own; afterwards the process ends."""
    rcstreamd = server(drain={"window": "2s"})
    clients = [rcstreamd.irc().register(f"client{n}") for n in range(40)]
    begin = time.monotonic()
    ends = []

    def watch(client):
        client.expect(r"^ERROR :Closing Link: \(Server shutting down\)", timeout=10)
        ends.append(time.monotonic() - begin)
        client.expect_ended()
        client.close()

    threads = [threading.Thread(target=watch, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    rcstreamd.process.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    rcstreamd.wait_stopped()
    ends.sort()
    assert len(ends) == 40
    # Of 40 moments in 2 s, some are in the first and some in the last part, but for one
    # time in two thousand: 0.8 ** 40.
    assert ends[0] < 0.8 and 1.2 < ends[-1] < 4, ends


def test_second_signal_ends_the_window(server):
    rcstreamd = server(drain={"window": "60s"})
    clients = [rcstreamd.irc().register(f"client{n}") for n in range(5)]
    rcstreamd.process.send_signal(signal.SIGTERM)
    rcstreamd.log.wait_for("server.ending")
    time.sleep(0.3)
    assert rcstreamd.is_running()
    rcstreamd.process.send_signal(signal.SIGTERM)
    assert rcstreamd.process.wait(2) == 1
    rcstreamd.kill()
    assert clients


def test_http_says_close_while_it_drains(server):
    """Of two requests on one connection the second one's answer ends it."""
    rcstreamd = server(workers=1, drain={"window": "60s"})
    others = [rcstreamd.irc().register(f"client{n}") for n in range(3)]
    request = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    for _ in range(5):  # one of five is not told to go in the first second
        connections = [rcstreamd.connect("http") for _ in range(5)]
    for connection in connections:
        connection.sendall(request)
        assert b"\r\nConnection: close\r\n" not in connection.recv(65536)
    rcstreamd.process.send_signal(signal.SIGTERM)
    rcstreamd.log.wait_for("server.ending")
    time.sleep(0.3)
    answers = []
    for connection in connections:
        connection.sendall(request)
        answers.append(connection.recv(65536))
    answered = [answer for answer in answers if answer]
    assert answered
    assert all(b"\r\nConnection: close\r\n" in answer for answer in answered), answered
    rcstreamd.process.send_signal(signal.SIGTERM)
    rcstreamd.process.wait(2)
    rcstreamd.kill()
    assert others


def test_listeners_are_closed_before_the_clients(server):
    rcstreamd = server(drain={"window": "60s"})
    clients = [rcstreamd.irc().register(f"client{n}") for n in range(5)]
    rcstreamd.process.send_signal(signal.SIGTERM)
    rcstreamd.log.wait_for("server.ending")

    def is_refused():
        try:
            rcstreamd.connect("irc").close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(is_refused, what="the end of the listener")
    rcstreamd.process.send_signal(signal.SIGTERM)
    rcstreamd.process.wait(2)
    rcstreamd.kill()
    assert clients


# --- a restart --------------------------------------------------------------------


class Bot:
    """An IRC client that comes back when it is told to go, and notes what it read."""

    def __init__(self, address, nick):
        self.runs = []  # the numbers of the changes read on each connection
        self.goodbyes = []
        self._address, self._nick = address, nick
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self):
        while not self._ends.is_set():
            try:
                client = IrcClient(self._address, timeout=20)
            except ConnectionRefusedError:
                return  # the test is over
            try:
                self._read(client)
            except (ConnectionEnded, ConnectionResetError):
                self.goodbyes.append(client.lines[-1] if client.lines else "")
            finally:
                client.close()

    def _read(self, client):
        numbers = []
        client.register(self._nick)
        client.send("JOIN #en.wikipedia")
        client.expect(" 366 ")
        self.runs.append(numbers)
        while not self._ends.is_set():
            try:
                line = client.read_line(0.2)
            except TimeoutError:
                continue
            found = re.search(r"\[\[\x0307n(\d+)\x0314\]\]", line)
            if found:
                numbers.append(int(found.group(1)))

    def end(self):
        self._ends.set()
        self._thread.join()


def remembered(rcstreamd, count):
    """The numbers of the first changes that this run has read, in order."""
    client = rcstreamd.irc().register("historian")
    client.send("CAP REQ :batch draft/chathistory server-time message-tags")
    client.send(f"CHATHISTORY AFTER #en.wikipedia timestamp=1970-01-01T00:00:00.000Z {count}")
    client.expect(r"BATCH \+", timeout=20)
    numbers = []
    while True:
        line = client.read_line(20)
        if re.search(r"BATCH -", line):
            return numbers
        found = re.search(r"\[\[\x0307n(\d+)\x0314\]\]", line)
        if found:
            numbers.append(int(found.group(1)))


def skip_to(page, event, timeout=20):
    """Read the page's events up to one of this name."""
    deadline = time.monotonic() + timeout
    while page.next(max(deadline - time.monotonic(), 0.001))[0] != event:
        pass


@pytest.mark.threads
@pytest.mark.time_limit(120)
def test_restart_under_load_loses_no_datagram_and_no_client(server, manager):
    """What one run has read, its clients have got; what it has not, the next one reads."""
    irc = manager.listen_tcp("irc")
    manager.listen_tcp("http")
    rcfeed = manager.listen_udp("rcfeed-udp")
    overrides = {
        "drain": {"window": "1s"},
        "irc": {"channels": ["#en.wikipedia"], "chathistory_limit": 10000},
        "history": {"changes": 100000},
        "ingest": [{"type": "rcfeed-udp"}],
    }
    first = manager.start(server, **overrides)
    bots = [Bot(irc, f"bot{n}") for n in range(IRC_CLIENTS)]
    pages = [JavaScriptClient(first, "websocket") for _ in range(JAVASCRIPT_CLIENTS)]
    for page in pages:
        page.expect("connect")
        page.call("subscribe", "en.wikipedia.org")
    wait_until(lambda: all(bot.runs for bot in bots), what="all bots")
    with Feed(rcfeed, RATE) as feed:
        wait_until(lambda: feed.sent > RATE, what="a second's changes")
        first.clients.clear()  # they outlive this run
        first.process.send_signal(signal.SIGTERM)
        first.process.wait(20)
        first.wait_stopped()
        second = manager.start(server, **overrides)
        second.clients.extend(pages)
        for page in pages:
            skip_to(page, "reconnect")
            skip_to(page, "connect")
            page.emit("subscribe", "en.wikipedia.org")
            skip_to(page, "change")
        wait_until(lambda: all(len(bot.runs) == 2 for bot in bots), 20, "all bots again")
        wait_until(lambda: all(bot.runs[1] for bot in bots), what="changes for all bots")
    sent = feed.sent

    first_read = len(bots[0].runs[0])

    def second_count():
        return second.http_get("/rcstream_status").json()["sources"][0]["received"]

    wait_until(lambda: first_read + second_count() >= sent, 20, "the last datagram")
    wait_until(lambda: all(bot.runs[1][-1] == sent - 1 for bot in bots), 20, "the last change")
    assert first_read + second_count() == sent
    second_read = remembered(second, 2000)
    assert second_read == list(range(first_read, min(first_read + 2000, sent)))
    for bot in bots:
        bot.end()
        # All that the first run has read, in order, and a goodbye.
        assert bot.runs[0] == list(range(first_read))
        assert "Server shutting down" in bot.goodbyes[0]
        # From when it came back on, without a gap.
        assert bot.runs[1] == list(range(bot.runs[1][0], sent))
    assert not second.log.find("source.kernel_drops")
