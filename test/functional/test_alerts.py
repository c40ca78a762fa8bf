# SPDX-License-Identifier: Apache-2.0
"""The alert rules, the scrape configuration and the dashboard of conf/deploy/."""

import json
import re

import pytest
import yaml

from promtool import promtool
from rcstreamd import ROOT

RULES = ROOT / "conf/deploy/prometheus/rcstreamd.rules.yml"
SCRAPE = ROOT / "conf/deploy/prometheus/prometheus.yml"
DASHBOARD = ROOT / "conf/deploy/grafana/rcstreamd.json"
HOURS = 3
MINUTES = HOURS * 60

ALERTS = {rule["alert"]: rule for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}

LAG = "rcstreamd_source_lag_seconds_bucket"
LOOP = "rcstreamd_loop_lag_seconds_bucket"
FEEDER_LOOP = "rcstreamd_feeder_loop_lag_seconds_bucket"
FAN_OUT = "rcstreamd_fan_out_duration_seconds_bucket"
SOURCE = 'source="wiki",type="redis"'
REJECTED = "rcstreamd_connections_rejected_total"
DROPPED = "rcstreamd_source_dropped_total"
LAST = f"rcstreamd_source_last_change_timestamp_seconds{{{SOURCE}}}"
ENDED = "rcstreamd_disconnects_total"
NOT_AFTER = "rcstreamd_tls_certificate_not_after_timestamp_seconds"

NEVER = f"0x{MINUTES}"
FLOWS = f"0+60x{MINUTES}"  # a second, or a change a second, since the epoch of the test
GROWS = f"0+1x{MINUTES}"
STOPS = f"0+60x{MINUTES - 60} {(MINUTES - 60) * 60}x60"  # an hour before the end

# A server that is well, a sample a minute: what stands in front of the labels job and instance.
HEALTHY = {
    'up{}': f"1x{MINUTES}",
    'rcstreamd_build_info{version="1"}': f"1x{MINUTES}",
    f"rcstreamd_source_up{{{SOURCE}}}": f"1x{MINUTES}",
    LAST: FLOWS,
    f"rcstreamd_source_received_total{{{SOURCE}}}": FLOWS,
    f'{DROPPED}{{{SOURCE},reason="json_syntax"}}': NEVER,
    f'{DROPPED}{{{SOURCE},reason="canary"}}': FLOWS,
    f"rcstreamd_source_kernel_drops_total{{{SOURCE}}}": f"7x{MINUTES}",  # of long ago
    f"rcstreamd_source_gaps_total{{{SOURCE}}}": f"1x{MINUTES}",
    f'{LAG}{{{SOURCE},le="5.0"}}': FLOWS,
    f'{LAG}{{{SOURCE},le="900.0"}}': FLOWS,
    f'{LAG}{{{SOURCE},le="+Inf"}}': FLOWS,
    "rcstreamd_source_pauses_total{}": f"3x{MINUTES}",
    "rcstreamd_queued_changes{}": f"100x{MINUTES}",
    f'{LOOP}{{le="0.01"}}': FLOWS,
    f'{LOOP}{{le="2.5"}}': FLOWS,
    f'{LOOP}{{le="+Inf"}}': FLOWS,
    f'{FEEDER_LOOP}{{le="0.01"}}': FLOWS,
    f'{FEEDER_LOOP}{{le="2.5"}}': FLOWS,
    f'{FEEDER_LOOP}{{le="+Inf"}}': FLOWS,
    f'{FAN_OUT}{{le="0.01"}}': FLOWS,
    f'{FAN_OUT}{{le="2.5"}}': FLOWS,
    f'{FAN_OUT}{{le="+Inf"}}': FLOWS,
    "process_resident_memory_bytes{}": f"200000000x{MINUTES}",
    "process_open_fds{}": f"500x{MINUTES}",
    "process_max_fds{}": f"1000x{MINUTES}",
    "process_start_time_seconds{}": f"1x{MINUTES}",
    "rcstreamd_config_last_reload_successful{}": f"1x{MINUTES}",
    f"{NOT_AFTER}{{}}": f"{14 * 86400 + HOURS * 3600 + 60}x{MINUTES}",  # just enough to the end
    f'{REJECTED}{{reason="limit"}}': f"9x{MINUTES}",
    f'{REJECTED}{{reason="address_limit"}}': f"9x{MINUTES}",
    f'{REJECTED}{{reason="rate_limit"}}': f"9x{MINUTES}",
    "rcstreamd_connections_open{}": f"500x{MINUTES}",
    "rcstreamd_connections_limit{}": f"1000x{MINUTES}",
    "rcstreamd_accept_pauses_total{}": f"1x{MINUTES}",
    'rcstreamd_clients{front_end="irc",transport="tcp"}': f"100x{MINUTES}",
    'rcstreamd_clients{front_end="http",transport="tcp"}': f"5x{MINUTES}",
    f'{ENDED}{{reason="sendq_exceeded"}}': f"0+0.1x{MINUTES}",
    f'{ENDED}{{reason="client_quit"}}': FLOWS,
}

