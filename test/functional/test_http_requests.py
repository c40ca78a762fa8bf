# SPDX-License-Identifier: Apache-2.0
"""Requests as clients, proxies and attackers send them (RFC 9110, RFC 9112)."""

import socket
import subprocess
import time

import pytest

from http_client import CONNECTIONS, read_all, read_response

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def curl(*arguments):
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10"]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=20, check=True
    ).stdout


def test_http_curl_reuses_its_connection(server):
    url = server().url("/healthz")
    format = "%{http_code} %{num_connects}\n"
    printed = curl("--write-out", format, url, "--next", "-sS", "--write-out", format, url)
    assert printed == "ok\n200 1\nok\n200 0\n"


def test_http_curl_of_http_1_0_and_of_an_upgrade_to_2_is_served(server):
    url = server().url("/healthz")
    assert curl("--http1.0", url) == "ok\n"
    assert curl("--http2", url) == "ok\n"


def test_http_curl_waits_for_leave_to_send_its_body(server):
    printed = curl(
        *("--request", "POST", "--data-binary", "x" * 2000, "--header", "Expect: 100-continue"),
        *("--include", server().url("/socket.io/1/")),
    )
    assert printed.startswith("HTTP/1.1 100 Continue\n\nHTTP/1.1 200 OK\n")


def test_http_curl_sends_a_body_in_chunks(server):
    printed = curl(
        *("--request", "POST", "--data-binary", "x" * 2000),
        *("--header", "Transfer-Encoding: chunked", server().url("/socket.io/1/")),
    )
    assert printed.count(":") == 3


def test_http_pipelined_requests_are_answered_in_order(server):
    connection = server().connect("http")
    connection.sendall(
        b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        + b"GET /missing HTTP/1.1\r\nHost: x\r\n\r\n"
        + b"DELETE /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        + HEALTH * 100
        + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    status, fields, body, rest = read_response(connection, method="HEAD")
    assert (status, fields["content-length"], body) == (200, "3", b"")
    status, _, _, rest = read_response(connection, rest)
    assert status == 404
    status, fields, _, rest = read_response(connection, rest)
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")
    for _ in range(100):
        status, fields, body, rest = read_response(connection, rest)
        assert (status, body, fields.get("connection")) == (200, b"ok\n", None)
    status, fields, body, rest = read_response(connection, rest)
    assert (status, body, fields["connection"], rest) == (200, b"ok\n", "close", b"")
    assert read_all(connection) == b""


def test_http_absolute_target_is_accepted(server):
    connection = server().connect("http")
    connection.sendall(b"GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read_response(connection)[0] == 200


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\nHost: x\n\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", 400),
        (
            b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
            400,
        ),
        (
            b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"1\r\naXX0\r\n\r\n",
            400,
        ),
        (b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n", 413),
        (b"GET /" + b"a" * 16384 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 16384 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n", 417),
        (b"CONNECT a:443 HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n", 501),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ],
    ids=[
        *("TLS", "no host", "two hosts", "bare LF", "folded line", "blank before the colon"),
        *("two lengths", "odd coding", "chunk without its end", "big body", "long target"),
        *("big head", "odd expectation", "CONNECT", "unknown method", "HTTP/2"),
    ],
)
def test_http_what_cannot_be_read_is_refused_and_nothing_after_it(server, request_bytes, status):
    run = server()
    connection = run.connect("http")
    connection.sendall(HEALTH)
    assert read_response(connection)[0] == 200
    connection.sendall(request_bytes + HEALTH)
    answered, fields, _, rest = read_response(connection)
    assert (answered, fields["connection"]) == (status, "close")
    assert rest + read_all(connection) == b""
    assert run.log.wait_for("http.refused")["message"].startswith(f"{status} ")


def test_http_slow_head_is_told_408(server):
    connection = server(http={"header_timeout": 1}).connect("http")
    began = time.monotonic()
    for byte in b"GET /hea":
        connection.sendall(bytes([byte]))
        time.sleep(0.1)
    status, fields, _, rest = read_response(connection)
    assert (status, fields["connection"], rest + read_all(connection)) == (408, "close", b"")
    assert 0.9 <= time.monotonic() - began < 4


def test_http_slow_body_is_told_408(server):
    connection = server(http={"body_timeout": 1}).connect("http")
    connection.sendall(b"POST /socket.io/1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
    assert read_response(connection)[0] == 408


def test_http_idle_connection_is_closed_without_a_word(server):
    run = server(http={"keep_alive_timeout": 1})
    fresh, used = run.connect("http"), run.connect("http")
    used.sendall(HEALTH)
    assert read_response(used)[3] == b""
    assert read_all(fresh) == b""
    assert read_all(used) == b""


def test_http_client_that_shuts_its_side_gets_its_answer(server):
    connection = server().connect("http")
    connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    connection.shutdown(socket.SHUT_WR)
    status, _, body, _ = read_response(connection)
    assert (status, body) == (200, b"ok\n")


@pytest.mark.threads
def test_http_clients_that_reset_harm_nobody(server):
    run = server()
    for at in range(CONNECTIONS * 4):
        connection = socket.create_connection(run.address("http"), timeout=5)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.sendall((HEALTH * 20)[: at * 7])
        connection.close()
    assert run.http_get("/healthz").text == "ok\n"
