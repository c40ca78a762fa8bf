# SPDX-License-Identifier: Apache-2.0
"""The source tree as the checks see it: files, their lines, their includes."""

import os
import re
from collections import namedtuple
from pathlib import Path, PurePosixPath

# One fault; printed as "file:line: sentence".
Finding = namedtuple("Finding", "file line sentence")

# One #include: its line, the name, and whether it is in quotes.
Include = namedtuple("Include", "line name is_own")

SOURCE_FOLDERS = ("bench", "conf", "ingest", "protocols", "server", "test")
OTHER_SOURCES = ("dev", ".ci/run", "CMakeLists.txt", "cmake/Dependencies.cmake")
SOURCE_SUFFIXES = {".c", ".h", ".def", ".py", ".js", ".sh", ".cmake"}
SKIPPED_FOLDERS = {"node_modules", "__pycache__", ".pytest_cache", "data"}

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Source:
    """One source file; `path` is relative to the root, with slashes."""

    def __init__(self, root, path):
        self.path = path
        self.folder, self.name = os.path.split(path)
        self.stem, self.suffix = os.path.splitext(self.name)
        self.text = (Path(root) / path).read_text(encoding="utf-8")
        self.lines = self.text.splitlines()

    @property
    def is_c(self):
        return self.suffix in (".c", ".h")

    @property
    def is_test(self):
        return self.path.startswith("test/")

    def includes(self):
        for number, line in enumerate(self.lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield Include(number, match[2], match[1] == '"')

    def finding(self, line, sentence):
        return Finding(self.path, line, sentence)


class Tree:
    """Every source file below a root, by path."""

    def __init__(self, root):
        self.root = Path(root)
        self.sources = {path: Source(root, path) for path in self._paths()}

    def _paths(self):
        for path in OTHER_SOURCES:
            if (self.root / path).is_file():
                yield path
        for top in SOURCE_FOLDERS:
            for folder, folders, files in os.walk(self.root / top):
                folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
                for name in sorted(files):
                    if Path(name).suffix in SOURCE_SUFFIXES or name == "CMakeLists.txt":
                        path = Path(folder, name).relative_to(self.root)
                        yield str(PurePosixPath(path))

    def __iter__(self):
        return iter(self.sources.values())

    def get(self, path):
        return self.sources.get(path)

    def own_c(self):
        """The C files of the program itself."""
        return [source for source in self if source.is_c and not source.is_test]
