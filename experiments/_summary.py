"""What a study found, as the data of ``summary.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from engine.network import Network
from engine.plan import Plan, Program
from engine.result import EXTRA_MEASURES
from engine.selection import Ranked, Runs
from engine.statistics import Interval, interval

__all__ = ["approaches", "differences", "plan_summary", "programs", "ranking", "signals"]

MEASURES = ("delay_s", "control_delay_s", "stops_per_veh", "travel_time_s", "throughput_veh", "queue_max_m")


def plan_summary(plan: Plan, runs: Runs, command: Sequence[str]) -> dict[str, Any]:
    """Return a plan's measures over its reporting runs: mean, median, 95 % interval, and the share of gridlock."""
    done = list(runs.values())
    summary: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "parameters": plan.parameters,
        "command": " ".join(command),
        "gridlock_share": sum(run["gridlock"] for run in done) / len(done) if done else None,
    }
    for name in (*MEASURES, *(name for name in EXTRA_MEASURES if done and name in done[0])):
        summary[name] = interval([run[name] for run in done]).to_json() if done else None
    return summary


def differences(paired: Mapping[str, Interval | None]) -> dict[str, Any]:
    """Return paired differences by measure, `delay_s` among them; nulls where there were no reporting runs."""
    nothing = {"mean": None, "median": None, "ci95": None, "n": 0, "of": "mean", "centre": None}
    return {"delay_s": nothing} | {name: nothing if of is None else of.to_json() for name, of in paired.items()}


def ranking(ranked: Sequence[Ranked], plans: Mapping[str, Plan]) -> list[dict[str, Any]]:
    """Return the plans in their order on the training seeds."""
    rows = []
    for plan in ranked:
        delays = sorted(plan.delay_s)
        n = len(delays)
        rows.append(
            {
                "plan_id": plan.plan_id,
                "objective_mean": plan.mean if math.isfinite(plan.mean) else None,
                "violation": plan.violation,
                "delay_s_mean": plan.mean_s if math.isfinite(plan.mean_s) else None,
                "delay_s_median": (delays[(n - 1) // 2] + delays[n // 2]) / 2 if n else None,
                "gridlock_share": plan.gridlocks / n if n else None,
                "n": n,
                "failed": len(plan.failed),
                "stopped": len(plan.stopped),
                "parameters": plans[plan.plan_id].parameters,
            }
        )
    return rows


def programs(of: Sequence[Program]) -> list[dict[str, Any]]:
    """Return programs for phase diagrams."""
    return [
        {
            "signal": program.signal,
            "offset_s": program.offset_s,
            "phases": [[phase.duration_s, phase.state, phase.stage] for phase in program.phases],
        }
        for program in of
    ]


def approaches(network: Network) -> list[dict[str, Any]]:
    """Return the edges of every approach, from the stop line upstream."""
    return [
        {"signal": signal.id, "approach": approach.name, "edges": list(approach.edges)}
        for signal, approach in network.approaches
    ]


def signals(network: Network, of: Sequence[Program]) -> dict[str, Any]:
    """Return what each link of the varied signals is called, by signal id."""
    varied = {program.signal for program in of}
    return {
        signal.id: {
            "links": [
                {
                    "index": link.index,
                    "movement": link.movement,
                    "approach": link.approach,
                    "turn": link.turn,
                    "kind": link.kind,
                }
                for link in signal.links
            ]
        }
        for signal in network.signals
        if signal.id in varied
    }
