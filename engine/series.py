"""Measures by interval of time: differences of the scorer's running sums between stops."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.result import Interval
from kernels.scoring import Scorer

__all__ = ["Series"]


class Series:
    """Takes in the state of the sums whenever the simulation stops; holds a row for each interval and lane group.

    Args:
        scorer: the running sums.
        drive: the running simulation: its time, its waiting vehicles, the delay of those that have not arrived.
        start_s: where the first interval begins, seconds.
    """

    def __init__(self, scorer: Scorer, drive: Any, start_s: float) -> None:
        self._scorer = scorer
        self._drive = drive
        self._start_s = start_s
        scorer.take_peaks()
        self._sums = self._read()
        self.rows: list[Interval] = []

    def _read(self) -> dict[str, Any]:
        scorer = self._scorer
        groups = scorer.group_sums()
        return {
            "delay_s": scorer.delay_sum_s + self._drive.owed_s(),
            "arrived": scorer.n_arrived,
            "crossed": groups["crossed"],
            "left": groups["vehicles"],
            "control_delay_s": groups["delay_s"],
        }

    def stop(self) -> None:
        """Close the interval that ends now and begin the next."""
        now_s = float(self._drive.now_s)
        sums, scorer = self._read(), self._scorer
        done = {name: value - self._sums[name] for name, value in sums.items()}
        peaks_m, peaks_veh = scorer.take_peaks()
        self.rows.append(
            Interval(
                self._start_s,
                now_s,
                -1,
                scorer.n_driving,
                sum(n for _, n in self._drive.waiting()),
                float(done["delay_s"]),
                int(done["arrived"]),
                int(done["arrived"]),
                float(np.max(peaks_m, initial=0.0)),
                int(np.max(peaks_veh, initial=0)),
            )
        )
        of_group = (scorer.on_approaches(), done["control_delay_s"], done["left"], done["crossed"], peaks_m, peaks_veh)
        for i, row in enumerate(zip(*(values.tolist() for values in of_group), strict=True)):
            there, delay_s, left, crossed, peak_m, peak_veh = row
            self.rows.append(Interval(self._start_s, now_s, i, there, None, delay_s, left, crossed, peak_m, peak_veh))
        self._start_s, self._sums = now_s, sums
