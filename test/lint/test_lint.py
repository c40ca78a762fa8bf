# SPDX-License-Identifier: Apache-2.0
"""Each check is shown a tiny tree that breaks its rule, and a good one beside it."""

import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import lint

SPDX = "/* SPDX-License-Identifier: Apache-2.0 */\n"
HEADER = SPDX + "struct x;\n"


def function(name, statements):
    body = "".join(f"\t{statement}\n" for statement in statements)
    return f"static void {name}(void)\n{{\n{body}}}\n"


class TreeTest(unittest.TestCase):
    """A tree in a temporary folder; every .c file gets a test file unless told otherwise."""

    def lint(self, files, build=None, tested=True):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for path, text in files.items():
            self.write(path, text)
            if tested and path.endswith(".c") and not path.startswith("test/"):
                folder, _, name = path.rpartition("/")
                self.write(f"test/{folder}/test_{name}", SPDX)
        build_folder = build(self.root) if build else None
        return [f"{f.file}:{f.line}: {f.sentence}" for f in lint.findings(self.root, build_folder)]

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def assert_found(self, findings, *expected):
        self.assertEqual(sorted(expected), findings)


class IncludeTest(TreeTest):
    def include(self, path, name):
        """The findings of a file that includes a header which is there."""
        return self.lint({name: HEADER, path: SPDX + f'#include "{name}"\n'})

    def test_edges_that_the_layers_allow(self):
        for path, name in (
            ("conf/a.c", "server/base/b.h"),
            ("server/feed/a.c", "conf/b.h"),
            ("ingest/a.c", "server/feed/b.h"),
            ("ingest/a.c", "server/net/socket.h"),
            ("protocols/irc/a.c", "server/net/b.h"),
            ("protocols/irc/a.c", "protocols/front_end.h"),
            ("protocols/irc/a.c", "protocols/http/b.h"),
            ("protocols/socketio/a.c", "protocols/http/b.h"),
            ("protocols/sse/a.c", "protocols/http/b.h"),
            ("protocols/protocols.c", "protocols/irc/b.h"),
            ("server/worker.c", "protocols/protocols.h"),
            ("server/server.c", "ingest/b.h"),
            ("server/net/a.c", "server/metrics.h"),
            ("protocols/http/a.c", "server/status.h"),
            ("server/metrics.h", "server/net/close_reason.h"),
            ("bench/a.c", "server/feed/b.h"),
        ):
            with self.subTest(path=path, name=name):
                self.assert_found(self.include(path, name))

    def test_edges_that_the_layers_forbid(self):
        for path, name in (
            ("server/base/a.c", "conf/b.h"),
            ("server/base/a.c", "server/feed/b.h"),
            ("conf/a.c", "server/feed/b.h"),
            ("server/feed/a.c", "server/net/b.h"),
            ("server/net/a.c", "server/feed/b.h"),
            ("server/net/a.c", "protocols/irc/b.h"),
            ("ingest/a.c", "protocols/irc/b.h"),
            ("ingest/a.c", "server/net/b.h"),
            ("protocols/irc/a.c", "ingest/b.h"),
            ("protocols/irc/a.c", "protocols/socketio/b.h"),
            ("protocols/http/a.c", "protocols/irc/b.h"),
            ("protocols/http/a.c", "protocols/sse/b.h"),
            ("protocols/irc/a.c", "protocols/protocols.h"),
            ("protocols/front_end.h", "protocols/irc/b.h"),
            ("protocols/irc/a.c", "server/worker.h"),
            ("server/base/a.c", "server/metrics.h"),
            ("server/feed/a.c", "server/status.h"),
            ("server/metrics.h", "server/net/connection.h"),
            ("bench/a.c", "server/net/b.h"),
        ):
            with self.subTest(path=path, name=name):
                folder = path.rpartition("/")[0]
                self.assert_found(
                    self.include(path, name), f"{path}:2: {folder} must not include {name}"
                )

    def test_a_folder_that_nobody_placed(self):
        found = self.lint({"protocols/gopher/a.c": SPDX})
        self.assert_found(
            found, "protocols/gopher/a.c:1: the folder protocols/gopher has no place in the layers"
        )

    def test_paths_start_at_the_root(self):
        found = self.lint(
            {
                "server/base/a.h": HEADER,
                "server/base/b.c": SPDX + '#include "../base/a.h"\n#include "a.h"\n',
            }
        )
        self.assertIn(
            "server/base/b.c:2: ../base/a.h: name it by its path from the root", found
        )
        self.assertIn("server/base/b.c:3: a.h: no such file below the root", found)

    def test_own_header_first(self):
        found = self.lint(
            {
                "server/base/a.h": HEADER,
                "server/base/a.c": SPDX + '#include <stdio.h>\n#include "server/base/a.h"\n',
            }
        )
        self.assert_found(
            found, "server/base/a.c:2: the first include is not server/base/a.h"
        )

    def test_system_headers_before_the_program_s(self):
        found = self.lint(
            {
                "server/base/a.h": HEADER,
                "server/base/b.c": SPDX + '#include "server/base/a.h"\n#include <stdio.h>\n',
            }
        )
        self.assert_found(
            found, "server/base/b.c:3: <stdio.h> stands behind headers of the program"
        )

    def test_a_codec_has_no_loop_and_no_session(self):
        found = self.lint(
            {
                "protocols/irc/irc_session.h": HEADER,
                "protocols/irc/x.h": SPDX + "#include <uv.h>\n",
                "protocols/irc/irc_message.c": SPDX
                + '#include "protocols/irc/irc_session.h"\n#include "protocols/irc/x.h"\n',
            }
        )
        self.assert_found(
            found,
            "protocols/irc/irc_message.c:2: a codec must not include protocols/irc/irc_session.h",
            "protocols/irc/irc_message.c:3: a codec must not include uv.h (by protocols/irc/x.h)",
        )


