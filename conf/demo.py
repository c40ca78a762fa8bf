#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write conf/demo.ndjson, or check that it is up to date.

    conf/demo.py            writes it
    conf/demo.py --check    fails when it differs

The demonstration plays RCFeed objects recorded from MediaWiki
(test/data/rcfeed/): ordinary changes of several wikis, mixed as they would
come in together.  What was recorded to try out a format stays out.
"""

import collections
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).resolve().parent / "demo.ndjson"
PAIRS = FILE.parent.parent / "test" / "data" / "rcfeed" / "rcfeed-pairs.ndjson"

LINE_MAX = 2000

KINDS = {
    *("new", "new-anon", "new-bot", "new-minor", "new-redirect", "title-namespace"),
    *("title-unicode", "title-rtl", "title-emoji", "title-digits", "title-colons"),
    *("edit", "edit-anon", "edit-blank", "edit-bot", "edit-minor", "edit-minor-bot"),
    *("edit-redirect", "edit-replace", "edit-rollback", "edit-section", "edit-size"),
    *("edit-undo", "comment-autocomment", "comment-emoji", "comment-markup"),
    *("comment-unicode", "tempuser"),
    *("categorize-add", "categorize-remove", "categorize-template"),
    *("block", "unblock", "delete", "delete-revision", "restore", "move", "move-talk"),
    *("newuser", "protect", "renameuser", "rights", "thanks", "upload", "upload-overwrite"),
}

# Its settings, not its changes, are what it was recorded for.
WIKIS_LEFT_OUT = {"rootwiki"}


def mixed(by_wiki):
    """Return the records of all wikis, each wiki's in order and spread over the whole."""
    placed = [
        ((place + 0.5) / len(records), wiki, record)
        for wiki, records in by_wiki.items()
        for place, record in enumerate(records)
    ]
    return [record for _, _, record in sorted(placed, key=lambda row: row[:2])]


def demo():
    by_wiki = collections.defaultdict(list)
    with PAIRS.open(encoding="utf-8") as pairs:
        for line in pairs:
            pair = json.loads(line)
            datagram = pair["json_datagram"]
            if (
                pair["kind"] in KINDS
                and pair["wiki"] not in WIKIS_LEFT_OUT
                and len(datagram) < LINE_MAX
            ):
                by_wiki[pair["wiki"]].append(datagram)
    return "".join(line + "\n" for line in mixed(by_wiki))


def main():
    if sys.argv[1:] == ["--check"]:
        if FILE.read_text(encoding="utf-8") != demo():
            sys.exit("conf/demo.ndjson is not what conf/demo.py writes")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        FILE.write_text(demo(), encoding="utf-8")


if __name__ == "__main__":
    main()
