# SPDX-License-Identifier: Apache-2.0
"""IRC and HTTP in TLS, without a proxy: openssl's client, Python's, curl, and those people run."""

import json
import re
import socket
import ssl
import subprocess
import time
from contextlib import closing

import pytest

from irc_channels import make_channels
from irc_client import IrcClient
from irc_programs import CHANNEL, Irssi
from rcstreamd import CONFIGURATION, make_change, merged, run_program, wait_until
from service_manager import ServiceManager
from socketio_clients import JavaScriptClient
from test_reload import Feed, assert_all_came, reloaded
from tls_certificates import RSA, Authority

NAMES = ("DNS:localhost", "IP:127.0.0.1")
LINES = 2000


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def certificates(authority):
    return [authority.sign("default", *NAMES), authority.sign("wild", "DNS:*.example.org")]


@pytest.fixture
def tls_server(server, certificates):
    """Starts the server with a TLS listener each; sections can be changed."""

    def start(**sections):
        listen = {"listen_tls": ["127.0.0.1:0"]}
        tls = {"certificates": certificates}
        return server(**merged({"tls": tls, "irc": listen, "http": listen}, sections))

    return start


class TlsIrcClient(IrcClient):
    """The same client, in TLS."""

    def __init__(self, rcstreamd, authority, name="localhost", before=b"", **options):
        super().__init__(rcstreamd.address("irc (TLS)"))
        self._socket.sendall(before)
        context = ssl.create_default_context(cafile=str(authority.file))
        context.set_alpn_protocols(["irc"])
        for option, value in options.items():
            setattr(context, option, value)
        self._socket = context.wrap_socket(self._socket, server_hostname=name)

    @property
    def tls(self):
        return self._socket


def status(rcstreamd):
    return rcstreamd.http_get("/rcstream_status").json()


def figure(rcstreamd, name):
    """The sample of /metrics with this name and these labels."""
    for line in rcstreamd.http_get("/metrics").text.splitlines():
        series, _, value = line.rpartition(" ")
        if series == f"rcstreamd_{name}":
            return float(value)
    raise AssertionError(f"no series rcstreamd_{name}")


def failed(rcstreamd, reason):
    return figure(rcstreamd, f'tls_handshakes_failed_total{{reason="{reason}"}}')