class ShapeTest(TreeTest):
    def test_the_licence_stands_in_the_first_line(self):
        found = self.lint(
            {
                "dev": "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n",
                "test/x.py": '"""Text."""\n# SPDX-License-Identifier: Apache-2.0\n',
                "conf/empty.def": "",
            }
        )
        sentence = 'the first line does not hold "SPDX-License-Identifier: Apache-2.0"'
        self.assert_found(found, f"conf/empty.def:1: {sentence}", f"test/x.py:1: {sentence}")

    def test_width_counts_columns_not_bytes(self):
        found = self.lint(
            {"conf/a.h": SPDX + "é" * 100 + "\n" + "\t" + "x" * 93 + "\n"}
        )
        self.assert_found(found, "conf/a.h:3: 101 columns (want 100 at most)")

    def test_nothing_is_left_over(self):
        word = "TO" "DO"
        found = self.lint({"conf/a.h": SPDX + f"/* {word}: soon */\n/* {word}(#12): later */\n"})
        self.assert_found(found, f"conf/a.h:2: {word}: finish it, or name its issue")

    def test_length_of_files(self):
        fixture = {"test/conf/c.h": SPDX + "\n" * 799}
        found = self.lint(
            {"conf/a.h": SPDX + "\n" * 150, "conf/b.c": SPDX + "\n" * 800, **fixture}
        )
        self.assert_found(
            found,
            "conf/a.h:151: 151 lines (want 150 at most): which noun is missing?",
            "conf/b.c:801: 801 lines (want 800 at most): which noun is missing?",
        )

    def test_length_of_functions(self):
        good = function("fits", ["x();"] * 67)
        bad = function("is_long", ["x();"] * 68)
        found = self.lint({"conf/a.c": SPDX + good + "\n" + bad})
        self.assert_found(found, "conf/a.c:73: is_long() has 71 lines (want 70 at most)")

    def test_length_of_a_function_counts_its_whole_signature(self):
        text = "static void wide(int a,\n\t\t int b)\n{\n" + "\tx();\n" * 67 + "}\n"
        found = self.lint({"conf/a.c": SPDX + text})
        self.assert_found(found, "conf/a.c:2: wide() has 71 lines (want 70 at most)")

    def test_the_list_of_tests_may_be_long(self):
        main = "int main(void)\n{\n" + "\tx();\n" * 100 + "}\n"
        self.assert_found(self.lint({"test/conf/test_a.c": SPDX + main}))

    def test_number_of_parameters(self):
        six = "static void six(int a, int (*b)(int, int), int c, int d,\n\t\tint e, int f)\n{\n}\n"
        seven = "static void seven(int a, int b, int c, int d, int e, int f, int g)\n{\n}\n"
        found = self.lint({"conf/a.c": SPDX + six + "\n" + seven})
        self.assert_found(
            found, "conf/a.c:7: seven() has 7 parameters (want 6 at most, or a struct)"
        )

    def test_depth_of_nesting(self):
        blocks = ["while (a) {", "\twhile (b) {", "\t\twhile (c) {", "\t\t\tx(1,", "\t\t\t\t2);"]
        self.assert_found(self.lint({"conf/a.c": SPDX + function("fits", blocks)}))
        blocks += ['\t\t\tx(")", &(struct y){', "\t\t\t\t\t.z = 1,", "\t\t\t\t\t});"]
        self.assert_found(self.lint({"conf/a.c": SPDX + function("fits", blocks)}))
        blocks += ["\t\t\twhile (d) {", "\t\t\t\tx();"]
        found = self.lint({"conf/a.c": SPDX + function("is_deep", blocks)})
        self.assert_found(found, "conf/a.c:13: is_deep() is nested 4 deep (want 3 at most)")

    def test_every_module_has_a_test(self):
        found = self.lint({"conf/a.c": SPDX, "server/main.c": SPDX}, tested=False)
        self.assert_found(found, "conf/a.c:1: there is no test/conf/test_a.c")

    def test_the_parts_of_a_module_share_its_test(self):
        found = self.lint(
            {"test/conf/test_a_b.c": SPDX, "conf/a_b_c.c": SPDX, "conf/a_d.c": SPDX}, tested=False
        )
        self.assert_found(found, "conf/a_d.c:1: there is no test/conf/test_a_d.c")


