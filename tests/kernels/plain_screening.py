"""The screening model in plain Python: the kernel's oracle. It follows the text of docs/screening.md, one plan at a time."""

import math

CLOSED, YIELD = 0, 1
PLACES, SCANNED = 24, 12
SAMPLED, WINDOW, SLOWEST, STARTING_S, ROLLING = 60, 3, 0.001, 4.0, 5.0
NEVER, LONG_AGO, STILL_S, BRAKING = 1e30, -1e6, 300.0, 4.5


class PlainModel:
    """One plan on one draw: `run()` returns (delay sum, gridlock, running, waiting), and leaves `loss` by lane."""

    def __init__(self, roads, demand, programs, behaviour, begin_s, length_s, counted_s=0.0, plan=0, draw=0):
        self.r, self.b, self.end_s, self.counted_s = roads, behaviour, length_s, counted_s
        first, last = demand.start[draw], demand.start[draw + 1]
        columns = (demand.due_s, demand.choice, demand.space_m, demand.speed_factor, demand.caution)
        self.due, self.choice, self.space, self.factor, self.caution = (column[first:last] for column in columns)
        self.read_plan(programs, plan, begin_s)
        n = len(roads.lane_length_m)
        self.lanes = [[] for _ in range(n)]
        self.entries = [[] for _ in range(n)]
        self.platoon, self.blocked, self.hole = [PLACES - 1] * n, [False] * n, [LONG_AGO] * n
        self.used, self.loss = [0.0] * n, [0.0] * n
        self.last_out, self.last_in, self.last_m = [LONG_AGO] * n, [LONG_AGO] * n, [roads.spacing_m] * n
        self.crossed = [LONG_AGO] * len(roads.link_lane)
        self.bars, self.barred = [False] * n, [0] * len(roads.link_lane)
        self.owned = {pocket for pocket in roads.link_pocket if pocket >= 0}
        self.waits = [[] for _ in range(roads.n_edges)]
        self.pending = [NEVER] * (2 * n)
        self.buckets = [[] for _ in range(math.ceil(length_s))]
        self.current, self.moved = 0, 0.0
        self.looks = [[speed] * WINDOW for speed in roads.spot_speed]
        self.speed = list(roads.spot_speed)
        vehicles = len(self.due)
        self.link, self.at = [0] * vehicles, [0] * vehicles
        self.ready, self.since = [0.0] * vehicles, [-1.0] * vehicles

    def read_plan(self, programs, plan, begin_s):
        self.show = []
        for signal in range(len(self.r.signal_letters)):
            phases = range(programs.phase_start[plan, signal], programs.phase_start[plan, signal + 1])
            seconds = [programs.phase_row[i] for i in phases for _ in range(programs.phase_s[i])]
            shift = int(begin_s - programs.offset_s[plan, signal]) % len(seconds)
            self.show.append([programs.letters[row] for row in seconds[shift:] + seconds[:shift]])

    def shown(self, link, at):
        signal = self.r.link_signal[link]
        if signal < 0:
            return YIELD, at
        codes = [row[self.r.link_letter[link]] for row in self.show[signal]]
        second = int(at)
        code = codes[second % len(codes)]
        if code != CLOSED:
            return code, at
        for ahead in range(1, len(codes)):
            if codes[(second + ahead) % len(codes)] != CLOSED:
                return code, float(second + ahead)
        return code, float(second + 0xFFFE)

    def speeds(self, link, yields, place):
        b = self.b
        top = self.r.link_speed[link] * b.top
        crossing = min(top, b.minor_speed) if yields else top
        squared = b.first_speed**2 + 2.0 * b.accel * self.r.spacing_m * place
        speed = crossing if place == PLACES - 1 else min(crossing, math.sqrt(squared))
        steps = int(speed / BRAKING)
        late = b.yellow_s - self.r.step_s + (steps * (speed - 0.5 * BRAKING * (steps + 1)) + 1.0) / speed
        pace = 1.0 / (min(crossing, math.sqrt(squared - b.accel * self.r.spacing_m)) if place else speed)
        return pace, (top - speed) ** 2 / (2.0 * b.accel * top), late

    def schedule(self, lane, at):
        bucket = max(int(at), self.current)
        if self.pending[lane] > at and bucket < len(self.buckets):
            self.pending[lane] = at
            self.buckets[bucket].append((lane, at))

    def give_way(self, link, at, standing, patience):
        r, t = self.r, at
        gap = patience * min(self.b.sight_s, r.link_gap_s[link] if standing else r.link_roll_s[link])
        for foe in r.foe_link[r.foe_start[link] : r.foe_start[link + 1]]:
            clear = r.link_clear_s[foe]
            t = max(t, self.crossed[foe] + clear)
            lane = r.link_lane[foe]
            if not self.lanes[lane] or self.blocked[lane]:
                continue
            show, opens = self.shown(foe, t)
            if show == CLOSED and opens > t + gap:
                continue
            cursor = max(self.last_out[lane] + self.b.follow_s, opens)
            if self.pending[lane] < NEVER:
                cursor = max(cursor, self.pending[lane])
            for n, vehicle in enumerate(self.lanes[lane][:SCANNED]):
                arrives = max(self.ready[vehicle], cursor)
                if arrives >= t + gap:
                    break
                own = self.link[vehicle]
                if own == foe:
                    t = max(t, arrives + clear)
                elif n == 0 and r.link_signal[foe] >= 0 and own >= 0 and self.shown(own, arrives)[0] == CLOSED:
                    break
                cursor = arrives + self.b.follow_s
        return t

    def choose(self, step, arrives_on):
        r, b = self.r, self.b
        best, least = (-1, -1), NEVER
        for lane, link in r.options[r.step_start[step] : r.step_start[step + 1]]:
            cost = self.used[lane] + b.lane_bias_m * r.lane_place[lane]
            if arrives_on >= 0 and r.lane_edge[arrives_on] == r.lane_edge[lane]:
                cost += abs(int(r.lane_place[lane]) - int(r.lane_place[arrives_on])) * b.change_m
            if cost < least:
                best, least = (lane, link), cost
        return best

    def join(self, vehicle, lane, link, at, ready):
        self.link[vehicle], self.ready[vehicle], self.since[vehicle] = link, ready, -1.0
        self.used[lane] += self.space[vehicle]
        self.last_in[lane], self.moved = at, max(self.moved, at)
        self.lanes[lane].append(vehicle)
        if len(self.lanes[lane]) == 1:
            self.schedule(lane, ready)

    def stand(self, vehicle, at):
        if self.since[vehicle] < 0.0:
            self.since[vehicle] = at

    def wait_for(self, lane, target):
        waits = self.waits[self.r.lane_edge[target]]
        if lane not in waits:
            waits.insert(0, lane)

    def full(self, vehicle, lane):
        return self.used[lane] > 0.0 and self.used[lane] + self.space[vehicle] > self.r.lane_storage_m[lane]

    def serve(self, lane, now, until):
        while self.lanes[lane]:
            left = self.leave(lane, now, until)
            if left is None:
                return
            now = left

    def leave(self, lane, now, until):  # noqa: PLR0915  the kernel has it in one piece, too
        """Let the first vehicle of a lane leave; returns when it did, or None where it could not yet."""
        r, b = self.r, self.b
        vehicle = self.lanes[lane][0]
        link, up = self.link[vehicle], 0.0
        self.blocked[lane] = False
        base = max(self.ready[vehicle], now if self.since[vehicle] >= 0.0 else 0.0)
        if link < 0:
            if base >= until:
                return self.schedule(lane, base)
            t, place = max(base, self.last_out[lane]), PLACES
        else:
            place = min(self.platoon[lane] + 1, PLACES - 1)
            yields = bool(r.link_minor[link]) and self.shown(link, max(base, self.last_out[lane] + 1.0))[0] == YIELD
            pace = self.speeds(link, yields, place)[0]
            follow = self.last_out[lane] + self.caution[vehicle] * (b.tau_s + self.last_m[lane] * pace)
            standing = self.since[vehicle] >= 0.0
            if standing:
                t, place = max(base, self.last_out[lane] + 1.0), 0
            elif follow > base:
                t = follow
            else:
                t, place = base, PLACES - 1
            _, up, late = self.speeds(link, yields, place)
            show, opens = self.shown(link, max(t - (b.start_s - 1e-6 if standing else late), 0.0))
            if show == CLOSED:
                self.stand(vehicle, t)
                return self.schedule(lane, opens + b.start_s)
            if t >= until:
                return self.schedule(lane, t)
            if show == YIELD and r.foe_start[link + 1] > r.foe_start[link]:
                waited = 0.0 if self.since[vehicle] < 0.0 else t - self.since[vehicle]
                free = self.give_way(link, t, standing, max(0.0, 1.0 - waited / b.impatience_s))
                if free > t:
                    if free > t + 1.0:
                        self.stand(vehicle, t)
                    if free >= until:
                        return self.schedule(lane, free)
                    t = free
                    free = self.give_way(link, t, standing, 1.0)
                    if free > t:
                        return self.schedule(lane, max(free, until))
        if link >= 0 and self.barred[link]:
            self.stand(vehicle, t)
            self.blocked[lane] = True
            return self.schedule(lane, until + 1.0)
        step, target, onward = self.at[vehicle] + 1, -1, -1
        pocket = link >= 0 and r.link_pocket[link] >= 0
        if pocket:
            target, onward = r.link_pocket[link], r.link_onward[link]
        elif link >= 0 and r.step_start[step + 1] > r.step_start[step]:
            target, onward = self.choose(step, r.link_to[link])
        held = [other for other in self.pockets(lane) if link >= 0 and other != target]
        held = [other for other in held if self.used[other] > r.lane_clear_m[other]]
        if held or (target >= 0 and self.full(vehicle, target)):
            self.stand(vehicle, t)
            self.blocked[lane] = True
            if lane in self.owned and not self.bars[lane] and not held:
                self.bar(lane, True)
            return self.wait_for(lane, held[0] if held else target)
        if target >= 0:
            enter = max(self.hole[target], self.last_in[target] + b.merge_s)
            if enter > t:
                if enter > t + 1.0:
                    self.stand(vehicle, t)
                if enter >= until:
                    return self.schedule(lane, enter)
                t = enter
        self.depart(lane, vehicle, t, place, up)
        if target >= 0:
            self.at[vehicle] = self.at[vehicle] if pocket else step
            free_s = (r.link_cross_s[link] + r.lane_free_s[target]) / (self.factor[vehicle] * b.cruise)
            self.join(vehicle, target, onward, t, t + up + free_s)
        return t

    def pockets(self, lane):
        while (lane := self.r.lane_pocket[lane]) >= 0:
            yield lane

    def bar(self, lane, stands):
        self.bars[lane] = stands
        for link in self.r.bar_link[self.r.bar_start[lane] : self.r.bar_start[lane + 1]]:
            self.barred[link] += 1 if stands else -1

    def depart(self, lane, vehicle, t, place, up):
        r = self.r
        wave_s = r.lane_length_m[lane] / (r.spacing_m / self.b.react_s)
        self.lanes[lane].pop(0)
        if self.bars[lane]:
            self.bar(lane, False)
        if self.used[lane] + r.spacing_m > r.lane_storage_m[lane]:
            self.hole[lane] = t + wave_s
        self.used[lane] = self.used[lane] - self.space[vehicle] if self.lanes[lane] else 0.0
        self.platoon[lane], self.last_out[lane], self.last_m[lane] = place, t, self.space[vehicle]
        self.moved = max(self.moved, t)
        if self.link[vehicle] >= 0:
            self.crossed[self.link[vehicle]] = t
        if self.due[vehicle] >= self.counted_s:
            self.loss[lane] += t - self.ready[vehicle] + up
        edge = r.lane_edge[lane]
        waits, self.waits[edge] = self.waits[edge], []
        for waiting in waits:
            if waiting < len(self.lanes):
                self.blocked[waiting] = False
            self.schedule(waiting, t + wave_s)

    def admit(self, lane, until):
        r = self.r
        while self.entries[lane]:
            vehicle = self.entries[lane][0]
            own_s = self.space[vehicle] * r.lane_free_s[lane] / max(r.lane_length_m[lane], 1.0)
            t = max(self.due[vehicle], self.last_in[lane] + self.b.insert_s + own_s, self.hole[lane])
            t = math.ceil(t / r.step_s) * r.step_s
            if t >= until:
                return self.schedule(len(self.lanes) + lane, t)
            if self.full(vehicle, lane):
                return self.wait_for(len(self.lanes) + lane, lane)
            self.entries[lane].pop(0)
            if self.due[vehicle] >= self.counted_s:
                self.loss[lane] += t - self.due[vehicle]
            ready = t + r.lane_free_s[lane] / (self.factor[vehicle] * self.b.cruise)
            self.join(vehicle, lane, self.link[vehicle], t, ready)
        return None

    def watch(self, look, now):
        r = self.r
        seen = [[] for _ in r.spot_speed]
        for lane, vehicles in enumerate(self.lanes):
            spot, last = r.spot_start[r.lane_edge[lane]], r.spot_start[r.lane_edge[lane] + 1] - 1
            if last < spot:
                continue
            freely, stands = r.lane_length_m[lane] / r.lane_free_s[lane], 0.0
            rolls = ROLLING if now - self.last_out[lane] < STARTING_S else 0.0
            for vehicle in vehicles:
                moves = self.ready[vehicle] > now
                place = max(stands, (self.ready[vehicle] - now) * freely) if moves else stands
                while spot < last and place > r.spot_end_m[spot]:
                    spot += 1
                seen[spot].append(freely if moves else rolls)
                stands += self.space[vehicle]
        for spot, speeds in enumerate(seen):
            speed = sum(speeds) / len(speeds) if speeds else r.spot_speed[spot]
            self.speed[spot] += (speed - self.looks[spot][look % WINDOW]) / WINDOW
            self.looks[spot][look % WINDOW] = speed

    def quickest(self, choice):
        r = self.r
        routes = r.choice_route[r.choice_start[choice] : r.choice_start[choice + 1]]
        seconds = []
        for route in routes if len(routes) > 1 else ():
            total = r.way_free_s[route]
            for spot in r.way_spot[r.way_start[route] : r.way_start[route + 1]]:
                total += r.spot_length_m[spot] / max(min(self.speed[spot], r.spot_speed[spot]), SLOWEST)
            seconds.append(total)
        return routes[seconds.index(min(seconds))] if seconds else routes[0]

    def run(self):
        n, coming = len(self.lanes), 0
        for second, bucket in enumerate(self.buckets):
            self.current = second
            until = min(self.current + 1.0, self.end_s)
            if second % SAMPLED == 0 and len(self.r.choice_route) > len(self.r.choice_start) - 1:
                self.watch(second // SAMPLED, float(second))
            while coming < len(self.due) and self.due[coming] < until:
                self.at[coming] = self.r.route_start[self.quickest(self.choice[coming])]
                lane, self.link[coming] = self.choose(self.at[coming], -1)
                self.entries[lane].append(coming)
                if len(self.entries[lane]) == 1:
                    self.schedule(n + lane, self.due[coming])
                coming += 1
            for lane, at in bucket:  # grows while it is walked
                if self.pending[lane] != at:
                    continue
                self.pending[lane] = NEVER
                if lane < n:
                    self.serve(lane, at, until)
                else:
                    self.admit(lane - n, until)
        for lane in range(n):
            for vehicle in self.lanes[lane]:
                if self.ready[vehicle] < self.end_s and self.due[vehicle] >= self.counted_s:
                    self.loss[lane] += self.end_s - self.ready[vehicle]
            for vehicle in self.entries[lane]:
                if self.due[vehicle] >= self.counted_s:
                    self.loss[lane] += self.end_s - self.due[vehicle]
        running, waiting = sum(map(len, self.lanes)), sum(map(len, self.entries))
        return sum(self.loss), running > 0 and self.moved < self.end_s - STILL_S, running, waiting
