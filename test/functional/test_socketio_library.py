# SPDX-License-Identifier: Apache-2.0
"""/socket.io/socket.io.js: the client library, from a file of the operator's."""

import json

import pytest

from rcstreamd import ROOT, run_program
from socketio_clients import handshake

LIBRARY = ROOT / "test/functional/node_modules/socket.io-client/dist/socket.io.js"
PATH = "/socket.io/socket.io.js"


@pytest.fixture
def run(server):
    return server(irc=None, http={"socketio": {"client_file": str(LIBRARY)}})


# http.socketio.client_file: byte for byte, with the query that pages add; the rest is Socket.IO's.
def test_socketio_library_is_the_configured_file(run):
    for path in (PATH, f"{PATH}?v=0.9.16"):
        response = run.http_get(path, headers={"Origin": "http://page.example"})
        assert response.status_code == 200
        assert response.content == LIBRARY.read_bytes()
        assert response.headers["Content-Type"] == "text/javascript; charset=UTF-8"
        assert response.headers["Cache-Control"] == "public, max-age=3600"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert run.http_get(f"{PATH}/x").status_code == 404
    assert run.http_request("POST", PATH, data=b"x").status_code == 405
    handshake(run)


# RFC 9110 §9.3.2, §13.1.2, §15.4.5: HEAD tells of the bytes, 304 that they are the same.
def test_socketio_library_is_not_sent_without_need(run):
    head = run.http_request("HEAD", PATH)
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == LIBRARY.stat().st_size
    same = run.http_get(PATH, headers={"If-None-Match": f'"x", {head.headers["ETag"]}'})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == head.headers["ETag"]
    assert "Content-Length" not in same.headers
    assert "Content-Type" not in same.headers
    other = run.http_get(PATH, headers={"If-None-Match": '"x"'})
    assert (other.status_code, len(other.content)) == (200, LIBRARY.stat().st_size)


# The operator hears at once of a library that no page would get.
@pytest.mark.parametrize(
    "size, problem", [(None, "No such file"), (0, "is empty"), (1048577, "more than")]
)
def test_socketio_library_that_cannot_be_had_ends_the_start(tmp_path, size, problem):
    library = tmp_path / "library.js"
    if size is not None:
        library.write_bytes(b"x" * size)
    configuration = tmp_path / "rcstreamd.yaml"
    configuration.write_text(
        json.dumps(
            {"http": {"listen": "127.0.0.1:0", "socketio": {"client_file": str(library)}}}
        )
    )
    ended = run_program("-c", configuration)
    assert ended.returncode == 2
    assert ended.stderr.startswith("rcstreamd: http.socketio.client_file: ")
    assert problem in ended.stderr
