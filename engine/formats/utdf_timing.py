"""Ring-and-barrier timing in a UTDF file: Timeplans and Phases with the movements that Lanes gives each phase."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.errors import InputError, nearest
from engine.formats.utdf import Utdf
from engine.rings import OffsetReference, Recall, RingPhase, RingTiming, problems, shortfalls

__all__ = ["MovementPhases", "NodeTiming", "node_timings", "shared_timings", "start_times"]

NEEDED = ("Nodes", "Lanes", "Timeplans", "Phases")
PHASES_PER_MOVEMENT = 4
UNCONTROLLED = -1
"""The phase of a movement that no signal holds back."""
CONTROL_TYPES = ("pretimed", "actuated, uncoordinated", "semi-actuated, uncoordinated", "actuated, coordinated")
UNUSED = ("VehExt", "TimeBeforeReduce", "TimeToReduce", "MinGap", "PedCalls", "InhibitMax", "Yield170", "ActGreen")
"""Records of an actuated controller, and results of the other tool: a fixed-time plan has no use for them."""


@dataclass(frozen=True)
class MovementPhases:
    """The phases that give a movement green: with the right of way, and giving way; and whether it may turn on red."""

    protected: tuple[int, ...]
    permitted: tuple[int, ...]
    on_red: bool = False

    @property
    def uncontrolled(self) -> bool:
        """Whether no signal holds the movement back."""
        return UNCONTROLLED in self.protected


@dataclass(frozen=True)
class NodeTiming:
    """What a UTDF file says of one signal.

    Attributes:
        node: the node's INTID.
        description: what the file calls it; empty where it says nothing.
        timing: ring-and-barrier timing; `timing.signal` is `node`.
        movements: phases by movement (UTDF's column: NBL is the left turn of the northbound traffic). Movements that
            have lanes, or share some, and no phase of their own are there with empty phases.
        notes: what was in the file and cannot be told by a fixed-time plan, a sentence each.
    """

    node: str
    description: str
    timing: RingTiming
    movements: Mapping[str, MovementPhases]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Cell:
    """A value and where it stands, for messages."""

    text: str
    where: str

    def number(self, default: float | None = None) -> float:
        """Return the value as a number. A leading `*` marks what a user has overridden in the other tool."""
        text = self.text.strip().lstrip("*")
        if not text and default is not None:
            return default
        try:
            value = float(text)
        except ValueError as error:
            raise InputError(f"{self.where} '{self.text}' is no number. Give it in seconds.") from error
        if not -1e6 < value < 1e6:
            raise InputError(f"{self.where} '{self.text}' is no time that a signal can have. Give it in seconds.")
        return value


def node_timings(data: Utdf, source: str = "UTDF") -> dict[str, NodeTiming]:
    """Return the timing of every node that the file has phases for, by INTID in the file's order.

    Args:
        data: the file.
        source: what messages call it.

    Raises:
        InputError: a section is missing, a node is unknown, a value is no number, or rings do not fit together.
    """
    missing = [name for name in NEEDED if not data.named(name)]
    if missing:
        raise InputError(
            f"'{source}' has no section {', '.join(f'[{name}]' for name in missing)}. Timings need {', '.join(NEEDED)}: "
            "export the whole file from the other tool."
        )
    descriptions = _nodes(data)
    plans = _rows(data, source, "Timeplans", descriptions)
    phases = _rows(data, source, "Phases", descriptions)
    lanes = _rows(data, source, "Lanes", descriptions)
    found = {}
    for node, records in phases.items():
        if node not in plans:
            raise InputError(
                f"'{source}': node {node} is in [Phases] and not in [Timeplans]. Export the file anew, with both sections."
            )
        timing = _timing(node, plans[node], records, source)
        trouble = problems(timing)
        if trouble:
            raise InputError(f"'{source}': node {node}: {trouble[0]}. Mend the splits in the other tool.")
        notes = _notes(timing, plans[node], records)
        found[node] = NodeTiming(node, descriptions[node], timing, _movements(lanes.get(node, {})), tuple(notes))
    if not found:
        raise InputError(f"'{source}': section [Phases] is empty, so there is no timing to take.")
    return found


def shared_timings(
    data: Utdf, timings: Mapping[str, NodeTiming], source: str = "UTDF"
) -> dict[str, tuple[str, NodeTiming]]:
    """Return the nodes that the controller of another node runs too: that node, and its timing with their own movements.

    Args:
        data: the file.
        timings: `node_timings` of it.
        source: what messages call it.
    """
    descriptions = _nodes(data)
    plans = _rows(data, source, "Timeplans", descriptions)
    lanes = _rows(data, source, "Lanes", descriptions)
    found = {}
    for controller, of in timings.items():
        for node in _others(plans[controller]):
            if node in descriptions and node not in timings:
                timing = dataclasses.replace(of.timing, signal=node)
                movements = _movements(lanes.get(node, {}))
                found[node] = controller, NodeTiming(node, descriptions[node], timing, movements, ())
    return found


def _others(plan: Mapping[str, Mapping[str, _Cell]]) -> list[str]:
    """Return the further nodes that a controller runs."""
    cells = [next(iter(plan.get(f"Node {number}", {}).values()), None) for number in range(1, 8)]
    return [cell.text.strip() for cell in cells if cell is not None and cell.number(0.0)]


def _nodes(data: Utdf) -> dict[str, str]:
    found = {}
    for section, record in data.records("Nodes"):
        description = record.cells[section.column("DESCRIPTION")] if "DESCRIPTION" in section.columns else ""
        found[record.cells[section.column("INTID")]] = description
    return found


def _rows(data: Utdf, source: str, name: str, nodes: Iterable[str]) -> dict[str, dict[str, dict[str, _Cell]]]:
    """Return the cells of a section by node, record name and column; of a record that is there twice the last one."""
    known = set(nodes)
    found: dict[str, dict[str, dict[str, _Cell]]] = defaultdict(dict)
    for section, record in data.records(name):
        i_name, i_node = section.column("RECORDNAME"), section.column("INTID")
        node, kind = record.cells[i_node], record.cells[i_name]
        if node not in known:
            raise InputError(
                f"'{source}', line {record.line}: section [{name}] is about node '{node}', which [Nodes] does not have."
                f"{nearest(node, known)} Mend INTID, or export the file anew."
            )
        where = f"'{source}', line {record.line}: {kind} of node {node}"
        found[node][kind] = {
            column: _Cell(cell, f"{where}, {column},")
            for i, (column, cell) in enumerate(zip(section.columns, record.cells, strict=True))
            if i not in (i_name, i_node) and column
        }
    return dict(found)


def _timing(
    node: str, plan: Mapping[str, Mapping[str, _Cell]], records: Mapping[str, Mapping[str, _Cell]], source: str
) -> RingTiming:
    def of_plan(name: str, default: float | None = None) -> float:
        if name not in plan:
            if default is None:
                raise InputError(f"'{source}': node {node} has no {name} in [Timeplans]. Export the file anew.")
            return default
        return next(iter(plan[name].values())).number(default)

    for name in ("BRP", "MaxGreen", "Yellow", "AllRed"):
        if name not in records:
            raise InputError(f"'{source}': node {node} has no {name} in [Phases]. Export the file anew.")
    phases = []
    for column, green in records["MaxGreen"].items():
        if green.text.strip() and column.startswith("D") and column[1:].isdecimal():
            phases.append(_phase(int(column[1:]), column, records))
    used = {phase.number for phase in phases}
    cycle_s = of_plan("Cycle Length")
    if cycle_s <= 0.0:
        raise InputError(f"'{source}': node {node}: Cycle Length is {cycle_s:g} s. Give a time above 0.")
    code = of_plan("Referenced To", 0.0)
    if code not in list(OffsetReference):
        raise InputError(f"'{source}': node {node}: Referenced To is {code:g}; UTDF knows 0 to 4.")
    # Two phases are written as one number: 206 is 2 and 6. One that the signal does not use refers to nothing.
    pair = int(of_plan("Reference Phase", 0.0))
    referenced = tuple(number for number in (pair // 100, pair % 100) if number in used)
    return RingTiming(
        node,
        cycle_s,
        of_plan("Offset", 0.0) % cycle_s,
        OffsetReference(int(code)),
        referenced,
        tuple(sorted(phases, key=lambda phase: (phase.barrier, phase.ring, phase.position))),
    )


def _phase(number: int, column: str, records: Mapping[str, Mapping[str, _Cell]]) -> RingPhase:
    def value(name: str, default: float | None = 0.0) -> float:
        return records[name][column].number(default) if name in records else default or 0.0

    def optional(name: str) -> float | None:
        return value(name) if name in records and records[name][column].text.strip() else None

    place = records["BRP"][column]
    digits = place.text.strip()
    if len(digits) != 3 or not digits.isdecimal():
        raise InputError(
            f"{place.where} '{place.text}' is no place of a phase. Give barrier, ring and position, a digit each."
        )
    recall = value("Recall")
    if recall not in list(Recall):
        raise InputError(f"{records['Recall'][column].where} '{recall:g}' is not known: UTDF has 0 to 4.")
    barrier, ring, position = (int(digit) for digit in digits)
    return RingPhase(
        number,
        barrier,
        ring,
        position,
        value("MaxGreen"),
        value("Yellow", None),
        value("AllRed", None),
        value("MinGreen"),
        optional("Walk"),
        optional("DontWalk"),
        value("MinSplit"),
        Recall(int(recall)),
        value("DualEntry") == 1.0,
    )


def _movements(lanes: Mapping[str, Mapping[str, _Cell]]) -> dict[str, MovementPhases]:
    def phases(prefix: str, movement: str) -> tuple[int, ...]:
        names = [f"{prefix}{i}" for i in range(1, PHASES_PER_MOVEMENT + 1)]
        numbers = [int(lanes[name][movement].number(0.0)) for name in names if name in lanes]
        return tuple(number for number in numbers if number)

    def on_red(movement: str) -> bool:
        # The other tool allows it by default, also for movements to which that means nothing.
        return "R" in movement and "Allow RTOR" in lanes and lanes["Allow RTOR"][movement].text.strip() == "1"

    # A right turn that shares a lane has a destination, and neither lanes nor a phase of its own.
    told = ("Dest Node", "Lanes", "Phase1", "PermPhase1")
    movements = {
        movement
        for name in told
        for movement, cell in lanes.get(name, {}).items()
        if cell.text.strip() and movement not in ("PED", "HOLD")
    }
    return {m: MovementPhases(phases("Phase", m), phases("PermPhase", m), on_red(m)) for m in sorted(movements)}


def _notes(
    timing: RingTiming, plan: Mapping[str, Mapping[str, _Cell]], records: Mapping[str, Mapping[str, _Cell]]
) -> list[str]:
    notes = [f"node {timing.signal}: {text}" for text in shortfalls(timing)]
    kind = int(next(iter(plan["Control Type"].values())).number(0.0)) if "Control Type" in plan else 0
    if 0 < kind < len(CONTROL_TYPES):
        notes.append(f"node {timing.signal} is {CONTROL_TYPES[kind]} in the file: its splits are taken as fixed times")
    notes += [
        f"node {timing.signal} also runs the signal at node {other}, which gets no plan from here"
        for other in _others(plan)
    ]
    lost = [
        name for name in UNUSED if any(cell.text.strip() not in ("", "0") for cell in records.get(name, {}).values())
    ]
    if kind and lost:
        notes.append(f"node {timing.signal}: a fixed-time plan does not hold {', '.join(lost)}")
    differing = _starts_differ(timing, records)
    if differing:
        notes.append(f"node {timing.signal}: {differing}; the splits and the offset are followed")
    return notes


def _starts_differ(timing: RingTiming, records: Mapping[str, Mapping[str, _Cell]]) -> str:
    """Return how the file's own Start times differ from its splits and offset, or an empty string."""
    for number, start_s in start_times(timing).items():
        cell = records.get("Start", {}).get(f"D{number}")
        if cell is None or not cell.text.strip():
            continue
        apart_s = (cell.number() - start_s + timing.cycle_s / 2.0) % timing.cycle_s - timing.cycle_s / 2.0
        # The other tool rounds its results to tenths.
        if abs(apart_s) > 0.15:
            return f"phase {number} starts at {cell.text} s in the file, and at {start_s:g} s by its splits and offset"
    return ""


def start_times(timing: RingTiming) -> dict[int, float]:
    """Return UTDF's Start by phase number: seconds after the master clock's zero, in [0, cycle), to a tenth."""
    begin_s = timing.begins_s
    return {n: round((begin_s + s) % timing.cycle_s, 1) % timing.cycle_s for n, s in timing.starts_s().items()}
