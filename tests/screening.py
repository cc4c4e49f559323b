"""Holds the screening model against finished sweeps: `python -m tests.screening STUDY...`.

Each study is the folder of a sweep over random plans, for example

    greensplit sweep scenario=cologne1 plans.radius=full search.seed=77 search.budget=303 search.holdout_seeds=[] out=S

The model sees runs of the plan in the net alone (seeds 1-3). Printed, for the model with default drivers and with fitted
ones: rank correlation with the median over SUMO's seeds, what the best of its first ten loses to the best of all in SUMO,
shares of gridlock, and how many times faster it is than SUMO, processor time against processor time on the same plans.
Where SUMO gridlocks (`python -m tests.gridlock` makes such networks): how good the predicted chance of it is.
"""

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
import yaml
from scipy.stats import spearmanr

import scenarios
from engine.ledger import Ledger
from engine.plan import BASELINE
from engine.screening.model import ScreeningModel
from engine.screening.runs import baseline_traces
from engine.sumo.demand import scan
from engine.sumo.installation import binary, environment
from engine.sumo.net import read_network
from engine.sumo.options import simulation_options
from engine.sumo.programs import in_force, write_plan
from experiments.config import ScenarioConfig

SEEDS = (1, 2, 3)
TIMED = 5
FIRST = 10


def scenario_of(study, folder):
    """Return the scenario and network of a study's folder."""
    settings = yaml.safe_load((study / "config.yaml").read_text())["scenario"]
    for name in ("sumocfg", "file"):
        settings[name] = Path(settings[name]) if settings[name] else None
    scenario = scenarios.build(ScenarioConfig(**settings), folder)
    demand = scan([*scenario.routes, *scenario.additional])
    return scenario, read_network(scenario.net, in_force(scenario.net, scenario.additional), demand.edges)


def reference(study):
    """Return the plans of a study with SUMO's median delay and share of gridlocked runs."""
    rows = pl.read_parquet(study / "results.parquet").filter(pl.col("plan_id") != BASELINE)
    rows = rows.group_by("plan_id").agg(pl.col("delay_s").median(), pl.col("gridlock").mean()).sort("plan_id")
    with Ledger(study / "ledger.sqlite", read_only=True) as ledger:
        plans = {plan.plan_id: plan for plan in ledger.plans()}
    return [plans[name] for name in rows["plan_id"]], rows["delay_s"].to_numpy(), rows["gridlock"].to_numpy()


def sumo_s(scenario, plans):
    """Return the processor time of a bare SUMO run, seconds, mean over some plans."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    for plan in plans:
        with tempfile.TemporaryDirectory() as folder:
            write_plan(plan, Path(folder) / "plan.add.xml")
            options = simulation_options(scenario, 1, Path(folder), Path(folder) / "plan.add.xml")
            subprocess.run([binary("sumo"), *options], env=environment(), check=True, capture_output=True)
    return (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before) / len(plans)


def model_s(model, plans, rounds=5):
    """Return the processor time of one draw of one plan, seconds, the best of some rounds: machines are noisy."""
    best = np.inf
    for _ in range(rounds):
        began = time.process_time()
        model.score(plans)
        best = min(best, time.process_time() - began)
    return best / len(plans) / (len(model.demand.start) - 1)


def chance_of(kind, predicted, observed):
    """Print how well predicted chances of gridlock (or a number in their stead) meet observed shares, and return the AUC.

    Brier scores are of single runs: 0 is perfect; in brackets what the mean of all would score.
    """
    sure = predicted[:, None] - predicted[None, :]
    weights = observed[:, None] * (1.0 - observed[None, :])
    auc = float((weights * ((sure > 0.0) + 0.5 * (sure == 0.0))).sum() / max(weights.sum(), 1e-12))
    line = f"  gridlock by {kind:6s} AUC {auc:.2f}"
    if kind == "chance":
        spread = observed * (1.0 - observed)
        brier, mean = ((predicted - observed) ** 2 + spread).mean(), observed.mean()
        line += f"  Brier {brier:.3f} ({((mean - observed) ** 2 + spread).mean():.3f})  predicted: observed (plans)"
        for share in np.unique(predicted):
            of = observed[predicted == share]
            line += f"  {share:.2f}: {of.mean():.2f} ({len(of)})"
    print(line, flush=True)
    return auc


def judge(study, timed=TIMED):
    """Print one line for the model with default drivers and one with fitted ones; returns the correlations."""
    plans, median_s, gridlock = reference(study)
    with tempfile.TemporaryDirectory() as folder:
        scenario, network = scenario_of(study, Path(folder) / "scenario")
        model = ScreeningModel.build(scenario, network, baseline_traces(scenario, network, SEEDS))
        few = plans[:: max(len(plans) // timed, 1)][:timed] if timed else []
        slow_s = sumo_s(scenario, few) if few else np.nan
        found = []
        for name, judged in (("default", model), ("fitted", model.calibrated())):
            scores = judged.score(plans)
            order = np.argsort(scores.median_s, kind="stable")
            found.append(float(spearmanr(scores.median_s, median_s)[0]))
            excess = median_s[order[:FIRST]].min() / median_s.min() - 1.0
            fast_s = model_s(judged, few) if few else np.nan
            print(
                f"{study.name:24s} {name:8s} {len(plans):4d} plans  rho {found[-1]:.3f}  best of {FIRST} +{100.0 * excess:.1f} %"
                f"  gridlock {scores.gridlock_share.mean():.3f} (SUMO {gridlock.mean():.3f})"
                f"  {1000.0 * fast_s:.2f} ms, {slow_s / fast_s:.0f} times",
                flush=True,
            )
            if 0.0 < gridlock.mean() < 1.0:
                chance_of("chance", scores.gridlock_share, gridlock)
                chance_of("delay", scores.median_s, gridlock)
    return found


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        judge(Path(argument))
