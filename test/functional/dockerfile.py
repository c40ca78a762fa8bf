# SPDX-License-Identifier: Apache-2.0
"""What the Dockerfile does, without Docker: each stage in a copy of a bare Debian root."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

RUN_TIMEOUT_S = 600


def instructions(text):
    """(word, rest) of every instruction, comments left out and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


class Stage:
    """One FROM and what follows."""

    def __init__(self, folder, base, context):
        self.folder = folder
        self.context = context
        self.environment = {"PATH": os.environ["PATH"], "HOME": "/root"}
        self.directory = "/"
        self.settings = {}  # USER, CMD ...: for whoever runs it
        subprocess.run(["cp", "-a", base, folder], check=True)

    def path(self, path):
        return self.folder / os.path.normpath(os.path.join(self.directory, path)).lstrip("/")

    def run(self, command):
        inside = f"cd {self.directory}; {command}"
        script = 'mount -t proc proc "$1/proc"; exec chroot "$1" sh -c "$2"'
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", script, "-", str(self.folder), inside],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=RUN_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"

    def copy(self, sources, target, origin):
        """As COPY: a folder's content, or files; into a folder when the target ends with "/"."""
        for source in sources:
            for found in sorted(origin.glob(source.lstrip("/"))) if source != "." else [origin]:
                place = self.path(target)
                if target.endswith("/"):
                    place = place / found.name
                place.parent.mkdir(parents=True, exist_ok=True)
                if found.is_dir():
                    self.copy_tree(found, place)
                else:
                    shutil.copy(found, place)

    def copy_tree(self, folder, place):
        ignored = (self.context / ".dockerignore").read_text().replace("**/", "").split()
        pattern = shutil.ignore_patterns(*ignored)
        shutil.copytree(folder, place, ignore=pattern, dirs_exist_ok=True)


def build(dockerfile, base, folder):
    """Follow it; returns the last stage."""
    stages = {}
    stage = None
    for word, rest in instructions(Path(dockerfile).read_text()):
        words = rest.split()
        if word == "FROM":
            name = words[2] if len(words) == 3 else str(len(stages))
            stage = stages[name] = Stage(folder / name, base, Path(dockerfile).parent)
        elif word == "ENV":
            stage.environment.update([rest.split("=", 1)])
        elif word == "WORKDIR":
            stage.directory = rest
            stage.path("").mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            is_staged = words[0].startswith("--from=")
            origin = stages[words.pop(0)[7:]].folder if is_staged else stage.context
            stage.copy(words[:-1], words[-1], origin)
        elif word == "RUN":
            stage.run(rest)
        else:
            stage.settings[word] = rest
    return stage


def command_of(text):
    """The words of an instruction in its exec form; of HEALTHCHECK those behind CMD."""
    return json.loads(text[text.index("[") :])
