"""Reads a plan of any format; a file's content says which it is, not its name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.formats.plan_json import parse_plan_json
from engine.formats.sheet import parse_sheet
from engine.formats.utdf import decode_utdf, parse_utdf
from engine.formats.utdf_plan import NodeMap, utdf_plan
from engine.network import Network
from engine.plan import Plan
from engine.sumo.programs import parse_xml, read_plan

__all__ = ["PlanFile", "read_any_plan"]


@dataclass(frozen=True)
class PlanFile:
    """A plan that was read.

    Attributes:
        plan: the plan.
        kind: the file's format: sumo, json, csv or utdf.
        notes: what the file holds and the plan does not, a sentence each.
    """

    plan: Plan
    kind: str
    notes: tuple[str, ...] = ()


def read_any_plan(
    path: Path,
    network: Network,
    nodes: Mapping[str, NodeMap] | None = None,
    whole: bool = True,
    as_is: bool = False,
) -> PlanFile:
    """Return the plan in a file: SUMO's XML, our JSON, a timing sheet or UTDF.

    Args:
        path: the file.
        network: the signals.
        nodes: with UTDF: which signal each node is; see `engine.formats.utdf_plan.utdf_plan`.
        whole: with UTDF: whether times are rounded to whole seconds.
        as_is: with SUMO's XML: whether programs that respond to traffic are taken too, to be simulated as they stand.

    Raises:
        InputError: the file is missing, is of none of these formats, or does not fit the network.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}. Check the path.") from error
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return PlanFile(read_plan(path, network, as_is=as_is), "sumo", _several(path))
    text, encoding = decode_utdf(data)
    if start == b"[":
        plan, notes = utdf_plan(parse_utdf(text, str(path), encoding), network, nodes or {}, str(path), whole)
        return PlanFile(plan, "utdf", tuple(notes))
    if encoding == "latin-1":
        raise InputError(f"'{path}' is not written in UTF-8. Save it anew as UTF-8.")
    if start == b"{":
        return PlanFile(parse_plan_json(text, network, str(path)), "json")
    if not start:
        raise InputError(f"'{path}' is empty. A plan is SUMO's XML, our JSON, a timing sheet (CSV) or UTDF.")
    return PlanFile(parse_sheet(text, network, str(path)), "csv")


def _several(path: Path) -> tuple[str, ...]:
    """Return a note for every signal of which a SUMO file has more programs than the one that counts."""
    counts = Counter(element.get("id", "") for element in parse_xml(path).iter("tlLogic"))
    return tuple(
        f"signal '{signal}' has {n} programs in the file; a plan is the last of them"
        for signal, n in counts.items()
        if n > 1
    )
