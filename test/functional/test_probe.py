# SPDX-License-Identifier: Apache-2.0
"""rcstreamd --probe: what a container's health check runs."""

import json
import socket
import threading

from rcstreamd import run_program


def free_port():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def configuration(folder, port):
    file = folder / "probe.yaml"
    file.write_text(json.dumps({"http": {"listen": [f"127.0.0.1:{port}"]}}))  # YAML, too
    return file


def test_probe_is_content_with_a_server_that_runs(server, tmp_path):
    rcstreamd = server()
    probed = run_program("-c", configuration(tmp_path, rcstreamd.address("http")[1]), "--probe")
    assert (probed.returncode, probed.stdout, probed.stderr) == (0, "", "")


def test_probe_says_that_nobody_listens(tmp_path):
    port = free_port()
    probed = run_program("-c", configuration(tmp_path, port), "--probe")
    assert probed.returncode == 1
    assert probed.stderr.startswith(f"rcstreamd: --probe: http://127.0.0.1:{port}/healthz: ")


def test_probe_says_which_status_it_met(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer():
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        file = configuration(tmp_path, listener.getsockname()[1])
        probed = run_program("-c", file, "--probe")
        thread.join()
    assert probed.returncode == 1
    assert "status 503" in probed.stderr
