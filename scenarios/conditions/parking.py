"""Parking at the kerb: each manoeuvre blocks the lane beside for some seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

from engine.errors import InputError
from engine.sumo.street import Street
from scenarios.conditions.condition import Condition, Figure, within_range
from scenarios.conditions.draws import draw

__all__ = ["Parking"]

CAR_M = 5.0
MARGIN_M = 1.0


@dataclass(frozen=True)
class Parking(Condition):
    """Cars that stand in a lane while they park; each drives up, blocks the lane for its manoeuvre and is gone.

    Attributes:
        lanes: those beside the parking places.
        from_stop_line_m: where in the lane, metres before its end.
        manoeuvres_h: manoeuvres an hour in each of them, at random times.
        blocked_s: seconds that one takes.
        begin_s, end_s: from when to when, seconds; the whole simulation where they are left out.
        seed: of the times.
    """

    STAGE: ClassVar[int] = 1

    lanes: tuple[str, ...] = ()
    from_stop_line_m: Figure = field(default_factory=lambda: Figure(20.0, "m"))
    manoeuvres_h: Figure = field(default_factory=lambda: Figure(20.0, "1/h"))
    blocked_s: Figure = field(default_factory=lambda: Figure(18.0, "s"))
    begin_s: float | None = None
    end_s: float | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        within_range(self, "from_stop_line_m", 0.0, 1000.0)
        within_range(self, "manoeuvres_h", 0.0, 180.0)
        within_range(self, "blocked_s", 1.0, 86400.0)
        self.ordered(self.begin_s, self.end_s)

    def apply(self, street: Street) -> str:
        """Add the cars that park."""
        where = f"conditions.{self.name}.lanes"
        if not self.lanes:
            raise InputError(f"{where} is empty. Name the lanes beside the parking places, as in {where}=[EDGE_0].")
        begin_s, end_s = self.times(street, self.begin_s, self.end_s)
        kind = f"condition_{self.name}"
        n_parked = 0
        for name in self.lanes:
            lane = street.lane(name, where)
            if lane.length_m < CAR_M + 2.0 * MARGIN_M:
                raise InputError(f"{where}: lane '{name}' is {lane.length_m:g} m long, too short for a car that parks.")
            if not lane.allows("passenger"):
                raise InputError(f"{where}: cars may not use lane '{name}'. Name another.")
            front_m = min(max(lane.length_m - self.from_stop_line_m.value, CAR_M + MARGIN_M), lane.length_m - MARGIN_M)
            at_s = begin_s
            while self.manoeuvres_h.value > 0.0:
                key = f"{self.name}.{name}.{n_parked}"
                at_s -= math.log(1.0 - draw(key, "parking", self.seed)) * 3600.0 / self.manoeuvres_h.value
                if at_s >= end_s:
                    break
                # It drives up from the beginning of the edge, and pushes in there where traffic is dense: with all of SUMO's
                # checks it would wait for hours beside a full lane, and put into its place it would drop before somebody.
                car = street.add_traveller(
                    "vehicle", id=key, type=kind, depart=round(at_s, 2), departLane=lane.index, departSpeed="last",
                    insertionChecks="collision",
                    arrivalLane=lane.index, arrivalPos=round(front_m + 0.5, 2),
                )  # fmt: skip
                street.within(car, "route", edges=lane.edge)
                street.within(
                    car, "stop", lane=name, startPos=round(front_m - 0.5, 2), endPos=round(front_m + 0.1, 2),
                    duration=self.blocked_s.value, parking="false",
                )  # fmt: skip
                n_parked += 1
        street.add("vType", id=kind, vClass="passenger", length=CAR_M)
        return (
            f"{self.name}: {n_parked} manoeuvres of {self.blocked_s.value:g} s block {', '.join(self.lanes)} from "
            f"{begin_s:g} to {end_s:g} s"
        )
