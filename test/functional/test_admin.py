# SPDX-License-Identifier: Apache-2.0
"""The admin listener: what leaves the public port, who is served, and how to let go of one."""

import http.client
import json
import os
import socket
import stat

import pytest

from http_client import CONNECTIONS, handshake
from rcstreamd import make_change, run_program, wait_until
from socketio_clients import RawWebSocket


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("admin", timeout=5)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(run, path, method="GET", headers=None):
    """Status and body of a request to the admin listener, over TCP."""
    connection = http.client.HTTPConnection(*run.address("admin"), timeout=5)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


def listed(run, query=""):
    status, body = ask(run, f"/admin/clients{query}")
    assert status == 200
    return json.loads(body)


def clients_of(run, front_end):
    return [client for client in listed(run, "?limit=1000")["clients"]
            if client["front_end"] == front_end]


@pytest.fixture(name="run")
def fixture_run(server):
    return server(admin={"listen": ["127.0.0.1:0"]})


def test_admin_takes_details_off_the_public_port(run):
    assert run.http_get("/metrics").status_code == 404
    assert set(run.http_get("/rcstream_status").json()) == {"connected_clients", "queue_size"}
    assert run.http_get("/healthz?verbose").text == "ok\n"
    public = run.http_get("/healthz/feed?verbose")
    assert (public.status_code, public.text) == (503, "not ok\n")
    assert run.http_get("/admin/clients").status_code == 404
    assert ask(run, "/metrics")[0] == 200
    assert "sources" in json.loads(ask(run, "/rcstream_status")[1])
    assert json.loads(ask(run, "/readyz?verbose")[1])["ok"] is True
    assert ask(run, "/healthz/feed") == (503, "no change has come yet\n")
    assert ask(run, "/socket.io/1/")[0] == 404


def test_without_admin_nothing_is_listed(server):
    assert server().http_get("/admin/clients").status_code == 404


@pytest.mark.threads
def test_admin_lists_clients_of_all_workers(run):
    run.send_rcfeed(make_change())
    wait_until(lambda: "\nrcstreamd_changes_received_total 2\n" in ask(run, "/metrics")[1])
    reader = run.irc().register("reader").join("#en.wikipedia")
    clients = [RawWebSocket(run).connect_to_rc().subscribe("en.wikipedia.org")
               for _ in range(CONNECTIONS)]
    run.send_rcfeed(make_change(id=2))
    for client in clients:
        client.receive_change()
    irc, = clients_of(run, "irc")
    assert irc["transport"] == "tcp"
    assert irc["agent"].startswith("reader!")
    assert irc["address"].startswith("127.0.0.1:")
    assert (irc["subscriptions"], irc["subscribed_to"]) == (1, ["#en.wikipedia"])
    assert (irc["lag"], irc["queued_bytes"]) == (0, 0)
    assert irc["sent_bytes"] > 100
    assert 0 <= irc["age"] < 60
    sessions = clients_of(run, "socketio")
    assert len(sessions) == CONNECTIONS
    assert {session["transport"] for session in sessions} == {"websocket"}
    assert all(session["subscribed_to"] == ["en.wikipedia.org"] for session in sessions)
    assert all(session["sent_bytes"] > 300 for session in sessions)
    # The connection that asks is there, those that asked before are not for long.
    wait_until(lambda: len(clients_of(run, "admin")) == 1, what="those before to have left")
    assert clients_of(run, "admin")[0]["subscriptions"] == 0
    reader.close()
    wait_until(lambda: not clients_of(run, "irc"), what="the reader to have left")


@pytest.mark.threads
def test_admin_lists_in_pages(run):
    for number in range(CONNECTIONS):
        run.irc().register(f"reader{number}")
    wanted = sorted(client["id"] for client in clients_of(run, "irc"))
    assert len(set(wanted)) == CONNECTIONS
    seen = []
    after = 0
    while after is not None:
        page = listed(run, f"?limit=5&after={after}")
        assert len(page["clients"]) <= 5
        identifiers = [client["id"] for client in page["clients"]]
        assert identifiers == sorted(identifiers)
        seen += [c["id"] for c in page["clients"] if c["front_end"] == "irc"]
        after = page["next"]
    assert seen == wanted


@pytest.mark.parametrize("query", ["?limit=0", "?limit=1001", "?limit=x", "?after=-1",
                                   "?after=99999999999999999999"])
def test_admin_refuses_a_page_that_is_none(run, query):
    status, body = ask(run, f"/admin/clients{query}")
    assert status == 400
    assert json.loads(body) == {"error": "want limit from 1 to 1000, and after an id"}


