# SPDX-License-Identifier: Apache-2.0
"""RFC 6455 as a table: what a client may do and must not, at every endpoint that is a WebSocket.

Modelled on the list of the Autobahn test suite, whose families have these numbers (8 is empty
there, and 12 and 13 are about compression, which is never agreed on).  Within a family the rows
have numbers of their own: there are more of them, and here no endpoint is an echo.
"""

import struct

import pytest

from rfc6455 import (
    BINARY,
    CLOSE,
    CONTINUATION,
    ENDPOINTS,
    KEY,
    LIMIT,
    PING,
    PONG,
    TEXT,
    Opening,
    Row,
    close,
    cut,
    faults,
    fragments,
    frame,
    opening_faults,
)

SIZES = [0, 125, 126, 127, 128, 65535, 65536]  # around each form of a length, and the limit
KOSME = "κόσμε".encode()


# --- 0: the opening handshake ---

OTHER_KEY = "AAECAwQFBgcICQoLDA0ODw=="
IRC_WANTS_UPGRADE = {"Socket.IO": 400, "IRC": 426}  # IRC's path is there for nothing else

OPENINGS = [
    Opening("0.1", "1.3", "the example's key", 101, {}),
    Opening("0.2", "4.2.1", "any key of 16 bytes", 101, {"Sec-WebSocket-Key": OTHER_KEY}),
    Opening("0.3", "4.2.1", "no key", 400, {"Sec-WebSocket-Key": None}),
    Opening("0.4", "4.2.1", "an empty key", 400, {"Sec-WebSocket-Key": ""}),
    Opening("0.5", "11.3.1", "two keys", 400, {"Sec-WebSocket-Key": [KEY, OTHER_KEY]}),
    Opening("0.6", "11.3.1", "the key twice", 400, {"Sec-WebSocket-Key": [KEY, KEY]}),
    Opening("0.7", "4.2.1", "a key of 15 bytes", 400, {"Sec-WebSocket-Key": "A" * 20}),
    Opening("0.8", "4.2.1", "a key of 17 bytes", 400, {"Sec-WebSocket-Key": "A" * 23 + "="}),
    Opening("0.9", "4.2.1", "a key not in base64", 400, {"Sec-WebSocket-Key": "*" * 22 + "=="}),
    Opening("0.10", "4.2.1", "blanks around the key", 101, {"Sec-WebSocket-Key": f"  {KEY}\t "}),
    Opening("0.11", "4.4", "no version", 426, {"Sec-WebSocket-Version": None}),
    Opening("0.12", "4.4", "the drafts' version", 426, {"Sec-WebSocket-Version": "8"}),
    Opening("0.13", "4.4", "a version to come", 426, {"Sec-WebSocket-Version": "14"}),
    Opening("0.14", "4.4", "several versions", 426, {"Sec-WebSocket-Version": "13, 8"}),
    Opening("0.15", "4.3", "a version with a zero", 426, {"Sec-WebSocket-Version": "013"}),
    Opening("0.16", "11.3.5", "two versions", 400, {"Sec-WebSocket-Version": ["13", "8"]}),
    Opening("0.17", "11.3.5", "the version twice", 400, {"Sec-WebSocket-Version": ["13", "13"]}),
    Opening("0.18", "4.2.1", "no Upgrade", IRC_WANTS_UPGRADE, {"Upgrade": None}),
    Opening("0.19", "4.2.1", "another Upgrade", IRC_WANTS_UPGRADE, {"Upgrade": "h2c"}),
    Opening("0.20", "4.2.1", "Upgrade in capitals", 101, {"Upgrade": "WebSocket"}),
    Opening("0.21", "4.2.1", "Upgrade as a list", 101, {"Upgrade": "h2c, websocket"}),
    Opening("0.22", "4.2.1", "no Connection", IRC_WANTS_UPGRADE, {"Connection": None}),
    Opening("0.23", "4.2.1", "Connection without", IRC_WANTS_UPGRADE, {"Connection": "close"}),
    Opening("0.24", "4.2.1", "not the token", IRC_WANTS_UPGRADE, {"Connection": "upgraded"}),
    Opening("0.25", "4.2.1", "Connection as a list", 101, {"Connection": "keep-alive, upgrade"}),
    Opening("0.26", "4.2.1", "in two lines", 101, {"Connection": ["keep-alive", "UPGRADE"]}),
    Opening("0.27", "4.2.1", "no Host", 400, {"Host": None}),
    Opening("0.28", "4.2.1", "two Hosts", 400, {"Host": ["a.example", "b.example"]}),
    Opening("0.29", "4.2.1", "HTTP/1.0", IRC_WANTS_UPGRADE, {}, version="HTTP/1.0"),
    Opening("0.30", "4.2.1", "no method to upgrade with", 405, {}, "PUT"),
    Opening(
        *("0.31", "4.2.1", "a GET with a body", IRC_WANTS_UPGRADE, {"Content-Length": "5"}),
        body=b"12345",
    ),
    Opening("0.32", "4.2.1", "a GET with no body, said so", 101, {"Content-Length": "0"}),
    Opening("0.33", "10.2", "a page of another origin", 101, {"Origin": "https://other.example"}),
    Opening("0.34", "9.1", "an extension", 101, {"Sec-WebSocket-Extensions": "permessage-deflate"}),
    Opening(
        *("0.35", "9.1", "extensions with parameters", 101),
        {"Sec-WebSocket-Extensions": ["x; a=1; b", 'permessage-deflate; q="10", foo']},
    ),
    Opening("0.36", "4.2.2", "a subprotocol", 101, {"Sec-WebSocket-Protocol": "chat, superchat"}),
    Opening("0.37", "4.2.1", "fields that nobody knows", 101, {"X-Unknown": "y", "Cookie": "a=b"}),
]


