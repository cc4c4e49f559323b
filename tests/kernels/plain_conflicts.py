"""The counter of conflicts written plainly, after docs/measures.md and not after the kernel: what it is compared with."""

import itertools
import math

RANGE, TTC, DRAC, PET = 50.0, 3.0, 3.0, 2.0


def arrival(distance, speed, acceleration):
    if distance <= 0:
        return 0.0
    if speed <= 0:
        return math.inf
    if acceleration >= 0:
        return distance / speed
    left = speed**2 + 2 * acceleration * distance
    return math.inf if left < 0 else (speed - math.sqrt(left)) / -acceleration


class PlainConflicts:
    """Takes the calls of `kernels.conflicts.Conflicts`; `pairs` holds (measure, serial, serial, kind) of each conflict."""

    def __init__(self, layout, step_s, window_start_s):
        self.net, self.step_s, self.window_start_s = layout, step_s, window_start_s
        self.vehicles = {}
        self.n = 0
        self.pairs = {}
        self.passages = {}  # by side of an area: (vehicle, seconds at which its rear left it)
        self.names = {}

    def enter_vehicle(self, index, length):
        self.vehicles[index] = dict(
            serial=self.n, length=length, way=[], behind=[], at=0.0, before=0.0, speed=0.0, a=0.0, seen=-1.0
        )
        self.n += 1

    def retire_vehicle(self, index):
        del self.vehicles[index]

    def begin_step(self, now):
        self.now = now

    def _areas(self, lane):
        return [self.net.side[i] for i in range(self.net.side_start[lane], self.net.side_start[lane + 1])]

    def head_vehicle(self, index, lane, onward):
        net, v = self.net, self.vehicles[index]
        known = next((i for i, (there, _) in enumerate(v["way"]) if there == lane), None)
        if known is None:
            edges = [net.lane_edge[there] for there, _ in v["way"]]
            known = edges.index(net.lane_edge[lane]) if net.lane_edge[lane] in edges else None
        if known is None:
            start, v["behind"], v["seen"] = 0.0, [], -1.0
        else:
            start = v["way"][known][1]
            v["behind"] += [place for place in v["way"][:known] if self._areas(place[0])]
        v["way"] = [(lane, start)]
        reach = start + net.lane_length_m[lane] + RANGE
        for target in onward:
            if v["way"][-1][1] + net.lane_length_m[v["way"][-1][0]] > reach:
                return
            while v["way"][-1][0] != target:
                here, begin = v["way"][-1]
                hops = {net.hop_to[i]: net.hop_via[i] for i in range(net.hop_start[here], net.hop_start[here + 1])}
                if target not in hops:
                    return
                v["way"].append((hops[target] if hops[target] >= 0 else target, begin + net.lane_length_m[here]))

    def see_vehicle(self, index, position, speed):
        v = self.vehicles[index]
        at = v["way"][0][1] + position
        known = v["seen"] >= self.now - self.step_s - 1e-6
        v.update(before=v["at"] if known else at, a=(speed - v["speed"]) / self.step_s if known else 0.0)
        v.update(at=at, speed=speed, seen=self.now, position=position)

    def end_step(self):
        seen = [(i, v) for i, v in sorted(self.vehicles.items()) if v["seen"] == self.now]
        for index, v in seen:
            self._follow(index, v, seen)
        uses = [(v, place) for _, v in seen for place in self._uses(v)]
        by_lane = {}
        for v, (lane, start) in uses:
            by_lane.setdefault(lane, []).append((v, v["at"] - start))
        for lane, users in by_lane.items():
            for v, x in users:
                for side in self._areas(lane):
                    past, moved = x - v["length"] - self.net.leave_m[side], v["at"] - v["before"]
                    if 0 <= past < moved and not self.net.area_merges[side // 2]:
                        self.passages.setdefault(side, []).append((v["serial"], self.now - self.step_s * past / moved))
        for lane, users in by_lane.items():
            for v, x in users:
                for side in self._areas(lane):
                    past, moved = x - self.net.enter_m[side], v["at"] - v["before"]
                    if 0 <= past < moved:
                        entered = self.now - self.step_s * past / moved
                        for serial, left in self.passages.get(side ^ 1, ()):
                            if 0 <= entered - left < PET:
                                self._count("pet", v["serial"], serial, self.net.area_lane[side // 2], "crossing")
        for area in range(len(self.net.area_lane)):
            lane, foe = self.net.area_lane[area], self.net.area_foe[area]
            for (v, x), (w, y) in itertools.product(by_lane.get(lane, ()), by_lane.get(foe, ())):
                if v is not w:
                    self._meet(area, v, x, w, y)

    def _uses(self, v):
        kept = []
        for lane, start in v["behind"]:
            end = max(self.net.leave_m[side] for side in self._areas(lane))
            if v["before"] - start - v["length"] <= end:
                kept.append((lane, start))
        v["behind"] = kept
        ahead = min(RANGE, 2 * v["speed"] * max(TTC, v["speed"] / (2 * DRAC)))
        return kept + [place for place in v["way"] if self._areas(place[0]) and place[1] - v["at"] <= ahead]

    def _follow(self, index, v, seen):
        for lane, start in v["way"]:
            if start - v["at"] > RANGE:
                return
            there = sorted((w["position"], i) for i, w in seen if w["way"][0][0] == lane)
            if start == v["way"][0][1]:
                there = [key for key in there if key > (v["position"], index)]
            if there:
                position, i = there[0]
                w = self.vehicles[i]
                own = lane == v["way"][0][0] and start == v["way"][0][1]
                gap = position - w["length"] - v["position"] if own else start + position - w["length"] - v["at"]
                closing = v["speed"] - w["speed"]
                if i == index or closing <= 0 or gap > RANGE or (gap <= 0 and not own) or v["speed"] <= 0:
                    return
                here = v["way"][0][0]
                if gap <= 0 or gap / closing < TTC:
                    self._count("ttc", v["serial"], w["serial"], here, "following")
                if gap > 0 and closing**2 / (2 * gap) > DRAC:
                    self._count("drac", v["serial"], w["serial"], here, "following")
                return

    def _meet(self, area, v, x, w, y):
        net = self.net
        one = dict(v=v, enter=net.enter_m[2 * area] - x, leave=net.leave_m[2 * area] - x)
        two = dict(v=w, enter=net.enter_m[2 * area + 1] - y, leave=net.leave_m[2 * area + 1] - y)
        if any(side["leave"] + side["v"]["length"] <= 0 for side in (one, two)):
            return
        if one["enter"] <= 0 and two["enter"] <= 0:
            return
        for side in (one, two):
            side["in"] = arrival(side["enter"], side["v"]["speed"], side["v"]["a"])
        first, second = (two, one) if two["in"] < one["in"] else (one, two)
        if second["in"] == math.inf:
            return
        out = arrival(first["leave"] + first["v"]["length"], first["v"]["speed"], first["v"]["a"])
        speed, distance = second["v"]["speed"], second["enter"]
        if second["in"] <= out:
            kind = "merging" if net.area_merges[area] else "crossing"
            ttc, drac = distance / speed, speed**2 / (2 * distance)
            if out * speed < 2 * distance:
                drac = 2 * (speed - distance / out) / out
        elif net.area_merges[area]:
            kind = "merging"
            gap = second["leave"] - first["leave"] - first["v"]["length"]
            closing = speed - first["v"]["speed"]
            if closing <= 0 or gap <= 0:
                return
            ttc, drac = gap / closing, closing**2 / (2 * gap)
        else:
            return
        for measure, passed in (("ttc", ttc < TTC), ("drac", drac > DRAC)):
            if passed:
                self._count(measure, v["serial"], w["serial"], net.area_lane[area], kind)

    def _count(self, measure, one, two, lane, kind):
        if self.now - self.step_s >= self.window_start_s - 1e-6:
            self.pairs.setdefault((measure, min(one, two), max(one, two)), (self.net.lane_signal[lane], kind))

    def sums(self):
        rows = {measure: [0] * (self.net.n_signals + 1) for measure in ("ttc", "drac", "pet")}
        for (measure, _, _), (signal, _) in self.pairs.items():
            rows[measure][signal] += 1
        return rows
