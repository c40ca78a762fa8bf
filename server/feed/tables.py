#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write the tables of server/feed/ that are data, or check that they are up to date.

    server/feed/tables.py            writes them
    server/feed/tables.py --check    fails, naming the file, when one differs

The data come from test/data/rcfeed/: see the README.md there.
"""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
DATA = FOLDER.parent.parent / "test" / "data" / "rcfeed"

# Two names that MediaWiki knows besides HTML's, both for the right-to-left mark.
RLM_ALIASES = ("\u05e8\u05dc\u05de;", "\u0631\u0644\u0645;")

HEADER = """/* SPDX-License-Identifier: Apache-2.0 */
/*
 * {what}
 *
 *   {row}
 *
 * Keep sorted by bytes: searched with bsearch().  Made by server/feed/tables.py
 * from test/data/rcfeed/{source}.
 */
"""


def c_string(text, keep):
    """Return a C literal; characters for which keep() is false become octal escapes."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif keep(char):
            out.append(char)
        else:
            out.extend(f"\\{byte:03o}" for byte in char.encode())
    return '"' + "".join(out) + '"'


def table(header, macro, rows, keep):
    lines = [
        f"{macro}({c_string(name, keep)}, {c_string(text, keep)})"
        for name, text in sorted(rows.items(), key=lambda row: row[0].encode())
    ]
    return header + "\n".join(lines) + "\n"


def html_references():
    rows = json.loads((DATA / "named-references.json").read_text(encoding="utf-8"))
    rows.update({alias: rows["rlm;"] for alias in RLM_ALIASES})
    header = HEADER.format(
        what="Named character references, each with the text it leaves on IRC.",
        row="HTML_REFERENCE(name, text)    the name without its semicolon",
        source="named-references.json",
    )
    rows = {name.removesuffix(";"): text for name, text in rows.items()}
    return table(header, "HTML_REFERENCE", rows, lambda char: " " <= char <= "~")


def special_namespaces():
    rows = json.loads((DATA / "special-namespaces.json").read_text(encoding="utf-8"))
    header = HEADER.format(
        what="The name of MediaWiki's Special namespace, by language code.",
        row="SPECIAL_NAMESPACE(language, name)",
        source="special-namespaces.json",
    )
    return table(header, "SPECIAL_NAMESPACE", rows, lambda char: char >= " ")


TABLES = {
    "html_references.def": html_references,
    "special_namespaces.def": special_namespaces,
}


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    stale = []
    for name, make in TABLES.items():
        path = FOLDER / name
        if not check:
            path.write_text(make(), encoding="utf-8")
        elif path.read_text(encoding="utf-8") != make():
            stale.append(name)
    if stale:
        sys.exit(f"not what server/feed/tables.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
