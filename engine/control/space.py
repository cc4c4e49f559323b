"""The space of a controller's parameters, and of the choice between controllers: plans like any other to a search."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from engine.errors import InputError
from engine.plan import Plan, Program
from engine.space import PlanSpace, Vector
from engine.space_bounds import SpaceOptions

__all__ = ["TUNED", "ControlSpace"]

TUNED: dict[str, dict[str, tuple[float, float]]] = {
    "greedy": {"decision_s": (3.0, 15.0), "range_m": (20.0, 150.0)},
    "max_pressure": {"decision_s": (3.0, 15.0), "range_m": (30.0, 200.0)},
    "sotl": {"threshold": (10.0, 300.0), "range_m": (30.0, 150.0), "platoon_m": (10.0, 40.0)},
    "actuated": {"max_green_s": (20.0, 90.0), "gap_s": (1.5, 5.0), "detector_m": (15.0, 60.0)},
    "delay_based": {"max_green_s": (20.0, 90.0), "detector_m": (40.0, 150.0)},
    "rolling_horizon": {"headway_s": (1.5, 2.3), "gap_s": (2.5, 5.0), "stop_s": (0.0, 5.0)},
}
"""Which parameters of a controller a search varies, and between which bounds."""

CHOICE = "controller"


class ControlSpace(PlanSpace):
    """Plans that differ in their controller alone.

    A point has one coordinate for each parameter, named ``KIND PARAMETER`` and linear between its bounds, and first, where
    there are several controllers, one for the choice among them: from 0 to their number. Parameters of controllers that
    are not chosen change nothing.

    Args:
        kinds: the controllers.
        fixed: their parameters that do not vary, by name, where a controller has one of that name.
        programs: the plan in the net.
        make: returns the plan of a controller with these parameters.

    Raises:
        InputError: a controller has nothing that varies.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        fixed: Mapping[str, float],
        programs: Sequence[Program],
        make: Callable[[str, dict[str, float]], Plan],
    ) -> None:
        super().__init__(programs, SpaceOptions(cycle=False, splits=False, offsets=False))
        for kind in kinds:
            if kind not in TUNED:
                raise InputError(
                    f"controller={kind} has no parameters that a search varies. Choose among: {', '.join(sorted(TUNED))}; "
                    "or use 'greensplit run'."
                )
        self._kinds = tuple(kinds)
        self._fixed = dict(fixed)
        self._make = make
        bounds = {CHOICE: (0.0, float(len(kinds)))} if len(kinds) > 1 else {}
        for kind in kinds:
            bounds |= {f"{kind} {name}": of for name, of in TUNED[kind].items() if name not in fixed}
        self.names = tuple(bounds)
        self._low = np.array([low for low, _ in bounds.values()], np.float64)
        self._high = np.array([high for _, high in bounds.values()], np.float64)

    def _limits(self) -> tuple[Vector, Vector]:
        return self._low, self._high

    def decode(self, point: Vector) -> Plan:
        """Return the plan at a point, shape (n_dimensions,): parameters to 0.1, within their bounds."""
        values = dict(zip(self.names, np.clip(point, self._low, self._high).tolist(), strict=True))
        kind = self._kinds[min(int(values.get(CHOICE, 0.0)), len(self._kinds) - 1)]
        own = {name: round(values[f"{kind} {name}"], 1) for name in TUNED[kind] if f"{kind} {name}" in values}
        plan = self._make(kind, {**own, **self._fixed})
        return dataclasses.replace(plan, parameters={name: round(value, 6) for name, value in values.items()})

    def encode(self, plan: Plan) -> Vector:
        """Return the point of a plan that was decoded, shape (n_dimensions,).

        Raises:
            ValueError: the plan in the net, or another one that is not of this space.
        """
        if any(name not in plan.parameters for name in self.names):
            raise ValueError("the plan lies outside the space")
        point = np.array([plan.parameters[name] for name in self.names], np.float64)
        if self.decode(point).plan_id != plan.plan_id:
            raise ValueError("the plan lies outside the space")
        return point

    def nearest(self, plan: Plan) -> Plan:
        """Return the plan in the middle of the space: a fixed plan is near to no controller."""
        try:
            return self.decode(self.encode(plan))
        except ValueError:
            return self.decode(self.from_unit(np.full(self.n_dimensions, 0.5)))
