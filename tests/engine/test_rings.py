"""Ring-and-barrier timing: who leads, where the offset is, what does not fit."""

import dataclasses

import pytest

from engine.errors import InputError
from engine.network import Link
from engine.ring_form import differences, ring_form
from engine.ring_program import Service, Wiring, ring_program, shared_greens, walks, whole_seconds
from engine.rings import OffsetReference, Overlap, RingPhase, RingTiming, problems, shortfalls


def phase(number, barrier, ring, position, green_s, **more):
    return RingPhase(number, barrier, ring, position, green_s, 3.0, 2.0, 5.0, min_split_s=10.0, **more)


def timing(*phases, cycle_s=90.0, offset_s=20.0, reference=OffsetReference.LAST_GREEN, numbers=(2, 6), overlaps=()):
    return RingTiming("s", cycle_s, offset_s, reference, numbers, phases, overlaps)


# Ring 1: 1 leads 2; ring 2: 6 leads 5 (a lagging left); then 4 and 8.
LEAD_LAG = timing(
    phase(1, 1, 1, 1, 10.0), phase(2, 1, 1, 2, 30.0), phase(6, 1, 2, 1, 28.0), phase(5, 1, 2, 2, 12.0),
    phase(4, 2, 1, 1, 35.0), phase(8, 2, 2, 1, 35.0),
)  # fmt: skip


def test_lead_and_lag_are_positions():
    assert problems(LEAD_LAG) == shortfalls(LEAD_LAG) == []
    assert LEAD_LAG.starts_s() == {1: 0, 2: 15, 6: 0, 5: 33, 4: 50, 8: 50}
    assert [LEAD_LAG.leads(number) for number in (1, 2, 6, 5)] == [True, False, True, False]
    assert [phase.number for phase in LEAD_LAG.members(1, 2)] == [6, 5]
    with pytest.raises(KeyError):
        LEAD_LAG.phase(3)


@pytest.mark.parametrize(
    ("reference", "moment_s"),
    [
        (OffsetReference.LAST_GREEN, 15),  # phase 2
        (OffsetReference.FIRST_GREEN, 0),  # phase 6
        (OffsetReference.FIRST_YELLOW, 28),  # phase 6
        (OffsetReference.FIRST_RED, 33),  # phase 6 with its all-red
        (OffsetReference.FLASHING_DONT_WALK, 28),  # nobody walks with phase 6
    ],
)
def test_the_offset_is_that_of_its_reference(reference, moment_s):
    of = dataclasses.replace(LEAD_LAG, reference=reference)
    assert of.reference_s == moment_s
    assert of.begins_s == (20 - moment_s) % 90


def test_a_ring_that_is_early_waits_in_its_last_phase():
    of = dataclasses.replace(
        LEAD_LAG, phases=tuple(dataclasses.replace(p, green_s=20.0) if p.number == 2 else p for p in LEAD_LAG.phases)
    )
    assert problems(of) == []
    assert of.greens_s()[2] == 30
    assert shortfalls(of) == [
        "up to barrier 1 ring 2 (phases 6, 5) takes 50 s and ring 1 (phases 1, 2) 40 s: its last phase keeps green for 10 s more"
    ]


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (timing(), "it has no phase"),
        (timing(phase(2, 1, 1, 1, 85.0), phase(2, 1, 2, 1, 85.0)), "phase 2 is there twice"),
        (timing(phase(2, 1, 1, 1, 85.0), numbers=(4,)), "reference phase 4 is none of its phases"),
        (timing(phase(2, 1, 1, 1, 85.0), overlaps=(Overlap("A", (2, 3)),)), "overlap A goes with phase 3"),
        (timing(phase(2, 1, 1, 1, 85.0), offset_s=90.0), "offset 90 s is not within the cycle of 90 s"),
        (timing(phase(2, 1, 1, 1, 80.0)), "the splits sum to 85 s, the cycle is 90 s"),
        (timing(phase(2, 1, 1, 1, 0.0), cycle_s=5.0, offset_s=0.0), "phase 2: its split leaves no green"),
        (timing(phase(2, 1, 1, 1, -3.0), cycle_s=2.0, offset_s=0.0), "phase 2: green is -3 s, below 0"),
    ],
)
def test_what_cannot_be_run_is_said(of, says):
    assert any(says in text for text in problems(of))


