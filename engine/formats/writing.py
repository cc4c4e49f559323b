"""Writes a plan in any format that is one text; the printable sheet is drawn by `experiments.report`."""

from __future__ import annotations

from engine.formats.plan_json import plan_json
from engine.formats.sheet import sheet_text
from engine.formats.utdf import utdf_text
from engine.formats.utdf_writer import plan_utdf
from engine.network import Network
from engine.plan import Plan
from engine.sumo.programs import plan_xml

__all__ = ["FORMATS", "plan_text"]

FORMATS = ("sumo", "json", "csv", "utdf")


def plan_text(plan: Plan, network: Network, kind: str) -> tuple[str, list[str]]:
    """Return a plan as text of a format, and what that does not hold of the plan, a sentence each.

    Raises:
        InputError: nothing of the plan can be stated in the format.
        KeyError: an unknown format.
    """
    if kind == "utdf":
        data, notes = plan_utdf(plan, network)
        return utdf_text(data), notes
    if kind == "csv":
        return sheet_text(plan, network)
    if kind == "sumo":
        notes = ["a SUMO program does not hold the parameters that a search varied"] if plan.parameters else []
        return plan_xml(plan, network.program_ids), notes
    if kind == "json":
        return plan_json(plan), []
    raise KeyError(kind)
