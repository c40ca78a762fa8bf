#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing starts from: FOLDER/<target>/<number>.

    seeds.py FOLDER

They are real traffic, from the changes recorded in test/data and from what clients say, and
what once went wrong.  An input of text is kept here and not in files of its own, so that it can
be read.
"""

import json
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "data/rcfeed"

IRC = [
    b"CAP LS 302\r\nNICK reader\r\nUSER reader 0 * :A reader\r\nCAP REQ :server-time batch\r\n"
    b"CAP END\r\nJOIN #en.wikipedia,#de.wikipedia\r\nMODE #en.wikipedia +b\r\nQUIT :bye\r\n",
    b'USER "1" "1" "1" "1"\nNICK ClueNet\nPONG :localhost\nPART 0 :\n',
    b"@time=2026-01-31T12:00:00.000Z;+a/b=c\\s\\:\\\\ :a!b@c   privmsg  #x  :\x01VERSION\x01 \r\n",
    b"A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\rB :\r:\r\n: \n\r\r\n@x\r\n@x \n",
    b"USER u 0 * :Jos\xe9\r\nNICK \xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\x80\x00\xc0\xaf\r\n",
    b"PING " + b"x" * 503 + "\u20ac".encode() + b"QUIT\r\nPING :a\r\n",
    b"@" + b"t" * 8189 + b" PING a\r\n@" + b"t" * 8190 + b" PING b\r\nPING c\r\n",
]

# Every command of docs/protocols/irc.md, some of each in one conversation.
IRC_SESSIONS = [
    b"JOIN #en.wikipedia,#x\r\nPART #en.wikipedia :why\r\nJOIN #EN.wikipedia\r\nJOIN 0\r\n",
    b"TOPIC #en.wikipedia\r\nNAMES #en.wikipedia,#x\r\nLIST\r\nLIST #x,#de.wikipedia\r\n",
    b"MODE #en.wikipedia\r\nMODE #en.wikipedia +b\r\nMODE reader +i\r\nMODE rc-pmtpa\r\n",
    b"WHO #en.wikipedia %tuhnaf,152\r\nWHO *\r\nWHOIS reader,x\r\nWHOIS a rc-pmtpa\r\nWHOWAS x\r\n",
    b"USERHOST a reader rc-pmtpa\r\nISON reader x\r\nAWAY :gone\r\nAWAY\r\nPRIVMSG a,reader :x\r\n",
    b"NOTICE reader :x\r\nPRIVMSG #en.wikipedia :x\r\nPRIVMSG rc-pmtpa :\x01VERSION\x01\r\n",
    b"MOTD\r\nLUSERS\r\nVERSION\r\nTIME\r\nINFO\r\nADMIN\r\nSTATS u\r\nHELP\r\nLINKS\r\n",
    b"NICK other\r\nNICK a.b\r\nUSER a b c :d\r\nPASS x\r\nPING a b\r\nPONG x\r\nQUIT :bye\r\n",
    b"CAP LS 302\r\nCAP REQ :server-time message-tags batch labeled-response echo-message\r\n"
    b"CAP LIST\r\nCAP REQ :-batch no-such\r\nCAP END\r\nCAP FOO\r\nCAP REQ :draft/chathistory\r\n",
    b"CAP REQ :batch labeled-response message-tags echo-message server-time standard-replies\r\n"
    b"@label=a1 PING x\r\n@label=a2 LIST\r\n@label=a3;+b=c PRIVMSG reader :x\r\n@label= PONG\r\n"
    b"@label=a4 JOIN #en.wikipedia\r\n@+typing=active TAGMSG reader\r\nSETNAME :Another\r\n",
    b"CAP REQ :batch server-time message-tags draft/chathistory draft/event-playback\r\n"
    b"CHATHISTORY LATEST #en.wikipedia * 50\r\nCHATHISTORY AFTER #en.wikipedia msgid=1-1 5\r\n"
    b"CHATHISTORY BEFORE #x timestamp=2026-01-31T12:00:00.000Z 5\r\nCHATHISTORY TARGETS a b 5\r\n"
    b"CHATHISTORY BETWEEN #en.wikipedia timestamp=2023-11-14T22:13:20.000Z msgid=x 100000\r\n"
    b"CHATHISTORY AROUND #en.wikipedia msgid=1 0\r\nCHATHISTORY FOO #en.wikipedia * -1\r\n",
    b"JOIN #*.wikipedia\r\nJOIN #*\r\nNAMES #*.wikipedia\r\nLIST *wiki*\r\nLIST >0,<5\r\n",
]

PROXY = b"\r\n\r\n\0\r\nQUIT\n"
PROXY_HEADERS = [
    b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 6667\r\nPING\r\n",
    b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 6667\r\n",
    b"PROXY UNKNOWN\r\n",
    PROXY + b"\x21\x11\x00\x13\xc0\x00\x02\x01\xc6\x33\x64\x01\x12\x67\x1a\x0b"
    b"\x03\x00\x04\x24\x9d\xa0\xd2",
    PROXY + b"\x21\x21\x00\x24" + bytes(32) + b"\x12\x67\x00\x50",
    PROXY + b"\x20\x00\x00\x04abcd",
]

SSE = [
    b'\xef\xbb\xbf:ok\n\nevent: message\nid: [{"topic":"a","offset":1}]\ndata: {"a":1}\n\n',
    b"data\r\rdata: two\rdata:lines\r\nretry: 3000\r\nid\r\nid: a\0b\r\n\r\n: comment\n",
    b"event:" + b"e" * 70 + b"\ndata: x\n\nunknown: y\ndata\n",
]

HTTP = [
    b"GET /rcstream_status?a=b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST /socket.io/1/xhr-polling/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n2::"
    b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
    b"3;a=b\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
    b"GET /socket.io/1/websocket/1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\nX:  folded\r\n\tvalue \r\n\r\nGET  / HTTP/1.1\r\n\r\n",
]

SOCKETIO = [
    b"2::",
    b"1::/rc",
    b'5:1+:/rc:{"name":"subscribe","args":["*.wikipedia.org"]}',
    '\ufffd6\ufffd1::/rc\ufffd3\ufffd2::\ufffd9\ufffd3:::a\u20ac\U0001f600b'.encode(),
    b"6:::1+[]",
    b"7::/rc:1+0",
]

FILTERS = [
    b"{}",
    b'{"wiki":"*"}',
    b'{"wiki":["*.wikipedia.org","commons.wikimedia.org","en.*"],"type":["edit","new"],'
    b'"namespace":0,"bot":false,"since":"19c0a5b2d10-4711"}',
    b'{"type":"log","namespace":[1,0,-1,9223372036854775807,0],"bot":true,"since":1777636800}',
    b'{"wiki":["a","a"],"since":"2026-02-28T23:59:60.5Z","type":["external","categorize"]}',
    b'{"since":1777636800250,"namespace":[]}',
    b'{"since":1e300,"wiki":"","type":"edits","bot":null,"namespace":1.5,"x":1,"y":2,"z":[]}',
    '{"wiki":"\u00e9[!a-z]😀","since":"0-0"}'.encode(),
    b'{"wiki":"a\\u0000b","type":"edit\\u0000","since":"19c0a5b2d10-18446744073709551615"}',
]


def event(name, argument, id=b""):
    return b'5:%s:/rc:{"name":"%s","args":[%s]}' % (id, name, argument)


# What a client says, a packet a line.
SOCKETIO_SESSIONS = [
    b"\n".join(packets)
    for packets in [
        [b"1::/rc", event(b"subscribe", b'"*"', b"1+"), b"0::/rc", b"1::/rc", b"2::", b"0::"],
        [event(b"subscribe", filter, b"7+") for filter in FILTERS],
        [event(b"subscribe", b'["a.example","*.org",1]'), event(b"unsubscribe", b'"*.org"')],
        [event(b"subscribe", b'{"wiki":"*"}', b"1+"), event(b"unsubscribe", b'{"id":"1"}', b"2+")],
        [event(b"subscribe", wikis) for wikis in (b'"*"', b'{"wiki":"*.org"}', b'{"bot":false}')],
        [event(b"subscribe", b'{"since":0}', b"%d+" % number) for number in range(12)],
        [event(b"subscribe", b'{"since":"123456789ab-2","bot":false}'), b"3:1+:/rc:x", b"0::/rc"],
        [event(b"dance", b"1", b"3+"), event(b"a-b", b""), b"1::/x", b"4:1:/rc:{}", b"5::/rc:{"],
        [event(b"subscribe", b'["1","2","3","4","5","6","7","8","9","10","11"]', b"1+")],
    ]
]

JSONP = [
    b"d=%221%3A%3A%2Frc%22",
    b"d=%225:1%2B:/rc:%7B%5C%22name%5C%22:%5C%22subscribe%5C%22%7D%22&i=0",
    b"a=b&d=%22%EF%BF%BD3%EF%BF%BD2::%EF%BF%BD8%EF%BF%BD3:::%5Cud83d%5Cude00%F0%9F%98%80%22\r\n",
    b'd="%00+%5cu0000%5Cn%/%zz"',
]

REDIS = [
    b'*3\r\n$7\r\nmessage\r\n$5\r\nrc.en\r\n$8\r\n{"a":"b"}\r\n+OK\r\n:1\r\n-ERR no such key\r\n',
    b"*1\r\n*2\r\n$2\r\nrc\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$4\r\ndata\r\n$2\r\n{}\r\n",
    b"*6\r\n$6\r\nlength\r\n:1\r\n$17\r\nlast-generated-id\r\n$3\r\n1-0\r\n$11\r\nfirst-entry\r\n"
    b"*2\r\n$3\r\n1-0\r\n*2\r\n$4\r\ndata\r\n$2\r\n{}\r\n",
    b"*-1\r\n$-1\r\n*0\r\n*99999999\r\n",
]


JSON = [b'{"server_name":"en.wikipedia.org","type":"edit","id":1\0,"title":"a"}']


def frame(first, payload=b"", length=None):
    """A client's frame; the mask is of zeros, so that the payload can be read and mutated."""
    length = len(payload) if length is None else length
    head = bytes([first, 0x80 | min(length, 126)])
    return head + (length.to_bytes(2, "big") if length >= 126 else b"") + bytes(4) + payload