def test_splits_below_what_walking_needs_are_said():
    walking = phase(2, 1, 1, 1, 20.0, walk_s=7.0, dont_walk_s=15.0)
    of = timing(dataclasses.replace(walking, min_split_s=20.0), cycle_s=25.0)
    assert shortfalls(of) == [
        "phase 2: MinSplit 20 s is below the 27 s that max(MinGreen, Walk + DontWalk) + Yellow + AllRed needs"
    ]
    of = timing(dataclasses.replace(walking, min_split_s=27.0), cycle_s=25.0)
    assert shortfalls(of) == ["phase 2: its split of 25 s is below its MinSplit of 27 s"]


def link(index, approach, turn, *foes, kind="vehicle"):
    name = f"crossing {approach}" if turn == "crossing" else f"{approach}-{turn}"
    return Link(index, name, approach, turn, kind, f"i{index}", f"o{index}", 15.0, tuple(foes))


# A T: the main road east-west, the stem from the south. 0: W through, 1: W right, 2: E left, 3: E through, 4: S left,
# 5: S right, 6: crossing over the stem.
T = (
    link(0, "W", "through", 2, 4, 5), link(1, "W", "right", 2, 6), link(2, "E", "left", 0, 1, 4, 6), link(3, "E", "through", 4),
    link(4, "S", "left", 0, 2, 3, 6), link(5, "S", "right", 0, 6), link(6, "S", "crossing", 1, 2, 4, 5, kind="pedestrian"),
)  # fmt: skip
T_TIMING = timing(
    phase(2, 1, 1, 2, 45.0), phase(5, 1, 2, 1, 10.0),
    phase(6, 1, 2, 2, 30.0, walk_s=5.0, dont_walk_s=12.0), phase(4, 2, 1, 1, 35.0),
)  # fmt: skip
T_WIRING = Wiring(
    {
        2: Service(frozenset({3}), frozenset({2})),
        5: Service(frozenset({2})),
        6: Service(frozenset({0}), frozenset({1})),
        4: Service(frozenset({4, 5})),
    }
)


def test_a_t_junction_in_letters():
    assert problems(T_TIMING) == []
    program = ring_program(T_TIMING, T_WIRING, T)
    assert [(p.duration_s, p.state, p.stage) for p in program.phases] == [
        (10, "rrGGrrr", 0),  # 2 and 5: the left turn is protected
        (5, "rrgGrrr", 1),  # 5 changes; the left turn keeps the green of phase 2, in which it gives way
        (18, "GggGrrG", 2),  # 2 and 6, with the crossing over the stem
        (12, "GggGrrr", -1),  # don't walk
        (3, "yyyyrrr", -1),
        (2, "rrrrrrr", -1),
        (35, "rrrrGGr", 3),
        (3, "rrrryyr", -1),
        (2, "rrrrrrr", -1),
    ]
    # Phase 6 is the last to turn green, 15 s after the barrier, and does so at the offset.
    assert program.offset_s == 5
    assert walks(T_TIMING, T_WIRING.services, T) == {6: (6,)}
    # The green of 6 is one stage and don't walk; that of 2 has two stages.
    assert shared_greens(T_TIMING, program) == [2]
    longer = dataclasses.replace(
        T_TIMING,
        phases=tuple(dataclasses.replace(p, min_green_s=25.0) if p.number == 6 else p for p in T_TIMING.phases),
    )
    assert (program.min_green_s[2], ring_program(longer, T_WIRING, T).min_green_s[2]) == (5, 25 - 12)


