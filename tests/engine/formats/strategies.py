"""Hypothesis strategies: plans of the built-in junction, UTDF files, and ring-and-barrier timings."""

from hypothesis import strategies as st

from engine.formats.utdf import Record, Section, Utdf
from engine.plan import Phase, Plan, Program
from engine.ring_program import Service, Wiring
from engine.rings import OffsetReference, Recall, RingPhase, RingTiming

SECONDS = st.one_of(st.integers(1, 200).map(float), st.integers(1, 999).map(lambda tenths: tenths / 10.0))


@st.composite
def programs(draw, signal, width):
    """Return a program of a signal, whatever its states mean."""
    n = draw(st.integers(1, 9))
    states = draw(st.lists(st.text("GgyrsuoO", min_size=width, max_size=width), min_size=n, max_size=n))
    marks = draw(st.lists(st.integers(-1, 4), min_size=n, max_size=n))
    numbers = {mark: i for i, mark in enumerate(sorted({mark for mark in marks if mark >= 0}))}
    phases = tuple(
        Phase(draw(SECONDS), state, numbers.get(mark, -1)) for state, mark in zip(states, marks, strict=True)
    )
    low = tuple(draw(st.integers(0, 30)) for _ in numbers)
    high = tuple(bound + draw(st.integers(0, 90)) for bound in low)
    cycle_s = sum(phase.duration_s for phase in phases)
    offset_s = draw(st.floats(0.0, 1.0, exclude_max=True).map(lambda share: round(share * cycle_s, 1)))
    return Program(signal, phases, offset_s if offset_s < cycle_s else 0.0, low, high)


def plans(network):
    """Return a plan for one of a network's signals."""
    signal = network.signals[0]
    width = 1 + max(link.index for link in signal.links)
    return programs(signal.id, width).map(lambda program: Plan((program,)))


CELLS = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12)


@st.composite
def utdf_files(draw):
    """Return a file of any sections; only what its own text could be mistaken for is left out."""
    sections = []
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(["Network", "Lanes", "Phases", "扩展", "Detectors x"]))
        width = draw(st.integers(2, 6))
        row = st.lists(CELLS, min_size=width, max_size=width).filter(any).map(tuple)
        columns = draw(row.filter(lambda cells: cells[-1] != "" and not cells[0].startswith("[")))
        rows = draw(st.lists(row.filter(lambda cells: not cells[0].startswith("[")), max_size=4))
        title = draw(st.sampled_from(["Lane Group Data", "标题", "x y"]))
        sections.append(Section(name, title, columns, tuple(map(Record, rows)), draw(st.integers(0, 2))))
    return Utdf(tuple(sections), draw(st.sampled_from(["\r\n", "\n"])), padded=draw(st.sampled_from([0, 0, 9])))


LEFTS = {1: "W", 5: "E", 3: "S", 7: "N"}
THROUGHS = {6: "W", 2: "E", 8: "S", 4: "N"}


def nema_wiring(signal):
    """Return the conventional phases of a four-leg signal whose main road is east-west: lefts protected only."""
    services = {}
    for number, approach in (LEFTS | THROUGHS).items():
        own = [link for link in signal.links if link.approach == approach and link.kind == "vehicle"]
        turns = {"left", "uturn"} if number in LEFTS else {"through"}
        protected = frozenset(link.index for link in own if link.turn in turns)
        right = frozenset(link.index for link in own if link.turn == "right") if number in THROUGHS else frozenset()
        services[number] = Service(protected, right)
    return Wiring(services)


@st.composite
def ring_timings(draw, signal):
    """Return dual-ring timing in whole seconds: any splits, any lead and lag, walks with some through phases."""
    changes = {n: (float(draw(st.integers(3, 5))), float(draw(st.integers(0, 3)))) for n in range(1, 9)}
    phases = []
    for barrier, pairs in ((1, ((1, 2), (5, 6))), (2, ((3, 4), (7, 8)))):
        span_s = float(draw(st.integers(50, 90)))
        for ring, pair in enumerate(pairs, start=1):
            left_s = float(draw(st.integers(14, 30)))
            order = pair if draw(st.booleans()) else pair[::-1]
            for position, number in enumerate(order, start=1):
                yellow_s, all_red_s = changes[number]
                green_s = (left_s if number in LEFTS else span_s - left_s) - yellow_s - all_red_s
                walk_s, dont_walk_s = None, None
                if number in THROUGHS and draw(st.booleans()):
                    walk_s = 5.0
                    dont_walk_s = float(draw(st.integers(0, int(green_s) - 5)))
                phases.append(
                    RingPhase(
                        number,
                        barrier,
                        ring,
                        position,
                        green_s,
                        yellow_s,
                        all_red_s,
                        5.0,
                        walk_s,
                        dont_walk_s,
                        max(5.0, (walk_s or 0.0) + (dont_walk_s or 0.0)) + yellow_s + all_red_s,
                        draw(st.sampled_from(list(Recall))),
                        number % 2 == 0,
                    )
                )
    phases.sort(key=lambda phase: (phase.barrier, phase.ring, phase.position))
    timing = RingTiming(signal.id, 0.0, 0.0, OffsetReference.LAST_GREEN, (2, 6), tuple(phases))
    cycle_s = sum(timing.barrier_s(barrier) for barrier in timing.barriers)
    reference = draw(st.sampled_from(list(OffsetReference)))
    numbers = draw(st.sampled_from([(2, 6), (4, 8), (2,), (4,)]))
    offset_s = float(draw(st.integers(0, int(cycle_s) - 1)))
    return RingTiming(signal.id, cycle_s, offset_s, reference, numbers, tuple(phases))
