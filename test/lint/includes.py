# SPDX-License-Identifier: Apache-2.0
"""The edges between the layers, as the includes show them."""

import fnmatch

# What a folder may include, itself apart.  "protocols" stands for the headers that are for
# all front-ends (SHARED_BY_PROTOCOLS), not for what only protocols.c knows.
BELOW_PROTOCOLS = {"server/base", "conf", "server/feed", "server/net"}
LAYERS = {
    "server/base": set(),
    "bench": {"server/base", "server/feed"},
    "conf": {"server/base"},
    "server/feed": {"server/base", "conf"},
    "server/net": {"server/base", "conf"},
    "ingest": {"server/base", "conf", "server/feed"},
    "protocols": BELOW_PROTOCOLS,
    "protocols/irc": BELOW_PROTOCOLS | {"protocols", "protocols/http"},
    "protocols/http": BELOW_PROTOCOLS | {"protocols"},
    "protocols/socketio": BELOW_PROTOCOLS | {"protocols", "protocols/http"},
    "protocols/sse": BELOW_PROTOCOLS | {"protocols", "protocols/http"},
}
SHARED_BY_PROTOCOLS = {"protocols/encodings.h", "protocols/front_end.h"}

# Files that know everyone below them: the composition root, and the table of front-ends.
COMPOSITION = {"server": None, "protocols/protocols.c": "protocols/"}

# One header of a folder that the table above forbids, with the reason.
EXCEPTIONS = {
    ("ingest", "server/net/socket.h"),  # binding is the same for datagrams and streams
    ("ingest", "server/net/peer.h"),  # and so are addresses
    ("ingest", "server/net/unix_socket.h"),  # and sockets in the file system
    ("ingest", "server/net/held_sockets.h"),  # and those that the service manager holds
}

# The figures that workers and feeder write and the status page reads: files of server/ that
# stand below net, ingest and protocols.  What they include themselves, and who includes them.
FIGURES = {
    f"server/{stem}.{suffix}"
    for stem in ("metrics", "histogram", "wiki_counts", "status")
    for suffix in "ch"
} | {"server/metric.h", "server/metrics_markdown.c", "server/metrics_docs.c"}
FIGURES_INCLUDE = {
    "server/metrics.def",
    "server/net/client_kind.h",
    "server/net/client_kinds.def",
    "server/net/close_reason.h",
    "server/net/close_reasons.def",
    "server/feed/rcfeed_json.h",
    "server/feed/drop_reasons.def",
}
FIGURES_READERS = ("server/net", "ingest", "protocols")

# Bytes to structs and back: no loop, no session, not even through another header.
CODECS = (
    "ingest/eventstreams_meta.[ch]",
    "ingest/sse_reader.[ch]",
    "protocols/irc/irc_capabilities.[ch]",
    "protocols/irc/irc_change_tag.[ch]",
    "protocols/irc/irc_framing.[ch]",
    "protocols/irc/irc_message.[ch]",
    "protocols/socketio/socketio_packet.[ch]",
    "protocols/sse/sse_event.[ch]",
    "protocols/http/websocket_frame.[ch]",
    "protocols/http/http_exposition.[ch]",
    "server/feed/rcfeed_*.[ch]",
    "ingest/redis_reader.[ch]",
    "ingest/redis_overlap.[ch]",
    "ingest/redis_stream_id.[ch]",
    "ingest/redis_stream_position.[ch]",
    "ingest/redis_stream_reply.[ch]",
)


def check(tree):
    for source in tree:
        if source.is_c:
            yield from check_paths(tree, source)
            if not source.is_test:
                yield from check_layer(source)
                yield from check_own_header_first(tree, source)
                yield from check_order(source)
                yield from check_codec(tree, source)


def check_paths(tree, source):
    """Own headers are named by their path from the root."""
    for include in source.includes():
        if ".." in include.name.split("/"):
            yield source.finding(include.line, f"{include.name}: name it by its path from the root")
        elif include.is_own and tree.get(include.name) is None:
            yield source.finding(include.line, f"{include.name}: no such file below the root")


def folder_of(path):
    return path.rpartition("/")[0]


def may_include(source, name):
    folder = folder_of(name)
    if source.path in FIGURES:
        return name in FIGURES | FIGURES_INCLUDE or folder == "server/base"
    if folder == source.folder or source.folder == "server":
        return True
    if (source.folder, name) in EXCEPTIONS:
        return True
    if name in FIGURES:
        return source.folder.startswith(FIGURES_READERS)
    if source.path in COMPOSITION and folder.startswith(COMPOSITION[source.path]):
        return True
    if folder == "protocols" and name not in SHARED_BY_PROTOCOLS:
        return False
    return folder in LAYERS[source.folder]


def check_layer(source):
    if source.folder not in LAYERS and source.folder not in COMPOSITION:
        yield source.finding(1, f"the folder {source.folder} has no place in the layers")
        return
    for include in source.includes():
        if include.is_own and not may_include(source, include.name):
            yield source.finding(
                include.line, f"{source.folder} must not include {include.name}"
            )


def check_own_header_first(tree, source):
    """So every header is seen to compile without what others include before it."""
    own = f"{source.folder}/{source.stem}.h"
    if source.suffix == ".c" and tree.get(own) is not None:
        first = next(source.includes(), None)
        if first is None or first.name != own:
            yield source.finding(first.line if first else 1, f"the first include is not {own}")


def check_order(source):
    """Behind its own header, a .c file includes the system's before the program's."""
    if source.suffix != ".c":
        return
    own = f"{source.folder}/{source.stem}.h"
    has_program_header = False
    for include in source.includes():
        if include.is_own:
            has_program_header = has_program_header or (
                include.name != own and include.name.endswith(".h")
            )
        elif has_program_header:
            yield source.finding(
                include.line, f"<{include.name}> stands behind headers of the program"
            )


def is_codec(path):
    return any(fnmatch.fnmatch(path, pattern) for pattern in CODECS)


def reach(tree, source, seen):
    """Every include that a file reaches, with the include of the file that leads there."""
    for include in source.includes():
        if include.name in seen:
            continue
        seen.add(include.name)
        yield include, include.name
        below = tree.get(include.name) if include.is_own else None
        if below is not None:
            for _, name in reach(tree, below, seen):
                yield include, name


def check_codec(tree, source):
    if not is_codec(source.path):
        return
    for include, name in reach(tree, source, set()):
        if name == "uv.h" or "session" in name.rpartition("/")[2]:
            by = "" if name == include.name else f" (by {include.name})"
            yield source.finding(include.line, f"a codec must not include {name}{by}")
