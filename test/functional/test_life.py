# SPDX-License-Identifier: Apache-2.0
"""Start and end of the process: what keeps it from starting, what ends it, and how."""

import json
import signal
import socket
import time

import pytest

from rcstreamd import CONFIGURATION, make_change, merged, run_program, wait_until


def refused(tmp_path, configuration):
    """Run a configuration that cannot start; returns its sentence."""
    file = tmp_path / "refused.yaml"
    file.write_text(json.dumps(configuration))
    result = run_program("-c", file)
    assert result.returncode == 2, result.stdout + result.stderr
    assert result.stderr.startswith("rcstreamd: ")
    assert result.stderr.count("\n") == 1, result.stderr
    assert "ready" not in result.stdout
    return result.stderr


def taken(rcstreamd, name):
    host, port = rcstreamd.address(name)
    return f"{host}:{port}"


@pytest.mark.parametrize("front_end", ["irc", "http"])
def test_second_instance_is_refused_a_listener_in_use(server, tmp_path, front_end):
    """docs/decisions/0005: although the first shares its address with SO_REUSEPORT."""
    address = taken(server(), front_end)
    sentence = refused(tmp_path, {"workers": 2, front_end: {"listen": [address]}})
    assert sentence == f"rcstreamd: {front_end}.listen: {address} is in use\n"


@pytest.mark.parametrize("source", ["rc2udp", "rcfeed-udp"])
def test_second_instance_is_refused_a_source_in_use(server, tmp_path, source):
    """Found after the workers were made: they end too."""
    address = taken(server(), source)
    configuration = merged(CONFIGURATION, {"ingest": [{"type": source, "listen": address}]})
    sentence = refused(tmp_path, configuration)
    assert sentence == f"rcstreamd: ingest: {source}: {address} is in use\n"


def test_addresses_of_one_configuration_that_overlap_are_refused(tmp_path):
    """Else the kernel deals clients out among the two protocols."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    irc, http = {"listen": [f"127.0.0.1:{port}"]}, {"listen": [f"0.0.0.0:{port}"]}
    sentence = refused(tmp_path, {"workers": 2, "irc": irc, "http": http})
    assert sentence == f"rcstreamd: http.listen: 0.0.0.0:{port} is in use\n"


def test_replay_file_that_is_missing_is_refused(tmp_path):
    sources = [{"type": "replay", "file": str(tmp_path / "no.ndjson")}]
    sentence = refused(tmp_path, merged(CONFIGURATION, {"ingest": sources}))
    assert sentence.startswith("rcstreamd: ingest: replay: ")
    assert sentence.endswith("no.ndjson: No such file or directory\n")


def test_addresses_are_free_again_after_the_end(server):
    first = server()
    client = first.irc().register()
    address = taken(first, "irc")
    first.process.send_signal(signal.SIGTERM)
    client.expect_ended()
    first.wait_stopped()
    second = server(irc={"listen": [address]})
    assert taken(second, "irc") == address
    second.irc().register()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_and_tells_the_clients(server, number):
    rcstreamd = server()
    client = rcstreamd.irc().register()
    rcstreamd.process.send_signal(number)
    client.expect("^ERROR :.*[Ss]hutting down")
    client.expect_ended()
    rcstreamd.wait_stopped()
    rcstreamd.log.wait_for("server.ended")


def blast(rcstreamd, seconds, until=lambda: False):
    """Send changes as fast as this process can, for so long."""
    deadline = time.monotonic() + seconds
    payload = json.dumps(make_change()).encode()
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(rcstreamd.address("rcfeed-udp"))
        while time.monotonic() < deadline and not until():
            try:
                sender.send(payload)
                sent += 1
            except ConnectionRefusedError:
                break
    return sent


def test_signal_ends_it_under_load(server):
    """Sources stop first; what was taken is delivered, then every client told."""
    rcstreamd = server()
    rcstreamd.send_rcfeed(make_change())
    # The channel comes into being with the first change.
    time.sleep(0.2)
    clients = [rcstreamd.irc().register(f"reader{i}").join("#en.wikipedia") for i in range(4)]
    assert blast(rcstreamd, 1) > 100
    rcstreamd.process.send_signal(signal.SIGTERM)
    blast(rcstreamd, 5, lambda: not rcstreamd.is_running())
    for client in clients:
        lines = drain(client)
        assert "PRIVMSG #en.wikipedia :" in lines[-2]
        assert lines[-1].startswith("ERROR :")
    rcstreamd.wait_stopped()


def drain(client):
    """All lines up to the end of the connection."""
    client.expect_ended()
    return client.lines


def test_second_signal_ends_it_at_once(server):
    """A client that does not read its goodbye would hold the process up for seconds."""
    rcstreamd = server()
    deaf = rcstreamd.connect("irc")
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(b"NICK deaf\r\nUSER deaf 0 * :deaf\r\n")
    wait_until(lambda: deaf.recv(65536, socket.MSG_PEEK), what="the welcome")
    rcstreamd.process.send_signal(signal.SIGTERM)
    rcstreamd.log.wait_for("server.ending")
    time.sleep(0.3)
    assert rcstreamd.is_running()
    rcstreamd.process.send_signal(signal.SIGTERM)
    assert rcstreamd.process.wait(2) == 1
    rcstreamd.log.wait_for("server.killed")
    rcstreamd.kill()


def test_end_waits_for_deaf_clients_not_for_long(server):
    """connection.c: 5 s to drain and 2 s to linger."""
    rcstreamd = server()
    deaf = rcstreamd.connect("irc")
    deaf.sendall(b"NICK deaf\r\nUSER deaf 0 * :deaf\r\n")
    wait_until(lambda: deaf.recv(65536, socket.MSG_PEEK), what="the welcome")
    start = time.monotonic()
    rcstreamd.process.send_signal(signal.SIGTERM)
    assert rcstreamd.process.wait(10) == 0
    assert time.monotonic() - start < 9
    rcstreamd.wait_stopped()
