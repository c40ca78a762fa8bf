# SPDX-License-Identifier: Apache-2.0
"""What the documents name is there: files, headings, options, records of the log, commands."""

import re
import subprocess
from pathlib import Path

import pytest

import ecs
from rcstreamd import ROOT, program, run_program

# What reads like an option or a record and is something else.
OF_OTHERS = {
    *("server.url", "log.wait_for", "socket.io.js", "server.c", "replay.c"),
    *("rcstreamd.alt", "rcstreamd.socket"),
}

SOURCE_FOLDERS = ("conf", "ingest", "protocols", "server")


def documents():
    """Every page, from the one that a newcomer reads first."""
    return [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
        path for path in (ROOT / "docs").rglob("*.md")
    )


def prose(path):
    """Without blocks of code, fenced or indented."""
    return re.sub(r"(?ms)^```.*?^```$|^    .*?$", "", path.read_text())


def anchor(heading):
    """As GitHub makes it of a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def anchors(path):
    return {anchor(heading) for heading in re.findall(r"(?m)^#+ (.*)$", prose(path))}


def links(path):
    """(file, anchor) of every link to a file of the tree."""
    text = re.sub(r"`[^`\n]*`", "`code`", prose(path))
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?m)^\[\w+\]: (\S+)$", text)
    for target in targets:
        if not re.match(r"\w+:", target):
            file, _, heading = target.partition("#")
            yield (path.parent / file).resolve() if file else path, heading


def option_names():
    """"section.key" of docs/configuration.md, which a unit test holds to conf/options.def."""
    names, section = set(), ""
    for line in (ROOT / "docs/configuration.md").read_text().splitlines():
        if line.startswith("#"):
            found = re.match(r"#+ `([\w.-]+)`", line)
            section = found.group(1) + "." if found else ""
        elif row := re.match(r"\| `(\w+)` \|", line):
            names.add(section + row.group(1))
    return names


def sources():
    files = (path for folder in SOURCE_FOLDERS for path in (ROOT / folder).rglob("*.[ch]"))
    return "\n".join(path.read_text() for path in files)


def test_links_lead_somewhere():
    found = [(path, *link) for path in documents() for link in links(path)]
    assert len(found) > 100
    lost = [
        f"{path.relative_to(ROOT)}: {file}#{heading}"
        for path, file, heading in found
        if not file.exists() or (heading and heading not in anchors(file))
    ]
    assert lost == []


def test_every_page_is_led_to():
    """By another one, so that a reader who begins with README.md comes to it."""
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            for file, _ in links(path):
                pages = file.glob("*.md") if file.is_dir() else [file]
                waiting.extend(page for page in pages if page.suffix == ".md" and page.exists())
    assert [str(path.relative_to(ROOT)) for path in documents() if path not in reached] == []


def yaml_blocks():
    for path in documents():
        for number, block in enumerate(re.findall(r"(?ms)^```yaml\n(.*?)^```$", path.read_text())):
            yield pytest.param(block, id=f"{path.relative_to(ROOT)}-{number}")


@pytest.mark.parametrize("block", yaml_blocks())
def test_example_is_a_configuration(block, tmp_path):
    file = tmp_path / "example.yaml"
    file.write_text(block)
    result = run_program("-c", file, "--check-config")
    assert (result.returncode, result.stderr) == (0, "")


def test_options_and_records_that_are_named_are_there():
    """`limits.connections_max` is an option, `listener.refused` a record of the log."""
    options = option_names()
    sections = {name.rpartition(".")[0] for name in options} - {""}
    records = set(re.findall(r'"([a-z_-]+\.[a-z_]+)"', sources()))
    areas = {name.partition(".")[0] for name in options | records}
    known = options | sections | records
    # A socketio option is named with and without its section's own section.
    known |= {name.removeprefix("http.") for name in options}
    # What clients do is told of each front-end that has some, and counted where it is not.
    events = re.findall(r'"rcstreamd\.suppressed\.([a-z]+)"', sources())
    known |= {f"{area}.{event}" for area in ("irc", "socketio") for event in events}
    known |= set(ecs.NAMES)
    unknown, met = [], 0
    for path in documents():
        for name in re.findall(r"`([a-z_-]+(?:\.[a-z_]+)+)\b[^`\n]*`", prose(path)):
            is_ours = name.partition(".")[0] in areas and name not in OF_OTHERS
            met += is_ours
            if is_ours and name not in known:
                unknown.append(f"{path.relative_to(ROOT)}: {name}")
    assert met > 100
    assert unknown == [], unknown


def test_commands_of_dev_that_are_named_are_there():
    usage = subprocess.run(
        [ROOT / "dev", "help"], capture_output=True, text=True, check=True
    ).stdout
    commands = set(re.findall(r"(?m)^  ([a-z]+(?: [a-z]+)?)(?= |$)", usage))
    named = set()
    for path in documents():
        # In code only: "./dev test", or a line of a block.
        named |= set(re.findall(r"`\./dev ([a-z]+)", path.read_text()))
        named |= set(re.findall(r"(?m)^    \./dev ([a-z]+)", path.read_text()))
    assert len(named) > 5
    assert named - {command.partition(" ")[0] for command in commands} == set()


@pytest.mark.parametrize("name", ["rcstreamd", "rcstream-bench"])
def test_options_of_command_lines_are_there(name):
    """Of every line of code that begins with the program, and what is in backquotes."""
    path = Path(program()[0]).with_name(name)
    helped = subprocess.run([path, "--help"], capture_output=True, text=True, check=True).stdout
    options = re.compile(r"(?<![\w-])(--[a-z][a-z-]*|-[a-z])\b")
    named = set()
    for page in documents():
        text = page.read_text().replace("\\\n", " ")
        lines = re.findall(rf"(?m)^ *(?:\S*/)?{name} (-.*)$", text)
        lines += re.findall(rf"`(?:\S*/)?{name} (-[^`]*)`", text)
        for line in lines:
            named |= set(options.findall(line))
    assert len(named) >= 2
    assert named - set(options.findall(helped)) == set()
