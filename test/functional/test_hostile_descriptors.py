# SPDX-License-Identifier: Apache-2.0
"""More clients than descriptors: those that are served go on, the rest wait."""

import os
import socket
import time

import pytest

from hostile import Witnesses, assault, assert_left_alone
from rcstreamd import program, wait_until

DESCRIPTORS = 96  # with four workers about half of them are the server's own
CLIENTS = 150


def cpu_seconds(rcstreamd):
    """What the program has used so far."""
    with open(f"/proc/{rcstreamd.process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def accept_pauses(client):
    """The counter, asked for over a connection that is there."""
    client.sendall(b"GET /rcstream_status HTTP/1.1\r\nHost: x\r\n\r\n")
    received = b""
    while b'"closed"' not in received:
        received += client.recv(65536)
    return int(received.partition(b'"accept_pauses": ')[2].partition(b",")[0])


# listener.h: clients wait while there is no descriptor; nobody spins, nobody is cut off.
@pytest.mark.threads
def test_hostile_storm_of_clients_uses_up_the_descriptors_and_passes(server):
    limited = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}", *program()]
    # By default clients are refused before it comes to that; test_limits.py has it.
    rcstreamd = server(command=limited, workers=4, limits={"connections_max": 1000})
    address = rcstreamd.address("http")
    asker = rcstreamd.connect("http")
    accept_pauses(asker)
    clients = []

    def storm(chance):
        for _ in range(CLIENTS):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(address)
            clients.append(client)

    with Witnesses(rcstreamd):
        assault(2, storm)
        wait_until(lambda: accept_pauses(asker) > 4, what="a pause")
        before = cpu_seconds(rcstreamd)
        time.sleep(2)
        assert cpu_seconds(rcstreamd) - before < 1
        for client in clients:
            client.close()
        asker.close()
        assert_left_alone(rcstreamd, irc=1, websocket=1, socketio=1)
    rcstreamd.log.wait_for("listener.paused", "clients wait to be accepted: Too many open files")
    assert len(rcstreamd.log.find("listener.paused")) <= 4