# Series that are otherwise, and the alerts that fire then and no other.
CASES = [
    ("down", {"up{}": f"1x{MINUTES - 10} 0x10"}, ["RcstreamdDown"]),
    ("down for a scrape", {"up{}": f"1x{MINUTES - 2} 0 1"}, []),
    ("silent for an hour", {LAST: STOPS}, ["RcstreamdSilent", "RcstreamdSourceSilent"]),
    (
        "silent for six minutes",
        {LAST: f"0+60x{MINUTES - 6} {(MINUTES - 6) * 60}x6"},
        ["RcstreamdSilent"],
    ),
    ("silent for four minutes", {LAST: f"0+60x{MINUTES - 4} {(MINUTES - 4) * 60}x4"}, []),
    ("never a change", {LAST: NEVER}, ["RcstreamdSilent"]),
    (
        "just started",
        {LAST: NEVER, "process_start_time_seconds{}": f"{(MINUTES - 2) * 60}x{MINUTES}"},
        [],
    ),
    (
        "one source of two is silent",
        {'rcstreamd_source_last_change_timestamp_seconds{source="b",type="rc2udp"}': STOPS},
        ["RcstreamdSourceSilent"],
    ),
    (
        "a source that never brought anything",
        {'rcstreamd_source_last_change_timestamp_seconds{source="b",type="rc2udp"}': NEVER},
        [],
    ),
    (
        "clients gone",
        {'rcstreamd_clients{front_end="irc",transport="tcp"}': f"100x{MINUTES - 15} 0x15"},
        ["RcstreamdClientsGone"],
    ),
    (
        "never a client",
        {'rcstreamd_clients{front_end="irc",transport="tcp"}': NEVER},
        [],
    ),
    (
        "source down",
        {f"rcstreamd_source_up{{{SOURCE}}}": f"1x{MINUTES - 5} 0x5"},
        ["RcstreamdSourceDown"],
    ),
    ("lag", {f'{LAG}{{{SOURCE},le="5.0"}}': NEVER}, ["RcstreamdSourceLag"]),
    (
        "kernel drops",
        {f"rcstreamd_source_kernel_drops_total{{{SOURCE}}}": f"7x{MINUTES - 5} 9x5"},
        ["RcstreamdKernelDrops"],
    ),
    (
        "two in a hundred unreadable",
        {f'{DROPPED}{{{SOURCE},reason="json_syntax"}}': f"0+1.2x{MINUTES}"},
        ["RcstreamdChangesUnreadable"],
    ),
    (
        "one in two hundred unreadable",
        {f'{DROPPED}{{{SOURCE},reason="json_syntax"}}': f"0+0.3x{MINUTES}"},
        [],
    ),
    (
        "gap",
        {f"rcstreamd_source_gaps_total{{{SOURCE}}}": f"1x{MINUTES - 9} 2x9"},
        ["RcstreamdSourceGap"],
    ),
    ("pauses", {"rcstreamd_source_pauses_total{}": GROWS}, ["RcstreamdBehind"]),
    ("queued", {"rcstreamd_queued_changes{}": f"20000x{MINUTES}"}, ["RcstreamdBehind"]),
    ("loop lag", {f'{LOOP}{{le="0.01"}}': NEVER}, ["RcstreamdLoopLag"]),
    ("feeder's loop lag", {f'{FEEDER_LOOP}{{le="0.01"}}': NEVER}, ["RcstreamdLoopLag"]),
    ("fan-out", {f'{FAN_OUT}{{le="0.01"}}': NEVER}, ["RcstreamdFanOutSlow"]),
    (
        "memory",
        {"process_resident_memory_bytes{}": f"2000000000x{MINUTES}"},
        ["RcstreamdMemory"],
    ),
    (
        "memory of another program",
        {'process_resident_memory_bytes{instance="other:1"}': f"20000000000x{MINUTES}"},
        [],
    ),
    ("descriptors", {"process_open_fds{}": f"950x{MINUTES}"}, ["RcstreamdDescriptors"]),
    (
        "restarts",
        {"process_start_time_seconds{}": f"1x{MINUTES - 30} 2x10 3x10 4x10"},
        ["RcstreamdRestarts"],
    ),
    (
        "one restart",
        {"process_start_time_seconds{}": f"1x{MINUTES - 30} 2x30"},
        [],
    ),
    (
        "reload failed",
        {"rcstreamd_config_last_reload_successful{}": f"1x{MINUTES - 2} 0x2"},
        ["RcstreamdReloadFailed"],
    ),
    (
        "certificate good for less than two weeks",
        {f"{NOT_AFTER}{{}}": f"{14 * 86400}x{MINUTES}"},
        ["RcstreamdCertificateExpires"],
    ),
    (
        "certificate expired",
        {f"{NOT_AFTER}{{}}": f"60x{MINUTES}"},
        ["RcstreamdCertificateExpires"],
    ),
    ("no certificate", {f"{NOT_AFTER}{{}}": NEVER}, []),
    (
        "full",
        {f'{REJECTED}{{reason="limit"}}': f"9x{MINUTES - 2} 12x2"},
        ["RcstreamdConnectionsFull"],
    ),
    (
        "nearly full",
        {"rcstreamd_connections_open{}": f"900x{MINUTES}"},
        ["RcstreamdConnectionsNearlyFull"],
    ),
    ("no limit", {"rcstreamd_connections_limit{}": NEVER}, []),
    (
        "address at its limit",
        {f'{REJECTED}{{reason="address_limit"}}': f"9x{MINUTES - 2} 12x2"},
        ["RcstreamdAddressAtLimit"],
    ),
    (
        "address too often",
        {f'{REJECTED}{{reason="rate_limit"}}': f"9x{MINUTES - 2} 12x2"},
        ["RcstreamdAddressTooOften"],
    ),
    (
        "accept pauses",
        {"rcstreamd_accept_pauses_total{}": f"1x{MINUTES - 2} 2x2"},
        ["RcstreamdAcceptPauses"],
    ),
    (
        "slow clients",
        {f'{ENDED}{{reason="sendq_exceeded"}}': f"0+2x{MINUTES}"},
        ["RcstreamdClientsTooSlow"],
    ),
]


