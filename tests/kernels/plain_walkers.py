"""The pedestrians' sums written plainly, after docs/measures.md and not after the kernel: what it is compared with."""


class PlainWalkers:
    """Takes the calls of `kernels.walking.Walkers` and keeps one dictionary for each person."""

    def __init__(self, n_crossings, step_s, begin_s, end_s):
        self.step_s, self.begin_s, self.end_s = step_s, begin_s, end_s
        self.waits = [[] for _ in range(n_crossings)]
        self.persons, self.free, self.next = {}, [], 0
        self.delay_sum_s, self.n_persons, self.n_walks = 0.0, 0, 0

    def add_person(self):
        index = self.free.pop() if self.free else self.next
        self.next = max(self.next, index + 1)
        self.persons[index] = dict(walk=None, counted=False)
        return index

    def begin_step(self, now):
        self.now = now

    def _due(self, at):
        return self.begin_s <= at <= self.end_s

    def begin_walk(self, index, begun, top):
        person = self.persons[index]
        person["walk"] = dict(begun=begun, top=top, lost=0.0, on=-1, ahead=-1, stood=0.0, came=None)
        if self._due(begun):
            self.n_walks += 1
            self.n_persons += not person["counted"]
            person["counted"] = True

    def see_walker(self, index, speed, on, ahead):
        walk = self.persons[index]["walk"]
        walk["lost"] += self.step_s * (1.0 - speed / walk["top"])
        if on >= 0 and walk["on"] != on:
            seen = walk["ahead"] == on
            self._count(on, walk["stood"] if seen else 0.0, walk["came"] if seen else self.now - self.step_s)
        if ahead != walk["ahead"]:
            walk.update(stood=0.0, came=self.now - self.step_s)
        walk.update(on=on, ahead=ahead)
        walk["stood"] += self.step_s if ahead >= 0 and speed < 0.1 else 0.0

    def _count(self, crossing, stood, came):
        if self._due(came):
            self.waits[crossing].append(stood)

    def end_walk(self, index, length):
        walk = self.persons[index]["walk"]
        if walk and self._due(walk["begun"]):
            took = self.now - self.step_s - walk["begun"]
            self.delay_sum_s += walk["lost"] if length < 0 else took - length / walk["top"]
        self.persons[index]["walk"] = None

    def retire_person(self, index):
        walk = self.persons.pop(index)["walk"]
        self.free.append(index)
        if walk:
            self.delay_sum_s += walk["lost"] if self._due(walk["begun"]) else 0.0
            if walk["ahead"] >= 0 and walk["stood"] > 0:
                self._count(walk["ahead"], walk["stood"], walk["came"])

    def crossing_sums(self):
        return {
            "persons": [len(waits) for waits in self.waits],
            "wait_s": [sum(waits) for waits in self.waits],
            "longest_s": [max(waits, default=0.0) for waits in self.waits],
        }