# --- 1: framing ---


def framing(endpoint):
    rows = []
    for at, size in enumerate(SIZES, 1):
        question, answers = endpoint.sized(size)
        text = [(frame(TEXT, question), answers)]
        binary = [(frame(BINARY, question), endpoint.of_binary(answers))]
        chop = 1 if size <= 128 else 997
        rows += [
            Row(f"1.1.{at}", "5.6", f"text of {size} bytes", text),
            Row(f"1.2.{at}", "5.6", f"binary of {size} bytes", binary),
            Row(f"1.3.{at}", "5.2", f"text of {size} bytes in chops of {chop}", text, chop),
            Row(f"1.4.{at}", "5.2", f"binary of {size} bytes in chops of {chop}", binary, chop),
        ]
    return rows


# --- 2: pings and pongs ---


def pings(endpoint):
    ask, answers = endpoint.question(b"between"), endpoint.answers(b"between")
    failed = endpoint.fails(1002)
    longest, pong = frame(PING, b"\xfe" * 125), (PONG, b"\xfe" * 125)
    names = [b"ping %d" % at for at in range(10)]
    ten, pongs = b"".join(frame(PING, name) for name in names), [(PONG, name) for name in names]
    raw = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    unasked = frame(PONG, b"unsolicited")
    return [
        Row("2.1", "5.5.2", "an empty ping", [(frame(PING), [(PONG, b"")])]),
        Row("2.2", "5.5.3", "a ping with text", [(frame(PING, b"Hello"), [(PONG, b"Hello")])]),
        Row("2.3", "5.5.3", "a ping with bytes", [(frame(PING, raw), [(PONG, raw)])]),
        Row("2.4", "5.5", "a ping of 125 bytes", [(longest, [pong])]),
        Row("2.5", "5.5", "a ping of 126 bytes", [(frame(PING, b"\xfe" * 126), failed)]),
        Row("2.6", "5.5.2", "a ping of 125 bytes in chops of 1", [(longest, [pong])], 1),
        Row("2.7", "5.5.3", "a pong that nobody asked for, empty", [(frame(PONG), [])]),
        Row("2.8", "5.5.3", "a pong that nobody asked for", [(unasked, [])]),
        Row("2.9", "5.5.3", "a pong that nobody asked for, and a ping",
            [(unasked + frame(PING, b"ping"), [(PONG, b"ping")])]),
        Row("2.10", "5.5.3", "ten pings at once", [(ten, pongs)]),
        Row("2.11", "5.5.3", "ten pings in chops of 1", [(ten, pongs)], 1),
        Row("2.12", "5.5.2", "a ping in the midst of a message, answered before that goes on",
            [(frame(TEXT, ask[:4], fin=False) + frame(PING, b"now"), [(PONG, b"now")]),
             (frame(CONTINUATION, ask[4:]), answers)]),
        Row("2.13", "5.5", "a pong of 126 bytes", [(frame(PONG, b"x" * 126), failed)]),
        Row("2.14", "5.5", "a ping that is too long, refused by its head alone",
            [(frame(PING, claim=126), failed)]),
    ]


# --- 3: reserved bits ---