def s_client(address, *arguments, said=b"", wait=0):
    """All that openssl's client prints which says this and, after a while, ends."""
    host, port = address
    command = ["openssl", "s_client", "-connect", f"{host}:{port}", *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        process.stdin.write(said)
        process.stdin.flush()
        time.sleep(wait)
        printed, _ = process.communicate(timeout=20)
    return printed.decode(errors="replace")


# Every change arrives over TLS as it does without, for clients on both workers.
@pytest.mark.threads
def test_tls_irc_brings_every_change(tls_server, authority):
    rcstreamd = tls_server()
    make_channels(rcstreamd, CHANNEL)
    clients = [TlsIrcClient(rcstreamd, authority) for _ in range(6)]
    plain = rcstreamd.irc()
    for client in [*clients, plain]:
        client.register().join(CHANNEL)
    for number in range(LINES):
        rcstreamd.send_rcfeed(make_change(title=f"Page {number}", id=number))
        if number % 50 == 49:
            time.sleep(0.02)  # the socket of the datagrams is no queue to rely on
    expected = [plain.expect(rf"Page {number}\x03").string for number in range(LINES)]
    for client in clients:
        got = [client.expect(rf"Page {number}\x03").string for number in range(LINES)]
        assert got == expected
        assert client.tls.selected_alpn_protocol() == "irc"
        client.close()


# RFC 6066: the certificate is that of the name a client asks for; the first is for all others.
def test_tls_chooses_the_certificate_by_name(tls_server, authority):
    rcstreamd = tls_server()
    for name, subject in [("localhost", "default"), ("irc.example.org", "wild")]:
        with closing(TlsIrcClient(rcstreamd, authority, name)) as client:
            assert dict(client.tls.getpeercert()["subject"][0])["commonName"] == subject
    said = s_client(rcstreamd.address("irc (TLS)"), "-servername", "nobody.test")
    assert "CN = default" in said


# RFC 8996: older than 1.2 is refused with an alert; so is another protocol than HTTP's.
def test_tls_refuses_old_versions_and_other_protocols(tls_server):
    rcstreamd = tls_server()
    address = rcstreamd.address("http (TLS)")
    said = s_client(address, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")
    assert "alert protocol version" in said
    assert "alert no application protocol" in s_client(address, "-alpn", "h2")
    assert "Protocol  : TLSv1.2" in s_client(address, "-tls1_2", "-alpn", "h2,http/1.1")
    assert failed(rcstreamd, "version") == 1
    assert failed(rcstreamd, "protocol") == 1


# curl takes the certificate, and asks several times over one connection.
def test_tls_http_by_curl(tls_server, authority):
    rcstreamd = tls_server()
    port = rcstreamd.address("http (TLS)")[1]
    url = f"https://localhost:{port}/healthz"
    done = subprocess.run(
        ["curl", "-sS", "--cacert", authority.file, url, url, url, "-w", "%{num_connects}\n"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == "ok\n1\nok\n0\nok\n0\n"


class Https:
    """The TLS listener, for clients that ask a server where it is."""

    def __init__(self, rcstreamd):
        self.clients = rcstreamd.clients
        self._port = rcstreamd.address("http (TLS)")[1]

    def url(self, path):
        return f"https://localhost:{self._port}{path}"


# RCStream's clients over https and wss; a polling one comes to another worker now and then,
# which hands its connection over, TLS and all.
@pytest.mark.threads
@pytest.mark.parametrize("transport", ["websocket", "xhr-polling"])
def test_tls_socketio_client(tls_server, authority, monkeypatch, transport):
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(authority.file))
    rcstreamd = tls_server(workers=3)
    clients = [JavaScriptClient(Https(rcstreamd), transport) for _ in range(3)]
    for client in clients:
        client.expect("connect", timeout=20)
        assert client.call("subscribe", "*") == [None]
    for number in range(200):
        rcstreamd.send_rcfeed(make_change(id=number))
        time.sleep(0.002)
    for client in clients:
        assert [client.expect("change")[0]["id"] for _ in range(200)] == list(range(200))
        client.disconnect()


# A connection that moves to the worker of its session takes its TLS along, again and again.
@pytest.mark.threads
def test_tls_connections_move_between_workers(tls_server, authority):
    rcstreamd = tls_server(workers=4)
    port = rcstreamd.address("http (TLS)")[1]
    sessions = [rcstreamd.http_get("/socket.io/1/").text.split(":")[0] for _ in range(8)]
    context = ssl.create_default_context(cafile=str(authority.file))
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            for session in sessions:
                client.sendall(
                    f"GET /socket.io/1/xhr-polling/{session}?t=1 HTTP/1.1\r\n"
                    "Host: localhost\r\n\r\n".encode()
                )
                got = b""
                while not got.endswith(b"1::"):
                    part = client.recv(4096)
                    assert part, got
                    got += part
                assert got.startswith(b"HTTP/1.1 200 "), got
    assert figure(rcstreamd, "tls_handshakes_total") == 1


# irssi in TLS, as people run it: it verifies, joins, and shows a change.
def test_tls_irssi(tls_server, authority, tmp_path):
    rcstreamd = tls_server()
    make_channels(rcstreamd, CHANNEL)
    irssi = Irssi(tmp_path / "irssi", ("localhost", rcstreamd.address("irc (TLS)")[1]))
    irssi.server_settings = (
        f'use_tls = "yes"; tls_verify = "yes"; tls_cafile = "{authority.file}";'
    )
    try:
        irssi.start()
        irssi.wait_joined(1)
        rcstreamd.send_rcfeed(make_change(title="Secret page"))
        irssi.wait_for("Secret page")
    finally:
        irssi.close()


# IRCv3 STS: the port to who is not secure, the duration to who is; 671 says who is.
def test_tls_sts_and_whois(tls_server, authority):
    rcstreamd = tls_server(irc={"sts_port": 6697, "sts_duration": 86400})
    plain = rcstreamd.irc()
    plain.send("CAP LS 302")
    plain.expect(r" LS :sts=port=6697 ")
    plain.send("CAP END")
    plain.register().send("WHOIS reader")
    assert not any(" 671 " in line for line in until(plain, " 318 "))
    with closing(TlsIrcClient(rcstreamd, authority)) as client:
        client.send("CAP LS 302")
        client.expect(r" LS :sts=duration=86400 ")
        client.send("CAP END")
        client.register().send("WHOIS reader")
        lines = until(client, " 318 ")
        assert ":localhost 671 reader reader :is using a secure connection" in lines


def until(client, mark):
    lines = [client.read_line()]
    while mark not in lines[-1]:
        lines.append(client.read_line())
    return lines


def told(address, said):
    """All that one is told who says this, up to the end."""
    with closing(socket.create_connection(address, timeout=10)) as stranger:
        stranger.sendall(said)
        got = b""
        while part := stranger.recv(4096):
            got += part
        return got


# Who speaks plain is told so in the port's protocol; who says nothing, or half a hello, is cut
# off in time; who comes then is served.
@pytest.mark.threads
def test_tls_strangers_are_let_go(tls_server, authority):
    rcstreamd = tls_server(tls={"handshake_timeout": 1})
    irc, http = rcstreamd.address("irc (TLS)"), rcstreamd.address("http (TLS)")
    assert told(irc, b"NICK reader\r\n") == b"ERROR :Closing Link: (This port speaks TLS)\r\n"
    answer = told(http, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\nThis port speaks TLS\n")
    assert told(irc, b"\x16\x03") == told(http, b"") == b""
    assert failed(rcstreamd, "plain") == 2
    assert failed(rcstreamd, "timeout") == 2
    assert figure(rcstreamd, 'disconnects_total{reason="tls_wanted"}') == 2
    rcstreamd.log.wait_for("listener.tls_failed", r"^127\.0\.0\.1:\d+: tls_wanted: ")
    with closing(TlsIrcClient(rcstreamd, authority)) as client:
        client.register()


# A client that speaks TLS where none is spoken hears so at once: that is no version it knows.
def test_tls_on_plain_ports_ends_at_once(tls_server):
    rcstreamd = tls_server()
    for name in ["irc", "http"]:
        began = time.monotonic()
        assert "wrong version number" in s_client(rcstreamd.address(name))
        assert time.monotonic() - began < 5
    assert figure(rcstreamd, 'disconnects_total{reason="tls_unwanted"}') == 1
    assert figure(rcstreamd, "http_errors_total") == 1


# A client that does not take the certificate says so, and is counted as that.
def test_tls_distrust_is_counted(tls_server):
    rcstreamd = tls_server()
    with pytest.raises(ssl.SSLCertVerificationError):
        with closing(socket.create_connection(rcstreamd.address("irc (TLS)"))) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname="localhost")
    wait_until(lambda: failed(rcstreamd, "certificate") == 1, what="the alert")


# RFC 5246 §7.2.2: a second handshake over a connection is refused.
def test_tls_is_not_renegotiated(tls_server):
    rcstreamd = tls_server()
    said = s_client(rcstreamd.address("irc (TLS)"), "-tls1_2", said=b"R\n", wait=1)
    assert "RENEGOTIATING" in said
    assert "no renegotiation" in said
    assert figure(rcstreamd, "tls_handshakes_total") == 1


# Two certificates for one name: a client that can check one kind of signature only gets that.
def test_tls_has_a_certificate_for_each_kind_of_key(tls_server, authority):
    pair = [authority.sign("ec", *NAMES), authority.sign("rsa", *NAMES, kind=RSA)]
    rcstreamd = tls_server(tls={"certificates": pair})
    address = rcstreamd.address("http (TLS)")
    for version in ["-tls1_2", "-tls1_3"]:
        for kind, subject in [("ECDSA+SHA256", "ec"), ("RSA-PSS+SHA256", "rsa")]:
            said = s_client(address, version, "-sigalgs", kind, "-servername", "localhost")
            assert f"subject=CN = {subject}\n" in said
            assert "Verify return code: 0" in s_client(
                address, version, "-sigalgs", kind, "-CAfile", authority.file
            )


def subject(client):
    return dict(client.tls.getpeercert()["subject"][0])["commonName"]


# SIGHUP exchanges certificates for who comes then; who is connected misses nothing.
@pytest.mark.threads
def test_tls_certificates_are_exchanged_by_a_reload(tls_server, authority):
    rcstreamd = tls_server(tls={"certificates": [authority.sign("before", *NAMES)]})
    make_channels(rcstreamd, CHANNEL)
    old = [TlsIrcClient(rcstreamd, authority).register() for _ in range(3)]
    for client in old:
        client.send(f"JOIN {CHANNEL}")
        client.expect(r" 366 ")
    not_after = figure(rcstreamd, "tls_certificate_not_after_timestamp_seconds")
    assert time.time() + 86400 < not_after < time.time() + 3 * 86400
    with Feed(rcstreamd.address("rcfeed-udp"), rate=200) as feed:
        renewed = authority.sign("after", *NAMES, days=30)
        record = reloaded(rcstreamd, tls={"certificates": [renewed], "min_version": "1.3"})
        assert record["id"] == "conf.reloaded"
        new = TlsIrcClient(rcstreamd, authority).register()
        new.send(f"JOIN {CHANNEL}")
        new.expect(r" 366 ")
        assert subject(new) == "after"
        assert new.tls.version() == "TLSv1.3"
        time.sleep(0.5)
    assert all(subject(client) == "before" for client in old)
    for client in old:
        assert_all_came(client, feed.sent)
    assert figure(rcstreamd, "tls_certificate_not_after_timestamp_seconds") > not_after + 86400
    assert "alert protocol version" in s_client(rcstreamd.address("irc (TLS)"), "-tls1_2")
    for client in [*old, new]:
        client.close()


# Files are read again though the configuration is the same: what a renewal needs.
def test_tls_files_are_read_again_by_a_reload(tls_server, authority):
    rcstreamd = tls_server(tls={"certificates": [authority.sign("renewed", *NAMES)]})
    before = figure(rcstreamd, "tls_certificate_not_after_timestamp_seconds")
    authority.sign("renewed", *NAMES, days=90)
    reloaded(rcstreamd)
    after = figure(rcstreamd, "tls_certificate_not_after_timestamp_seconds")
    assert after - before > 80 * 86400


# A file that cannot be used leaves all as it was, source and MOTD too; one line says why.
def test_tls_broken_file_leaves_all_as_it_was(tls_server, authority, tmp_path):
    entry = authority.sign("kept", *NAMES)
    rcstreamd = tls_server(tls={"certificates": [entry]})
    (tmp_path / "broken.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    for certificates, words in [
        ([{**entry, "certificate": str(tmp_path / "broken.crt")}], "broken.crt: no certificate"),
        ([entry, {**entry, "key": str(tmp_path / "none")}], "none: No such file or directory"),
    ]:
        record = reloaded(rcstreamd, tls={"certificates": certificates}, irc={"motd": "changed"})
        assert record["message"].startswith("all stays as it was: tls.certificates: ")
        assert words in record["message"]
        with closing(TlsIrcClient(rcstreamd, authority)) as client:
            client.register().send("MOTD")
            client.expect(r" 372 reader :.*Welcome!")
            assert subject(client) == "kept"
    assert figure(rcstreamd, "config_last_reload_successful") == 0
    reloaded(rcstreamd, tls={"certificates": [entry]})
    assert figure(rcstreamd, "config_last_reload_successful") == 1


# One that has expired is taken and warned of, and clients say what they think of it.
def test_tls_expired_certificate_is_warned_of(tls_server, authority):
    rcstreamd = tls_server(tls={"certificates": [authority.sign("late", *NAMES, days=-1)]})
    record = rcstreamd.log.wait_for("tls.expired")
    assert re.search(r"late\.crt: the certificate expired on \d{4}-\d\d-\d\d", record["message"])
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        TlsIrcClient(rcstreamd, authority)
    wait_until(lambda: failed(rcstreamd, "certificate") == 1, what="the alert")


# Behind a proxy that sends PROXY headers they stand in front of TLS.
@pytest.mark.threads
def test_tls_behind_the_proxy_protocol(tls_server, authority):
    rcstreamd = tls_server(irc={"proxy_protocol": ["127.0.0.1"]})
    header = b"PROXY TCP4 192.0.2.7 127.0.0.1 4711 6697\r\n"
    with closing(TlsIrcClient(rcstreamd, authority, before=header)) as client:
        client.register("reader").send("WHOIS reader")
        lines = until(client, " 318 ")
        assert any(" 311 reader reader " in line and "192.0.2.7" in line for line in lines)
        assert any(" 671 " in line for line in lines)
    got = told(rcstreamd.address("irc (TLS)"), header + b"NICK a\r\n")
    assert got == b"ERROR :Closing Link: (This port speaks TLS)\r\n"


# Sockets that a service manager holds bear the name irc-tls, or have the address of listen_tls.
@pytest.mark.parametrize("name", ["irc-tls", "rcstreamd.socket"])
def test_tls_on_a_held_socket(server, authority, certificates, tmp_path, name):
    manager = ServiceManager(tmp_path)
    host, port = manager.listen_tcp(name)
    rcstreamd = manager.start(
        server,
        tls={"certificates": certificates},
        irc={"listen_tls": [f"{host}:{port}" if name == "rcstreamd.socket" else "192.0.2.1:6697"]},
    )
    assert rcstreamd.addresses("irc (TLS)") == [(host, port)]
    with closing(TlsIrcClient(rcstreamd, authority)) as client:
        client.register()
    rcstreamd.stop()
    manager.close()


# --probe asks in TLS where there is nothing else to ask.
def test_tls_probe(tls_server, tmp_path, certificates):
    rcstreamd = tls_server()
    port = rcstreamd.address("http (TLS)")[1]
    file = tmp_path / "probe.yaml"
    listen = {"listen": [], "listen_tls": [f"127.0.0.1:{port}"]}
    file.write_text(json.dumps({"tls": {"certificates": certificates}, "http": listen}))
    done = run_program("-c", file, "--probe")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# The admin listener over TLS, beside its own.
def test_tls_admin(tls_server, authority):
    rcstreamd = tls_server(admin={"listen": ["127.0.0.1:0"], "listen_tls": ["127.0.0.1:0"]})
    port = rcstreamd.address("admin (TLS)")[1]
    done = subprocess.run(
        ["curl", "-sS", "--cacert", authority.file, f"https://localhost:{port}/metrics"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert "rcstreamd_tls_handshakes_total 1" in done.stdout
    assert b"This port speaks TLS" in told(("127.0.0.1", port), b"GET /metrics HTTP/1.0\r\n\r\n")


# A reader that does not read hurts nobody: the others get all, and it is let go.
@pytest.mark.threads
def test_tls_slow_reader_hurts_nobody(tls_server, authority):
    rcstreamd = tls_server(slow_client={"outbox_max": "64KiB", "outbox_soft": "32KiB"})
    make_channels(rcstreamd, CHANNEL)
    slow = TlsIrcClient(rcstreamd, authority)
    slow._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader = TlsIrcClient(rcstreamd, authority)
    for client in [slow, reader]:
        client.register().join(CHANNEL)

    def is_gone():
        return status(rcstreamd)["closed"]["sendq_exceeded"] == 1

    number = 0
    while not is_gone():
        assert number < 100000
        for _ in range(100):
            rcstreamd.send_rcfeed(make_change(title=f"Page {number}", comment="x" * 300))
            reader.expect(rf"Page {number}\x03")
            number += 1
    slow.close()
    reader.close()


# The end of the server is told in TLS too, and ended as TLS wants it.
def test_tls_goodbye(tls_server, authority):
    rcstreamd = tls_server()
    with closing(TlsIrcClient(rcstreamd, authority)) as client:
        client.register()
        rcstreamd.process.terminate()
        client.expect(r"^ERROR :Closing Link: \(Server shutting down\)")
        assert client.tls.recv(1) == b""  # Python raises where the end was not said
        rcstreamd.process.wait(10)


# What cannot be used stops the start with the file and the reason, and a status of its own.
def test_tls_bad_files_are_named(tmp_path, certificates):
    configuration = tmp_path / "rcstreamd.yaml"
    crossed = {"certificate": certificates[0]["certificate"], "key": certificates[1]["key"]}
    for entry, words in [
        (crossed, "the key is not that of the certificate in"),
        ({**crossed, "key": str(tmp_path / "none.key")}, "none.key: No such file or directory"),
    ]:
        settings = {"tls": {"certificates": [entry]}, "irc": {"listen_tls": "127.0.0.1:0"}}
        configuration.write_text(str(merged(CONFIGURATION, settings)))
        done = run_program("-c", configuration)
        assert done.returncode != 0
        assert "tls.certificates: " in done.stdout + done.stderr
        assert words in done.stdout + done.stderr
