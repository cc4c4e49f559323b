"""Where the instructions of a scored run go: SUMO, each part of the step loop, each kernel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from experiments.bench import callgrind
from experiments.bench.instructions import NETWORKS
from experiments.bench.rows import Row, missing
from experiments.bench.spans import HOW, Span, Spans

__all__ = ["parts", "rows"]

LOOP = re.compile(r"__pyx_f_6engine_4sumo_\d+_(?:native|persons)_\d+[A-Za-z]+?_(_?[a-z_]+)\(")
KERNEL = re.compile(r"__pyx_f_7kernels_\d+_([a-z]+)_\d+[A-Za-z]+?_(_?[a-z_]+)\(")
SUMO_STEP = "libsumo::Simulation::step"
DUTIES = {
    "_step": "step loop: departures, arrivals, incidents, signals' states",
    "_see": "reading vehicles: lane, position, speed",
    "_see_more": "reading what measures=all needs",
    "_head": "reading what measures=all needs",
    "_take_in": "taking in vehicles that departed",
    "_class": "taking in vehicles that departed",
    "step": "reading pedestrians",
}
"""What the functions of the native step loop are for."""
IN_STEP = "SUMO's own step, in the library"
REST = "results at the end, and what is outside the step loop"


def parts(span: Span) -> dict[str, int]:
    """Return the instructions of a scored run by what they were for; they add up to the whole of it.

    A function of the step loop counts with all that it calls, but for SUMO's step, the kernels and functions of the
    loop, which count by themselves.
    """
    of: Counter[str] = Counter()
    for caller, own in span.own.items():
        match = LOOP.match(caller)
        if match is None:
            continue
        duty = DUTIES.get(match.group(1), match.group(1))
        of[duty] += own
        for called, cost in span.calls.get(caller, {}).items():
            kernel = KERNEL.match(called)
            if kernel is not None:
                of[f"kernel: {'.'.join(kernel.groups())}"] += cost
            elif called.startswith(SUMO_STEP):
                of[IN_STEP] += cost
            elif not LOOP.match(called):
                of[duty] += cost
    of[REST] = span.instructions - sum(of.values())
    return dict(of)


def rows(done: Callable[[float], None]) -> list[Row]:
    """Return each part's share of a scored run, in percent of bare SUMO's instructions."""
    if not callgrind.available():
        return [missing("where a run goes", callgrind.INSTALL)]
    cases = [*(("traffic", name) for name in NETWORKS), ("all", NETWORKS[0])]
    found = Spans([*cases, *(("bare", name) for name in NETWORKS)], done)
    return [row for measures, name in cases for row in _of_run(found, measures, name)]


def _of_run(found: Spans, measures: str, name: str) -> list[Row]:
    run = f"measures={measures}, {name}"
    try:
        ours, bare = found.get(measures, name), found.get("bare", name)
    except RuntimeError as error:
        return [missing(f"{run}: where it goes", str(error))]
    shares = sorted(((100.0 * cost / bare.instructions, part) for part, cost in parts(ours).items()), reverse=True)
    return [Row(f"{run}: {part}", "% of bare SUMO", share, how=HOW) for share, part in shares]