@pytest.mark.threads
def test_admin_ends_an_irc_client_on_any_worker(run):
    readers = {f"reader{number}": run.irc().register(f"reader{number}")
               for number in range(CONNECTIONS)}
    other, *rest = clients_of(run, "irc")
    for client in rest:
        assert ask(run, f"/admin/clients/{client['id']}/kick", "POST")[0] == 200
    wait_until(lambda: len(clients_of(run, "irc")) == 1, what="the others to have left")
    assert clients_of(run, "irc")[0]["id"] == other["id"]
    del readers[other["agent"].split("!")[0]]
    assert len(readers) == CONNECTIONS - 1
    for reader in readers.values():
        reader.expect(r"^ERROR :Closing Link: \(Disconnected by the operator\)$")
    assert ask(run, f"/admin/clients/{rest[0]['id']}/kick", "POST")[0] == 404
    assert f'{{reason="kicked"}} {len(rest)}' in ask(run, "/metrics")[1]


def test_admin_ends_socketio_sessions(run):
    websocket = RawWebSocket(run).connect_to_rc()
    sid = handshake(run)
    assert run.http_get(f"/socket.io/1/xhr-polling/{sid}",
                        headers={"User-Agent": "a bot"}).text == "1::"
    polling, = [c for c in clients_of(run, "socketio") if c["transport"] == "xhr-polling"]
    assert polling["agent"].startswith("python-requests")  # the handshake's
    assert polling["sent_bytes"] == 3
    for client in clients_of(run, "socketio"):
        assert ask(run, f"/admin/clients/{client['id']}/kick", "POST")[0] == 200
    wait_until(lambda: not clients_of(run, "socketio"), what="both to have left")
    assert run.http_get(f"/socket.io/1/xhr-polling/{sid}").status_code == 400
    assert websocket is not None


def test_admin_refuses_what_a_browser_sends(run):
    run.irc().register("reader")
    client, = clients_of(run, "irc")
    path = f"/admin/clients/{client['id']}/kick"
    assert ask(run, path, "POST", {"Origin": "https://evil.example"})[0] == 403
    assert ask(run, path)[0] == 405
    assert ask(run, f"/admin/clients/{client['id']}", "POST")[0] == 404
    assert ask(run, "/admin/clients/-1/kick", "POST")[0] == 404
    assert len(clients_of(run, "irc")) == 1


def test_admin_answers_when_the_server_is_full(server):
    run = server(admin={"listen": ["127.0.0.1:0"]}, limits={"connections_max": 2})
    readers = [run.irc().register(f"reader{number}") for number in range(2)]
    run.irc()
    wait_until(lambda: 'rejected_total{reason="limit"} 1' in ask(run, "/metrics")[1])
    assert len(clients_of(run, "irc")) == len(readers)
    assert "rcstreamd_connections_limit 2\n" in ask(run, "/metrics")[1]


@pytest.mark.threads
def test_admin_listens_on_a_socket_in_the_file_system(server, tmp_path):
    path = str(tmp_path / "admin.sock")
    run = server(admin={"listen": [f"unix:{path}"], "mode": "0600"})
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    for _ in range(CONNECTIONS):
        connection = UnixConnection(path)
        connection.request("GET", "/admin/clients")
        # Those before may not have left yet.
        clients = json.loads(connection.getresponse().read())["clients"]
        assert {(c["address"], c["front_end"]) for c in clients} == {("unix", "admin")}
        connection.close()
    run.stop()
    assert not os.path.exists(path)


def test_admin_refuses_a_socket_that_is_in_use(server, tmp_path):
    path = str(tmp_path / "admin.sock")
    server(admin={"listen": [f"unix:{path}"]})
    file = tmp_path / "second.yaml"
    file.write_text(json.dumps({"admin": {"listen": [f"unix:{path}"]}}))
    result = run_program("-c", file)
    assert result.returncode != 0
    assert f"admin.listen: unix:{path} is in use" in result.stdout + result.stderr


def test_admin_replaces_a_socket_that_was_left(server, tmp_path):
    path = str(tmp_path / "admin.sock")
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    server(admin={"listen": [f"unix:{path}"]})
    connection = UnixConnection(path)
    connection.request("GET", "/healthz")
    assert connection.getresponse().read() == b"ok\n"
    connection.close()


def test_admin_alone_is_a_server(server):
    run = server(admin={"listen": ["127.0.0.1:0"]}, http=None, irc=None)
    assert ask(run, "/readyz") == (200, "ok\n")


@pytest.mark.threads
def test_admin_is_asked_while_clients_come_and_go(run):
    """Errands are under way at every moment, the end included."""
    host, port = run.address("admin")
    waiting = []
    for number in range(60):
        connection = socket.create_connection((host, port), timeout=5)
        connection.sendall(b"GET /admin/clients?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        if number % 3 == 0:
            connection.close()  # before its answers
        else:
            waiting.append(connection)
        run.irc()
    run.stop()
    for connection in waiting:
        connection.close()
