# SPDX-License-Identifier: Apache-2.0
"""Behaves as the harness expects of the program, or, told by `fake`, as it must not.

    fake: ready_never | ends_early | babbles | leaks | exits_3 | ends_on_its_own |
          ignores_sigterm
"""

import json
import os
import signal
import socket
import sys
import threading


def log(id, message):
    record = {
        "@timestamp": "2026-01-01T00:00:00.000Z",
        "log.level": "info",
        "message": message,
        "ecs.version": "8.11.0",
        "service.name": "rcstreamd",
        "process.pid": os.getpid(),
        "event.code": id,
    }
    print(json.dumps(record), flush=True)


def bind(name, kind):
    bound = socket.socket(socket.AF_INET, kind)
    bound.bind(("127.0.0.1", 0))
    log("listener.bound", "{} {}:{}".format(name, *bound.getsockname()))
    return bound


def in_thread(work, *arguments):
    threading.Thread(target=work, args=arguments, daemon=True).start()


def serve_udp(name):
    def receive(bound):
        while True:
            log(f"{name}.datagram", bound.recv(65536).decode())

    in_thread(receive, bind(name, socket.SOCK_DGRAM))


def serve_tcp(name, answer):
    def accept(listener):
        while True:
            in_thread(answer, listener.accept()[0])

    listener = bind(name, socket.SOCK_STREAM)
    listener.listen()
    in_thread(accept, listener)


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


def serve(signals):
    while signal.sigwait(signals) == signal.SIGHUP:
        log("server.reload", "reloaded")


def main():
    with open(sys.argv[sys.argv.index("-c") + 1], encoding="utf-8") as file:
        fake = json.load(file).get("fake")
    if fake == "ends_early":
        print("rcstreamd.yaml:1:1: a sentence", file=sys.stderr)
        return 2
    signals = {signal.SIGHUP, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)  # before any thread starts
    if fake == "ignores_sigterm":
        signals.remove(signal.SIGTERM)
    serve_tcp("irc", answer_irc)
    serve_tcp("http", answer_http)
    serve_udp("rc2udp")
    serve_udp("rcfeed-udp")
    if fake != "ready_never":
        log("server.ready", "ready")
    if fake != "ends_on_its_own":
        serve(signals)
    if fake == "babbles":
        print("not a record", flush=True)
    if fake == "leaks":
        print("==1==ERROR: LeakSanitizer: detected memory leaks", file=sys.stderr)
    return 3 if fake in ("exits_3", "ends_on_its_own") else 0


if __name__ == "__main__":
    sys.exit(main())
