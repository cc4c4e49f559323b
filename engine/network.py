"""Where the traffic is measured: signals, approaches, lane groups and movements of one road network, as data."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.plan import Program
from engine.ways import Ways

__all__ = [
    "COMPASS",
    "RANK",
    "Approach",
    "Crossing",
    "LaneGroup",
    "Link",
    "Network",
    "Signal",
    "StopLane",
    "edge_of",
    "facing",
]

COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
"""What an approach's name begins with; a number follows where a second one comes from there."""
RANK = {"uturn": 0, "left": 1, "right": 2, "through": 3, "crossing": 4}
"""Of two conflicting greens the lower one gives way; left turns to oncoming traffic, turning traffic to pedestrians."""


def edge_of(lane: str) -> str:
    """Return the edge of a lane's id."""
    return lane.rsplit("_", 1)[0]


def facing(one: str, other: str) -> int:
    """Return by how many eighths of a circle two approaches differ from lying opposite each other, 0 to 4."""
    points = [COMPASS.index(name.rstrip("0123456789")) for name in (one, other)]
    return abs(abs(points[0] - points[1]) - 4)


@dataclass(frozen=True)
class Link:
    """One signal-controlled connection: a letter of the signal's state.

    Attributes:
        index: its place in the state.
        movement: approach and turn, as in ``N-through``; ``crossing N`` for pedestrians.
        approach: name of the approach it leaves from; for a crossing the leg that it lies on.
        turn: left, through, right, uturn, or crossing.
        kind: vehicle or pedestrian.
        lane, to_lane: ids of the lanes that it joins.
        length_m: the way over the junction; for a crossing what a pedestrian walks.
        foes: indices of links of the same signal that cross or merge with it.
        yields: those of them that it gives way to where both have green and its own is permissive.
        clear_m: for each of `foes` the metres from the stop line to where its way leaves the other's.
        approach_m_s, clearing_m_s: speed limit before the stop line and the lowest one on the way over the junction.
        grade: of the road before the stop line, 0.04 for 4 % uphill.
    """

    index: int
    movement: str
    approach: str
    turn: str
    kind: str
    lane: str
    to_lane: str
    length_m: float
    foes: tuple[int, ...] = ()
    yields: frozenset[int] = frozenset()
    clear_m: tuple[float, ...] = ()
    approach_m_s: float = 0.0
    clearing_m_s: float = 0.0
    grade: float = 0.0


@dataclass(frozen=True)
class StopLane:
    """A lane at a stop line and what leads to it.

    Attributes:
        lane: its id.
        feeds: (lane, metres from that lane's end to the stop line) for every lane upstream on which its queue
            may stand, itself first.
        interior: lanes of the junction that a vehicle passes between the stop line and the exit.
        storage_m: metres from the stop line to the end of what is observed.
    """

    lane: str
    feeds: tuple[tuple[str, float], ...]
    interior: tuple[str, ...]
    storage_m: float


@dataclass(frozen=True)
class LaneGroup:
    """Stop-line lanes of one approach that serve the same turns.

    Attributes:
        name: approach and turns, as in ``N-left+through``.
        turns: the turns that every lane of the group serves.
        links: indices of the signal's links that leave from it.
        lanes: its stop-line lanes.
    """

    name: str
    turns: tuple[str, ...]
    links: tuple[int, ...]
    lanes: tuple[StopLane, ...]


@dataclass(frozen=True)
class Approach:
    """One road that leads to a signal's stop line.

    Attributes:
        name: where the traffic comes from, by compass: N, NE, ...; a second one from there is N2.
        edge: id of the edge that ends at the stop line.
        edges: that edge and those upstream to the next signal, to a fork of the demand, or to the limit.
        groups: its lane groups.
    """

    name: str
    edge: str
    edges: tuple[str, ...]
    groups: tuple[LaneGroup, ...]


@dataclass(frozen=True)
class Signal:
    """One traffic signal, which may control several junctions.

    Attributes:
        id: its id in the network.
        links: its links by index; several may share one.
        approaches: sorted clockwise from north.
        program: the fixed-time program in force, or `None`.
        fixed_because: why no plan may replace its program; empty where one may.
        position: (x, y) in network metres.
    """

    id: str
    links: tuple[Link, ...]
    approaches: tuple[Approach, ...]
    program: Program | None
    fixed_because: str
    position: tuple[float, float]


@dataclass(frozen=True)
class Crossing:
    """A crossing that a signal guards.

    Attributes:
        signal: the signal's id.
        name: ``crossing N``, by the leg that it lies on.
        edge: its edge's id.
    """

    signal: str
    name: str
    edge: str


CROSSING_LANE = re.compile(r"(:.*_c\d+)_\d+$")
"""SUMO names a crossing's edge after its junction and a number, and its lane after the edge."""


@dataclass(frozen=True)
class Network:
    """All that scoring and plans need to know of a road network.

    Attributes:
        signals: sorted by id.
        lanes: (id, length m, speed limit m/s) of every lane on which a vehicle may be, junction interiors included.
        exits: lanes that directly follow a signal-controlled connection.
        persons: whether the demand holds persons; where it does not, nothing looks for them.
        ways: what conflicts are measured on; `None` where they are not, and neither are emissions.
        program_ids: programIDs that the scenario's files use.
    """

    signals: tuple[Signal, ...]
    lanes: tuple[tuple[str, float, float], ...]
    exits: frozenset[str]
    persons: bool = False
    ways: Ways | None = None
    program_ids: frozenset[str] = frozenset()

    def signal(self, signal_id: str) -> Signal:
        """Return one signal. Raises KeyError for an unknown id."""
        for signal in self.signals:
            if signal.id == signal_id:
                return signal
        raise KeyError(signal_id)

    @property
    def crossings(self) -> tuple[Crossing, ...]:
        """Every crossing with a signal, in the order of `RunResult.crossings`."""
        found: dict[str, Crossing] = {}
        for signal in self.signals:
            for link in signal.links:
                # A crossing's link leads onto it; one of its own for the other direction leads off it.
                for lane in (link.to_lane, link.lane) if link.kind == "pedestrian" else ():
                    edge = CROSSING_LANE.match(lane)
                    if edge:
                        found.setdefault(edge[1], Crossing(signal.id, link.movement, edge[1]))
        return tuple(found.values())

    @property
    def approaches(self) -> tuple[tuple[Signal, Approach], ...]:
        """Every approach with its signal, in the order of `RunResult.approaches`."""
        return tuple((signal, approach) for signal in self.signals for approach in signal.approaches)

    @property
    def groups(self) -> tuple[tuple[Signal, Approach, LaneGroup], ...]:
        """Every lane group with where it belongs, in the order of `RunResult.groups`."""
        return tuple(
            (signal, approach, group)
            for signal in self.signals
            for approach in signal.approaches
            for group in approach.groups
        )
