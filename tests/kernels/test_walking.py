"""Pedestrians' sums against walks whose figures are known, and against a plain twin on random ones."""

import numpy as np
import pytest

from kernels.walking import walkers
from tests.kernels.plain_walkers import PlainWalkers


def walk(kernel, steps, begun_s=0.0, top_speed=1.25, person=None):
    """Let a person walk: (speed, crossing it is on, crossing ahead) by second; returns its index."""
    person = kernel.add_person() if person is None else person
    for second, (speed, on, ahead) in enumerate(steps):
        kernel.begin_step(begun_s + second + 1.0)
        if second == 0:
            kernel.begin_walk(person, begun_s, top_speed)
        kernel.see_walker(person, speed, on, ahead)
    return person


TO_CROSSING = [(1.25, -1, -1)] * 10 + [(1.25, -1, 0)] * 2 + [(0.0, -1, 0)] * 20 + [(1.25, 0, -1)] * 8


def test_a_walk_loses_its_duration_less_free_walking_and_waits_where_it_stands():
    kernel = walkers(2, 1.0, 0.0, 100.0)
    person = walk(kernel, TO_CROSSING)
    kernel.begin_step(41.0)
    kernel.end_walk(person, 25.0)
    kernel.retire_person(person)
    # 40 s for 25 m that take 20 s unhindered; 20 s of it stood before the crossing.
    assert (kernel.n_persons, kernel.n_walks, kernel.delay_sum_s) == (1, 1, 20.0)
    sums = {name: values.tolist() for name, values in kernel.crossing_sums().items()}
    assert sums == {"persons": [1, 0], "wait_s": [20.0, 0.0], "longest_s": [20.0, 0.0]}


def test_who_still_walks_or_waits_counts_to_the_end():
    kernel = walkers(1, 1.0, 0.0, 100.0)
    kernel.retire_person(walk(kernel, TO_CROSSING[:20]))
    assert kernel.delay_sum_s == 8.0
    assert kernel.crossing_sums()["wait_s"].tolist() == [8.0]


def test_a_person_with_two_walks_is_one_person():
    kernel = walkers(1, 1.0, 0.0, 100.0)
    person = walk(kernel, TO_CROSSING)
    kernel.begin_step(41.0)
    kernel.end_walk(person, 25.0)
    walk(kernel, TO_CROSSING, 41.0, person=person)
    assert (kernel.n_persons, kernel.n_walks) == (1, 2)


def test_walks_begun_before_the_window_are_left_out():
    kernel = walkers(1, 1.0, 5.0, 100.0)
    person = walk(kernel, TO_CROSSING)
    kernel.begin_step(41.0)
    kernel.end_walk(person, 25.0)
    # It came to the crossing within the window, so its wait there counts.
    assert (kernel.n_persons, kernel.delay_sum_s) == (0, 0.0)
    assert kernel.crossing_sums()["persons"].tolist() == [1]


@pytest.mark.parametrize("seed", range(10))
def test_kernel_equals_its_plain_twin(seed):
    random = np.random.default_rng(seed)
    kernels = [kind(3, 0.5, 20.0, 150.0) for kind in (walkers, PlainWalkers)]
    there, walking = [], set()
    for tick in range(1, 321):
        now = tick * 0.5
        for kernel in kernels:
            kernel.begin_step(now)
        if random.random() < 0.3:
            added = {kernel.add_person() for kernel in kernels}
            assert len(added) == 1
            there += added
        for person in list(there):
            if person not in walking and random.random() < 0.3:
                top = float(random.uniform(0.8, 1.6))
                for kernel in kernels:
                    kernel.begin_walk(person, now - 0.5, top)
                walking.add(person)
            if person in walking:
                speed = float(random.choice([0.0, 0.05, 1.0]))
                on, ahead = (int(i) for i in random.choice([-1, 0, 1, 2], 2, p=[0.4, 0.2, 0.2, 0.2]))
                for kernel in kernels:
                    kernel.see_walker(person, speed, on, ahead)
                if random.random() < 0.05:
                    length_m = float(random.choice([-1.0, 12.5]))
                    for kernel in kernels:
                        kernel.end_walk(person, length_m)
                    walking.discard(person)
            if random.random() < 0.03:
                for kernel in kernels:
                    kernel.retire_person(person)
                walking.discard(person)
                there.remove(person)
    ours, theirs = kernels
    assert {name: values.tolist() for name, values in ours.crossing_sums().items()} == theirs.crossing_sums()
    for name in ("delay_sum_s", "n_persons", "n_walks"):
        assert getattr(ours, name) == getattr(theirs, name) > 0, name


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(ValueError, match="-1 crossings"):
        walkers(-1, 1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="nothing to score"):
        walkers(1, 0.0, 0.0, 1.0)
