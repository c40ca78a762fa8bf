# SPDX-License-Identifier: Apache-2.0
"""Tables of what a client sends and what it is answered, to the byte.

A row is a line and its answers.  An answer is a text; in one that begins with "~" the rest is a
regular expression.  A reader of the table knows: S is "localhost", the server, N is "reader", the
client (user name "me"), B is "rc-pmtpa", the bot; #en.wikipedia is joined, #De.Wikipedia exists.
"""

import re

from irc_channels import answers, join

CHANNELS = ("#en.wikipedia", "#De.Wikipedia")
BEHIND_WELCOME = r"^:localhost 221 reader \+i$"


def newcomer(run):
    """A client that has connected, and that is all."""
    return run.irc()


def member(run):
    """A registered client in #en.wikipedia."""
    client = run.irc()
    client.send_bytes(b"NICK reader\r\nUSER me 0 * :Real Name\r\n")
    client.expect(BEHIND_WELCOME)
    join(client, "#en.wikipedia")
    return client


def is_answer(wanted, met):
    if wanted.startswith("~"):
        return re.fullmatch(wanted[1:], met) is not None
    return wanted == met


def is_answered(wanted, met):
    return len(wanted) == len(met) and all(map(is_answer, wanted, met))


def check(run, rows, client_of):
    """Try every row with a client of its own; the failed ones are told together."""
    faults = []
    for line, *wanted in rows:
        client = client_of(run)
        met = answers(client, line)
        if not is_answered(wanted, met):
            faults.append(f"{line!r}\n    wanted {wanted}\n    met    {met}")
        client.close()
    assert not faults, "\n".join(faults)
