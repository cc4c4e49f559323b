"""`greensplit demand`: a scenario's folder with demand from counts, detectors, flows or a matrix."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from experiments._json import hand_out
from experiments._prepare import prepare
from experiments.config import DemandConfig
from experiments.config.demand import CountsConfig

if TYPE_CHECKING:
    from scenarios.demand import Asked, Made, Sources

__all__ = ["asked_of", "main", "sources_of"]


def main(config: DemandConfig) -> int:
    """Make the folder, and say how well its routes meet what was counted. Returns 0."""
    from scenarios.demand.making import ground_of, make_demand  # noqa: PLC0415  brings SUMO's tools

    assert config.out is not None  # the configuration refuses to be without
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario, network = prepare(config.scenario, Path(scratch) / "scenario", queue_max_m=1000.0)
        asked = asked_of(config)
        made = make_demand(sources_of(config), ground_of(scenario, network, asked), asked, config.out)
    if config.json:
        record = {"scenario": str(config.out), "summary": made.summary, "notes": list(made.notes), **made.record}
        hand_out(record, None, printed=True)
    else:
        _show(made, config.out)
    return 0


def sources_of(config: CountsConfig) -> Sources:
    """Return the files that a configuration names."""
    from scenarios.demand import Sources  # noqa: PLC0415  brings SUMO's tools

    counted = (config.counts, config.log, config.detectors)
    return (
        Sources(*counted, config.flows, config.od, config.zones)
        if isinstance(config, DemandConfig)
        else Sources(*counted)
    )


def asked_of(config: CountsConfig) -> Asked:
    """Return what a configuration chooses."""
    from scenarios.demand import Asked  # noqa: PLC0415  brings SUMO's tools

    return Asked(
        config.method, config.profile, config.scale, config.shift_s, config.seed, config.warmup_min * 60.0, config.trucks,
        config.tolerance, config.sources, config.bin_min,
    )  # fmt: skip


def _show(made: Made, out: Path) -> None:
    print(f"{out}: {made.summary}.")
    for note in made.notes:
        print(f"- {note}")
    worst = [row for row in made.record.get("places", ()) if row["geh"] >= 5.0]
    for row in worst[:8]:
        print(f"- {row['place']}: {row['counted']:g} counted, {row['routed']} routed, GEH {row['geh']:.1f}")
    if len(worst) > 8:
        print(f"- and {len(worst) - 8} more; demand.json has all")
    print(f"\nNext: greensplit check scenario={out}\n      greensplit run scenario={out}")
