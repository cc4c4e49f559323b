"""The scorer written plainly, after docs/measures.md and not after the kernel: what the kernel is compared with."""

QUEUE, FREE, GAP, MOVING = 5 / 3.6, 10 / 3.6, 20.0, 0.1


class PlainScorer:
    """Takes the calls of `kernels.scoring.Scorer` and keeps one dictionary for each vehicle."""

    def __init__(self, layout, step_s, begin_s, end_s):
        self.net, self.step_s, self.begin_s, self.end_s = layout, step_s, begin_s, end_s
        n = len(layout.link_start) - 1
        self.groups = [dict(vehicles=0, crossed=0, stops=0, truncated=0, delay_s=0.0) for _ in range(n)]
        self.cycles = []
        self.cycle = [dict(start=begin_s, back=0.0, members=0) for _ in range(n)]
        self.green = [False] * n
        self.vehicles = {}
        self.free = []
        self.next = 0
        self.delay_sum_s = self.travel_sum_s = self.vehicle_seconds = 0.0
        self.n_vehicles = self.n_arrived = self.n_stops = self.n_waiting = self.n_running = 0
        self.open = False
        self.moved_s = self.now = begin_s

    def add_vehicle(self, length, factor, top, due, wait):
        index = self.free.pop() if self.free else self.next
        self.next = max(self.next, index + 1)
        self.vehicles[index] = dict(
            length=length, factor=factor, top=top, due=due, wait=wait, zone=-1, queue=-1, lane=-1, inside=False,
            delay=0.0, zone_stops=0, stops=0, entry=0.0, fast=False, fresh=True, member=set(), here=None, slow=False,
        )  # fmt: skip
        return index

    def begin_step(self, now):
        self.now = now
        for vehicle in self.vehicles.values():
            vehicle["here"] = None
        if not self.open and now - self.step_s >= self.begin_s - 1e-6:
            self.open = True
            self.cycle = [dict(start=self.begin_s, back=0.0, members=0) for _ in self.cycle]

    def see_vehicle(self, index, lane, position, speed):
        net, v = self.net, self.vehicles[index]
        self.vehicle_seconds += self.step_s
        self.moved_s = self.now if speed > MOVING else self.moved_s
        zone = net.lane_zone[lane]
        if zone != v["zone"]:
            if v["zone"] >= 0:
                self._leave(v, lane)
            waited = v["fresh"] and zone >= 0
            v.update(zone=zone, queue=-1, inside=False, member=set(), zone_stops=0)
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
            if not v["inside"] and self.open:
                self.groups[net.queue_group[v["queue"]]]["crossed"] += 1
            v["inside"] = True
            return
        feeds = range(net.feed_start[lane], net.feed_start[lane + 1])
        if v["queue"] < 0 and feeds:
            v["queue"] = net.feed_queue[feeds[0]]
        to_end = net.lane_length_m[lane] - position
        v["here"] = {net.feed_queue[i]: net.feed_base_m[i] + to_end for i in feeds}

    def _leave(self, v, lane):
        if v["queue"] < 0:
            return
        if not v["inside"]:
            if self.net.lane_queue[v["lane"]] < 0 and not self.net.lane_exit[lane]:
                return
            if self.open:
                self.groups[self.net.queue_group[v["queue"]]]["crossed"] += 1
        self._credit(v)

    def _credit(self, v):
        group = self.groups[self.net.queue_group[v["queue"]]]
        if v["entry"] >= self.begin_s - 1e-6:
            group["vehicles"] += 1
            group["stops"] += v["zone_stops"]
            group["delay_s"] += v["delay"]

    def show_signal(self, signal, state):
        net = self.net
        for g in range(net.signal_group_start[signal], net.signal_group_start[signal + 1]):
            letters = [chr(state[net.link_index[i]]) for i in range(net.link_start[g], net.link_start[g + 1])]
            green = any(letter in "Gg" for letter in letters)
            if self.green[g] and not green:
                self._close(g, self.now - self.step_s)
            self.green[g] = green

    def _close(self, g, at):
        cycle = self.cycle[g]
        if self.open and at > cycle["start"] + 1e-6:
            self.cycles.append((g, cycle["start"], at, cycle["back"], cycle["members"]))
        self.cycle[g] = dict(start=at, back=0.0, members=0)

    def end_step(self):
        net = self.net
        back = [0.0] * len(self.groups)
        members = [set() for _ in self.groups]
        for q, g in enumerate(net.queue_group):
            on = sorted((v["here"][q], i) for i, v in self.vehicles.items() if v["here"] and q in v["here"])
            tail = rear = 0.0
            for front, i in on:
                v = self.vehicles[i]
                if q not in v["member"] and v["slow"] and front - tail <= GAP:
                    v["member"].add(q)
                if q in v["member"]:
                    tail = front + v["length"]
                    rear = tail if v["slow"] else rear
                    members[g].add(i)
            back[g] = max(back[g], rear)
            if rear > net.queue_storage_m[q] - 7.5 and self.open:
                self.groups[g]["truncated"] = 1
        for g, cycle in enumerate(self.cycle):
            cycle["back"] = max(cycle["back"], back[g])
            cycle["members"] = max(cycle["members"], len(members[g]))
            if self.now - cycle["start"] >= 300.0:
                self._close(g, self.now)

    def retire_vehicle(self, index, time_loss, departed, arrived):
        v = self.vehicles.pop(index)
        self.free.append(index)
        if v["zone"] >= 0 and v["queue"] >= 0 and (v["inside"] or not arrived):
            self._credit(v)
        if self.begin_s - 1e-6 <= v["due"] <= self.end_s + 1e-6:
            self.n_vehicles += 1
            self.delay_sum_s += time_loss + v["wait"]
            self.n_stops += v["stops"]
            if arrived:
                self.n_arrived += 1
                self.travel_sum_s += self.now - departed
        self.n_running += not arrived

    def close(self):
        for g in range(len(self.groups)):
            self._close(g, self.now)

    def group_sums(self):
        names = ("vehicles", "crossed", "stops", "truncated", "delay_s")
        return tuple([group[name] for group in self.groups] for name in names)

    def cycle_rows(self):
        return self.cycles

    @property
    def still_s(self):
        return self.now - self.moved_s
