# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to the rules of docs/style.md that can be checked cheaply.

usage: lint.py ROOT [BUILD]            print "file:line: sentence" for each fault
       lint.py --list-compiled ROOT BUILD   print the program's files that BUILD compiles

BUILD is a build folder without sanitizers; the checks that need none run without it.
Exceptions stand as tables at the top of each check's file, with their reasons.
"""

import sys

import built
import includes
import shape
from tree import Tree


def findings(root, build_folder=None):
    tree = Tree(root)
    found = [*includes.check(tree), *shape.check(tree)]
    if build_folder is not None:
        found += built.check(tree, built.Build(build_folder, root))
    return sorted(set(found))


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "--list-compiled":
        print("\n".join(built.Build(arguments[2], arguments[1]).compiled()))
        return 0
    if not 1 <= len(arguments) <= 2 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    found = findings(*arguments)
    for finding in found:
        print(f"{finding.file}:{finding.line}: {finding.sentence}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
