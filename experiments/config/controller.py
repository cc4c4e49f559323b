"""What decides at the signals: the keys under ``controller``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.control.registry import CONTROLLERS, USER
from engine.control.spec import Control, Priority, Sensing, UserClass
from engine.errors import InputError
from engine.sumo.responsive import RESPONSIVE
from experiments.config._checks import one_of, path_field, there

__all__ = ["FIXED", "ControllerConfig"]

FIXED = "fixed"


@dataclass(frozen=True)
class ControllerConfig:
    """What decides at the signals; a controller's own parameters are keys beside these (docs/control.md).

    Attributes:
        kind: the controller; fixed: the plan alone.
        parameters: its own, by name; ``controller.range_m=50`` is short for ``controller.parameters.range_m=50``.
        max_red_s: a demand that waits longer gets its stage by force, seconds.
        order: of the stages: free, or the program's.
        pedestrians: whether crossings get their green within `max_red_s` in any case (cycle), or only where a stage is
            chosen that has it (demand).
        slot_s: wall time of a decision beyond which the signals go back to the fixed plan: a last resort.
        priority: who goes first.
        among: of a search: further controllers that it chooses among.
        file, class_name: with kind user: a Python file and the class in it (``controller.class=``).
    """

    kind: str = FIXED
    parameters: dict[str, float] = field(default_factory=dict)
    max_red_s: float = Control.max_red_s
    order: str = Control.order
    pedestrians: str = Control.pedestrians
    slot_s: float = Control.slot_s
    priority: Priority = field(default_factory=Priority)
    among: tuple[str, ...] = ()
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    class_name: str | None = None

    def __post_init__(self) -> None:
        one_of("controller", self.kind, [FIXED, USER, *CONTROLLERS, *RESPONSIVE])
        if (self.kind == USER) != (self.file is not None and self.class_name is not None):
            raise InputError(
                "a class of your own takes all three: controller=user controller.file=PATH.py controller.class=NAME."
            )
        there("controller.file", self.file)
        for kind in self.among:
            one_of("controller.among", kind, [*CONTROLLERS, *RESPONSIVE])
        if self.kind == FIXED and self.parameters:
            raise InputError(
                f"controller.{next(iter(self.parameters))} is given, and the plan is fixed. Say controller=NAME; choose "
                f"one of: {', '.join(sorted([*CONTROLLERS, *RESPONSIVE]))}."
            )

    def control(self, sensing: Sensing) -> Control:
        """Return what the engine calls this, without rules."""
        first = self.priority if self.priority.transit or self.priority.emergency else None
        code = None if self.file is None or self.class_name is None else UserClass.at(self.file, self.class_name)
        return Control(
            self.kind,
            tuple(sorted(self.parameters.items())),
            sensing=sensing,
            max_red_s=self.max_red_s,
            order=self.order,
            pedestrians=self.pedestrians,
            slot_s=self.slot_s,
            priority=first,
            code=code,
        )
