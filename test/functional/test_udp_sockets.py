# SPDX-License-Identifier: Apache-2.0
"""Datagrams that do not come by plain UDP: multicast groups, and sockets in the file system."""

import json
import os
import socket
import stat
import struct
import tempfile

import pytest

from rcstreamd import CONFIGURATION, make_change, merged, wait_until
from socketio_clients import RawWebSocket
from test_life import refused

GROUP = "239.255.77.1"
OTHER_GROUP = "239.255.77.2"
IPV6_GROUP = "ff11::77"  # of the interface alone: nothing leaves the machine
LOOPBACK = "lo"


def payload(title):
    return json.dumps(make_change(title=title)).encode()


def send_to_group(group, port, data):
    """By way of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(
            socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1")
        )
        sender.sendto(data, (group, port))


def send_to_ipv6_group(interface, port, data):
    index = socket.if_nametoindex(interface)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, struct.pack("@I", index))
        sender.sendto(data, (IPV6_GROUP, port, 0, index))


def ipv6_interface():
    """One that multicast can be sent on; loopback has a route for that on few machines."""
    for _, name in socket.if_nameindex():
        try:
            send_to_ipv6_group(name, 9, b"")
        except OSError:
            continue
        return name
    return None


def source(**options):
    return [{"type": "rcfeed-udp", **options}]


# --- multicast ---


@pytest.mark.parametrize("host", ["0.0.0.0", GROUP])
def test_multicast_group_is_received_from(server, host):
    run = server(ingest=source(listen=f"{host}:0", join=GROUP, interface=LOOPBACK))
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    port = run.address("rcfeed-udp")[1]
    send_to_group(GROUP, port, payload("to the group"))
    assert client.receive_change()["title"] == "to the group"


def test_multicast_group_that_another_program_joined_is_not_heard(server):
    run = server(ingest=source(listen="0.0.0.0:0", join=[GROUP], interface=LOOPBACK))
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    port = run.address("rcfeed-udp")[1]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        index = socket.if_nametoindex(LOOPBACK)
        membership = struct.pack("@4s4si", socket.inet_aton(OTHER_GROUP), b"\0\0\0\0", index)
        other.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        send_to_group(OTHER_GROUP, port, payload("to the other group"))
        send_to_group(GROUP, port, payload("to the group"))
        assert client.receive_change()["title"] == "to the group"


def test_multicast_group_of_ipv6_is_received_from(server):
    interface = ipv6_interface()
    if interface is None:
        pytest.skip("no interface for IPv6 multicast here")
    run = server(ingest=source(listen="[::]:0", join=IPV6_GROUP, interface=interface))
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    send_to_ipv6_group(interface, run.address("rcfeed-udp")[1], payload("IPv6"))
    assert client.receive_change()["title"] == "IPv6"


def test_multicast_group_does_not_get_past_allow(server):
    run = server(
        ingest=source(listen="0.0.0.0:0", join=GROUP, interface=LOOPBACK, allow=["192.0.2.0/24"])
    )
    send_to_group(GROUP, run.address("rcfeed-udp")[1], payload("from elsewhere"))

    def dropped():
        return run.http_get("/rcstream_status").json()["sources"][0]["dropped"]

    wait_until(lambda: dropped() == {"not_allowed": 1}, what="the drop")


def test_interface_that_is_missing_is_refused(tmp_path):
    ingest = source(listen="0.0.0.0:0", join=GROUP, interface="none0")
    sentence = refused(tmp_path, merged(CONFIGURATION, {"ingest": ingest}))
    assert sentence.startswith('rcstreamd: ingest: rcfeed-udp: interface "none0": ')


# --- sockets in the file system ---


@pytest.fixture
def path():
    """Of the socket: short, for there is room for 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="rcstreamd-") as folder:
        yield f"{folder}/feed"


def send_to_path(path, data):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(data, path)


def test_unix_socket_is_received_from_and_removed_at_the_end(server, path):
    run = server(ingest=source(listen=f"unix:{path}", mode="0620"))
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o620
    for number in range(200):  # more than the kernel queues: the sender waits
        send_to_path(path, payload(str(number)))
    assert [client.receive_change()["title"] for _ in range(200)] == [str(n) for n in range(200)]
    run.stop()
    assert not os.path.exists(path)


def test_unix_socket_takes_lines_too(server, path):
    run = server(ingest=[{"type": "rc2udp", "listen": f"unix:{path}"}])
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    send_to_path(path, b"#en.wikipedia\tanything")
    assert client.receive_change()["server_name"] == "en.wikipedia.org"


def test_unix_socket_of_a_killed_process_is_replaced(server, path):
    first = server(ingest=source(listen=f"unix:{path}"))
    first.kill()
    assert os.path.exists(path)
    second = server(ingest=source(listen=f"unix:{path}"))
    client = RawWebSocket(second).connect_to_rc().subscribe("*")
    send_to_path(path, payload("to the second"))
    assert client.receive_change()["title"] == "to the second"


def test_unix_socket_in_use_is_refused_and_stays(server, tmp_path, path):
    run = server(ingest=source(listen=f"unix:{path}"))
    configuration = merged(CONFIGURATION, {"ingest": source(listen=f"unix:{path}")})
    sentence = refused(tmp_path, configuration)
    assert sentence == f"rcstreamd: ingest: rcfeed-udp: unix:{path} is in use\n"
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    send_to_path(path, payload("to the first"))
    assert client.receive_change()["title"] == "to the first"
