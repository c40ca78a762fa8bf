# SPDX-License-Identifier: Apache-2.0
"""What a change costs once, however many clients there are: bench_micro's steps."""

from harness import ROOT, RUN_TIMEOUT_S, run_json

KEY = "micro_ns_per_change"

TITLE = "CPU us per change"
RECORDED = ROOT / "test/data/rcfeed/rcfeed-pairs.ndjson"


def run(bench):
    if not bench.wants(TITLE):
        return {}
    steps = run_json([bench.programs / "bench_micro", RECORDED], RUN_TIMEOUT_S)
    bench.head(TITLE)
    for step, cost_ns in steps.items():
        bench.line(f"{step:34}{cost_ns / 1000:10.3f}")
    return steps