def reserved_bits(endpoint):
    ask, answers = frame(TEXT, endpoint.question(b"good")), endpoint.answers(b"good")
    failed = endpoint.fails(1002)
    rows = [
        Row(f"3.{rsv}", "5.2", f"text with bits {rsv:03b}", [(ask, answers), (bad, failed)])
        for rsv, bad in ((rsv, frame(TEXT, b"bad", rsv=rsv) + ask) for rsv in range(1, 8))
    ]
    half = frame(TEXT, endpoint.question(b"half"), fin=False)
    others = [
        ("binary", frame(BINARY, b"bad", rsv=5)),
        ("a ping", frame(PING, b"bad", rsv=6)),
        ("a pong", frame(PONG, b"bad", rsv=1)),
        ("a close frame", frame(CLOSE, struct.pack("!H", 1000), rsv=7)),
        ("a fragment", half + frame(CONTINUATION, b"bad", rsv=4)),
        ("what permessage-deflate makes", frame(TEXT, b"\xf2H\xcd\xc9\xc9\x07\0", rsv=4)),
    ]
    return rows + [
        Row(f"3.{at}", "5.2", f"{what} with reserved bits", [(ask, answers), (sent, failed)])
        for at, (what, sent) in enumerate(others, 8)
    ]


# --- 4: reserved opcodes ---


def reserved_opcodes(endpoint):
    ask, answers = frame(TEXT, endpoint.question(b"good")), endpoint.answers(b"good")
    half = frame(TEXT, endpoint.question(b"half"), fin=False)
    rows = []
    for family, opcodes in (("4.1", range(3, 8)), ("4.2", range(11, 16))):
        for opcode in opcodes:
            what = f"opcode {opcode}"
            for at, (how, sent) in enumerate(
                [
                    (", empty", frame(opcode)),
                    (" with a payload", frame(opcode, b"reserved payload")),
                    (" in the midst of a message", half + frame(opcode, b"x")),
                    (", not final", frame(opcode, b"x", fin=False)),
                ],
                1,
            ):
                steps = [(ask, answers), (sent + ask, endpoint.fails(1002))]
                rows.append(Row(f"{family}.{opcode}.{at}", "5.2", what + how, steps))
    return rows


# --- 5: fragmentation ---


def fragmentation(endpoint):
    ask, answers = endpoint.question(b"fragment1fragment2"), endpoint.answers(b"fragment1fragment2")
    first, second = frame(TEXT, ask[:-9], fin=False), frame(CONTINUATION, ask[-9:])
    middle = frame(CONTINUATION, ask[-9:-4], fin=False)
    last = frame(CONTINUATION, ask[-4:])
    ping, pong = frame(PING, b"ping wile"), (PONG, b"ping wile")
    failed = endpoint.fails(1002)
    whole = frame(TEXT, ask)
    empty = frame(CONTINUATION, fin=False)
    many = endpoint.question(b"m" * 100)
    nothing = [
        ("empty", frame(CONTINUATION)),
        ("with a payload", frame(CONTINUATION, b"x")),
        ("not final", frame(CONTINUATION, b"x", fin=False)),
    ]
    rows = [
        Row("5.1", "5.4", "a ping in two fragments",
            [(fragments(PING, b"frag", b"ment"), failed)]),
        Row("5.2", "5.4", "a pong in two fragments",
            [(fragments(PONG, b"frag", b"ment"), failed)]),
        Row("5.3", "5.4", "text in two fragments", [(first + second, answers)]),
        Row("5.4", "5.4", "text in two fragments, one by one", [(first, []), (second, answers)]),
        Row("5.5", "5.4", "text in two fragments in chops of 1", [(first + second, answers)], 1),
        Row("5.6", "5.4", "text in two fragments with a ping between them",
            [(first + ping + second, [pong, *answers])]),
        Row("5.7", "5.4", "the same, one by one", [(first, []), (ping, [pong]), (second, answers)]),
        Row("5.8", "5.4", "the same in chops of 1", [(first + ping + second, [pong, *answers])], 1),
    ]
    rows += [
        Row(f"5.{at}", "5.4", f"a continuation of nothing, {what}", [(sent + whole, failed)])
        for at, (what, sent) in enumerate(nothing, 9)
    ]
    rows += [
        Row(f"5.{at}", "5.4", f"a continuation of a message that is whole, {what}",
            [(whole + sent, answers + failed)])
        for at, (what, sent) in enumerate(nothing, 12)
    ]
    return rows + [
        Row("5.15", "5.4", "a continuation between two messages",
            [(first + second, answers), (middle + whole, failed)]),
        Row("5.16", "5.4", "a continuation of nothing, then a message in fragments",
            [(middle + first + second, failed)]),
        Row("5.17", "5.4", "the same, where the continuation is final",
            [(last + first + second, failed)]),
        Row("5.18", "5.4", "text in the midst of a message", [(first + whole, failed)]),
        Row("5.19", "5.4", "text in fragments with pings in between",
            [(first + ping + middle + ping, [pong, pong]), (ping + last, [pong, *answers])]),
        Row("5.20", "5.4", "the same in chops of 1",
            [(first + ping + middle + ping, [pong, pong]), (ping + last, [pong, *answers])], 1),
        Row("5.21", "5.4", "binary in the midst of a message",
            [(first + frame(BINARY, ask), failed)]),
        Row("5.22", "5.4", "a fragment of text in the midst of a message",
            [(first + first, failed)]),
        Row("5.23", "5.4", "a pong in the midst of a message",
            [(first + frame(PONG, b"x") + second, answers)]),
        Row("5.24", "5.5", "a close frame in two fragments",
            [(fragments(CLOSE, struct.pack("!H", 1000), b"bye"), failed)]),
        Row("5.25", "5.4", "a fragment a byte",
            [(fragments(TEXT, *cut(many, 1)), endpoint.answers(b"m" * 100))]),
        Row("5.26", "5.4", "a fragment a byte, each with a ping behind it",
            [(frame(TEXT, fin=False)
              + b"".join(frame(CONTINUATION, byte, fin=False) + ping for byte in cut(many, 1)),
              [pong] * len(many)),
             (frame(CONTINUATION), endpoint.answers(b"m" * 100))]),
        Row("5.27", "5.4", "a thousand empty fragments",
            [(first + empty * 1000 + second, answers)]),
        Row("5.28", "5.4", "two messages in fragments, back to back",
            [(first + second + first + middle + last, answers * 2)]),
        Row("5.29", "5.4", "binary in two fragments",
            [(fragments(BINARY, ask[:4], ask[4:]), endpoint.of_binary(answers))]),
        Row("5.30", "5.5.1", "a close frame in the midst of a message",
            [(first + close(1000), [(CLOSE, 1000)])]),
    ]


