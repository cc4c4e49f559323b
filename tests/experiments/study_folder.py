"""Makes the folder of a study that never ran: real writers, invented and repeatable traffic."""

import dataclasses
import json
import math
import random
from pathlib import Path

from engine.geometry import Geometry, Head, Junction, Lane
from engine.jobs import Attempt, Job
from engine.ledger import Ledger
from engine.plan import BASELINE, Phase, Plan, Program
from engine.result import RunResult, SignalResult
from engine.selection import judge, rank
from engine.tables import movement_rows, result_row, write_parquet
from experiments import _summary
from kernels.formulas import level_of_service
from tests.made import approach_results, cycle, group_result

TURNS = ("left", "through+right")


@dataclasses.dataclass
class Traits:
    """What a study is made of. `factor` scales the delays of the plan that wins the training seeds."""

    scenario: str = "two junctions"
    signals: tuple = ("J1", "J2")
    approaches: tuple = ("N", "E", "S", "W")
    n_plans: int = 5
    seeds: tuple = (1, 2, 3)
    holdout: tuple = (101, 102, 103, 104)
    factor: float = 0.8
    best_is_baseline: bool = False
    failures: tuple = ()
    lost: tuple = ()
    notes: tuple = ()
    n_parameters: int = 3
    cycles_per_group: int = 30
    measures_all: bool = False
    corridor: bool = False
    geometry: bool = False
    percentiles: bool = False


def program(signal, shift_s=0.0, offset_s=0.0):
    """Two stages of eight links: through and left of one road, then of the other."""
    phases = (
        Phase(30.0 + shift_s, "GGgrrrrr", 0),
        Phase(3.0, "yyyrrrrr", -1),
        Phase(2.0, "rrrrrrrr", -1),
        Phase(25.0 - shift_s, "rrrGGGgr", 1),
        Phase(3.0, "rrryyyyr", -1),
        Phase(2.0, "rrrrrrrr", -1),
    )
    return Program(signal, phases, offset_s, (5.0, 5.0), (60.0, 60.0))


def links(approaches):
    movements = [f"{name}-{turn}" for name in approaches for turn in ("left", "through")]
    return [
        {"index": i, "movement": name, "approach": name.split("-")[0], "turn": name.split("-")[1], "kind": "vehicle"}
        for i, name in enumerate(movements[:8])
    ]


def run_result(traits, factor, seed):
    """Delays follow the seed and the factor; on the first signal's first approach the factor works the other way."""
    noise = random.Random(seed)
    groups, cycles = [], []
    for s, signal in enumerate(traits.signals):
        for a, approach in enumerate(traits.approaches):
            for turn in TURNS:
                level = 2.0 - factor if (s, a) == (0, 0) else factor
                delay_s = (30.0 + 8.0 * a + noise.uniform(-3.0, 3.0)) * level
                queue_m = 40.0 * level + 5.0 * a
                for k in range(traits.cycles_per_group):
                    start_s = 300.0 + 65.0 * k
                    cycles.append(cycle(len(groups), start_s, start_s + 65.0, queue_m * (1 + math.sin(k / 5)), 5))
                groups.append(
                    group_result(
                        signal, approach, f"{approach}-{turn}", delay_s, level_of_service(delay_s), queue_m, a == 3,
                        100 + 10 * a, 0.9 * level,
                    )
                )  # fmt: skip
    delay_s = sum(g.vehicles * g.control_delay_s for g in groups) / sum(g.vehicles for g in groups)
    network = {
        "delay_s": delay_s * 1.05, "control_delay_s": delay_s, "stops_per_veh": 0.9 * factor, "travel_time_s": 90.0,
        "throughput_veh": 1000 + seed, "vehicles": 1200, "queue_max_m": 120.0 * factor, "gridlock": 0,
    }  # fmt: skip
    in_order = tuple(sorted(cycles, key=lambda row: row.start_s))
    signals = ()
    if traits.measures_all:
        network |= {
            "co2_g": 1e4 * factor,
            "fuel_ml": 4e3 * factor,
            "conflicts_ttc": 9,
            "conflicts_drac": 5,
            "conflicts_pet": 7,
        }
        few = 3 if factor == 1.0 else 2
        signals = tuple(SignalResult(name, 5e3 * factor, 2e3 * factor, few, 1, 2) for name in traits.signals)
    # Delays from nothing to twice the mean, evenly: the mean of them is the mean.
    spread = tuple(round(2.0 * network["delay_s"] * of / 100.0, 2) for of in range(101)) if traits.percentiles else ()
    levels = approach_results(groups, in_order)
    return RunResult(network, tuple(groups), in_order, levels, signals=signals, delay_percentiles_s=spread)


def corridor(signals):
    """Two signals 200 m apart, 20 s at the limit; link 0 shows through traffic green both ways."""
    there = {"signals": list(signals[:2]), "links": [[0], [0]], "travel_s": [0.0, 18.0], "distances_m": [0.0, 200.0]}
    back = there | {"signals": list(signals[1::-1]), "distances_m": [200.0, 0.0]}
    return {"begin_s": 900.0, "end_s": 1095.0, "seed": 101, "corridors": [[there, back]]}


def trajectories(plan_ids):
    """One vehicle each way under each plan: 10 m/s, standing at 150 m for 30 s, gone for a while and back."""
    way = [(2.0 * k, min(20.0 * k, 150.0)) for k in range(23)] + [(100.0, 0.0), (102.0, 20.0)]
    return [
        {"plan_id": plan_id, "corridor": 0, "direction": j, "vehicle": f"v{j}", "time_s": 900.0 + t, "distance_m": d}
        for plan_id in plan_ids
        for j in (0, 1)
        for t, d in way
    ]


