"""Plans as the screening model's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.network import Network
from engine.plan import Plan, Program
from engine.screening.roads import RoadArrays

__all__ = ["ProgramArrays", "program_arrays"]

Ints = npt.NDArray[np.int32]

CODES = {**dict.fromkeys("gos", 1), **dict.fromkeys("GO", 2)}
"""What the kernel knows: closed (every other letter, yellow too), open to those who yield, open."""


@dataclass(frozen=True)
class ProgramArrays:
    """Programs of every signal in every plan.

    Attributes:
        phase_start: shape (n_plans, n_signals + 1): phases of signal s in plan p are [start[p, s], start[p, s + 1]).
        phase_s: seconds of each phase.
        phase_row: its state's row in `letters`.
        letters: codes of the letters that are used, shape (n_states, most letters of any signal).
        offset_s: shape (n_plans, n_signals).
        table: seconds times letters that the largest plan needs.
    """

    phase_start: Ints
    phase_s: Ints
    phase_row: Ints
    letters: npt.NDArray[np.uint8]
    offset_s: Ints
    table: int


def program_arrays(network: Network, roads: RoadArrays, plans: Sequence[Plan]) -> ProgramArrays:
    """Return the arrays of some plans; signals that a plan does not set keep the net's program."""
    width = max((len(letters) for letters in roads.letters), default=0)
    rows: dict[tuple[int, str], int] = {}
    coded: list[list[int]] = []
    today = [signal.program or Program(signal.id, (), 0.0) for signal in network.signals]
    phase_s: list[int] = []
    phase_row: list[int] = []
    starts, offsets = [], []
    table = 1
    for plan in plans:
        programs = {program.signal: program for program in plan.programs}
        start, offset, cells = [len(phase_s)], [], 0
        for i_signal, signal in enumerate(network.signals):
            program = programs.get(signal.id, today[i_signal])
            ends = 0.0
            before = 0
            for phase in program.phases:
                ends += phase.duration_s
                # A simulation in steps of a second shows whole seconds.
                seconds = round(ends) - before
                before += seconds
                key = (i_signal, phase.state)
                if key not in rows:
                    rows[key] = len(coded)
                    codes = [CODES.get(phase.state[letter], 0) for letter in roads.letters[i_signal]]
                    coded.append(codes + [0] * (width - len(codes)))
                phase_s.append(seconds)
                phase_row.append(rows[key])
            if before == 0:
                phase_s.append(1)
                phase_row.append(0)
                before = 1
            start.append(len(phase_s))
            offset.append(round(program.offset_s))
            cells += before * len(roads.letters[i_signal])
        starts.append(start)
        offsets.append(offset)
        table = max(table, cells)
    return ProgramArrays(
        np.array(starts, np.int32),
        np.array(phase_s, np.int32),
        np.array(phase_row, np.int32),
        np.array(coded or [[0] * width], np.uint8).reshape(-1, max(width, 1)) if width else np.zeros((1, 1), np.uint8),
        np.array(offsets, np.int32),
        table,
    )
