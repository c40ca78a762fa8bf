# SPDX-License-Identifier: Apache-2.0
"""A wiki of MediaWiki itself, in a folder of the test's, that sends its changes where it is told.

    wiki = MediaWiki(tmp_path)
    wiki.feed("JSONRCFeedFormatter", "udp://127.0.0.1:9391")
    wiki.edit("Example", "text", "--summary", "a comment")

It is Debian's package, copied, with SQLite; no web server, everything by maintenance scripts.
"""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGE = Path("/usr/share/mediawiki")
# Large, and no change needs them.  What the package has in LocalSettings.php is somebody's wiki.
LEFT_OUT = {"extensions", "extensions-core", "skins", "images", "config", "LocalSettings.php"}

SERVER_URL = "https://wiki.example.org"
SERVER_NAME = "wiki.example.org"
CHANNEL = "#wiki.example"
USER = "Admin"
SCRIPT_TIMEOUT_S = 120


def left_out(folder, names):
    return LEFT_OUT.intersection(names) if Path(folder) == PACKAGE else ()


class MediaWiki:
    def __init__(self, directory):
        self.root = Path(directory) / "mediawiki"
        self.database = Path(directory) / "database"
        self.feeds = 0
        shutil.copytree(PACKAGE, self.root, ignore=left_out)
        for name in ("extensions", "skins", "images"):
            (self.root / name).mkdir()
        self.database.mkdir()
        self._install()

    def _install(self):
        self.run(
            "install",
            *("--dbtype", "sqlite", "--dbpath", str(self.database), "--dbname", "test"),
            *("--server", SERVER_URL, "--scriptpath", "/w", "--lang", "en"),
            *("--pass", "a password of the test", "--confpath", str(self.root)),
            "Wiki of the test",
            USER,
        )
        self.configure(
            "$wgMainCacheType = CACHE_NONE;",
            "$wgJobRunRate = 0;",
            "$wgRCWatchCategoryMembership = true;",
        )

    def configure(self, *lines):
        with (self.root / "LocalSettings.php").open("a", encoding="utf-8") as settings:
            settings.write("\n".join(lines) + "\n")

    def feed(self, formatter, uri):
        """One more feed of recent changes; PHP reads escapes in `uri`."""
        self.feeds += 1
        self.configure(
            f"$wgRCFeeds['feed-{self.feeds}'] = [",
            f"    'formatter' => '{formatter}',",
            f'    \'uri\' => "{uri}",',
            "    'add_interwiki_prefix' => false,",
            "    'omit_bots' => false,",
            "];",
        )

    def run(self, script, *arguments, text=""):
        """A maintenance script, with `text` on its standard input."""
        result = subprocess.run(
            ["php", str(self.root / "maintenance" / f"{script}.php"), *arguments],
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SCRIPT_TIMEOUT_S,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        assert result.returncode == 0, result.stdout.decode(errors="replace")
        return result.stdout

    # --- changes ---

    def edit(self, title, text, *options):
        self.run("edit", "--user", USER, *options, title, text=text)

    def move(self, title, to, reason):
        self.run("moveBatch", "-u", USER, "-r", reason, text=f"{title}|{to}\n")

    def delete(self, title, reason):
        self.run("deleteBatch", "-u", USER, "-r", reason, text=f"{title}\n")

    def protect(self, title, reason):
        self.run("protect", "--user", USER, "--reason", reason, title)

    def run_jobs(self):
        """Some changes, of categories, come from the job queue."""
        self.run("runJobs")
