#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints fnmatch.tsv: patterns, names, and whether Python's fnmatchcase() says they match.

    /usr/bin/python3 fnmatch_table.py >fnmatch.tsv

One case a line: pattern TAB name TAB 1 or 0, with \\t, \\n, \\r and \\\\ for the bytes that would
break the table.  The random cases come from a fixed seed, so the same Python prints the same.
"""

import fnmatch
import random

WIKIS = [
    "en.wikipedia.org",
    "de.wikipedia.org",
    "simple.wikipedia.org",
    "commons.wikimedia.org",
    "www.wikidata.org",
    "EN.wikipedia.org",
    "en.wikipedia.org.",
    "zh-min-nan.wikipedia.org",
    "",
]

ON_WIKIS = (
    "* ** *.org en.* *.wikipedia.org en.wikipedia.org *wiki* ??.wikipedia.org "
    "[ed][ne].wikipedia.org [!e]* [a-m]* *.wiki[!p]* ? *? ?* *.*.* *o*g EN.* *-* [e]n.* "
    "en[.]wikipedia[.]org *[.]org [[]* en.wikipedia.org* ***.org"
).split(" ") + [""]

# Patterns whose reading is easy to get wrong, each against every name below.
ODD = (
    "[] [!] []] [!]] []-a] [!]-a] []a] [a]b] [ [! a[ [a [a- [[ [[] [[]] [][] [][!] [!!] "
    "[!!a] [!^] [^a] [^-a] [a^] [-] [--] [---] [a-] [-a] [!-a] [!a-] [--a] [a--] [a-c] [c-a] "
    "[z-a] [!z-a] [z-ab] [bz-a] [!z-ab] [a-a] [a-c-e] [c-a-e] [a-ce-g] [g-ec-a] [a-z-9] "
    "[e-dc-b] [e-dxc-b] [a-ec-bx-z] []-] []--] [!]--] [+--] [,-.] [\\] [\\]] [\\-a] [a-\\] "
    "[\\\\] \\* \\? \\[a] [*] [?] [a*] *[*] [&&] [||] [~~] [a&&b] [a||b] [a~~b] [[:alpha:]] "
    "[.] [.-.] (a) a|b a+ ^a$ $ \n ?\n *\n [\n] [!a] a\nb a?b a*b \t [\t-\r] é ? [é] [à-ü] "
    "[!é] [ü-à] [a-é] *é é* *é* [😀] [😀-😂] [!😀-😂] ?? [é-😀] [！] a] ]"
).split(" ")
ODD_NAMES = (
    "a b c d e f g x z - -- -a ] [ [] [!] [a a[ ! ^ \\ \\a \\* * ? & | ~ . , + $ (a) a|b ^a$ "
    "\n a\n a\nb ab \t \r é ê à ü ée 😀 😁 😃 é😀 9 : [[ a] [-a] [a- [! a-] -a] b] []] ！"
).split(" ") + [""]

STARS = [
    ("*a*a*a*a*a*a*a*a*b", "a" * 255),
    ("*a*a*a*a*a*a*a*a*b", "a" * 254 + "b"),
    ("*?*?*?*?*", "abcd"),
    ("*?*?*?*?*", "abc"),
    ("a*b*c", "abcbc"),
    ("a*b*c", "abcbcd"),
    ("*abc", "ababc"),
    ("*ab[cd]*ab[ef]", "abcabdabg_abe"),
    ("*aab", "aaaaab"),
    ("é*é", "éaéaé"),
    ("*[!a]", "aaab"),
    ("*[!a]", "aaaa"),
]

RANDOM_CASES = 1500
ALPHABETS = [("ab*", "ab"), ("ab-]![*?", "ab-]!["), ("aé😀[]-!*?\\^", "aé😀^\\-")]


def random_cases():
    source = random.Random(20130301)
    for _ in range(RANDOM_CASES):
        pattern_letters, name_letters = source.choice(ALPHABETS)
        pattern = "".join(source.choices(pattern_letters, k=source.randint(0, 9)))
        name = "".join(source.choices(name_letters, k=source.randint(0, 6)))
        yield pattern, name


LONG_SET_CASES = 600
LONG_SET_LETTERS = "abcdefxyz0189^[é😀" + 8 * "-"


def long_set_cases():
    """Sets of 10 to 50 characters, one or two of them, alone and behind a star.

    No '!' but the first: of "[b-a!c]" Python drops the empty range, then takes the '!' for a "not".
    """
    source = random.Random(20130302)

    def long_set():
        letters = "".join(source.choices(LONG_SET_LETTERS, k=source.randint(10, 50)))
        return f"[{source.choice(['', '!'])}{letters}]"

    for _ in range(LONG_SET_CASES):
        parts = [source.choice(["", "*", "?*"]), long_set(), source.choice(["", "*", "a", "]"])]
        parts += [long_set(), source.choice(["", "*", "z"])] if source.random() < 0.5 else []
        name = "".join(source.choices("abefmwz0459-!^]é😀", k=source.randint(1, 6)))
        yield "".join(parts), name


def escape(text):
    for byte, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(byte, escaped)
    return text


def main():
    cases = [(pattern, name) for pattern in ON_WIKIS for name in WIKIS]
    cases += [(pattern, name) for pattern in ODD for name in ODD_NAMES]
    cases += STARS
    cases += random_cases()
    cases += long_set_cases()
    for pattern, name in dict.fromkeys(cases):
        matches = fnmatch.fnmatchcase(name, pattern)
        print(escape(pattern), escape(name), int(matches), sep="\t")


if __name__ == "__main__":
    main()
