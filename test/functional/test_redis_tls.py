# SPDX-License-Identifier: Apache-2.0
"""The Redis sources over TLS: whom they trust, and whom they do not."""

import json
import shutil
import subprocess

import pytest

from rcstreamd import CONFIGURATION, make_change, merged, run_program
from redis_server import FakeRedis, RedisServer, free_port, wait_gone
from test_redis import read_numbers, reader

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")

# For what makes the channel.
BY_UDP = {"type": "rcfeed-udp", "listen": "127.0.0.1:0"}


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make_ca(folder, name):
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-days", "2", "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key"),
        *("-out", folder / f"{name}.crt"),
    )


def make_certificate(folder, name, ca, alternative):
    """name.key and name.crt, for a name or an address, signed by the authority."""
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={alternative}\n")
    openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out", request),
    )
    openssl(
        *("x509", "-req", "-in", request, "-days", "2", "-extfile", extensions),
        *("-CA", folder / f"{ca}.crt", "-CAkey", folder / f"{ca}.key", "-CAcreateserial"),
        *("-out", folder / f"{name}.crt"),
    )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    make_ca(folder, "ca")
    make_ca(folder, "other")
    make_certificate(folder, "address", "ca", "IP:127.0.0.1")
    make_certificate(folder, "name", "ca", "DNS:localhost")
    make_certificate(folder, "client", "ca", "DNS:client")
    return folder


class TlsRedis(RedisServer):
    def __init__(self, certificates, name, *arguments):
        self.tls_port = free_port()
        super().__init__(
            *("--tls-port", self.tls_port),
            *("--tls-cert-file", certificates / f"{name}.crt"),
            *("--tls-key-file", certificates / f"{name}.key"),
            *("--tls-ca-cert-file", certificates / "ca.crt"),
            *arguments,
        )


@pytest.fixture
def redis(certificates):
    servers = []

    def start(name, *arguments):
        servers.append(TlsRedis(certificates, name, *arguments))
        return servers[-1].start()

    yield start
    for server in servers:
        server.close()


def source(host, upstream, **options):
    return {
        "type": "redis",
        "url": f"rediss://{host}:{upstream.tls_port}",
        "pattern": "rc.*",
        **{key: value if isinstance(value, bool) else str(value) for key, value in options.items()},
    }


def assert_receives(run, upstream):
    run.log.wait_for("redis.up")
    upstream.wait_subscribed()
    client = reader(run)
    changes = [make_change(id=i, title=f"Page {i}", comment=400 * "x") for i in range(1, 301)]
    for change in changes:  # more than one TLS record of 16 KiB
        upstream.publish("rc.enwiki", json.dumps(change))
    assert read_numbers(client, 300) == list(range(1, 301))
    assert run.log.find("source.dropped") == []


@pytest.mark.parametrize("host, name", [("127.0.0.1", "address"), ("localhost", "name")])
def test_redis_tls_certificate_of_the_authority_is_trusted(
    server, redis, certificates, host, name
):
    upstream = redis(name, "--tls-auth-clients", "no")
    run = server(ingest=[BY_UDP, source(host, upstream, tls_ca=certificates / "ca.crt")])
    assert_receives(run, upstream)


@pytest.mark.parametrize(
    "host, name, ca, why",
    [
        ("127.0.0.1", "address", "other", "certificate: "),
        ("127.0.0.1", "name", "ca", "certificate: IP address mismatch"),
        ("localhost", "address", "ca", "certificate: [Hh]ostname mismatch"),
        ("127.0.0.1", "address", None, "certificate: "),
    ],
)
def test_redis_tls_other_certificates_are_refused(
    server, redis, certificates, host, name, ca, why
):
    upstream = redis(name, "--tls-auth-clients", "no")
    options = {"tls_ca": certificates / f"{ca}.crt"} if ca else {}
    run = server(ingest=[BY_UDP, source(host, upstream, **options)])
    record = run.log.wait_for("redis.lost", why)
    assert record["level"] == "warn"
    assert upstream.command("PUBSUB", "NUMPAT") == 0


def test_redis_tls_verification_can_be_turned_off(server, redis):
    upstream = redis("name", "--tls-auth-clients", "no")
    run = server(ingest=[BY_UDP, source("127.0.0.1", upstream, tls_verify=False)])
    assert_receives(run, upstream)


def test_redis_tls_own_certificate_is_shown(server, redis, certificates):
    """redis-server asks for one unless it is told otherwise."""
    upstream = redis("address")
    ca = {"tls_ca": certificates / "ca.crt"}
    own = {"tls_cert": certificates / "client.crt", "tls_key": certificates / "client.key"}
    refused = server(ingest=[BY_UDP, source("127.0.0.1", upstream, **ca)])
    refused.log.wait_for("redis.lost")
    assert refused.log.find("redis.up") == []
    run = server(ingest=[BY_UDP, source("127.0.0.1", upstream, **ca, **own)])
    assert_receives(run, upstream)


def test_redis_tls_server_that_speaks_no_tls_is_an_outage(server):
    upstream = FakeRedis(lambda connection, commands: connection.sendall(b"-ERR what?\r\n"))
    upstream.tls_port = upstream.port
    run = server(ingest=[BY_UDP, source("127.0.0.1", upstream, tls_verify=False)])
    run.log.wait_for("redis.lost", "TLS: ")
    upstream.close()


def test_redis_tls_handshake_that_does_not_go_on_is_an_outage(server):
    upstream = FakeRedis(lambda connection, commands: wait_gone(connection, 30))
    upstream.tls_port = upstream.port
    run = server(ingest=[{**source("127.0.0.1", upstream), "connect_timeout": 1}])
    run.log.wait_for("redis.lost", "took too long")
    upstream.close()


@pytest.mark.parametrize("key", ["tls_ca", "tls_cert"])
def test_redis_tls_file_that_is_missing_keeps_it_from_starting(tmp_path, key):
    entry = {"type": "redis", "url": "rediss://127.0.0.1:1", key: str(tmp_path / "no.crt")}
    if key == "tls_cert":
        entry["tls_key"] = str(tmp_path / "no.key")
    file = tmp_path / "refused.yaml"
    file.write_text(json.dumps(merged(CONFIGURATION, {"ingest": [entry]})))
    result = run_program("-c", file)
    assert result.returncode == 2
    assert result.stderr.startswith(f"rcstreamd: ingest: redis: {key}: {tmp_path}/no.crt: ")
