"""Made-up signals and programs for audits: four vehicle links, two crossings, any letters."""

from hypothesis import strategies as st

from engine.audit import Limit, Rules
from engine.network import Link, Network, Signal
from engine.plan import Phase, Program
from engine.stages import NetPhase, NetProgram, stage_program


def limit(value, unit="s"):
    return Limit(value, unit, "here", "a test", True)


def rules(**values):
    return Rules(name="test", title="a test", **{name: limit(value) for name, value in values.items()})


def link(index, movement, foes=(), yields=(), clear_m=None, kind="vehicle", length_m=20.0, speed=13.89, grade=0.0):
    approach, _, turn = movement.partition("-")
    return Link(
        index, movement, approach, turn or "crossing", kind, f"l{index}", f"o{index}", length_m, tuple(foes),
        frozenset(yields), tuple(clear_m or (length_m,) * len(foes)), speed, speed, grade,
    )  # fmt: skip


def network(links, program=None):
    return Network(
        (Signal("s", tuple(links), (), program, "" if program else "it has no program", (0.0, 0.0)),), (), frozenset()
    )


def program(*phases, offset_s=0.0):
    """Return a program of (seconds, state) with its stages told from its intergreens."""
    raw = NetProgram("s", "0", "static", offset_s, tuple(NetPhase(*phase) for phase in phases))
    made, _ = stage_program(raw, [link(i, f"N-{i}") for i in range(len(phases[0][1]))], 1.0)
    return made


JUNCTION = (
    link(0, "N-through", (2, 3, 5), (), (14.0, 20.0, 18.0)),
    link(1, "N-left", (2, 3, 4), (2,), (16.0, 12.0, 19.0), length_m=24.0, speed=9.0),
    link(2, "S-through", (1, 3), (), (15.0, 21.0)),
    link(3, "E-through", (0, 1, 2, 4), (), (11.0, 17.0, 9.0, 5.0), speed=16.67),
    link(4, "crossing E", (1, 3), (), kind="pedestrian", length_m=11.0),
    link(5, "crossing N", (0,), (), kind="pedestrian", length_m=7.5),
)
"""Two roads: north and south against east, a left turn that gives way to oncoming traffic, two crossings."""

STAGES = ("GgGrGr", "rGrrrG", "rrrGrG", "GrGrGr", "GGrrrr")


@st.composite
def programs(draw):
    """Draw programs of two to four stages with yellow and all-red of any length, and stages of 3 to 60 s."""
    stages = draw(st.lists(st.sampled_from(STAGES), min_size=2, max_size=4))
    yellow_s, red_s = draw(st.integers(1, 5)), draw(st.integers(0, 4))
    phases = []
    number = 0
    for i, state in enumerate(stages):
        after = stages[(i + 1) % len(stages)]
        phases.append(Phase(float(draw(st.integers(3, 60))), state, number))
        number += 1
        lost = [k for k in range(6) if state[k] in "Gg" and after[k] == "r"]
        if lost:
            amber = "".join("y" if k in lost and k < 4 else "r" if k in lost else state[k] for k in range(6))
            phases.append(Phase(float(yellow_s), amber, -1))
            if red_s:
                phases.append(Phase(float(red_s), amber.replace("y", "r"), -1))
    cycle_s = sum(phase.duration_s for phase in phases)
    offset_s = float(draw(st.integers(0, int(cycle_s) - 1)))
    return Program("s", tuple(phases), offset_s, (3.0,) * number, (600.0,) * number)


rule_books = st.builds(
    rules,
    min_green_s=st.integers(0, 20),
    yellow_min_s=st.just(1.0),
    yellow_max_s=st.just(6.0),
    reaction_s=st.floats(0.5, 1.5),
    deceleration_m_s2=st.floats(2.0, 4.0),
    red_clearance_max_s=st.just(6.0),
    vehicle_length_m=st.floats(0.0, 10.0),
    walk_s=st.integers(0, 10),
    walking_m_s=st.floats(0.7, 1.5),
    cycle_min_s=st.integers(20, 60),
    cycle_max_s=st.integers(60, 200),
    max_red_s=st.integers(5, 150),
)