LEGS = {"N": (0.0, 1.0), "E": (1.0, 0.0), "S": (0.0, -1.0), "W": (-1.0, 0.0)}


def geometry(signals):
    """Junctions 400 m apart in a row, 20 m wide, with two lanes of 150 m on each leg and a footway beside them."""
    lanes, junctions, heads = [], [], []
    for s, signal in enumerate(signals):
        for name, (dx, dy) in LEGS.items():
            for i in range(3):
                x, y = 400.0 * s + 3.0 * i * dy, -3.0 * i * dx
                shape = ((x + 160.0 * dx, y + 160.0 * dy), (x + 10.0 * dx, y + 10.0 * dy))
                lanes.append(
                    Lane(f"{signal}{name}_{i}", f"{signal}{name}", "footway" if i == 2 else "road", 3.2, shape)
                )
        corners = ((-10.0, -10.0), (10.0, -10.0), (10.0, 10.0), (-10.0, 10.0))
        junctions.append(Junction(signal, signal, tuple((400.0 * s + x, y) for x, y in corners)))
        heads.append(Head(signal, 0, f"{signal}N_0"))
    return Geometry(tuple(lanes), tuple(junctions), tuple(heads))


def make_study(folder: Path, **changes) -> Path:
    """Write a study's folder and return it."""
    traits = Traits(**changes)
    folder.mkdir(parents=True)
    in_net = [program(signal) for signal in traits.signals]
    plans = {BASELINE: Plan(())}
    for i in range(1, traits.n_plans):
        programs = tuple(program(signal, i / 100.0, float(i % 60)) for signal in traits.signals)
        plan = Plan(programs, {f"green {k}": round(0.01 * i - 0.02 * k, 6) for k in range(traits.n_parameters)})
        plans[plan.plan_id] = plan
    factors = {plan_id: traits.factor * (1.0 + 0.1 * (i - 1)) for i, plan_id in enumerate(plans)}
    factors[BASELINE] = 1.0
    runs, results, movements = {plan_id: {} for plan_id in plans}, [], []
    ids = list(plans)
    with Ledger(folder / "ledger.sqlite") as ledger:
        for plan_id, plan in plans.items():
            ledger.add_plan(plan)
            reported = plan_id in ids[:2]
            for role, seeds in (("training", traits.seeds), ("holdout", traits.holdout if reported else ())):
                for seed in seeds:
                    if (ids.index(plan_id), seed) in traits.lost:
                        continue
                    result = run_result(traits, factors[plan_id], seed)
                    runs[plan_id][seed] = result.network
                    results.append(result_row(plan, seed, role, result.network, plans[ids[-1]].parameters))
                    movements += movement_rows(plan_id, seed, role, result)
                    if reported:  # the page reads no others, and compressing them takes most of the time
                        job = Job(f"{plan_id}-{seed}", plan, seed, role)
                        ledger.record(
                            Attempt(job, 1, "done", "", "here", "2026-01-01T00:00:00Z", 1.0, result.to_bytes())
                        )
    write_parquet(results, folder / "results.parquet")
    write_parquet(movements, folder / "movements.parquet")
    summary = _summarise(traits, plans, runs, in_net)
    if traits.corridor:
        summary["corridors"] = corridor(traits.signals)
        write_parquet(trajectories(list(plans)[:2]), folder / "trajectories.parquet")
    if traits.geometry:
        geometry(traits.signals).write(folder / "geometry.json")
        summary["approaches"] = [
            {"signal": signal, "approach": name, "edges": [f"{signal}{name}"]}
            for signal in traits.signals
            for name in traits.approaches
        ]
    (folder / "summary.json").write_text(json.dumps(summary, allow_nan=False), encoding="utf-8")
    environment = {
        "versions": {"greensplit": "0.1.0", "ray": None},
        "python": "3.11",
        "platform": "Linux",
        "inputs": {"x.net.xml": "ab" * 32},
    }
    (folder / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    (folder / "config.yaml").write_text("identity: test\n", encoding="utf-8")
    return folder


def _summarise(traits, plans, runs, in_net):
    ranked = rank(list(plans), runs, traits.seeds)
    candidate = plans[BASELINE] if traits.best_is_baseline else plans[list(plans)[1]]
    verdict, difference = judge(runs[candidate.plan_id], runs[BASELINE], traits.holdout)
    if candidate.plan_id == BASELINE:
        verdict, difference = "baseline", None
    best = plans[BASELINE] if verdict == "baseline" else candidate
    confirmed = best.plan_id == candidate.plan_id
    reporting = traits.holdout or traits.seeds

    def of(plan):
        done = {seed: runs[plan.plan_id][seed] for seed in reporting if seed in runs[plan.plan_id]}
        return _summary.plan_summary(plan, done, ["sumo", "-c", "x.sumocfg"])

    return {
        "command": "sweep",
        "scenario": traits.scenario,
        "seeds": list(traits.seeds),
        "holdout_seeds": list(traits.holdout),
        "notes": list(traits.notes),
        "window": {"begin_s": 0.0, "end_s": 2100.0, "warmup_s": 300.0},
        "baseline": of(plans[BASELINE]),
        "best": of(best),
        "candidate": None if confirmed else of(candidate),
        "candidate_difference": _summary.differences({"delay_s": difference}),
        "difference": _summary.differences({"delay_s": difference if confirmed else None}),
        "verdict": verdict,
        "simulations": {"done": 23, "failed": 0, "cached": 2, "training": 15, "holdout": 8, "calibration": 0},
        "wall_s": 75.4,
        "ranking": _summary.ranking(ranked, plans),
        "failures": list(traits.failures),
        "programs": {
            "baseline": _summary.programs(in_net),
            "best": _summary.programs(best.programs or in_net),
        },
        "signals": {signal: {"links": links(traits.approaches)} for signal in traits.signals},
    }