def build_layer(root, folder="server/base"):
    """Compile a folder into a library, and describe it as CMake does."""
    name = folder.rpartition("/")[2]
    build = root / "build-lint"
    build.mkdir()
    commands = []
    objects = []
    for source in sorted(root.glob(f"{folder}/*.c")):
        output = f"CMakeFiles/{name}.dir/{folder}/{source.name}.o"
        (build / output).parent.mkdir(parents=True, exist_ok=True)
        words = ["cc", f"-I{root}", "-o", output, "-c", str(source)]
        subprocess.run(words, cwd=build, check=True)
        commands.append(
            {"directory": str(build), "file": str(source), "command": " ".join(words)}
        )
        objects.append(output)
    subprocess.run(["ar", "rcs", f"lib{name}.a", *objects], cwd=build, check=True)
    (build / "compile_commands.json").write_text(json.dumps(commands))
    return build


class BuiltTest(TreeTest):
    def lint_base(self, header, text):
        files = {
            "server/base/a.h": SPDX + header,
            "server/base/a.c": SPDX + '#include "server/base/a.h"\n' + text,
        }
        return self.lint(files, build=build_layer)

    def test_a_module_without_state(self):
        header = "extern const char *const a_names[];\nint a_get(void);\n"
        text = (
            "const char *const a_names[] = {\"x\"};\n"
            "static int helper(void) { return 1; }\nint a_get(void) { return helper(); }\n"
        )
        self.assert_found(self.lint_base(header, text))

    def test_variables_that_outlive_their_call(self):
        header = "int a_get(void);\n"
        text = (
            "static int at_file_scope = 1;\nstatic int zeroed;\nstatic _Thread_local int threads;\n"
            "int a_get(void) { static int local; zeroed++; threads++;\n"
            "return ++local + ++at_file_scope; }\n"
        )
        found = self.lint_base(header, text)
        self.assertEqual(4, len(found), found)
        for finding, name in zip(found, ("at_file_scope", "local", "threads", "zeroed")):
            self.assertIn(name, finding)
            self.assertIn("a variable that outlives its call", finding)

    def test_exported_names(self):
        found = self.lint_base(
            "int a_get(void);\n", "int a_get(void) { return 1; }\nint b_get(void) { return 1; }\n"
        )
        self.assert_found(
            found,
            "server/base/a.c:1: b_get: an exported name starts with a_",
            "server/base/a.c:1: b_get: exported, but not in a header of its name",
        )

    def test_exported_names_of_a_part(self):
        files = {
            "protocols/irc/irc_commands.h": SPDX + "int irc_command_join(void);\n",
            "protocols/irc/irc_commands_channel.c": SPDX + "int irc_command_join(void)"
            " { return 1; }\nint command_part(void) { return 1; }\n",
        }
        found = self.lint(files, build=lambda root: build_layer(root, "protocols/irc"))
        path = "protocols/irc/irc_commands_channel.c"
        self.assert_found(
            found,
            f"{path}:1: command_part: an exported name starts with irc_",
            f"{path}:1: command_part: exported, but not in a header of its name",
        )

    def test_a_header_that_needs_another_before_it(self):
        files = {
            "server/base/a.h": SPDX + "size_t a_get(void);\n",
            "server/base/b.c": SPDX + "#include <stddef.h>\nextern int b;\n",
        }
        found = self.lint(files, build=build_layer)
        self.assertEqual(1, len(found), found)
        self.assertIn("server/base/a.h:1: does not compile alone:", found[0])


if __name__ == "__main__":
    unittest.main()