# --- 6: UTF-8 ---

# Markus Kuhn's decoder test, UTF-8-test.txt, as far as RFC 3629 has it so; its paragraph first.
VALID = [
    *(("1", KOSME), ("2.1.2", b"\xc2\x80"), ("2.1.3", b"\xe0\xa0\x80")),
    ("2.1.4", b"\xf0\x90\x80\x80"),
    *(("2.2.2", b"\xdf\xbf"), ("2.2.3", b"\xef\xbf\xbf"), ("2.2.4", b"\xf4\x8f\xbf\xbf")),
    *(("2.3.1", b"\xed\x9f\xbf"), ("2.3.2", b"\xee\x80\x80"), ("2.3.3", b"\xef\xbf\xbd")),
    *(("5.3.1", b"\xef\xbf\xbe"), ("5.3.4", b"\xf0\x9f\xbf\xbe"), ("5.3.4", b"\xf4\x8f\xbf\xbe")),
    *(("5.3.3", b"\xef\xb7\x90"), ("specials", "\ufff9\ufffa\ufffb\ufffc".encode())),
    *(("U+2028", "\u2028".encode()), ("BOM", b"\xef\xbb\xbfx"), ("mixed", "a¢€𤭢z".encode())),
]

INVALID = [
    *(("2.1.5", b"\xf8\x88\x80\x80\x80"), ("2.1.6", b"\xfc\x84\x80\x80\x80\x80")),
    *(("2.2.4", b"\xf7\xbf\xbf\xbf"), ("2.2.5", b"\xfb\xbf\xbf\xbf\xbf")),
    *(("2.2.6", b"\xfd\xbf\xbf\xbf\xbf\xbf"), ("2.3.5", b"\xf4\x90\x80\x80")),
    *(("beyond", b"\xf5\x80\x80\x80"), ("3.1.1", b"\x80"), ("3.1.2", b"\xbf")),
    *(("3.1.3", b"\x80\xbf"), ("3.1.8", b"\x80\xbf" * 3), ("3.1.9", bytes(range(0x80, 0xC0)))),
    *(("3.2.1", b"\xc2 "), ("3.2.1", b"\xdf "), ("3.2.2", b"\xe0 "), ("3.2.2", b"\xef ")),
    *(("3.2.3", b"\xf0 "), ("3.2.3", b"\xf4 "), ("3.2.4", b"\xf8 "), ("3.2.5", b"\xfc ")),
    *(("3.3.1", b"\xc0"), ("3.3.2", b"\xe0\x80"), ("3.3.3", b"\xf0\x80\x80"), ("3.3.6", b"\xdf")),
    *(("3.3.7", b"\xef\xbf"), ("3.3.8", b"\xf4\x8f\xbf"), ("3.3", b"\xe2"), ("3.3", b"\xf0\x9f")),
    *(("3.4", b"\xdf\xef\xbf\xf4\x8f\xbf"), ("3.4", b"\xe2\x82\xe2\x82\xac")),
    *(("3.5.1", b"\xfe"), ("3.5.2", b"\xff"), ("3.5.3", b"\xfe\xfe\xff\xff")),
    *(("4.1.1", b"\xc0\xaf"), ("4.1.2", b"\xe0\x80\xaf"), ("4.1.3", b"\xf0\x80\x80\xaf")),
    *(("4.1.4", b"\xf8\x80\x80\x80\xaf"), ("4.1.5", b"\xfc\x80\x80\x80\x80\xaf")),
    *(("4.2.1", b"\xc1\xbf"), ("4.2.2", b"\xe0\x9f\xbf"), ("4.2.3", b"\xf0\x8f\xbf\xbf")),
    *(("4.3.1", b"\xc0\x80"), ("4.3.2", b"\xe0\x80\x80"), ("4.3.3", b"\xf0\x80\x80\x80")),
    *(("5.1.1", b"\xed\xa0\x80"), ("5.1.2", b"\xed\xad\xbf"), ("5.1.3", b"\xed\xae\x80")),
    *(("5.1.4", b"\xed\xaf\xbf"), ("5.1.5", b"\xed\xb0\x80"), ("5.1.7", b"\xed\xbf\xbf")),
    *(("5.2.1", b"\xed\xa0\x80\xed\xb0\x80"), ("5.2.8", b"\xed\xaf\xbf\xed\xbf\xbf")),
]


