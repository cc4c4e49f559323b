"""Intergreens that another order of stages needs: nobody gets green early, and everybody closes as today."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.plan import Phase, Program
from engine.transitions import Transitions


def program(*phases):
    """Return a program of (seconds, state) intervals; those with yellow, or written with a minus, are intergreens."""
    made, stage = [], 0
    for seconds, state in phases:
        between = seconds < 0 or "y" in state or "u" in state
        made.append(Phase(abs(seconds), state, -1 if between else stage))
        stage += not between
    return Program("a", tuple(made), 0.0, (5.0,) * stage, (60.0,) * stage)


def shown(phases):
    return [(phase.duration_s, phase.state) for phase in phases]


def test_an_intergreen_that_the_program_shows_stays_as_it_is():
    of = program((20, "Grr"), (3, "yrr"), (10, "rGr"), (4, "ryr"), (-2, "rrr"), (10, "rrG"), (3, "rry"))
    transitions = Transitions(of)
    assert transitions.order == (0, 1, 2)
    assert shown(transitions.between(0, 1)) == [(3, "yrr")]
    assert shown(transitions.between(1, 2)) == [(4, "ryr"), (2, "rrr")]
    assert transitions.between(1, 2, more_red_s=3.0) == transitions.between(1, 2)


def test_a_new_one_has_each_links_own_yellow_and_the_longest_all_red():
    of = program((20, "Grr"), (3, "yrr"), (10, "rGr"), (4, "ryr"), (-2, "rrr"), (10, "rrG"), (3, "rry"))
    transitions = Transitions(of)
    assert shown(transitions.between(0, 2)) == [(3, "yrr"), (2, "rrr")]
    assert shown(transitions.between(1, 0)) == [(4, "ryr"), (2, "rrr")]
    assert shown(transitions.between(0, 2, more_red_s=1.0)) == [(3, "yrr"), (3, "rrr")]


def test_a_link_that_keeps_green_shows_no_yellow_and_one_that_gains_it_waits():
    # The left turn of the first stage goes on, protected, in the third.
    of = program((20, "Ggrr"), (3, "yyrr"), (9, "rrGr"), (3, "rryr"), (8, "rGrG"), (3, "ryry"))
    transitions = Transitions(of)
    assert shown(transitions.between(0, 2)) == [(3, "ygrr")]
    assert shown(transitions.between(2, 1)) == [(3, "ryry")]
    # Today the turn closes on the way to the second stage; from the third to the first it stays open.
    assert shown(Transitions(of).between(1, 0)) == [(3, "rryr")]


def test_links_that_close_differently_close_side_by_side():
    # A lorry's movement has five seconds of yellow, a car's three; each is today's.
    of = program((20, "GGr"), (5, "yGr"), (-3, "ryr"), (9, "rrG"), (3, "rry"), (9, "Grr"), (5, "yrr"))
    transitions = Transitions(of)
    assert shown(transitions.between(0, 1)) == [(5, "yGr"), (3, "ryr")]
    # The first link has three seconds before the third one's green today, and keeps them.
    assert shown(transitions.between(2, 1)) == [(5, "yrr"), (3, "rrr")]


def test_a_crossing_has_the_time_to_clear_that_it_has_today():
    # After walk the crossing is red for 6 + 3 + 1 s while the vehicles beside it clear.
    of = program(
        (20, "GrG"), (-6, "Grr"), (3, "yrr"), (-1, "rrr"), (9, "rGr"), (3, "ryr"), (-1, "rrr"), (9, "GGr"), (3, "yyr")
    )
    transitions = Transitions(of)
    assert shown(transitions.between(0, 2)) == [(10, "Grr")]


def test_red_and_yellow_comes_before_green_where_it_does_today():
    of = program((20, "Grr"), (3, "yrr"), (-1, "rur"), (9, "rGr"), (3, "ryr"), (-2, "rru"), (9, "rrG"), (3, "rry"))
    transitions = Transitions(of)
    assert shown(transitions.between(0, 2)) == [(3, "yrr"), (2, "rru")]
    assert shown(transitions.between(2, 1)) == [(3, "rry"), (1, "rrr"), (1, "rur")]


def test_flashing_green_before_yellow_is_kept():
    flash = [(1, "rrr"), (1, "Grr"), (1, "rrr"), (1, "Grr")]
    of = program(
        (20, "Grr"),
        *((-seconds, state) for seconds, state in flash),
        (3, "yrr"),
        (9, "rGr"),
        (3, "ryr"),
        (9, "rrG"),
        (3, "rry"),
    )
    assert shown(Transitions(of).between(0, 2)) == [*flash, (3, "yrr")]


LINKS = 5
greens = st.frozensets(st.integers(0, LINKS - 1), min_size=1, max_size=3)


@st.composite
def any_program(draw):
    """Draw a program whose links each have a yellow of their own."""
    stages = draw(st.lists(greens, min_size=3, max_size=6, unique=True))
    yellows = draw(st.lists(st.integers(2, 6), min_size=LINKS, max_size=LINKS))
    letters = draw(st.lists(st.sampled_from("Gg"), min_size=LINKS, max_size=LINKS))
    phases = []
    for number, green in enumerate(stages):
        after = stages[(number + 1) % len(stages)]
        phases.append(Phase(20.0, "".join(letters[i] if i in green else "r" for i in range(LINKS)), number))
        lost = sorted(green - after)
        for at in range(max((yellows[i] for i in lost), default=0)):
            # Those with less yellow keep green for longer, so that all yellows end together.
            longest = max(yellows[i] for i in lost)
            state = [letters[i] if i in green & after else "r" for i in range(LINKS)]
            for i in lost:
                state[i] = "y" if at >= longest - yellows[i] else letters[i]
            phases.append(Phase(1.0, "".join(state), -1))
        red_s = draw(st.integers(0, 3)) if lost else 0
        if red_s:
            state = "".join(letters[i] if i in green & after else "r" for i in range(LINKS))
            phases.append(Phase(float(red_s), state, -1))
    n = len(stages)
    return Program("a", tuple(phases), 0.0, (5.0,) * n, (60.0,) * n), yellows


@settings(max_examples=200, deadline=None)
@given(drawn=any_program())
def test_every_pair_of_stages_has_an_intergreen_that_is_safe(drawn):
    of, yellows = drawn
    transitions = Transitions(of)
    for one in transitions.order:
        for other in transitions.order:
            if one == other:
                continue
            before, after = transitions.states[one], transitions.states[other]
            phases = transitions.between(one, other)
            for link in range(LINKS):
                letters = "".join(phase.state[link] * round(phase.duration_s) for phase in phases)
                if before[link] in "Gg" and after[link] in "Gg":
                    assert set(letters) <= {before[link]}
                elif before[link] in "Gg":
                    assert letters.count("y") == yellows[link]
                    assert letters == letters.rstrip("r").rstrip("y") + "y" * yellows[link] + "r" * letters.count("r")
                else:
                    assert set(letters) <= {"r"}


def test_a_program_of_two_stages_has_no_other_order():
    of = program((20, "Gr"), (3, "yr"), (20, "rG"), (3, "ry"))
    assert Transitions(of).order == (0, 1)
    with pytest.raises(KeyError):
        Transitions(of).between(0, 5)
