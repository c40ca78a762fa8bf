# SPDX-License-Identifier: Apache-2.0
"""Behaves as the harness expects of the program, or, told by `fake`, as it must not.

    fake: ready_never | ends_early | babbles | leaks | exits_3 | ends_on_its_own |
          ignores_sigterm
"""

import json
import signal
import socket
import sys
import threading


def log(id, message):
    print(json.dumps({"level": "info", "id": id, "message": message}), flush=True)


def listen(name, kind):
    bound = socket.socket(socket.AF_INET, kind)
    bound.bind(("127.0.0.1", 0))
    log("listener.bound", "{} {}:{}".format(name, *bound.getsockname()))
    return bound


def serve_udp(name, bound):
    while True:
        log(f"{name}.datagram", bound.recv(65536).decode())


def serve_tcp(listener, answer):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=answer, args=(client,), daemon=True).start()


def answer_http(client):
    client.recv(65536)
    client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{}")
    client.close()


def answer_irc(client):
    for line in client.makefile("r", newline="\r\n"):
        word, _, rest = line.strip().partition(" ")
        if word == "USER":
            client.sendall(b":x 001 n :Welcome\r\n:x 376 n :End\r\n")
        elif word == "JOIN":
            client.sendall(f":n JOIN {rest}\r\n:x 366 n {rest} :End\r\n".encode())
        elif word == "SAY":  # for the tests of the expectations: say this
            client.sendall(rest.encode().decode("unicode_escape").encode("latin-1"))
        elif word == "QUIT":
            client.shutdown(socket.SHUT_RDWR)
            return


def main():
    with open(sys.argv[sys.argv.index("-c") + 1], encoding="utf-8") as file:
        fake = json.load(file).get("fake")
    ended = threading.Event()
    signal.signal(signal.SIGHUP, lambda *_: log("server.reload", "reloaded"))
    if fake == "ignores_sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
    if fake == "ends_early":
        print("rcstreamd.yaml:1:1: a sentence", file=sys.stderr)
        return 2
    workers = [
        (serve_tcp, listen("irc", socket.SOCK_STREAM), answer_irc),
        (serve_tcp, listen("http", socket.SOCK_STREAM), answer_http),
        (serve_udp, "rc2udp", listen("rc2udp", socket.SOCK_DGRAM)),
        (serve_udp, "rcfeed-udp", listen("rcfeed-udp", socket.SOCK_DGRAM)),
    ]
    for work, *arguments in workers:
        if work is serve_tcp:
            arguments[0].listen()
        threading.Thread(target=work, args=arguments, daemon=True).start()
    if fake != "ready_never":
        log("server.ready", "ready")
    if fake != "ends_on_its_own":
        while not ended.wait(0.05):
            pass
    if fake == "babbles":
        print("not a record", flush=True)
    if fake == "leaks":
        print("==1==ERROR: LeakSanitizer: detected memory leaks", file=sys.stderr)
    return 3 if fake in ("exits_3", "ends_on_its_own") else 0


if __name__ == "__main__":
    sys.exit(main())