def utf8(endpoint):
    failed = endpoint.fails(1007)
    text = KOSME + b" and " + "𤭢".encode()
    ask, answers = endpoint.question(text), endpoint.answers(text)
    at_euro = endpoint.question(b"price \xe2\x82\xac")
    bad = b"\xed\xa0\x80"
    rows = [
        Row("6.1.1", "5.6", "three empty fragments", [(fragments(TEXT, b"", b"", b""), [])]),
        Row("6.1.2", "5.6", "empty fragments before and behind",
            [(fragments(TEXT, b"", ask, b""), answers)]),
        Row("6.2.1", "5.6", "in one piece", [(frame(TEXT, ask), answers)]),
        Row("6.2.2", "8.1", "in two fragments within a character",
            [(fragments(TEXT, ask[:-2], ask[-2:]), answers)]),
        Row("6.2.3", "8.1", "a byte a fragment", [(fragments(TEXT, *cut(ask, 1)), answers)]),
        Row("6.2.4", "8.1", "a byte a fragment in chops of 1",
            [(fragments(TEXT, *cut(ask, 1)), answers)], 1),
        Row("6.2.5", "8.1", "in one piece in chops of 1", [(frame(TEXT, ask), answers)], 1),
        Row("6.2.6", "8.1", "within a character, with a ping there",
            [(frame(TEXT, ask[:-2], fin=False) + frame(PING, b"\xff"), [(PONG, b"\xff")]),
             (frame(CONTINUATION, ask[-2:]), answers)]),
        Row("6.3.1", "8.1", "a surrogate in one piece", [(frame(TEXT, ask + bad), failed)]),
        Row("6.3.2", "8.1", "a surrogate, a byte a fragment",
            [(fragments(TEXT, *cut(ask + bad + b"edited", 1)), failed)]),
        Row("6.3.3", "8.1", "a message that ends within a character",
            [(frame(TEXT, at_euro[:-1]), failed)]),
        Row("6.3.4", "8.1", "fragments that end within a character",
            [(fragments(TEXT, at_euro[:-2], at_euro[-2:-1]), failed)]),
        Row("6.3.5", "8.1", "fragments that end within a character, the last one empty",
            [(fragments(TEXT, at_euro[:-1], b""), failed)]),
        # What is wrong already is told before the rest has come, which here it never does.
        Row("6.4.1", "8.1", "told by the first of three fragments",
            [(frame(TEXT, ask, fin=False), []),
             (frame(CONTINUATION, b"\xf4\x90\x80\x80", fin=False), failed)]),
        Row("6.4.2", "8.1", "told by the byte that makes it wrong, not the next fragment",
            [(frame(TEXT, ask + b"\xf4", fin=False), []),
             (frame(CONTINUATION, b"\x90", fin=False), failed)]),
        Row("6.4.3", "8.1", "told within the frame",
            [(frame(TEXT, ask + b"\xf4\x90", claim=len(ask) + 10), failed)]),
        Row("6.4.4", "8.1", "told within the frame, a byte at a time",
            [(frame(TEXT, ask + b"\xf4\x90", claim=len(ask) + 10), failed)], 1),
        Row("6.4.5", "8.1", "told within a frame of which the character's first byte came before",
            [(frame(TEXT, ask + b"\xed", fin=False) + frame(CONTINUATION, b"\xa0", claim=9),
              failed)]),
        Row("6.4.6", "8.1", "not told while it may still turn out well",
            [(frame(TEXT, at_euro[:-1], fin=False), []),
             (frame(CONTINUATION, at_euro[-1:]), endpoint.answers(b"price \xe2\x82\xac"))]),
    ]
    for number, (where, valid) in enumerate(VALID, 1):
        what = f"UTF-8-test.txt {where}: {valid.hex()}"
        good, met = frame(TEXT, endpoint.question(valid)), endpoint.answers(valid)
        rows.append(Row(f"6.5.{number}", "5.6", what, [(good, met)]))
    for number, valid in enumerate((b"\x00", b"\x01", b"\x7f", b"\t\r\n"), 1):
        around, met = endpoint.around(valid)
        rows.append(Row(f"6.6.{number}", "5.6", valid.hex(), [(frame(TEXT, around), met)]))
    for number, (where, invalid) in enumerate(INVALID, 1):
        what = f"UTF-8-test.txt {where}: {invalid.hex()}"
        wrong = frame(TEXT, endpoint.question(invalid))
        rows.append(Row(f"6.7.{number}", "8.1", what, [(wrong, failed)]))
    return rows