def test_links_that_no_phase_holds_back_give_way_and_turns_on_red_stop_first():
    wiring = dataclasses.replace(T_WIRING, always=frozenset({1}), on_red=frozenset({5}))
    states = [phase.state for phase in ring_program(T_TIMING, wiring, T).phases]
    assert states[0][1] == "g"  # the left turn from E goes first
    assert states[-2][1] == "G"  # nothing meets it in phase 4
    assert {state[5] for state in states} == {"s", "G", "y"}


def test_an_overlap_keeps_its_green_from_phase_to_phase():
    one = timing(phase(1, 1, 1, 1, 20.0), phase(2, 1, 1, 2, 30.0), phase(3, 1, 1, 3, 25.0), numbers=(1,))
    links = (link(0, "N", "through"), link(1, "N", "left"), link(2, "S", "through"))
    wiring = Wiring({1: Service(frozenset({0, 1})), 2: Service(frozenset({0})), 3: Service(frozenset({2}))})
    program = ring_program(one, wiring, links)
    states = [phase.state for phase in program.phases]
    assert states == ["GGr", "Gyr", "Grr", "yrr", "rrr", "rrG", "rry", "rrr"]
    # Its all-red and the next phase's green show the same, and are one interval.
    assert program.phases[2].duration_s == 2 + 30


def test_an_overlap_of_the_controller_is_a_movement_of_all_its_parents():
    of = dataclasses.replace(T_TIMING, overlaps=(Overlap("A", (4, 5)),))
    wiring = dataclasses.replace(T_WIRING, overlaps={"A": frozenset({5})})
    program = ring_program(of, wiring, T)
    stem_right = [phase.state[5] for phase in program.phases]
    # From its own stem's green through its change into phase 5, whose left turn it does not meet; then yellow.
    assert [state for state in stem_right if state != "r"] == ["G", "y", "G", "G", "G"]
    assert "".join(stem_right[-3:] + stem_right[:2]) == "GGGGy"


def test_greens_that_no_rule_resolves_are_refused():
    wiring = Wiring({**T_WIRING.services, 6: Service(frozenset({0, 4}))})
    with pytest.raises(InputError, match="'S-left' and 'W-through' conflict|'W-through' and 'S-left' conflict"):
        ring_program(T_TIMING, wiring, T)


def test_a_cycle_is_not_cut_in_the_middle_of_an_interval():
    one = timing(phase(2, 1, 1, 1, 40.0), phase(4, 1, 1, 2, 40.0), numbers=(2,), offset_s=0.0)
    links = (link(0, "N", "through"), link(1, "E", "through"), link(2, "E", "right"))
    wiring = Wiring({2: Service(frozenset({0, 2})), 4: Service(frozenset({1, 2}))})
    program = ring_program(one, wiring, links)
    assert program.phases[0].state == "GrG"
    assert {phase.state[2] for phase in program.phases} == {"G"}
    assert program.cycle_s == 90


def test_a_split_without_room_for_green_is_refused():
    with pytest.raises(InputError, match="signal 's', phase 2: a split of 5.6 s leaves no green beside 4 s of yellow"):
        whole_seconds(timing(RingPhase(2, 1, 1, 1, 0.6, 3.2, 1.8, 0.0), cycle_s=5.6, numbers=(2,), offset_s=0.0))


def test_a_program_that_is_no_ring_says_so():
    program = ring_program(T_TIMING, T_WIRING, T)
    assert ring_form(program, T)[0].differences == frozenset()
    late = dataclasses.replace(program, offset_s=program.offset_s + 1)
    assert differences(program, late) is None
    no_stage = dataclasses.replace(
        program, phases=tuple(dataclasses.replace(p, stage=-1) for p in program.phases), min_green_s=(), max_green_s=()
    )
    blinking = dataclasses.replace(
        no_stage, phases=tuple(dataclasses.replace(p, state="ooooooo") for p in no_stage.phases)
    )
    assert ring_form(blinking, T) == (None, "it has no stage")
