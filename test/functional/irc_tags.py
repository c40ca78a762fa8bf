# SPDX-License-Identifier: Apache-2.0
"""IRCv3 message tags, as a client reads them."""

import re

ESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def unescape(value):
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), value)


def split_tags(line):
    """The tags of a line, unescaped, and the line without them."""
    if not line.startswith("@"):
        return {}, line
    tags, _, rest = line[1:].partition(" ")
    pairs = [tag.partition("=") for tag in tags.split(";")]
    assert len({key for key, _, _ in pairs}) == len(pairs), f"a tag comes twice: {line!r}"
    return {key: unescape(value) for key, _, value in pairs}, rest


def untagged(lines):
    return [split_tags(line)[1] for line in lines]


def request(client, *names):
    """Switch capabilities on."""
    client.send(f"CAP REQ :{' '.join(names)}")
    client.expect(rf"^(@\S+ )?:localhost CAP \S+ ACK :{re.escape(' '.join(names))}$")
    return client


def tagged_answers(client, line):
    """Send a line; all that answers it, seen by a PING behind it, each as (tags, rest)."""
    first = len(client.lines)
    client.send(line)
    client.send("PING :that was all")
    client.expect(r"^(@\S+ )?:\S+ PONG \S+ :that was all$")
    return [split_tags(line) for line in client.lines[first:-1]]