# --- 7: close frames ---

VALID_CODES = [*range(1000, 1004), *range(1007, 1012), 3000, 3999, 4000, 4999]
INVALID_CODES = [
    *(0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 32768, 65535),
]


def closing(endpoint):
    ask, answers = frame(TEXT, endpoint.question(b"before")), endpoint.answers(b"before")
    failed = endpoint.fails(1002)
    bye, echoed = close(1000, b"bye"), [(CLOSE, 1000)]
    long_question, long_answers = endpoint.sized(65536)
    reason = KOSME * 3
    rows = [
        Row("7.1.1", "5.5.1", "a message, then a close frame", [(ask + bye, answers + echoed)]),
        Row("7.1.2", "5.5.1", "two close frames", [(bye + close(1001), echoed)]),
        Row("7.1.3", "5.5.1", "a ping behind the close frame", [(bye + frame(PING, b"x"), echoed)]),
        Row("7.1.4", "5.5.1", "a message behind the close frame", [(bye + ask, echoed)]),
        Row("7.1.5", "5.5.1", "a fragment, the close frame, the next fragment",
            [(frame(TEXT, endpoint.question(b"x"), fin=False) + bye + frame(CONTINUATION, b"y"),
              echoed)]),
        Row("7.1.6", "5.5.1", "much, then a close frame, then a ping",
            [(frame(TEXT, long_question) * 4 + bye + frame(PING), long_answers * 4 + echoed)]),
        Row("7.1.7", "5.5.1", "what is not even a frame behind the close frame",
            [(bye + b"\xff" * 50, echoed)]),
        Row("7.3.1", "5.5.1", "no payload", [(close(), [(CLOSE, None)])]),
        Row("7.3.2", "5.5.1", "a payload of 1 byte", [(frame(CLOSE, b"a"), failed)]),
        Row("7.3.3", "5.5.1", "a code alone", [(close(1000), echoed)]),
        Row("7.3.4", "5.5.1", "a code and a reason", [(close(1000, b"Hello World!"), echoed)]),
        Row("7.3.5", "5.5", "the longest reason", [(close(1000, b"*" * 123), echoed)]),
        Row("7.3.6", "5.5", "a reason that is too long", [(close(1000, b"*" * 124), failed)]),
        Row("7.3.7", "5.5.1", "a close frame in chops of 1", [(close(1000, b"bye"), echoed)], 1),
        Row("7.5.1", "5.5.1", "a reason that is not UTF-8",
            [(close(1000, b"\xce\xba\xed\xa0\x80edited"), endpoint.fails(1007))]),
        Row("7.5.2", "5.5.1", "a reason cut within a character",
            [(close(1000, KOSME[:-1]), endpoint.fails(1007))]),
        Row("7.5.3", "5.5.1", "a reason in UTF-8", [(close(1000, reason), echoed)]),
    ]
    rows += [
        Row(f"7.6.{chop}", "5.5.1", f"a reason in UTF-8 in chops of {chop}",
            [(close(1000, reason), echoed)], chop)
        for chop in range(1, 12)
    ]
    rows += [
        Row(f"7.7.{code}", "7.4.1", f"code {code}", [(close(code), [(CLOSE, code)])])
        for code in VALID_CODES
    ]
    rows += [
        Row(f"7.8.{code}", "7.4.2", f"code {code} with a reason",
            [(close(code, b"why"), [(CLOSE, code)])])
        for code in VALID_CODES
    ]
    return rows + [
        Row(f"7.9.{code}", "7.4", f"code {code}", [(close(code), failed)]) for code in INVALID_CODES
    ]


