"""What can be wrong with a scenario before anything is simulated: the findings of `greensplit check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.audit import Finding
from engine.conflicts import GREEN
from engine.network import Network
from engine.stages import NetProgram

__all__ = ["KINDS", "Trouble", "of_audit", "of_signals"]

KINDS = (
    "unsafe green",
    "impossible timing",
    "signal without a movement",
    "movement without green",
    "disconnected edge",
    "lane without turns",
    "missing demand",
    "impossible demand",
)
"""The order in which findings are told: what endangers people first."""


UNSAFE = ("conflicting greens", "order of colours")
"""Rules of the audit that a program breaks by what it shows, not by its times."""


@dataclass(frozen=True)
class Trouble:
    """One thing that looks wrong.

    Attributes:
        kind: one of `KINDS`.
        where: signal, edge, lane, vehicle or file.
        what: what is wrong there.
        do: what to do about it.
    """

    kind: str
    where: str
    what: str
    do: str


def of_audit(findings: Iterable[Finding]) -> Iterator[Trouble]:
    """Yield what an audit of the programs has found."""
    for found in findings:
        unsafe = found.rule in UNSAFE
        limit, unit = found.limit, f" {found.unit}" if found.unit else ""
        yield Trouble(
            "unsafe green" if unsafe else "impossible timing",
            f"signal '{found.signal}', {found.where}",
            f"{found.rule}: {found.measured}{unit if not isinstance(found.measured, str) else ''}, should be "
            f"{limit}{unit if not isinstance(limit, str) else ''}",
            "correct the phase; greensplit audit says more" if unsafe else "correct the program's times",
        )


def of_signals(network: Network, programs: Mapping[str, NetProgram], bare: Iterable[str]) -> Iterator[Trouble]:
    """Yield signals that control nothing, movements that never get green, and times that no program can have.

    Args:
        network: the signals.
        programs: the program in force of each signal.
        bare: ids of signals that the network defines and no connection names.
    """
    for name in bare:
        yield Trouble(
            "signal without a movement",
            f"signal '{name}'",
            "no connection is controlled by it",
            "remove it, or join it",
        )
    for signal in network.signals:
        where = f"signal '{signal.id}'"
        if all(link.kind == "pedestrian" for link in signal.links):
            yield Trouble("signal without a movement", where, "it controls crossings only", "join it to its junction")
        raw = programs.get(signal.id)
        if raw is None or not raw.phases:
            yield Trouble("impossible timing", where, "it has no program", "give it one: greensplit import, or netedit")
            continue
        if sum(phase.duration_s for phase in raw.phases) <= 0.0:
            yield Trouble("impossible timing", where, "its cycle lasts 0 s", "give its phases durations")
        for i, phase in enumerate(raw.phases):
            if phase.min_s is not None and phase.max_s is not None and phase.min_s > phase.max_s:
                yield Trouble(
                    "impossible timing",
                    f"{where}, phase {i}",
                    f"its least duration of {phase.min_s:g} s is above the most, {phase.max_s:g} s",
                    "correct minDur or maxDur",
                )
        yield from _never_green(where, raw, {link.index: link.movement for link in signal.links})


def _never_green(where: str, raw: NetProgram, movements: Mapping[int, str]) -> Iterator[Trouble]:
    # A dark or flashing link lets traffic go as at a junction without a signal, and one that may turn on red goes, too.
    shown = {index: {phase.state[index] for phase in raw.phases if index < len(phase.state)} for index in movements}
    for index, letters in sorted(shown.items()):
        if letters and not letters & set(f"{GREEN}oOs"):
            yield Trouble(
                "movement without green",
                f"{where}, {movements[index]} (link {index})",
                "no phase lets it go",
                "give it green in a phase, or take the turn out of the network",
            )
