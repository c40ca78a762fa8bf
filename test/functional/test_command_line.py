# SPDX-License-Identifier: Apache-2.0
"""The command line, as docs/rcstreamd.8 has it."""

import re
import subprocess
from pathlib import Path

import pytest

from rcstreamd import ROOT, program, run_program


def long_options(text):
    return set(re.findall(r"--[a-z][a-z-]+", text))


def test_version_is_one_line():
    result = run_program("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"rcstreamd \d+\.\d+\.\d+\n", result.stdout)


def test_help_and_manual_name_the_same_options():
    command_line, _, _ = run_program("--help").stdout.partition("Options of the configuration")
    manual = (ROOT / "docs/rcstreamd.8").read_text().replace("Fl -", "--")
    assert long_options(command_line) == long_options(manual)


@pytest.mark.parametrize("name", ["rcstreamd", "rcstream-bench"])
def test_help_and_completion_name_the_same_options(name):
    path = Path(program()[0]).with_name(name)
    helped = subprocess.run([path, "--help"], capture_output=True, text=True, check=True)
    command_line, _, _ = helped.stdout.partition("Options of the configuration")
    completion = (ROOT / "conf/deploy/bash-completion" / name).read_text()
    assert long_options(command_line) == long_options(completion)


@pytest.mark.parametrize(
    "arguments",
    [("--nonsense",), ("surplus",), ("--log-level", "loud"), ("--log-format", "xml"), ("-c",)],
)
def test_bad_arguments_exit_2_and_say_why(arguments):
    result = run_program(*arguments)
    assert result.returncode == 2
    assert result.stderr.strip()
    assert result.stdout == ""


def test_check_config_tells_all_faults_at_once(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("irc:\n  ping_timeot: 5\n  ping_timeout: soon\nworkers: -1\n")
    result = run_program("-c", file, "--check-config")
    assert result.returncode == 2
    places = re.findall(rf"^{re.escape(str(file))}:(\d+):(\d+): ", result.stderr, re.MULTILINE)
    assert places == [("2", "3"), ("3", "17"), ("4", "10")]
    assert "ping_timeout" in result.stderr.splitlines()[0]


def test_check_config_is_silent_when_all_is_well():
    result = run_program("-c", ROOT / "conf/rcstreamd.yaml", "--check-config")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_file_that_is_not_there_is_one_sentence(tmp_path):
    result = run_program("-c", tmp_path / "none.yaml")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "No such file" in result.stderr


def test_dumped_configuration_is_read_back_to_the_same(tmp_path):
    first = run_program("--demo", "--dump-config").stdout
    file = tmp_path / "dumped.yaml"
    file.write_text(first)
    assert run_program("-c", file, "--dump-config").stdout == first


def test_command_line_comes_before_the_configuration_and_ready_is_always_said(server):
    rcstreamd = server(
        arguments=["--log-level", "warn", "--log-format", "json"],
        log={"level": "debug", "format": "plain"},
    )
    below = [record for record in rcstreamd.log.records if record["level"] in ("debug", "info")]
    assert [record["id"] for record in below] == ["server.ready"]
