"""Rivals made by hand: delays by seed, and what a place needs beside them."""

from experiments.compare.rivals import Rival, Window
from experiments.compare.values import NETWORK, Unit

WINDOW = Window(0.0, 3600.0)
ENVIRONMENT = {"versions": {"greensplit": "0.1.0", "eclipse-sumo": "1.28.0"}, "inputs": {"x.net.xml": "ab" * 32}}
NORTH = Unit("approach", "J1", "N")
SOUTH = Unit("approach", "J1", "S")


def rival(label, delays, scenario="town", kind="plan", more=None, gridlocks=(), asked=None, **changes):
    """A plan with `delays` by seed; `more` are further values by unit and measure."""
    values = {
        (NETWORK, "delay_s"): dict(delays),
        (NETWORK, "gridlock"): {seed: float(seed in gridlocks) for seed in delays},
        (NETWORK, "vehicles"): dict.fromkeys(delays, 500.0),
        **(more or {}),
    }
    fields = {
        "plan_id": "baseline" if kind == "net" else label,
        "source": changes.pop("source", label),
        "window": WINDOW,
        "environment": ENVIRONMENT,
    } | changes
    return Rival(label, kind, scenario=scenario, values=values, asked=frozenset(asked or delays), **fields)


def delays(mean, n=10, first=101, spread=1.0):
    """Delays of n seeds around a mean, the same pattern for every plan."""
    return {first + i: mean + spread * ((i * 7) % 5 - 2) for i in range(n)}
