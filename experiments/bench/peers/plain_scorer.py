"""The scorer in plain Python, written after docs/measures.md and not after the kernel.

The kernel is tested against it and timed against it, so it is written as one who wants speed would: plain lists, one
pass over the vehicles in each step.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

__all__ = ["PlainScorer"]

QUEUE, FREE, GAP, MOVING, ZONE = 5 / 3.6, 10 / 3.6, 20.0, 0.1, 12.0
COUNTS = ("vehicles", "crossed", "on_green", "stops", "failed", "headways")
SUMS = ("delay_s", "green_s", "occupied_s", "spilled_s", "headway_s")
OF_CYCLE = ("crossed", "on_green", "failed", "vehicles", "stops", "delay_s", "spilled")
CYCLE = ("group", "start", "end", "back", "members", "green", "occupied", *OF_CYCLE)


class PlainScorer:
    """Takes the calls of `kernels.scoring.Scorer` and keeps one dictionary for each vehicle."""

    def __init__(self, layout: Any, step_s: float, begin_s: float, end_s: float) -> None:
        # Lists: Python reads an element of an array several times slower.
        arrays = {name: np.asarray(values).tolist() for name, values in vars(layout).items() if name != "lane_index"}
        self.net = SimpleNamespace(**arrays)
        self.step_s, self.begin_s, self.end_s = step_s, begin_s, end_s
        n = len(layout.link_start) - 1
        self.queues: list[list[int]] = [[] for _ in range(n)]
        for queue, group in enumerate(self.net.queue_group):
            self.queues[group].append(queue)
        self.signal = [0] * n
        for signal, (first, after) in enumerate(pairwise(self.net.signal_group_start)):
            self.signal[first:after] = [signal] * (after - first)
        self.groups = [dict.fromkeys(COUNTS, 0) | dict.fromkeys(SUMS, 0.0) for _ in range(n)]
        self.classes = [{"vehicles": 0, "arrived": 0, "stops": 0, "delay_s": 0.0} for _ in range(4)]
        by_class = {"vehicles": 0, "crossed": 0, "stops": 0, "delay_s": 0.0}
        self.of_class: list[list[dict[str, Any]]] = [[dict(by_class) for _ in range(4)] for _ in range(n)]
        self.spilled: dict[tuple[str, int], float] = {}
        self.peaks = [(0.0, 0)] * n
        self.cycles: list[dict[str, Any]] = []
        self.cycle = [self._fresh(begin_s) for _ in range(n)]
        self.green, self.red = [False] * n, [False] * n
        # By group: the cycle whose split is to be judged, and red seconds and occupied ones since.
        self.judged: list[list[Any] | None] = [None] * n
        self.occupied: set[int] = set()
        self.rank: dict[int, int] = {}
        self.crossed_at: dict[int, float] = {}
        self.vehicles: dict[int, dict[str, Any]] = {}
        self.free: list[int] = []
        self.next = 0
        self.delay_sum_s = self.travel_sum_s = self.vehicle_seconds = 0.0
        self.n_vehicles = self.n_arrived = self.n_stops = self.n_waiting = self.n_running = 0
        self.open = False
        self.moved_s = self.now = begin_s

    @staticmethod
    def _fresh(start: float) -> dict[str, Any]:
        counts = dict.fromkeys(("members", "crossed", "on_green", "failed", "vehicles", "stops"), 0)
        return {"start": start, **counts, **dict.fromkeys(("back", "green", "occupied", "delay_s", "spilled"), 0.0)}

    def add_vehicle(self, length: float, factor: float, top: float, due: float, wait: float, kind: int) -> int:
        """Return the index of a vehicle that was inserted in this step."""
        index = self.free.pop() if self.free else self.next
        self.next = max(self.next, index + 1)
        self.vehicles[index] = {
            "length": length,
            "factor": factor,
            "top": top,
            "due": due,
            "wait": wait,
            "zone": -1,
            "queue": -1,
            "lane": -1,
            "inside": False,
            "delay": 0.0,
            "zone_stops": 0,
            "stops": 0,
            "entry": 0.0,
            "fast": False,
            "fresh": True,
            "member": set(),
            "here": None,
            "slow": False,
            "kind": kind,
            "joined": None,
        }
        return index

    def begin_step(self, now: float) -> None:
        """Open the step that ended at `now`."""
        self.now = now
        for vehicle in self.vehicles.values():
            vehicle["here"] = None
        if not self.open and now - self.step_s >= self.begin_s - 1e-6:
            self.open = True
            self.cycle = [self._fresh(self.begin_s) for _ in self.cycle]

    def see_vehicle(self, index: int, lane: int, position: float, speed: float) -> None:
        """Score one vehicle in this step."""
        net, v = self.net, self.vehicles[index]
        self.vehicle_seconds += self.step_s
        self.moved_s = self.now if speed > MOVING else self.moved_s
        zone = net.lane_zone[lane]
        if zone != v["zone"]:
            if v["zone"] >= 0:
                self._leave(v, lane)
            waited = v["fresh"] and zone >= 0
            v.update(zone=zone, queue=-1, inside=False, member=set(), zone_stops=0, joined=None)
            v.update(delay=v["wait"] if waited else 0.0, entry=v["due"] if waited else self.now - self.step_s)
        v.update(fresh=False, lane=lane, slow=speed < QUEUE)
        if v["slow"] and v["fast"]:
            v["stops"] += 1
            v["zone_stops"] += 1
            v["fast"] = False
        elif speed > FREE:
            v["fast"] = True
        if zone < 0:
            return
        v["delay"] += self.step_s * (1.0 - speed / min(net.lane_limit[lane] * v["factor"], v["top"]))
        if net.lane_queue[lane] >= 0:
            v["queue"] = net.lane_queue[lane]
        if net.lane_inside[lane]:
            if not v["inside"]:
                self._cross(v)
            v["inside"] = True
            if position < v["length"]:
                self.occupied.add(v["queue"])
            return
        feeds = range(net.feed_start[lane], net.feed_start[lane + 1])
        if v["queue"] < 0 and feeds:
            v["queue"] = net.feed_queue[feeds[0]]
        to_end = net.lane_length_m[lane] - position
        if net.lane_queue[lane] >= 0 and to_end <= ZONE:
            self.occupied.add(net.lane_queue[lane])
        v["here"] = {net.feed_queue[i]: net.feed_base_m[i] + to_end for i in feeds}

    def _leave(self, v: dict[str, Any], lane: int) -> None:
        if v["queue"] < 0:
            return
        if not v["inside"]:
            if self.net.lane_queue[v["lane"]] < 0 and not self.net.lane_exit[lane]:
                return
            self._cross(v)
        self._credit(v)

    def _cross(self, v: dict[str, Any]) -> None:
        q = v["queue"]
        g = self.net.queue_group[q]
        on_green = self.green[g] if v["joined"] is None else v["joined"]
        if self.open:
            for sums in (self.groups[g], self.cycle[g]):
                sums["crossed"] += 1
                sums["on_green"] += on_green
            self.of_class[g][v["kind"]]["crossed"] += 1
        if q in self.rank:
            if q not in v["member"]:
                del self.rank[q]
                return
            self.rank[q] += 1
            if self.rank[q] > 4 and self.open:
                self.groups[g]["headways"] += 1
                self.groups[g]["headway_s"] += self.now - self.crossed_at[q]
            self.crossed_at[q] = self.now

    def _credit(self, v: dict[str, Any]) -> None:
        g = self.net.queue_group[v["queue"]]
        if v["entry"] >= self.begin_s - 1e-6:
            for sums in (self.groups[g], self.of_class[g][v["kind"]], self.cycle[g]):
                sums["vehicles"] += 1
                sums["stops"] += v["zone_stops"]
                sums["delay_s"] += v["delay"]

    def show_signal(self, signal: int, state: bytes) -> None:
        """Take in a signal's state letters."""
        net = self.net
        for g in range(net.signal_group_start[signal], net.signal_group_start[signal + 1]):
            letters = [chr(state[net.link_index[i]]) for i in range(net.link_start[g], net.link_start[g + 1])]
            green = any(letter in "Gg" for letter in letters)
            if self.green[g] and not green:
                ended = self._close(g, self.now - self.step_s)
                self.judged[g] = [ended, 0.0, 0.0] if ended else None
            if green and not self.green[g]:
                self._judge(g)
                self.rank.update(dict.fromkeys(self.queues[g], 0))
            self.green[g] = green
            self.red[g] = all(letter in "ru" for letter in letters)

    def _close(self, g: int, at: float) -> dict[str, Any] | None:
        cycle, ended = self.cycle[g], None
        if self.open and at > cycle["start"] + 1e-6:
            ended = dict(cycle, group=g, end=at)
            self.cycles.append(ended)
        if ended or not self.open:
            self.cycle[g] = self._fresh(at)
        return ended

    def _judge(self, g: int) -> None:
        judged = self.judged[g]
        if judged is None:
            return
        cycle, red, occupied = judged
        self.judged[g] = None
        full = cycle["green"] > 0 and cycle["occupied"] >= 0.8 * cycle["green"]
        if red > 0 and full and occupied >= 0.8 * red:
            cycle["failed"] = 1
            self.groups[g]["failed"] += 1

    def end_step(self) -> None:
        """Close the step: find the back of every queue."""
        net = self.net
        back = [0.0] * len(self.groups)
        members: list[set[int]] = [set() for _ in self.groups]
        spilled = set()
        on_queue: defaultdict[int, list[tuple[float, int]]] = defaultdict(list)
        for i, v in self.vehicles.items():
            for q, front in (v["here"] or {}).items():
                on_queue[q].append((front, i))
        for q, on in sorted(on_queue.items()):
            g = net.queue_group[q]
            on.sort()
            tail = rear = 0.0
            for front, i in on:
                v = self.vehicles[i]
                if q not in v["member"] and v["slow"] and front - tail <= GAP:
                    v["member"].add(q)
                    v["joined"] = self.green[g] if v["joined"] is None else v["joined"]
                if q in v["member"]:
                    tail = front + v["length"]
                    rear = tail if v["slow"] else rear
                    members[g].add(i)
            back[g] = max(back[g], rear)
            if rear > net.queue_storage_m[q] - 7.5 and self.open:
                spilled.add(g)
        for g in spilled:
            self.groups[g]["spilled_s"] += self.step_s
            self.cycle[g]["spilled"] += self.step_s
        areas = {("approach", net.group_approach[g]) for g in spilled}
        for area in areas | {("signal", self.signal[g]) for g in spilled}:
            self.spilled[area] = self.spilled.get(area, 0.0) + self.step_s
        for g, cycle in enumerate(self.cycle):
            occupied = self.step_s * sum(q in self.occupied for q in self.queues[g]) / len(self.queues[g])
            if self.green[g]:
                cycle["green"] += self.step_s
                cycle["occupied"] += occupied
                if self.open:
                    self.groups[g]["green_s"] += self.step_s
                    self.groups[g]["occupied_s"] += occupied
            elif (judged := self.judged[g]) and self.red[g]:
                judged[1] += self.step_s
                judged[2] += occupied
                if judged[1] >= 5.0 - 1e-6:
                    self._judge(g)
            cycle["back"] = max(cycle["back"], back[g])
            cycle["members"] = max(cycle["members"], len(members[g]))
            self.peaks[g] = max(self.peaks[g][0], back[g]), max(self.peaks[g][1], len(members[g]))
            if self.now - cycle["start"] >= 300.0:
                self._close(g, self.now)
        self.occupied = set()

    def retire_vehicle(self, index: int, time_loss: float, departed: float, arrived: bool) -> None:
        """Close a vehicle's books."""
        v = self.vehicles.pop(index)
        self.free.append(index)
        if v["zone"] >= 0 and v["queue"] >= 0 and (v["inside"] or not arrived):
            self._credit(v)
        if self.begin_s - 1e-6 <= v["due"] <= self.end_s + 1e-6:
            self.n_vehicles += 1
            self.delay_sum_s += time_loss + v["wait"]
            self.n_stops += v["stops"]
            of = self.classes[v["kind"]]
            of["vehicles"] += 1
            of["arrived"] += arrived
            of["stops"] += v["stops"]
            of["delay_s"] += time_loss + v["wait"]
            if arrived:
                self.n_arrived += 1
                self.travel_sum_s += self.now - self.step_s - departed
        self.n_running += not arrived

    def close(self) -> None:
        """Close every lane group's last, unfinished cycle."""
        for g in range(len(self.groups)):
            self._close(g, self.now)

    def spilled_s(self) -> tuple[list[float], ...]:
        """Return the seconds in which a queue reached back, by approach and by signal."""
        n = {"approach": max(self.net.group_approach) + 1, "signal": len(self.net.signal_group_start) - 1}
        return tuple([self.spilled.get((kind, i), 0.0) for i in range(n[kind])] for kind in n)

    def class_group_sums(self) -> dict[str, list[list[Any]]]:
        """Return the sums of the lane groups by name, then by vehicle class."""
        names = ("vehicles", "crossed", "stops", "delay_s")
        return {name: [[of[name] for of in classes] for classes in self.of_class] for name in names}

    def on_approaches(self) -> list[int]:
        """Return the vehicles that are on the way to each lane group's stop line."""
        counts = [0] * len(self.groups)
        for v in self.vehicles.values():
            if v["zone"] >= 0 and v["queue"] >= 0 and not v["inside"]:
                counts[self.net.queue_group[v["queue"]]] += 1
        return counts

    def take_peaks(self) -> tuple[list[float], list[int]]:
        """Return the longest back of queue and the most members of each lane group since the last call."""
        peaks, self.peaks = self.peaks, [(0.0, 0)] * len(self.groups)
        return [m for m, _ in peaks], [n for _, n in peaks]

    def owed_s(self, index: int, time_loss: float) -> float:
        """Return what a vehicle that still drives adds to the network's delay."""
        v = self.vehicles[index]
        return float(time_loss + v["wait"]) if self.begin_s <= v["due"] <= self.end_s else 0.0

    def group_sums(self) -> dict[str, list[Any]]:
        """Return the sums of the lane groups by name."""
        return {name: [group[name] for group in self.groups] for name in (*COUNTS, *SUMS)}

    def class_sums(self) -> dict[str, list[Any]]:
        """Return the sums of the vehicle classes by name."""
        return {name: [of[name] for of in self.classes] for name in self.classes[0]}

    def cycle_rows(self) -> list[tuple[Any, ...]]:
        """Return one tuple for each cycle, in the order in which they ended."""
        return [tuple(cycle[name] for name in CYCLE) for cycle in self.cycles]

    @property
    def still_s(self) -> float:
        """Seconds since anything moved."""
        return self.now - self.moved_s
