# SPDX-License-Identifier: Apache-2.0
"""The README's clients, as they stand there, against the demo feed."""

import json
import os
import re
import subprocess

import pytest
import requests
import websocket

from rcstreamd import ROOT

FUNCTIONAL = ROOT / "test/functional"
README = (ROOT / "README.md").read_text()


def snippet(language):
    """The README's one block of code in this language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return found


@pytest.fixture
def demo(server):
    """The program with --demo; its HTTP listener as host:port."""
    rcstreamd = server(arguments=["--demo"])
    host, port = rcstreamd.address("http")[:2]
    return f"{host}:{port}"


@pytest.mark.parametrize(
    ("language", "command"),
    [("js", ["node", "--eval"]), ("python", ["/usr/bin/python3", "-u", "-c"])],
)
def test_readme_client_prints_changes(demo, language, command):
    code = snippet(language)
    assert "localhost:8080" in code
    client = subprocess.Popen(
        [*command, code.replace("localhost:8080", demo)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=FUNCTIONAL,
        env={**os.environ, "NODE_PATH": str(FUNCTIONAL / "node_modules")},
    )
    try:
        for _ in range(3):
            assert ".wikipedia.org " in client.stdout.readline()
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


def test_readme_status_tells_of_the_demo(demo):
    status_path, metrics_path = re.findall(r"curl http://localhost:8080(/\S+)", README)
    status = requests.get(f"http://{demo}{status_path}", timeout=5).json()
    names = [source["name"] for source in status["sources"]]
    assert "demo" in names, json.dumps(status)
    metrics = requests.get(f"http://{demo}{metrics_path}", timeout=5).text
    assert 'rcstreamd_source_up{source="demo",type="replay"} 1\n' in metrics


def test_readme_address_for_web_clients_speaks_irc(demo):
    (path,) = re.findall(r"`ws://localhost:8080(/\w+)`", README)
    client = websocket.create_connection(
        f"ws://{demo}{path}", timeout=5, subprotocols=["text.ircv3.net"], http_no_proxy=["*"]
    )
    client.send("NICK reader")
    client.send("USER reader 0 * :Reader")
    assert " 001 reader " in client.recv()
    client.close()