FIN, TEXT, BINARY, CLOSE, PING, PONG = 0x80, 1, 2, 8, 9, 10
WEBSOCKET = [
    frame(FIN | TEXT, b"hello") + frame(FIN | PING, b"p") + frame(FIN | BINARY, b"\0\xff"),
    frame(TEXT, "a\u20ac".encode()[:2]) + frame(FIN | PING) + frame(FIN, "\u20ac".encode()[1:]),
    frame(FIN | TEXT, b"x" * 300) + frame(FIN | CLOSE, b"\x03\xe8bye") + frame(FIN | TEXT, b"late"),
    frame(FIN | TEXT, b"\xff") + frame(FIN | TEXT, b"x"),
    frame(FIN | CLOSE) + frame(FIN | PONG, b"x" * 125),
    frame(FIN | TEXT, b"short", 65535),
    frame(FIN | CLOSE, b"\x03\xe8" + "\u20ac\u03ba\u1f79".encode()),
    frame(FIN | CLOSE, b"\x03\xe8\xff", 120),
    frame(FIN | 0x40 | TEXT, b"x") + frame(FIN | 3, b"x"),
]


def recorded(member):
    """One of each kind of change: the datagrams of a wiki differ little from the next one's."""
    by_kind = {}
    with (DATA / "rcfeed-pairs.ndjson").open(encoding="utf-8") as pairs:
        for pair in map(json.loads, pairs):
            if pair[member] is not None:
                by_kind.setdefault(pair["kind"], pair[member].encode())
    return [datagram for datagram in by_kind.values() if len(datagram) < 4096]


def seeds():
    return {
        "irc_message": IRC,
        "irc_session": IRC_SESSIONS + IRC[:5],
        "rcfeed_json": JSON + recorded("json_datagram"),
        "proxy_protocol": PROXY_HEADERS,
        "rcfeed_irc": recorded("irc_datagram"),
        "sse_reader": SSE,
        "http_reader": HTTP,
        "socketio_filter": FILTERS,
        "socketio_jsonp": JSONP,
        "socketio_payload": SOCKETIO,
        "socketio_session": SOCKETIO_SESSIONS,
        "redis_reader": REDIS,
        "websocket": WEBSOCKET,
    }


def main(folder):
    for target, inputs in seeds().items():
        place = Path(folder, target)
        place.mkdir(parents=True, exist_ok=True)
        for number, payload in enumerate(inputs, 1):
            (place / f"{number:03}").write_bytes(payload)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
