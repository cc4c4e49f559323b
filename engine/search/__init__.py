"""Searches: who proposes which plans, on which seeds, and learns from what came of it."""

from engine.search._base import Evaluation, Search, Trial
from engine.search._drive import drive
from engine.search._evolution import CmaEs, Nsga2, Tpe
from engine.search._race import Race
from engine.search._sampling import Grid, Sampling, Sobol
from engine.search._textbook import Textbook

__all__ = [
    "SEARCHES",
    "CmaEs",
    "Evaluation",
    "Grid",
    "Nsga2",
    "Race",
    "Sampling",
    "Search",
    "Sobol",
    "Textbook",
    "Tpe",
    "Trial",
    "drive",
]

SEARCHES: dict[str, type[Search]] = {
    "race": Race,
    "sobol": Sobol,
    "grid": Grid,
    "tpe": Tpe,
    "cmaes": CmaEs,
    "nsga2": Nsga2,
    "maxband": Textbook,
    "webster": Textbook,
}
"""Search strategies by the name that the configuration gives them."""
