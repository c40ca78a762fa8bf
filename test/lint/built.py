# SPDX-License-Identifier: Apache-2.0
"""What only a build can tell: symbols of the libraries, and headers on their own."""

import json
import os
import re
import shlex
import subprocess
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tree import Finding

# The only variables that outlive a call and change, by file.
MUTABLE_ALLOWED = {
    "server/base/log.c": {"current_level", "current_format"},
    "server/base/table.c": {"secret"},
}

# What a module's exported names start with, where that is neither the file's name, nor, in the
# folders whose name every file repeats (FAMILIES), the folder's.
PREFIXES = {
    "ingest/ingest.c": ("source_",),
    "ingest/udp.c": ("rc2udp_", "rcfeed_udp_"),
    "server/base/deadlines.c": ("deadlines_", "deadline_"),
    "server/base/memory.c": ("mem_",),
    "server/feed/rcfeed_json.c": ("rcfeed_json_", "drop_reason_"),
    "server/feed/wiki_name.c": ("wiki_",),
}
FAMILIES = {"conf", "irc", "http", "socketio", "sse"}

# Names that are declared where they are used, not in a header of their file's name.
DECLARED_IN = {
    "front_ends": "protocols/front_end.h",
    "http_admin_endpoints": "protocols/http/http_admin.h",
    "http_endpoints": "protocols/http/http_endpoint.h",
    "socketio_polling_transport": "protocols/socketio/socketio_transport.h",
    "socketio_websocket_transport": "protocols/socketio/socketio_transport.h",
    "source_drop": "ingest/source.h",
    "source_type_find": "ingest/source.h",
}

# Functions that a macro makes from a table, in their prototypes as well.
FROM_TABLES = re.compile(r"^conf_type_[A-Z_]+$")

# "-t" of objdump: address, seven flag columns, section, size, perhaps visibility, name.
SYMBOL = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+ +(?:\.hidden )?(\S+)$")
OBJECT = re.compile(r"^(\S+\.c)\.o: +file format")
MUTABLE_SECTION = re.compile(r"^(\*COM\*|\.t?(bss|data)(?!\.rel\.ro)(\..*)?)$")

Symbol = namedtuple("Symbol", "path flags section name")


class Build:
    """A build folder with its compile_commands.json."""

    def __init__(self, folder, root):
        self.folder = Path(folder)
        self.root = Path(root).resolve()
        commands = json.loads((self.folder / "compile_commands.json").read_text())
        self.commands = {}
        for command in commands:
            path = Path(command["directory"], command["file"]).resolve()
            if self.root in path.parents:
                self.commands[str(path.relative_to(self.root))] = shlex.split(command["command"])

    def compiled(self):
        """The files of the program itself, without its tests."""
        return sorted(path for path in self.commands if not path.startswith("test/"))

    def flags(self):
        """Every include path and definition of any file, and the language."""
        flags = []
        for words in self.commands.values():
            pairs = zip(words, words[1:] + [""])
            for word, following in pairs:
                wanted = [word, following] if word == "-isystem" else [word]
                if word.startswith(("-I", "-D_", "-std", "-isystem")) and wanted[-1] not in flags:
                    flags += wanted
        return flags

    def compiler(self):
        return next(iter(self.commands.values()))[0]

    def symbols(self):
        """The symbols of every library, each with the source file it comes from."""
        for library in sorted(self.folder.glob("*.a")):
            names = {Path(path).name: path for path in self._sources_of(library.stem[3:])}
            listing = subprocess.run(
                ["objdump", "-t", library], capture_output=True, text=True, check=True
            ).stdout
            path = None
            for line in listing.splitlines():
                member = OBJECT.match(line)
                symbol = SYMBOL.match(line)
                if member:
                    path = names.get(member[1])
                elif symbol and path:
                    yield Symbol(path, symbol[1], symbol[2], symbol[3])

    def _sources_of(self, target):
        mark = f"CMakeFiles/{target}.dir/"
        for path, words in self.commands.items():
            if any(word.startswith(mark) for word in words):
                yield path


def check(tree, build):
    symbols = list(build.symbols())
    yield from check_statics(symbols)
    yield from check_exports(tree, symbols)
    yield from check_headers(tree, build)


def check_statics(symbols):
    for symbol in symbols:
        if not MUTABLE_SECTION.match(symbol.section) or symbol.name.startswith("."):
            continue
        # A variable inside a function is "function.name" to clang, "name.number" to gcc.
        if symbol.name not in MUTABLE_ALLOWED.get(symbol.path, ()):
            yield Finding(symbol.path, 1, f"{symbol.name}: a variable that outlives its call")


def check_exports(tree, symbols):
    for symbol in symbols:
        if symbol.flags[0] != "g" or symbol.section == "*UND*":
            continue
        base = symbol.path[: -len(".c")]
        name = symbol.name
        prefixes = prefixes_of(base)
        if not (name.startswith(prefixes) or name == os.path.basename(base)):
            if name not in DECLARED_IN:
                yield Finding(
                    symbol.path, 1, f"{name}: an exported name starts with {prefixes[0]}"
                )
        if not (is_declared(tree, name, base) or FROM_TABLES.match(name)):
            yield Finding(symbol.path, 1, f"{name}: exported, but not in a header of its name")


def prefixes_of(base):
    stem = os.path.basename(base)
    family = stem.partition("_")[0]
    if family in FAMILIES:
        return (f"{family}_",)
    return PREFIXES.get(f"{base}.c", (f"{stem}_", f"{stem}s_"))


def is_declared(tree, name, base):
    """For "irc_commands_cap": in irc_commands_cap.h, irc_commands.h or irc.h, or in a part's."""
    word = re.compile(rf"\b{re.escape(name)}\b")
    for source in tree:
        header = source.path[: -len(".h")]
        is_of_its_name = f"{base}_".startswith(f"{header}_") or header.startswith(f"{base}_")
        if source.suffix == ".h" and (is_of_its_name or source.path == DECLARED_IN.get(name)):
            if word.search(source.text):
                return True
    return False


def check_headers(tree, build):
    """Every header compiles with nothing before it."""
    headers = [source.path for source in tree.own_c() if source.suffix == ".h"]
    command = [build.compiler(), *build.flags(), "-fsyntax-only", "-x", "c", "-"]

    def compile_alone(path):
        return subprocess.run(
            command,
            input=f'#include "{path}"\n',
            capture_output=True,
            text=True,
            check=False,
            cwd=tree.root,
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, result in zip(headers, pool.map(compile_alone, headers)):
            if result.returncode != 0:
                fault = next((l for l in result.stderr.splitlines() if "error:" in l), "")
                yield Finding(path, 1, f"does not compile alone: {fault}")
