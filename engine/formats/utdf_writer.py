"""A plan as a UTDF file: Nodes, the phases of each movement in Lanes, Timeplans and Phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import InputError
from engine.formats.utdf import Record, Section, Utdf
from engine.formats.utdf_plan import DIRECTIONS, TURN_LETTERS, node_program
from engine.formats.utdf_timing import PHASES_PER_MOVEMENT, UNCONTROLLED, node_timings, start_times
from engine.network import Network, Signal
from engine.plan import Plan, Program
from engine.ring_form import RingForm, differences, ring_form
from engine.rings import Recall, RingTiming

__all__ = ["phase_records", "plan_records", "plan_utdf"]

SIDES = ("NB", "SB", "EB", "WB", "NE", "NW", "SE", "SW")
COLUMNS = tuple(f"{side}{turn}" for side in SIDES for turn in "ULTR")
N_PHASES = 8
TITLES = {
    "Network": "Network Settings",
    "Nodes": "Node Data",
    "Links": "Link Data",
    "Lanes": "Lane Group Data",
    "Timeplans": "Timing Plan Settings",
    "Phases": "Phasing Data",
}


@dataclass(frozen=True)
class _Node:
    """A signal that has a form, under the number that the file gives it."""

    number: int
    signal: Signal
    form: RingForm
    lanes: Mapping[str, Mapping[str, str]]


def plan_utdf(plan: Plan, network: Network) -> tuple[Utdf, list[str]]:
    """Return the plan as a UTDF file, and what it does not hold of the plan, a sentence each.

    Nodes are numbered from 1 by signal id; DESCRIPTION holds the id, by which `engine.formats.utdf_plan` finds the
    signal again. Each signal is written, read back and compared before it counts.

    Raises:
        InputError: no signal of the plan can be stated in rings.
    """
    notes: list[str] = []
    nodes = []
    for number, program in enumerate(plan.programs, start=1):
        signal = network.signal(program.signal)
        try:
            node = _node(number, program, signal)
            differing = _read_back(node, program)
        except InputError as error:
            reason = str(error).removeprefix(f"signal '{signal.id}': ").rstrip(".")
            notes.append(f"signal '{signal.id}' is left out: {reason}")
            continue
        nodes.append(node)
        if differing:
            names = sorted({link.movement for link in signal.links if link.index in differing})
            notes.append(
                f"signal '{signal.id}': between stages {', '.join(names)} shows another colour than in the plan"
            )
    if not nodes:
        raise InputError(f"no signal of the plan can be written as UTDF: {notes[0] if notes else 'it sets no signal'}.")
    notes.append("UTDF has no longest green of a stage, and a least green only as far as it is a phase's")
    notes.append("links, lanes and volumes are not written: merge the timing into the other tool's own network")
    if plan.parameters:
        notes.append("UTDF does not hold the parameters that a search varied")
    return _file(nodes), notes


def _node(number: int, program: Program, signal: Signal) -> _Node:
    form, reason = ring_form(program, signal.links)
    if form is None:
        raise InputError(reason)
    if any(phase.number > N_PHASES for phase in form.timing.phases):
        raise InputError(f"it needs more than {N_PHASES} phases")
    return _Node(number, signal, form, _lanes(signal, form))


def _read_back(node: _Node, program: Program) -> frozenset[int]:
    """Return the links that the file shows otherwise between stages.

    Raises:
        InputError: it shows the stages otherwise.
    """
    found = node_timings(_file([node]))[str(node.number)]
    again, _ = node_program(found, node.signal, {}, whole=False)
    differing = differences(program, again)
    if differing is None:
        raise InputError("UTDF cannot tell its movements apart: links of one movement have green at different times")
    return differing


def _lanes(signal: Signal, form: RingForm) -> dict[str, dict[str, str]]:
    """Return the records of Lanes by name and column.

    Raises:
        InputError: two approaches come from one direction, or a movement has more phases than UTDF has room for.
    """
    records: dict[str, dict[str, str]] = {"Lanes": {}}
    wiring = form.wiring
    for approach in signal.approaches:
        if approach.name not in DIRECTIONS:
            raise InputError(f"UTDF has one approach for each direction, and {approach.name} is a second one")
        for turn, letters in TURN_LETTERS.items():
            indices = {x.index for x in signal.links if (x.approach, x.turn) == (approach.name, turn)}
            if not indices:
                continue
            column = DIRECTIONS[approach.name] + letters[0]
            lanes = {link.lane for link in signal.links if link.index in indices and link.kind == "vehicle"}
            records["Lanes"][column] = str(len(lanes))
            protected = [n for n, of in wiring.services.items() if indices & of.protected]
            permitted = [n for n, of in wiring.services.items() if indices & of.permitted and n not in protected]
            if indices & wiring.always:
                protected, permitted = [UNCONTROLLED], []
            if max(len(protected), len(permitted)) > PHASES_PER_MOVEMENT:
                raise InputError(
                    f"{approach.name}-{turn} has green in {len(protected)} phases, UTDF has room for {PHASES_PER_MOVEMENT}"
                )
            for prefix, numbers in (("Phase", protected), ("PermPhase", permitted)):
                for i, number in enumerate(numbers, start=1):
                    records.setdefault(f"{prefix}{i}", {})[column] = str(number)
            if turn == "right":
                records.setdefault("Allow RTOR", {})[column] = "1" if indices & wiring.on_red else "0"
    return records


def plan_records(timing: RingTiming) -> dict[str, str]:
    """Return the records of Timeplans by name."""
    numbers = (*timing.reference_phases, 0)[:2]
    pair = numbers[0] * 100 + numbers[1] if numbers[1] else numbers[0]
    return {
        "Control Type": "0",
        "Cycle Length": _text(timing.cycle_s),
        "Lock Timings": "0",
        "Referenced To": str(int(timing.reference)),
        "Reference Phase": str(pair),
        "Offset": _text(timing.offset_s),
        "Master": "0",
        "Yield": "0",
    }


def phase_records(timing: RingTiming) -> dict[str, dict[int, str]]:
    """Return the records of Phases by name and phase number; unused phases are missing."""
    starts, greens = start_times(timing), timing.greens_s()
    records: dict[str, dict[int, str]] = {}

    def put(name: str, number: int, value: float | None) -> None:
        records.setdefault(name, {})[number] = "" if value is None else _text(value)

    for p in sorted(timing.phases, key=lambda phase: phase.number):
        n, start_s, green_s = p.number, starts[p.number], greens[p.number]
        # The 170 controller's yield point is where don't walk starts to flash, in the phases that are held to it.
        flashing_s = (p.dont_walk_s or 0.0) if p.recall is Recall.MAXIMUM else 0.0
        moments = {
            "Start": 0.0,
            "End": p.yellow_s + p.all_red_s + green_s,
            "Yield": green_s,
            "Yield170": green_s - flashing_s,
        }
        put("BRP", n, p.barrier * 100 + p.ring * 10 + p.position)
        put("MinGreen", n, p.min_green_s)
        put("MaxGreen", n, p.green_s)
        put("Yellow", n, p.yellow_s)
        put("AllRed", n, p.all_red_s)
        put("Recall", n, float(p.recall))
        put("Walk", n, p.walk_s)
        put("DontWalk", n, p.dont_walk_s)
        put("PedCalls", n, None if p.walk_s is None else 0.0)
        put("MinSplit", n, p.min_split_s)
        put("DualEntry", n, float(p.dual_entry))
        put("InhibitMax", n, 1.0)
        for name, after_s in moments.items():
            put(name, n, (start_s + after_s) % timing.cycle_s)
        for name in ("Start", "Yield", "Yield170"):
            put(f"Local{name}", n, (start_s + moments[name] - timing.offset_s) % timing.cycle_s)
        put("ActGreen", n, green_s)
    return records


def _text(value: float) -> str:
    rounded = round(value, 3)
    return str(int(rounded)) if rounded == int(rounded) else repr(rounded)


def _file(nodes: Sequence[_Node]) -> Utdf:
    network = [("UTDFVERSION", "8"), ("Metric", "1")]
    places, lanes, plans, phases = [], [], [], []
    used = {column for node in nodes for of in node.lanes.values() for column in of}
    columns = [column for column in COLUMNS if column in used or column[-1] != "U"]
    for node in nodes:
        number, timing = str(node.number), node.form.timing
        x, y = node.signal.position
        places.append((number, "0", _text(x), _text(y), "0", node.signal.id))
        lanes += [(name, number, *(of.get(column, "") for column in columns)) for name, of in node.lanes.items()]
        plans += [(name, number, value) for name, value in plan_records(timing).items()]
        plans += [("Node 0", number, number), ("Node 1", number, "0")]
        for name, of_phases in phase_records(timing).items():
            phases.append((name, number, *(of_phases.get(n, "") for n in range(1, N_PHASES + 1))))
    of_record = ("RECORDNAME", "INTID")
    tables: dict[str, tuple[tuple[str, ...], Sequence[tuple[str, ...]]]] = {
        "Network": (("RECORDNAME", "DATA"), network),
        "Nodes": (("INTID", "TYPE", "X", "Y", "Z", "DESCRIPTION"), places),
        "Links": ((*of_record, *SIDES), ()),
        "Lanes": ((*of_record, *columns), lanes),
        "Timeplans": ((*of_record, "DATA"), plans),
        "Phases": ((*of_record, *(f"D{n}" for n in range(1, N_PHASES + 1))), phases),
    }
    sections = [
        Section(name, TITLES[name], header, tuple(Record(cells) for cells in rows))
        for name, (header, rows) in tables.items()
    ]
    return Utdf(tuple(sections))
