"""One line of the table of speed figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["Limit", "Row", "at_least", "at_most", "missing"]


@dataclass(frozen=True)
class Limit:
    """What a figure is held to: its ratio to the peer's where there is a peer, else the figure itself."""

    kind: Literal["at most", "at least"]
    value: float

    def holds(self, figure: float) -> bool:
        """Return whether a figure keeps to it."""
        return figure <= self.value if self.kind == "at most" else figure >= self.value

    def __str__(self) -> str:
        return f"{self.kind} {self.value:g}"


def at_most(value: float) -> Limit:
    """Return an upper limit."""
    return Limit("at most", value)


def at_least(value: float) -> Limit:
    """Return a lower limit."""
    return Limit("at least", value)


@dataclass(frozen=True)
class Row:
    """One figure, ours beside a peer's.

    Attributes:
        name: what was measured, and on what.
        unit: of `ours` and `peer`.
        ours: our figure, or None where it could not be measured; `how` then says why, and what to do.
        peer: the figure of what it is held against, or None where there is nothing to hold it against.
        ratio: ours over the peer's, or the peer's over ours, as `how` says; the median over the pairs where both were
            measured in turns, and so not always the quotient of the two figures.
        target: what the ratio (without a peer: our figure) is held to, or None for a figure that only informs.
        command: how the peer's figure is got.
        how: how it was measured.
        sound: False where the figure counts for nothing, as when two runs that must be equal were not.
    """

    name: str
    unit: str
    ours: float | None
    peer: float | None = None
    ratio: float | None = None
    target: Limit | None = None
    command: str = ""
    how: str = ""
    sound: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target or without a figure."""
        figure = self.ours if self.peer is None else self.ratio
        if figure is None or self.target is None:
            return None if self.sound else False
        return self.sound and self.target.holds(figure)

    def as_json(self) -> dict[str, Any]:
        """Return the row as plain data."""
        plain = asdict(self)
        plain.pop("sound")
        return {**plain, "target": self.target and str(self.target), "met": self.met}


def missing(name: str, why: str) -> Row:
    """Return the row of a figure that could not be measured; `why` ends with what to do."""
    return Row(name, "", None, how=why)
