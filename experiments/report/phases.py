"""Phase diagrams as data: for every signal the bars of each group of links, in per cent of the longer cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.report._language import N_, gettext, joined, translated
from experiments.report.study import StudyData

__all__ = ["Bar", "Diagram", "Row", "SignalDiagrams", "diagram", "diagrams"]

STATES = {
    "G": ("green", N_("green")),
    "g": ("gives", N_("green, gives way")),
    "y": ("yellow", N_("yellow")),
    "u": ("ready", N_("red and yellow")),
    "s": ("turn", N_("turn after stop")),
    "o": ("off", N_("off, blinking")),
    "O": ("off", N_("off")),
}
"""Style class and name of each signal state; red, the rest of the cycle, is the line that the bars stand on."""
SHOWN_NAMES = 4


@dataclass(frozen=True)
class Bar:
    """A time in which a group of links shows one state other than red."""

    style: str
    title: str
    left: float
    width: float


@dataclass(frozen=True)
class Row:
    """Links that always show the same."""

    label: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Diagram:
    """One plan of one signal. `ticks` are (seconds, per cent); `width` is the cycle in per cent of the longer one."""

    plan: str
    cycle_s: float
    offset_s: float
    greens_s: tuple[float, ...]
    width: float
    ticks: tuple[tuple[float, float], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class SignalDiagrams:
    """One signal under both plans."""

    signal: str
    plans: tuple[Diagram, ...]

    @property
    def n_bars(self) -> int:
        """How many bars its diagrams have: what they add to the page's size."""
        return sum(len(row.bars) for plan in self.plans for row in plan.rows)


def diagrams(study: StudyData) -> list[SignalDiagrams]:
    """Return the diagrams of every signal that the plan space may change."""
    of_plans = [(plan.name, {program["signal"]: program for program in plan.programs}) for plan in study.plans]
    result = []
    for program in study.plans[0].programs:
        signal = program["signal"]
        programs = [(name, programs[signal]) for name, programs in of_plans if signal in programs]
        longest_s = max(_cycle_s(of) for _, of in programs)
        if longest_s <= 0.0:
            continue
        links = study.summary["signals"].get(signal, {}).get("links", [])
        result.append(SignalDiagrams(signal, tuple(diagram(name, of, links, longest_s) for name, of in programs)))
    return result


def _cycle_s(program: Mapping[str, Any]) -> float:
    return float(sum(phase[0] for phase in program["phases"]))


def diagram(plan: str, program: Mapping[str, Any], links: Sequence[Mapping[str, Any]], longest_s: float) -> Diagram:
    """Return one plan of one signal.

    Args:
        plan: what it is called.
        program: offset and phases, as `experiments._summary.programs` has them.
        links: index and movement of each link, as `experiments._summary.signals` has them.
        longest_s: the cycle that the full width stands for, seconds.
    """
    phases, cycle_s = program["phases"], _cycle_s(program)
    greens_s: dict[int, float] = {}
    for seconds, _, stage in phases:
        if stage >= 0:
            greens_s[stage] = greens_s.get(stage, 0.0) + seconds
    alike: dict[str, list[int]] = {}
    for index in range(min((len(state) for _, state, _ in phases), default=0)):
        alike.setdefault("".join(state[index] for _, state, _ in phases), []).append(index)
    names: dict[int, list[str]] = {}
    for link in links:
        names.setdefault(link["index"], []).append(link["movement"])
    rows = tuple(
        Row(_label(indices, names), _bars(letters, [phase[0] for phase in phases], longest_s))
        for letters, indices in alike.items()
    )
    step_s = next((step for step in (10, 20, 30, 60, 120, 300) if longest_s / step <= 12), 600)
    ticks = tuple((float(at), 100.0 * at / longest_s) for at in range(0, int(cycle_s) + 1, step_s))
    greens = tuple(greens_s[stage] for stage in sorted(greens_s))
    return Diagram(plan, cycle_s, program["offset_s"], greens, 100.0 * cycle_s / longest_s, ticks, rows)


def _label(indices: Sequence[int], names: Mapping[int, Sequence[str]]) -> str:
    found = sorted({name for index in indices for name in names.get(index, (gettext("link %(index)s", index=index),))})
    shown = joined(found[:SHOWN_NAMES])
    n_more = len(found) - SHOWN_NAMES
    return shown if n_more <= 0 else gettext("%(names)s and %(num)s more", names=shown, num=n_more)


def _bars(letters: str, durations_s: Sequence[float], longest_s: float) -> tuple[Bar, ...]:
    """Return a row's bars; neighbouring phases that show the same are one bar."""
    bars = []
    begin_s = at_s = 0.0
    for i, (letter, seconds) in enumerate(zip(letters, durations_s, strict=True)):
        at_s += seconds
        if i + 1 < len(letters) and letters[i + 1] == letter:
            continue
        if letter in STATES and at_s > begin_s:
            style, name = STATES[letter]
            times = {"begin": f"{begin_s:g}", "end": f"{at_s:g}"}
            title = gettext("%(state)s %(begin)s\N{EN DASH}%(end)s s", state=translated(name), **times)
            bars.append(Bar(style, title, 100.0 * begin_s / longest_s, 100.0 * (at_s - begin_s) / longest_s))
        begin_s = at_s
    return tuple(bars)
