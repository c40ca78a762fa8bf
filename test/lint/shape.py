# SPDX-License-Identifier: Apache-2.0
"""What can be read off the text of a file: its licence, its sizes, its names."""

import re
from collections import namedtuple

LICENCE = "SPDX-License-Identifier: Apache-2.0"
WIDTH_MAX = 100
TAB_WIDTH = 8
FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 6
NESTING_MAX = 3
FILE_LINES_MAX = {".c": 800, ".h": 150}

# Modules without a test file of their own, each with what covers it.
UNTESTED = {
    "server/main.c": "the functional tests start it",
    "bench/main.c": "test_bench.py starts it",
    "conf/conf_docs.c": "a test compares what it prints with the files checked in",
    "server/metrics_docs.c": "a test compares what it prints with the file checked in",
    "protocols/protocols.c": "two tables; a path that is missing fails its functional tests",
    "server/server.c": "test_life.py starts and ends it in every way",
}

# "TODO(#12)" is allowed; spelt so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(TO" r"DO(?!\(#\d+\))|FIX" r"ME|X" r"XX)\b")

# What may hold a parenthesis that is none.
LITERAL = re.compile(r'"(\\.|[^"\\])*"|\'(\\.|[^\'\\])+\'|/\*.*?\*/|^\s*/?\*.*')

# One function of a C file as this program's format shows it: "{" and "}" in the first
# column; `first` and `last` count from 1.
Function = namedtuple("Function", "name first last parameters body")


def check(tree):
    for source in tree:
        yield from check_licence(source)
        yield from check_width(source)
        yield from check_left_over(source)
        yield from check_length(source)
        if source.suffix == ".c":
            yield from check_functions(source)
            yield from check_tested(tree, source)


def check_licence(source):
    first = 1 if source.lines and source.lines[0].startswith("#!") else 0
    if LICENCE not in "".join(source.lines[first : first + 1]):
        yield source.finding(first + 1, f'the first line does not hold "{LICENCE}"')


def check_width(source):
    for number, line in enumerate(source.lines, 1):
        width = len(line.expandtabs(TAB_WIDTH))
        if width > WIDTH_MAX:
            yield source.finding(number, f"{width} columns (want {WIDTH_MAX} at most)")


def check_left_over(source):
    for number, line in enumerate(source.lines, 1):
        match = LEFT_OVER.search(line)
        if match:
            yield source.finding(number, f"{match[0]}: finish it, or name its issue")


def check_length(source):
    is_fixture = source.is_test and source.suffix == ".h"  # has functions, as a .c file has
    limit = FILE_LINES_MAX.get(".c" if is_fixture else source.suffix)
    if limit is not None and len(source.lines) > limit:
        yield source.finding(
            limit + 1, f"{len(source.lines)} lines (want {limit} at most): which noun is missing?"
        )


def functions_of(source):
    head = []
    for number, line in enumerate(source.lines, 1):
        if line == "{":
            first = number - len(head)
            signature = " ".join(head)
            opening = number
        elif line == "}" and head and "(" in signature:
            yield Function(
                name=re.search(r"(\w+)\s*\(", signature)[1],
                first=first,
                last=number,
                parameters=count_parameters(signature),
                body=source.lines[opening : number - 1],
            )
            head = []
        elif head and line.startswith((" ", "\t")):
            head = head + [line.strip()] if not head_is_closed(head) else head
        elif line[:1].isalpha() or line[:1] == "_":
            head = [line]
        elif line[:1] != "#" and line != "":
            head = []


def head_is_closed(head):
    text = " ".join(head)
    return "(" in text and text.count("(") == text.count(")")


def count_parameters(signature):
    """The commas of the outermost parentheses, and one."""
    inside = signature[signature.index("(") + 1 : signature.rindex(")")]
    if inside.strip() in ("", "void"):
        return 0
    depth = 0
    parameters = 1
    for character in inside:
        depth += (character in "([") - (character in ")]")
        parameters += character == "," and depth == 0
    return parameters


def check_functions(source):
    for function in functions_of(source):
        length = function.last - function.first + 1
        is_list_of_tests = source.is_test and function.name == "main"
        if length > FUNCTION_LINES_MAX and not is_list_of_tests:
            yield source.finding(
                function.first,
                f"{function.name}() has {length} lines (want {FUNCTION_LINES_MAX} at most)",
            )
        if function.parameters > PARAMETERS_MAX:
            yield source.finding(
                function.first,
                f"{function.name}() has {function.parameters} parameters "
                f"(want {PARAMETERS_MAX} at most, or a struct)",
            )
        yield from check_nesting(source, function)


def check_nesting(source, function):
    """A tab is a block, in the first line of a statement."""
    before = ";"
    parentheses = 0
    for number, line in enumerate(function.body, function.last - len(function.body)):
        depth = len(line) - len(line.lstrip("\t")) - 1
        begins = parentheses == 0 and before.endswith((";", "{", "}", ":", "*/"))
        if begins and depth > NESTING_MAX:
            yield source.finding(
                number, f"{function.name}() is nested {depth} deep (want {NESTING_MAX} at most)"
            )
            return
        code = LITERAL.sub("", line)
        parentheses += code.count("(") - code.count(")")
        before = line or before


def check_tested(tree, source):
    """A module has a test, or is a part of one that has: irc_commands_cap of irc_commands."""
    if source.is_test or source.path in UNTESTED:
        return
    words = source.stem.split("_")
    names = [source.stem] + ["_".join(words[:count]) for count in range(2, len(words))]
    if not any(tree.get(f"test/{source.folder}/test_{name}.c") for name in names):
        yield source.finding(1, f"there is no test/{source.folder}/test_{source.stem}.c")
