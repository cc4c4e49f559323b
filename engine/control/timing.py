"""What rules ask of the lights of one signal, link by link: yellow, minimum green, and the time between two greens."""

from __future__ import annotations

from dataclasses import dataclass

from engine.audit.aspects import controlled
from engine.audit.clearance import red_needed
from engine.audit.rules import Rules
from engine.audit.vehicles import yellow_needed
from engine.conflicts import GREEN, conflict
from engine.network import Signal
from engine.stages import WALK_S, WALKING_SPEED
from kernels.formulas import pedestrian_clearance

__all__ = ["MIN_GREEN_S", "YELLOW_S", "Foe", "Timing", "timing"]

MIN_GREEN_S = 5.0
YELLOW_S = 3.0
"""Where the rules set none."""


@dataclass(frozen=True)
class Foe:
    """A link whose way crosses or merges with another's.

    Attributes:
        index: which one.
        clearance_s: from the end of this one's yellow (a crossing's green) to the other's green, where this one is the
            one that ends.
        yields: whether the network makes the link itself give way to this foe where its green is permissive.
        wins: whether it makes the foe give way to the link.
        together: whether the program in the net shows both green at once although nothing resolves that. What the
            street has is the audit's to report; to keep them apart would leave a movement without green.
    """

    index: int
    clearance_s: float
    yields: bool
    wins: bool
    together: bool = False


@dataclass(frozen=True)
class Timing:
    """The rules as they hold at one signal.

    Attributes:
        signal: its id.
        yellow_s, min_green_s: of each letter of its state, seconds; a crossing's least green is its walk, its yellow 0.
        walking: whether a letter is a crossing's.
        foes: of each letter.
    """

    signal: str
    yellow_s: tuple[float, ...]
    min_green_s: tuple[float, ...]
    walking: tuple[bool, ...]
    foes: tuple[tuple[Foe, ...], ...]


def timing(signal: Signal, rules: Rules, n_letters: int) -> Timing:
    """Return the rules as they hold at a signal; walk and pedestrian clearance never below the project's floor.

    Args:
        signal: the signal.
        rules: as they hold in the scenario (`Rules.for_scenario`).
        n_letters: letters of its state; those that no link has are never asked for.
    """
    links = controlled(signal.links)
    phases = signal.program.phases if signal.program else ()
    least_s = rules.min_green_s.value
    walk_s = max(WALK_S, rules.walk_s.value or 0.0)
    speed = min(WALKING_SPEED, rules.walking_m_s.value or WALKING_SPEED)
    yellow, green, walking = [0.0] * n_letters, [0.0] * n_letters, [False] * n_letters
    foes: list[list[Foe]] = [[] for _ in range(n_letters)]
    for index, link in links.items():
        walking[index] = link.walking
        green[index] = walk_s if link.walking else MIN_GREEN_S if least_s is None else least_s
        if not link.walking:
            needed_s = yellow_needed(link, rules)[0]
            yellow[index] = YELLOW_S if needed_s is None else needed_s
        for other in link.clear_m:
            if other not in links:
                continue
            cleared_s = (
                float(pedestrian_clearance(link.length_m, speed)) if link.walking else red_needed(link, other, rules)[0]
            )
            yields, wins = other in link.yields, index in links[other].yields
            together = any(
                phase.state[index] in GREEN
                and phase.state[other] in GREEN
                and conflict(phase.state[index], phase.state[other], yields, wins)
                for phase in phases
            )
            foes[index].append(Foe(other, cleared_s, yields, wins, together))
    return Timing(signal.id, tuple(yellow), tuple(green), tuple(walking), tuple(tuple(of) for of in foes))