def series_of(changes):
    """The healthy server with changes, as promtool reads it."""
    for name, values in {**HEALTHY, **changes}.items():
        labels = 'job="rcstreamd"' + ("" if "instance=" in name else ',instance="rc1:8081"')
        comma = "" if "{}" in name else ","
        yield {"series": name.replace("}", f"{comma}{labels}}}"), "values": values}


def test_alert_rules_are_valid():
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", RULES)
    assert "SUCCESS" in promtool("check", "config", SCRAPE)


@pytest.mark.parametrize(
    "changes, fired",
    [pytest.param({}, [], id="healthy")] + [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_alerts_fire_when_they_should_and_then_only(tmp_path, changes, fired):
    test = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": list(series_of(changes)),
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{MINUTES}m",
                        "exp_samples": [
                            {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in fired
                        ],
                    }
                ],
            }
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(yaml.safe_dump(test))
    promtool("test", "rules", file)


def test_every_alert_is_fired_by_a_case():
    assert {alert for _, _, fired in CASES for alert in fired} == set(ALERTS)


def test_every_alert_is_explained():
    operations = (ROOT / "docs/operations.md").read_text()
    assert set(re.findall(r"^### (Rcstreamd\w+)$", operations, re.M)) == set(ALERTS)
    for rule in ALERTS.values():
        assert rule["labels"]["severity"] in ("page", "warning")
        assert rule["annotations"]["summary"]


# --- series exist ------------------------------------------------------------------------


def documented():
    """The series of docs/metrics.md, which a unit test holds to metrics.def."""
    names = set()
    for name, kind in re.findall(
        r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M
    ):
        suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        names.update(name + suffix for suffix in suffixes)
    return names


def asked_for(expression):
    return set(re.findall(r"\b(?:rcstreamd|process|ircstream)_\w+", expression))


def test_every_series_of_an_alert_exists():
    for rule in ALERTS.values():
        assert asked_for(rule["expr"]) <= documented(), rule["alert"]


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


def test_every_series_of_the_dashboard_exists():
    dashboard = json.loads(DASHBOARD.read_text())
    expressions = [
        target["expr"] for panel in panels_of(dashboard) for target in panel.get("targets", [])
    ]
    expressions += [variable["query"] for variable in dashboard["templating"]["list"]
                    if variable["type"] == "query"]
    assert len(expressions) > 20
    for expression in expressions:
        assert asked_for(expression), expression
        assert asked_for(expression) <= documented(), expression


def test_every_expression_of_the_dashboard_is_promql(tmp_path):
    """promtool has no other way to parse an expression than as a rule."""
    dashboard = json.loads(DASHBOARD.read_text())
    rules = [
        {"record": "x", "expr": target["expr"].replace("$__rate_interval", "5m"),
         "labels": {"number": str(number)}}
        for number, target in enumerate(
            target for panel in panels_of(dashboard) for target in panel.get("targets", [])
        )
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


def test_panels_of_the_dashboard_do_not_overlap():
    dashboard = json.loads(DASHBOARD.read_text())
    cells = set()
    identifiers = [panel["id"] for panel in panels_of(dashboard)]
    assert len(identifiers) == len(set(identifiers))
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in cells, panel["title"]
                cells.add((x, y))