# --- 9: limits ---


def limits(endpoint):
    question, answers = endpoint.sized(LIMIT)
    over, failed = endpoint.sized(LIMIT + 1)[0], endpoint.fails(1009)
    pieces = {size: cut(question, size) for size in (64, 256, 1000, 4096, 16384, LIMIT - 1)}
    rows = [
        Row(f"9.3.{size}", "5.4", f"{LIMIT} bytes in fragments of {size}",
            [(fragments(TEXT, *parts), answers)])
        for size, parts in pieces.items()
    ]
    rows += [
        Row(f"9.5.{chop}", "5.2", f"{LIMIT} bytes in chops of {chop}",
            [(frame(TEXT, question), answers)], chop)
        for chop in (256, 1000, 4096, 16384)
    ]
    return rows + [
        Row("9.11.1", "7.4.1", "a message over the limit", [(frame(TEXT, over), failed)]),
        Row("9.11.2", "7.4.1", "a binary message over the limit", [(frame(BINARY, over), failed)]),
        Row("9.11.3", "10.4", "a length over the limit, refused by the head alone",
            [(frame(TEXT, claim=LIMIT + 1), failed)]),
        Row("9.11.4", "10.4", "the longest length there is",
            [(frame(TEXT, claim=2**63 - 1), failed)]),
        Row("9.11.5", "10.4", "fragments that make a message over the limit",
            [(fragments(TEXT, *cut(over, 1000)), failed)]),
        Row("9.11.6", "10.4", "a fragment that makes it one, refused by its head alone",
            [(frame(TEXT, question, fin=False) + frame(CONTINUATION, claim=1), failed)]),
        Row("9.11.7", "10.4", "a full message and an empty fragment",
            [(frame(TEXT, question, fin=False) + frame(CONTINUATION), answers)]),
        Row("9.11.8", "10.4", "pings do not count",
            [(frame(TEXT, question, fin=False) + frame(PING, b"x" * 125) + frame(CONTINUATION),
              [(PONG, b"x" * 125), *answers])]),
        Row("9.11.9", "10.4", "each message counts by itself",
            [(frame(TEXT, question) * 3, answers * 3)]),
    ]


# --- 10: headers ---


