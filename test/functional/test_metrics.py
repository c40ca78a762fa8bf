# SPDX-License-Identifier: Apache-2.0
"""/metrics: what Prometheus reads, by its own parsers."""

import re
import time

import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client import parser as prometheus_text

from http_client import CONNECTIONS, open_websocket
from promtool import promtool
from rcstreamd import ROOT, make_change, wait_until
from socketio_clients import RawWebSocket

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# What Prometheus 2.42 sends.
ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
    "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)


def scrape(run, accept="*/*"):
    response = run.http_get("/metrics", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Vary"] == "Accept"
    return response


def samples_of(run):
    """Every sample by its name and labels: metrics["x_total", ("reason", "limit")]."""
    samples = {}
    for family in prometheus_text.text_string_to_metric_families(scrape(run).text):
        for sample in family.samples:
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


def value(run, name, **labels):
    """The sum of all samples of a name that have these labels."""
    wanted = set(labels.items())
    found = [
        number for (found, *own), number in samples_of(run).items()
        if found == name and wanted <= set(own)
    ]
    assert found, f"no {name} {labels}"
    return sum(found)


def test_metrics_pass_promtool(server):
    run = server(http={"metrics_wikis": 3})
    run.send_rcfeed(make_change())
    client = open_websocket(run)
    promtool("check", "metrics", text=scrape(run).text)
    client.close()


@pytest.mark.parametrize("accept, wanted", [
    (ACCEPT, OPENMETRICS),
    ("*/*", TEXT),
    ("", TEXT),
    ("text/plain", TEXT),
    ("application/openmetrics-text", OPENMETRICS),
    ("Application/OpenMetrics-Text ; version=1.0.0", OPENMETRICS),
    ("application/openmetrics-text; version=0.0.1", TEXT),
    ("application/openmetrics-text;q=0.4, text/plain;q=0.5", TEXT),
    ("application/openmetrics-text;q=0.5, text/plain;q=0.4", OPENMETRICS),
    ("application/openmetrics-text;q=0", TEXT),
    ("application/openmetrics-text;q=nonsense", TEXT),
    (";;,=,q=1;q=", TEXT),
])
def test_metrics_come_in_the_form_that_is_asked_for(server, accept, wanted):
    run = server()
    response = scrape(run, accept)
    assert response.headers["Content-Type"] == wanted
    assert response.text.endswith("# EOF\n") == (wanted == OPENMETRICS)


def test_openmetrics_are_those_of_its_specification(server):
    run = server(http={"metrics_wikis": 3})
    run.send_rcfeed(make_change())
    families = list(openmetrics.text_string_to_metric_families(scrape(run, ACCEPT).text))
    text_names = {key[0] for key in samples_of(run)}
    assert {sample.name for family in families for sample in family.samples} == text_names
    assert len(families) > 60


def test_every_documented_series_is_there_and_no_other(server):
    run = server(http={"metrics_wikis": 3})
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family.type
        for family in prometheus_text.text_string_to_metric_families(scrape(run).text)
    }
    documented = dict(
        re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.M)
    )
    assert families == documented


def test_metrics_answer_head(server):
    run = server()
    head = run.http_request("HEAD", "/metrics")
    assert (head.status_code, head.text) == (200, "")
    assert int(head.headers["Content-Length"]) > 1000
    assert run.http_request("POST", "/metrics", data="x").status_code == 405


@pytest.mark.threads
def test_metrics_count_clients_of_all_workers(server):
    run = server()
    clients = [RawWebSocket(run).connect_to_rc().subscribe("en.wikipedia.org")
               for _ in range(CONNECTIONS)]
    clients[0].subscribe("de.*")
    run.send_rcfeed(make_change())
    wait_until(lambda: value(run, "rcstreamd_changes_received_total") == 2, what="a channel")
    reader = run.irc().register("reader").join("#en.wikipedia")
    run.send_rcfeed(make_change(id=2))
    for client in clients:
        client.receive_change()
        client.receive_change()
    wait_until(lambda: value(run, "rcstreamd_deliveries_total", front_end="irc") == 1)
    assert value(run, "rcstreamd_deliveries_total", front_end="socketio") == 2 * CONNECTIONS
    kind = {"front_end": "socketio", "transport": "websocket"}
    assert value(run, "rcstreamd_clients", **kind) == CONNECTIONS
    assert value(run, "rcstreamd_client_sent_bytes_total", **kind) > 2 * CONNECTIONS * 300
    assert value(run, "rcstreamd_clients", front_end="irc", transport="tcp") == 1
    assert value(run, "rcstreamd_client_sent_bytes_total", front_end="irc") > 100
    # That which asks; connections of handshakes may not have gone yet.
    wait_until(lambda: value(run, "rcstreamd_clients", front_end="http") == 1)
    kinds = ("wiki", "wiki_pattern", "channel", "channel_pattern")
    wait_until(  # each worker tells of its own ten times a second
        lambda: [value(run, "rcstreamd_subscriptions", kind=kind) for kind in kinds]
        == [CONNECTIONS, 1, 1, 0],
        what="the subscriptions",
    )
    assert value(run, "ircstream_clients") == 1
    assert value(run, "ircstream_channels") == 1
    assert value(run, "ircstream_messages_total") == 2
    for client in clients:
        client.close()
    reader.close()
    wait_until(lambda: value(run, "rcstreamd_clients") == 1, what="the clients to have left")
    wait_until(lambda: value(run, "rcstreamd_subscriptions") == 0, what="no subscriptions")
    ended = value(run, "rcstreamd_disconnects_total", reason="client_closed")
    assert ended + value(run, "rcstreamd_disconnects_total", reason="client_quit") > CONNECTIONS


