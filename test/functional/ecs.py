# SPDX-License-Identifier: Apache-2.0
"""The names in the log's JSON: those of the Elastic Common Schema 8.11 that it uses, and its own.

https://www.elastic.co/guide/en/ecs/8.11/ecs-field-reference.html has them all.
"""

# A name of the schema, and the type of its value in JSON.
SCHEMA = {
    "@timestamp": str,
    "message": str,
    "ecs.version": str,
    "log.level": str,
    "log.logger": str,
    "event.code": str,
    "event.reason": str,
    "event.duration": int,
    "service.name": str,
    "process.pid": int,
    "source.address": str,
    "source.ip": str,
    "source.port": int,
    "destination.bytes": int,
    "user.name": str,
    "user.full_name": str,
    "user_agent.original": str,
}

# What the schema has no name for.
OWN = {
    "rcstreamd.id": str,
    "rcstreamd.transport": str,
    "rcstreamd.subscriptions": int,
    "rcstreamd.deliveries": int,
    "rcstreamd.unsent_bytes": int,
    "rcstreamd.suppressed.connected": int,
    "rcstreamd.suppressed.registered": int,
    "rcstreamd.suppressed.subscribed": int,
    "rcstreamd.suppressed.disconnected": int,
}

NAMES = SCHEMA | OWN

# In every record, the first three in this order (the specification of ECS logging).
ALWAYS = ["@timestamp", "log.level", "message", "ecs.version", "service.name", "process.pid",
          "event.code"]  # fmt: skip


def faults(record):
    """What is wrong with a record, in sentences; an empty list when nothing is."""
    found = [f"{name} is missing" for name in ALWAYS if name not in record]
    if list(record)[:3] != ALWAYS[:3]:
        found.append(f"it begins with {list(record)[:3]}")
    for name, value in record.items():
        if name not in NAMES:
            found.append(f"{name} is no name that is known")
        elif type(value) is not NAMES[name]:
            found.append(f"{name} is {value!r}, not of type {NAMES[name].__name__}")
    return found


def short(record):
    """A record of the log by the words that tests use for what they ask most."""
    address = record.get("source.address")
    port = record.get("source.port")
    names = {
        "time": record.get("@timestamp"),
        "level": record.get("log.level"),
        "id": record.get("event.code"),
        "scope": record.get("log.logger"),
        "scope_id": record.get("rcstreamd.id"),
        "peer": address if port is None else f"{address}:{port}",
    }
    return record | {name: value for name, value in names.items() if value is not None}
