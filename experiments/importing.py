"""`greensplit import`: a scenario's folder of what an office has, or timings onto a scenario's network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import import_timings
from experiments._json import hand_out
from experiments.config import ImportConfig

if TYPE_CHECKING:
    from scenarios.imports.parts import Imported

__all__ = ["main"]


def main(config: ImportConfig) -> int:
    """Make a scenario's folder, or bring timings onto a network. Returns 0."""
    if not config.makes_scenario:
        return import_timings.main(config)
    assert config.file is not None  # the configuration refuses to be without them
    assert config.out is not None
    from scenarios.imports import Asked, import_scenario  # noqa: PLC0415  timings do without

    made = import_scenario(
        config.file,
        config.out,
        Asked(config.drive_on, config.random_veh_h_km, config.seed, config.whole_seconds, config.units),
    )
    if config.json:
        record = made.record()
        record |= {
            "scenario": str(config.out),
            "summary": made.summary,
            "signals_for_review": len(record.pop("signals")),
        }
        hand_out(record, None, printed=True)
    else:
        _show(made, config.out)
    return 0


def _show(made: Imported, out: Path) -> None:
    print(f"{out}: {made.summary}.")
    _listed("What was mended, assumed or left out:", made.told)
    _listed("What every run will say:", made.notes)
    warned = [
        f"{of.count} x {of.example.rstrip('.')}: {of.meaning or 'not known to us; look at the network there'}."
        for of in made.warnings
    ]
    _listed("What netconvert warned of:", warned)
    if made.signals:
        print(f"\nLook through {out / 'signals.csv'}: {len(made.signals)} signals, how each came into the network.")
    print(f"\nNext: greensplit check {out}\n      greensplit run scenario={out}")


def _listed(title: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"\n{title}")
        for line in lines:
            print(f"- {line}")
