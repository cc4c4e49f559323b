"""`rolling_horizon`: plans the next minute of every signal from where the vehicles are, each second anew.

What it knows: the vehicles that the sensors tell, each with the way it needs; where vehicles went on to before (turning
shares, learnt as they pass); what the neighbours plan to send. What it keeps apart from the plan: a green is held back
while vehicles that it would meet stand within the junction.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.conflicts import GREEN
from engine.control.controller import Place
from engine.control.monitor import Monitor
from engine.control.stages import alike, intergreen_s, least_s, stages_of
from engine.errors import InputError
from engine.state import State
from kernels.horizon import Behaviour, Horizon, Junction

__all__ = ["RollingHorizon"]

CLEAR_S = 12.0
"""For how long a green is held back at most while the junction clears."""
LOCKED_S = 60.0
"""Who stands as long within a junction, green or not, is locked with others: all lights turn red for `CLEAR_S`."""
CREEPING = 1.0
"""Who is slower within a junction, m/s, has not cleared it."""
SHOWN = {"g": 1, "G": 2}


class RollingHorizon:
    """See docs/control.md.

    Args:
        decision_s: seconds between two decisions.
        headway_s, startup_s, gap_s, stop_s, max_red_s: see `kernels.horizon.Behaviour`.
    """

    def __init__(
        self,
        decision_s: float = 1.0,
        headway_s: float = Behaviour.headway_s,
        startup_s: float = Behaviour.startup_s,
        gap_s: float = Behaviour.gap_s,
        stop_s: float = Behaviour.stop_s,
        max_red_s: float = Behaviour.max_red_s,
    ) -> None:
        self.decision_s = decision_s
        self._behaviour = Behaviour(
            headway_s=headway_s, startup_s=startup_s, gap_s=gap_s, stop_s=stop_s, max_red_s=max_red_s
        )

    def start(self, place: Place) -> None:
        """See `engine.control.controller.Controller`."""
        network, arrays = place.network, place.arrays
        self._network = network
        self._horizon = Horizon(arrays.lane_length_m, self._behaviour)
        self._stages: list[tuple[str, ...]] = []
        self._stage = [-1] * len(network.signals)
        self._lanes: list[list[tuple[int, ...]]] = []
        self._where: dict[int, tuple[int, int, int, float]] = {}
        self._timings = place.timings
        self._inside = arrays.lane_inside.astype(bool)
        self._queue_of = arrays.lane_queue
        self._queues: list[tuple[int, int]] = []
        self._since_s = [place.begin_s] * len(network.signals)
        self._breaking_s = [-np.inf] * len(network.signals)
        self._box_s = [0.0] * len(network.signals)
        i_group = 0
        for i_signal, (signal, rules) in enumerate(zip(network.signals, place.timings, strict=True)):
            stages = stages_of(signal)
            lanes = sorted({link.lane for link in signal.links if link.kind == "vehicle"})
            groups = [group for approach in signal.approaches for group in approach.groups]
            feeds = {stop.lane: stop.feeds for group in groups for stop in group.lanes}
            for group in groups:
                self._queues += [(i_signal, lanes.index(stop.lane)) for stop in group.lanes]
                stop = group.lanes[0]
                lane = lanes.index(stop.lane)
                self._where[i_group] = (i_signal, lane, group.links[0], stop.storage_m)
                i_group += 1
            exits = sorted({link.to_lane for link in signal.links if link.kind == "vehicle"})
            n_letters = len(rules.yellow_s)
            link_lanes: list[list[int]] = [[] for _ in range(n_letters)]
            link_exit = [-1] * n_letters
            gives_way: list[list[int]] = [[] for _ in range(n_letters)]
            for link in signal.links:
                if link.kind == "vehicle":
                    if lanes.index(link.lane) not in link_lanes[link.index]:
                        link_lanes[link.index].append(lanes.index(link.lane))
                    link_exit[link.index] = exits.index(link.to_lane)
                    gives_way[link.index] = sorted({*gives_way[link.index], *link.yields} - {link.index})
            self._lanes.append([tuple(i for i in range(n_letters) if k in link_lanes[i]) for k in range(len(lanes))])
            self._stages.append(stages)
            try:
                junction = Junction(
                    lanes=[arrays.lane_index[lane] for lane in lanes],
                    speeds=[float(arrays.lane_limit[arrays.lane_index[lane]]) for lane in lanes],
                    feeds=[[(arrays.lane_index[of], metres) for of, metres in feeds.get(lane, ())] for lane in lanes],
                    exits=[arrays.lane_index[lane] for lane in exits],
                    link_lanes=link_lanes,
                    link_exit=link_exit,
                    gives_way=gives_way,
                    stages=[[SHOWN.get(letter, 0) for letter in stage] for stage in stages],
                    least_s=[least_s(stage, rules) for stage in stages],
                    intergreen_s=[[intergreen_s(a, b, rules) for b in stages] for a in stages],
                )
            except ValueError as error:
                raise InputError(f"controller=rolling_horizon at signal '{signal.id}': {error}.") from error
            self._horizon.add(junction)
        self._n_letters = max((len(rules.yellow_s) for rules in place.timings), default=1)
        width = max((len(lanes) for lanes in self._lanes), default=1)
        self._green_at = np.full((len(network.signals), max(1, width)), place.begin_s)

    def decide(self, state: State, lights: Sequence[Monitor]) -> Sequence[str]:
        """See `engine.control.controller.Controller`."""
        now_s = state.time_s
        for i, lanes in enumerate(self._lanes):
            letters = lights[i].letters
            for k, links in enumerate(lanes):
                if any(letters[link] in GREEN for link in links):
                    self._green_at[i, k] = now_s
        waiting = [
            (*self._where[int(group)][:3], int(state.waiting_veh[group]), self._where[int(group)][3])
            for group in np.flatnonzero(state.waiting_veh)
        ]
        green_s = np.full((len(lights), self._n_letters), -1.0)
        giving_way = np.zeros(green_s.shape, np.int8)
        for i, light in enumerate(lights):
            for k, letter in enumerate(light.letters):
                if letter in GREEN:
                    giving_way[i, k] = letter == "g"
                    green_s[i, k] = now_s - light.since_s[k]
        self._horizon.see(
            state.number,
            state.lane,
            state.position_m,
            state.length_m,
            state.speed,
            state.next_signal,
            state.next_link,
            state.to_line_m,
            state.standing_s,
            now_s - self._green_at,
            green_s,
            giving_way,
            now_s,
            waiting,
        )
        self._horizon.expect(now_s)
        boxes = self._boxes(state)
        wanted = []
        for i, stages in enumerate(self._stages):
            if len(stages) < 2:
                wanted.append("")
                continue
            light = lights[i]
            stage = self._stage[i]
            if stage < 0:
                stage = max(range(len(stages)), key=lambda k: alike(stages[k], light.letters))
            elif (
                light.settled
                and light.letters == stages[stage]
                and all(
                    letter not in GREEN or now_s - light.since_s[k] >= light.timing.min_green_s[k]
                    for k, letter in enumerate(light.letters)
                )
            ):
                stage = self._horizon.plan(i, stage, green_s[i], now_s)
            if stage != self._stage[i]:
                self._since_s[i] = now_s
            self._stage[i] = stage
            wanted.append(self._clear_first(i, stages[stage], light, boxes.get(i, {}), now_s))
        return wanted

    def _boxes(self, state: State) -> dict[int, dict[int, float]]:
        """Return by signal the lanes from which vehicles stand within the junction, and for how long at most."""
        found: dict[int, dict[int, float]] = {}
        for at in np.flatnonzero(self._inside[state.lane] & (state.speed < CREEPING)):
            signal, lane = self._queues[self._queue_of[state.lane[at]]]
            stands = found.setdefault(signal, {})
            stands[lane] = max(stands.get(lane, 0.0), float(state.standing_s[at]))
        return found

    def _clear_first(self, i: int, stage: str, light: Monitor, box: dict[int, float], now_s: float) -> str:
        """Keep a green back while vehicles that it would meet stand within the junction.

        Left turns that wait there and the green that follows block each other, and nothing ever moves again.
        """
        if not box:
            return stage
        foes: set[int] = set()
        for lane, stands_s in box.items():
            links = self._lanes[i][lane]
            if all(light.letters[link] not in GREEN for link in links):
                foes.update(foe.index for link in links for foe in self._timings[i].foes[link])
            elif stands_s > LOCKED_S and now_s > self._breaking_s[i] + 2 * LOCKED_S + CLEAR_S:
                self._breaking_s[i] = now_s
        if now_s < self._breaking_s[i] + CLEAR_S:
            return "".join("r" if letter in GREEN else letter for letter in stage)
        if now_s > self._since_s[i] + CLEAR_S + 3.0:
            return stage
        return "".join(
            "r" if k in foes and letter in GREEN and light.letters[k] not in GREEN else letter
            for k, letter in enumerate(stage)
        )
