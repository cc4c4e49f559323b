"""How the traffic of an approach spreads over its lanes."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["spread"]

ROUNDS = 200
EXACT = 1e-6


def spread(flows: Sequence[float], lanes: Sequence[Sequence[int]], supply: Sequence[float]) -> list[list[float]]:
    """Return the flow of each movement in each lane, shape (n_movements, n_lanes): all lanes equally full.

    Drivers choose lanes so that every lane they may use has the same ratio of demand to supply (HCM eq. 31-46).
    That is the least sum of squared demand over supply, which is found movement by movement.

    Args:
        flows: of each movement, through cars per hour.
        lanes: the lanes that serve each movement.
        supply: what each lane can serve, above 0, in the same unit.
    """
    load = [0.0] * len(supply)
    shares = [[0.0] * len(supply) for _ in flows]
    for _ in range(ROUNDS):
        moved = 0.0
        for m, flow in enumerate(flows):
            others = {lane: load[lane] - shares[m][lane] for lane in lanes[m]}
            filled = _fill(flow, others, supply)
            for lane, value in filled.items():
                moved = max(moved, abs(value - shares[m][lane]))
                load[lane] = others[lane] + value
                shares[m][lane] = value
        if moved < EXACT:
            break
    return shares


def _fill(flow: float, others: dict[int, float], supply: Sequence[float]) -> dict[int, float]:
    """Return `flow` poured over lanes that hold `others`, the emptiest first, to one level."""
    order = sorted(others, key=lambda lane: others[lane] / supply[lane])
    level = 0.0
    for n in range(1, len(order) + 1):
        level = (flow + sum(others[lane] for lane in order[:n])) / sum(supply[lane] for lane in order[:n])
        if n == len(order) or level <= others[order[n]] / supply[order[n]]:
            break
    return {lane: max(0.0, level * supply[lane] - others[lane]) for lane in others}