def headers(endpoint):
    ask, answers = endpoint.question(b"head"), endpoint.answers(b"head")
    long_ask, long_answers = endpoint.sized(126)
    whole = frame(TEXT, ask)
    top_bit = b"\x81\xff" + (2**63).to_bytes(8, "big") + b"\0\0\0\0"
    odd_masks = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x80\0\xff"]
    good = [
        *((f"a mask of {mask.hex()}", frame(TEXT, ask, mask=mask), answers) for mask in odd_masks),
        ("126 bytes, in a length of two", frame(TEXT, long_ask, width=2), long_answers),
    ]
    bad = [
        ("a length of two bytes for 0", "5.2", frame(TEXT, width=2)),
        ("a length of two bytes for what is shorter", "5.2", frame(TEXT, ask, width=2)),
        ("a length of two bytes for 125", "5.2", frame(TEXT, claim=125, width=2)),
        ("a length of eight bytes for what is shorter", "5.2", frame(TEXT, ask, width=8)),
        ("a length of eight bytes for 65535", "5.2", frame(TEXT, claim=65535, width=8)),
        ("a length of eight bytes with its highest bit set", "5.2", top_bit),
        ("a ping with a length of two bytes", "5.5", frame(PING, b"x", width=2)),
        ("text without a mask", "5.1", frame(TEXT, ask, mask=None)),
        ("empty text without a mask", "5.1", frame(TEXT, mask=None)),
        ("binary without a mask", "5.1", frame(BINARY, ask, mask=None)),
        ("a ping without a mask", "5.1", frame(PING, b"x", mask=None)),
        ("a pong without a mask", "5.1", frame(PONG, b"x", mask=None)),
        ("a close frame without a mask", "5.1", frame(CLOSE, b"\x03\xe8", mask=None)),
        (
            *("a fragment without a mask", "5.1"),
            frame(TEXT, ask, fin=False) + frame(CONTINUATION, b"x", mask=None),
        ),
        ("an HTTP request", "5.1", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ]
    rows = [
        Row(f"10.2.{at}", "5.3", what, [(sent, met)])
        for at, (what, sent, met) in enumerate(good, 1)
    ]
    rows += [
        Row(f"10.3.{at}", source, what, [(whole, answers), (sent, endpoint.fails(1002))])
        for at, (what, source, sent) in enumerate(bad, 1)
    ]
    return rows + [
        Row(f"10.4.{at}", source, f"{what}, and a message behind it",
            [(sent + whole, endpoint.fails(1002))])
        for at, (what, source, sent) in enumerate(bad, 1)
    ]


# --- the tests ---

FAMILIES = [
    *(framing, pings, reserved_bits, reserved_opcodes, fragmentation, utf8, closing, limits),
    headers,
]

each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)


# RFC 6455 section 4: what is an opening handshake and what is not, and how each is answered.
@each_endpoint
def test_rfc6455_openings_are_answered_as_the_table_says(server, endpoint):
    found = opening_faults(server(), endpoint, OPENINGS)
    assert not found, "\n".join(found)


# RFC 6455 sections 5 to 8 and 10, the paragraph in each row.
@each_endpoint
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_rfc6455_conversations_go_as_the_table_says(server, endpoint, family):
    found = faults(server(), endpoint, family(endpoint))
    assert not found, "\n".join(found)


# RFC 6455 section 5.6: an empty message is one; Socket.IO counts it as a packet that is none.
def test_rfc6455_empty_message_reaches_its_endpoint(server):
    run = server()
    (row,) = (row for row in framing(ENDPOINTS[0]) if row.number == "1.1.1")
    assert not faults(run, ENDPOINTS[0], [row])
    assert run.http_get("/rcstream_status").json()["counters"]["socketio_bad_packets"] == 1


# docs/testing.md: a test can fail.  Each row here says what is not so, and is found out.
@each_endpoint
def test_rfc6455_table_finds_out_a_row_that_is_wrong(server, endpoint):
    ping, ask = frame(PING, b"a"), frame(TEXT, endpoint.question(b"a"))
    pong, answers = (PONG, b"a"), endpoint.answers(b"a")
    wrong = [
        Row("another payload", "", "", [(ping, [(PONG, b"b")])]),
        Row("another opcode", "", "", [(ping, [(BINARY, b"a")])]),
        Row("too much", "", "", [(ping, [pong, pong])]),
        Row("too little", "", "", [(ping, [])]),
        Row("in another order", "", "", [(ask + ping, [pong, *answers])]),
        Row("an end that does not come", "", "", [(ask, [*answers, (CLOSE, 1000)])]),
        Row("an end that is not foreseen", "", "", [(ask + close(1000), answers)]),
        Row("another code", "", "", [(close(1000), [(CLOSE, 1001)])]),
        Row("no code", "", "", [(close(1000), [(CLOSE, None)])]),
    ]
    found = faults(server(), endpoint, wrong, timeout=0.5)
    assert [fault.split("  (")[0] for fault in found] == [row.number for row in wrong]
    openings = [Opening("refused", "", "", 400, {}), Opening("taken", "", "", 101, {"Host": None})]
    assert len(opening_faults(server(), endpoint, openings)) == len(openings)


# test_rfc6455.py: a report names a row by its number alone.
@each_endpoint
def test_rfc6455_rows_have_numbers_of_their_own(endpoint):
    rows = [*OPENINGS, *(row for family in FAMILIES for row in family(endpoint))]
    numbers = [row.number for row in rows]
    assert len(numbers) == len(set(numbers)) > 300