def test_metrics_tell_of_sources(server):
    run = server()
    now = int(time.time())
    run.send_rcfeed(make_change(timestamp=now - 45))
    run.send_rcfeed(make_change(id=2, timestamp="soon"))
    run.send_rcfeed(make_change(id=3, timestamp=10**17))
    run.send_datagram("rcfeed-udp", b"{}")
    run.send_datagram("rc2udp", b"no tab")
    source = {"source": "rcfeed-udp", "type": "rcfeed-udp"}
    wait_until(lambda: value(run, "ircstream_errors_total", type="rc2udp-parsing") == 1)
    assert value(run, "rcstreamd_source_received_total", **source) == 4
    assert value(run, "rcstreamd_source_published_total", **source) == 3
    dropped = value(run, "rcstreamd_source_dropped_total", reason="no_server_name", **source)
    assert dropped == 1
    assert value(run, "rcstreamd_source_dropped_total", source="rc2udp") == 1
    assert value(run, "rcstreamd_source_up", **source) == 1
    last = value(run, "rcstreamd_source_last_change_timestamp_seconds", **source)
    assert now - 1 <= last <= time.time() + 1
    # Only one of them says when it was made.
    assert value(run, "rcstreamd_source_lag_seconds_count", **source) == 1
    assert 45 <= value(run, "rcstreamd_source_lag_seconds_sum", **source) < 60
    assert value(run, "rcstreamd_source_lag_seconds_bucket", le="30.0", **source) == 0
    assert value(run, "rcstreamd_source_lag_seconds_bucket", le="60.0", **source) == 1


def test_metrics_measure_the_server_itself(server):
    run = server()
    client = RawWebSocket(run).connect_to_rc().subscribe("*")
    for number in range(20):
        run.send_rcfeed(make_change(id=number))
    for _ in range(20):
        client.receive_change()
    # Each of two workers is handed every change, in one turn or in several.
    wait_until(lambda: value(run, "rcstreamd_fan_out_duration_seconds_count") >= 2)
    assert value(run, "rcstreamd_fan_out_duration_seconds_count") <= 40
    wait_until(lambda: value(run, "rcstreamd_loop_lag_seconds_count") > 4)
    assert value(run, "rcstreamd_feeder_loop_lag_seconds_count") > 1
    assert value(run, "rcstreamd_ready") == 1
    assert value(run, "rcstreamd_config_last_reload_successful") == 1
    started = value(run, "process_start_time_seconds")
    assert abs(time.time() - started) < 120
    assert value(run, "process_start_time_seconds") == started
    assert value(run, "process_threads") >= 3
    assert 10 < value(run, "process_open_fds") < value(run, "process_max_fds")
    assert value(run, "process_resident_memory_bytes") > 1e6


def test_metrics_count_so_many_wikis(server):
    run = server(http={"metrics_wikis": 2})
    for wiki in ("en", "de", "en", "fr", "it"):
        run.send_rcfeed(make_change(server_name=f"{wiki}.wikipedia.org", wiki=f"{wiki}wiki"))
    wait_until(lambda: value(run, "rcstreamd_wiki_changes_total") == 5)
    assert value(run, "rcstreamd_wiki_changes_total", wiki="en.wikipedia.org") == 2
    assert value(run, "rcstreamd_wiki_changes_total", wiki="de.wikipedia.org") == 1
    assert value(run, "rcstreamd_wiki_changes_total", wiki="other") == 2
    assert len([key for key in samples_of(run) if key[0] == "rcstreamd_wiki_changes_total"]) == 3


def test_metrics_count_no_wikis_unless_asked_to(server):
    run = server()
    run.send_rcfeed(make_change())
    wait_until(lambda: value(run, "rcstreamd_changes_published_total") == 1)
    assert "rcstreamd_wiki_changes_total{" not in scrape(run).text


def test_metrics_tell_who_was_rejected(server):
    run = server(limits={"connections_per_address": 1, "unlimited_addresses": ["127.0.0.1"]})
    first = run.irc(source="127.0.0.5").register("one")
    run.irc(source="127.0.0.5")
    wait_until(lambda: value(run, "rcstreamd_connections_rejected_total") == 1)
    assert value(run, "rcstreamd_connections_rejected_total", reason="address_limit") == 1
    assert value(run, "rcstreamd_connections_addresses") == 1
    first.close()
