"""Reads every person in every step through a Python interface of SUMO: `_persons.pyx`, call by call, in its order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kernels.walking import Walkers

__all__ = ["Persons"]

WALKING = 2
"""SUMO's number of that kind of stage."""

UNKNOWN_M = -1.0


class Persons:
    """The persons of one running simulation.

    Args:
        walkers: what scores them.
        crossing_edges: ids of the signals' crossings by the indices that `walkers` knows them by.
        api: the module ``libsumo``, or a TraCI connection; already started.
    """

    def __init__(self, walkers: Walkers, crossing_edges: Sequence[str], api: Any) -> None:
        self._api = api
        self._walkers = walkers
        self._crossing_of = {edge: i for i, edge in enumerate(crossing_edges)}
        self._index: dict[str, int] = {}
        self._stages_left: dict[int, int] = {}
        self._walks: dict[int, bool] = {}
        self._length_m: dict[int, float] = {}

    def step(self, now_s: float) -> None:
        """Score the step that ended at `now_s`, seconds."""
        walkers = self._walkers
        ids = self._api.person.getIDList()
        walkers.begin_step(now_s)
        for person in ids:
            if person not in self._index:
                i_person = self._index[person] = walkers.add_person()
                self._stages_left[i_person], self._walks[i_person] = 0, False
            self._look(person, self._index[person])
        if len(self._index) > len(ids):
            for person in sorted(set(self._index) - set(ids)):
                i_person = self._index.pop(person)
                if self._walks[i_person]:
                    walkers.end_walk(i_person, self._length_m[i_person])
                walkers.retire_person(i_person)

    def _look(self, person: str, i_person: int) -> None:
        api, walkers = self._api.person, self._walkers
        left = api.getRemainingStages(person)
        if left != self._stages_left[i_person]:
            if self._walks[i_person]:
                walkers.end_walk(i_person, self._length_m[i_person])
            self._stages_left[i_person] = left
            self._length_m[i_person] = UNKNOWN_M
            stage = api.getStage(person, 0)
            self._walks[i_person] = stage.type == WALKING
            if self._walks[i_person]:
                walkers.begin_walk(i_person, stage.depart, api.getMaxSpeed(person))
        if self._walks[i_person]:
            ahead = api.getNextEdge(person)
            if not ahead and self._length_m[i_person] < 0.0:
                # On its last edge all ways over junctions lie behind it: SUMO knows the walk's whole length.
                self._length_m[i_person] = api.getStage(person, 0).length
            speed, on = api.getSpeed(person), self._crossing_of.get(api.getRoadID(person), -1)
            walkers.see_walker(i_person, speed, on, self._crossing_of.get(ahead, -1))

    def finish(self) -> None:
        """Close the books of everyone who is still there."""
        for _, i_person in sorted(self._index.items()):
            self._walkers.retire_person(i_person)
        self._index.clear()
