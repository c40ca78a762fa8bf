# SPDX-License-Identifier: Apache-2.0
"""How programs that live by the feed take a line apart; each as the program itself relies on it.

A function takes the text of a PRIVMSG and returns what the program understands, a dict, or None
where it passes the line over.  Names are this file's, the same for all.
"""

import re

CODES = re.compile(r"\x03[0-9]{0,2}|\x02")
SIZE = r"\((?P<size>[^)]*)\)"


def dict_of(match):
    return match.groupdict() if match else None


def plain(text):
    return CODES.sub("", text)


# Anchored at the start, every colour code, a size in parentheses, a final end of colour.
EVERY_CODE = re.compile(
    r"\x0314\[\[\x0307(?P<title>.+?)\x0314\]\]\x034 (?P<flags>.*?)\x0310 \x0302(?P<url>.+?)\x03 "
    r"\x035\*\x03 \x0303(?P<user>.+?)\x03 \x035\*\x03 \(\x02?(?P<size>[+-][0-9]+)\x02?\) "
    r"\x0310(?P<comment>.*)\x03",
    re.DOTALL,
)


def pywikibot(text):
    """pywikibot's old reader, and scripts of irclib."""
    return dict_of(EVERY_CODE.match(text))


def cvnbot(text):
    """CVNBot counts separators; a line with fewer is "cut off"."""
    fields = re.split(r"\x03[0-9]{0,2}\*?", text)
    if len(fields) < 15:
        return None
    names = {2: "title", 4: "flags", 6: "url", 10: "user", 13: "size", 14: "comment"}
    return {name: fields[place].strip() for place, name in names.items()}


def huggle(text):
    """Huggle walks from mark to mark; an edit has a "?diff=".  What is missing ends the walk."""

    def step(begin, end):
        nonlocal text
        before, found, text = text.partition(begin)
        value, ended, rest = text.partition(end)
        if not found or not ended:
            raise ValueError
        text = ended + rest
        return value

    try:
        return {
            "title": step("\x0307", "\x0314"),
            "flags": step("\x034 ", "\x0310"),
            "diff": step("?diff=", "&"),
            "oldid": re.match("[0-9]*", step("oldid=", "\x03"))[0],
            "user": step("\x0303", "\x03"),
            "size": step("\x03 (", ")"),
            "comment": text.partition("\x0310")[2].partition("\x03")[0],
        }
    except ValueError:
        return None


# Coloured fields and a final end of colour; a log's size is empty.
COLOURED = re.compile(
    r"\x0314\[\[\x0307(?P<title>.*?)\x0314\]\]\x034 (?P<flags>.*?)\x0310.*?\x0302(?P<url>.*?)\x03"
    r".*?\x0303(?P<user>.*?)\x03.*?\x035\*\x03 (?P<size>.*?) \x0310(?P<comment>.*)\x03$",
    re.DOTALL,
)


class Wikichanges:
    """wikichanges of node: a line that does not fit is glued to the next one."""

    def __init__(self):
        self.glued = ""

    def __call__(self, text):
        self.glued += text
        match = COLOURED.match(self.glued)
        if match:
            self.glued = ""
        return dict_of(match)


STREAMS = re.compile(
    r"\[\[(?P<title>.*)\]\] (?P<flags>\S*) (?P<url>\S+) \* (?P<user>.*) \* "
    r"\(\+?(?P<size>-?[0-9]+)\) (?P<comment>.*)",
    re.DOTALL,
)


def flink(text):
    """The examples of Flink and Samza, once the codes are off."""
    return dict_of(STREAMS.match(plain(text)))


CLUEBOT = re.compile(
    r"^\[\[(?P<title>[^\]]*)\]\] (?P<flags>\S*) (?P<url>https?:\S*) \* (?P<user>[^*]*) \* "
    + SIZE
    + r" (?P<comment>.*)$",
    re.DOTALL,
)


def cluebot(text):
    """ClueBot NG, once the codes are off."""
    return dict_of(CLUEBOT.match(plain(text)))


AVBOT = re.compile(
    r"^\[\[(?P<title>.+?)\]\] (?P<flags>[NMB]*) (?P<url>\S+diff=[0-9]+&oldid=[0-9]+)\S* \* "
    r"(?P<user>.+?) \* " + SIZE + " (?P<comment>.*)$",
    re.DOTALL,
)


def avbot(text):
    """AVBot, once the codes are off: an edit, and no flag but these."""
    return dict_of(AVBOT.match(plain(text)))


CONSUMERS = {
    "pywikibot": pywikibot,
    "CVNBot": cvnbot,
    "Huggle": huggle,
    "wikichanges": Wikichanges(),
    "Flink": flink,
    "ClueBot NG": cluebot,
    "AVBot": avbot,
}
