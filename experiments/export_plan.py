"""`greensplit export`: a plan in the format of another tool."""

from __future__ import annotations

import tempfile
from pathlib import Path

from engine.files import write_text
from engine.formats import plan_text
from experiments._plans import named_plan, show_plan
from experiments._prepare import prepare
from experiments.config import ExportConfig

__all__ = ["main"]


def main(config: ExportConfig) -> int:
    """Write the plan, and say what the format does not hold of it. Returns 0."""
    assert config.plan is not None  # the configurations refuse to be without them
    assert config.out is not None
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario, network = prepare(config.scenario, Path(scratch), queue_max_m=1000.0)
    found = named_plan(config.plan, network, scenario.name)
    if config.kind == "sheet":
        from experiments.report.sheet import sheet_page  # noqa: PLC0415  the report's tables take scipy

        text, lost = sheet_page(found.plan, network, scenario.name)
    else:
        text, lost = plan_text(found.plan, network, config.kind)
    write_text(config.out, text)
    show_plan(found.plan, scenario.name, config.out, [*found.notes, *lost], config.json)
    return 0
