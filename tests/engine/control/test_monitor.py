"""No controller, however wild, gets a light past the monitor that the rules forbid."""

import itertools
import random

import pytest

from engine.control.guard import Guard
from engine.control.monitor import Monitor
from engine.control.stages import stages_of
from engine.control.timing import timing
from engine.errors import InputError
from tests.conftest import built
from tests.engine.control.judge import violations
from tests.engine.made_signals import JUNCTION, network, program, rules

STRICT = {"min_green_s": 6.0, "yellow_min_s": 3.0, "red_clearance_min_s": 2.0, "walk_s": 7.0, "walking_m_s": 1.0}
JUDGED = {"min_green_s": 6.0, "yellow_s": 3.0, "all_red_s": 2.0, "walk_s": 7.0, "walking_m_s": 1.0}


def wild(draw, stages, n_letters):
    """Return letters that a random controller asks for: a stage, a stage with errors, or noise."""
    kind = draw.random()
    if kind < 0.5 and stages:
        return draw.choice(stages)
    if kind < 0.75 and stages:
        letters = list(draw.choice(stages))
        for _ in range(draw.randint(1, 4)):
            letters[draw.randrange(n_letters)] = draw.choice("GgrysuoO")
        return "".join(letters)
    return "".join(draw.choices("Ggrrysu", k=n_letters))


def driven(signal, of, n_letters, n_decisions, seed):
    """Return what a signal shows, second by second, while a random controller changes its mind."""
    draw = random.Random(seed)
    stages = stages_of(signal)
    light = Monitor(of, "r" * n_letters, 0.0)
    record, asked, patience = [], "r" * n_letters, 0.3
    for now in range(n_decisions):
        if draw.random() < patience:
            asked = wild(draw, stages, n_letters)
            patience = draw.choice((1.0, 0.3, 0.05))
        record.append(light.step(asked, float(now)))
    return record, light


def hold(networks, n_decisions):
    """Assert that nothing is broken in so many decisions, shared by all signals of these networks."""
    signals = [signal for net in networks for signal in net.signals]
    n_each = -(-n_decisions // len(signals))
    changes = 0
    for seed, signal in enumerate(signals):
        n_letters = 1 + max(link.index for link in signal.links)
        of = timing(signal, rules(**STRICT), n_letters)
        record, light = driven(signal, of, n_letters, n_each, seed)
        assert violations(signal, record, **JUDGED)[:5] == [], signal.id
        changes += sum(a != b for a, b in itertools.pairwise(record))
        assert light.interventions.total() > 0
    # A light that never changes breaks nothing: it did change.
    assert changes > n_decisions / 50
    return n_each * len(signals)


def crossing_network():
    return network(JUNCTION, program((20.0, "GgGrGr"), (3.0, "ygyrrr"), (15.0, "rrrGrG"), (3.0, "rrryrr")))


def test_no_decision_breaks_a_rule(junction, cologne1):
    assert hold([crossing_network(), junction[1], cologne1[1]], 30_000) >= 30_000


@pytest.mark.slow
def test_a_million_decisions_break_no_rule(tmp_path, junction):
    nets = [built(tmp_path / name, f"scenario={name}")[1] for name in ("cologne8", "ingolstadt7", "grid4x4")]
    assert hold([crossing_network(), junction[1], *nets], 1_000_000) >= 1_000_000


def test_the_judge_finds_what_is_broken(junction):
    """Each fault that the monitor prevents is one that the judge sees."""
    signal = crossing_network().signals[0]
    good = (
        ["rrrrrr"] * 3
        + ["GrrrGr"] * 40
        + ["yrrrGr"] * 3
        + ["rrrrrr"] * 25
        + ["rrrGrr"] * 20
        + ["rrryrr"] * 3
        + ["rrrrrr"]
    )
    assert violations(signal, good, **JUDGED) == []

    def said(record):
        return " ".join(violations(signal, record, **JUDGED))

    assert "conflicting green" in said([*good[:10], *["GrrGGr"] * 3, *good[13:]])
    assert "yellow of 0" in said([*good[:43], *["yrrrGr"] * 2, *["rrrrrr"] * 25, *good[71:]])
    assert "no yellow" in said([*good[:43], *["rrrrrr"] * 28, *good[71:]])
    assert "green of 3" in said([*good[:71], *["rrrGrr"] * 5, *good[91:]])
    assert "clearance 0 before 3" in said([*good[:46], "rrrrrr", *good[71:]])
    assert "clearance 4 before 3" in said([*good[:46], *["rrrrrr"] * 6, *good[71:]])


def test_a_protected_turn_that_goes_on_yielding_lets_the_others_wait():
    signal = crossing_network().signals[0]
    light = Monitor(timing(signal, rules(**STRICT), 6), "rGrrrr", 0.0)
    shown = [light.step("rggrrr".replace("gg", "gG"), float(now)) for now in range(12)]
    assert shown[0] == "rgrrrr"
    assert shown.index("rgGrrr") == 5  # yellow and all-red after the right of way ended


def test_greens_that_the_street_shows_together_stay_together_and_no_others():
    made = network(JUNCTION, program((20.0, "GrrGrr"), (3.0, "yrryrr"), (15.0, "rrGrrr"), (3.0, "rryrrr")))
    light = Monitor(timing(made.signals[0], rules(**STRICT), 6), "rrrrrr", 0.0)
    assert light.step("GrrGrr", 0.0) == "GrrGrr"
    apart = network(JUNCTION, program((20.0, "GrrrGr"), (3.0, "yrrrrr"), (15.0, "rrrGrr"), (3.0, "rrryrr")))
    light = Monitor(timing(apart.signals[0], rules(**STRICT), 6), "rrrrrr", 0.0)
    assert light.step("GrrGrr", 0.0) == "Grrrrr"
    assert light.interventions["conflicting greens"] == 1


def test_a_longest_red_that_the_stages_leave_no_room_for_is_refused_in_one_line():
    of = timing(crossing_network().signals[0], rules(**STRICT), 6)
    with pytest.raises(
        InputError, match=r"leave a red of .* and the longest is to be 10 s\. Raise controller.max_red_s"
    ):
        Guard(crossing_network().signals[0], of, 10.0)
