"""Checks that the configurations share; each names the key, what is wrong and what to give instead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from engine.errors import InputError, nearest

__all__ = [
    "BACKENDS",
    "MEASURES",
    "above_zero",
    "at_least",
    "one_of",
    "path_field",
    "paths_field",
    "seeds_once",
    "there",
]

BACKENDS = ("native", "libsumo", "traci", "gui")
MEASURES = ("traffic", "all")


def path_field() -> Any:
    """Return a field for a path that may be left out; the command line takes it as it is, whatever is in it."""
    return field(default=None, metadata={"path": True})


def paths_field() -> Any:
    """Return a field for any number of paths or names, each of which the command line takes as it is."""
    return field(default=(), metadata={"paths": True})


def one_of(key: str, value: str, known: Collection[str]) -> None:
    """Refuse a value that is not one of those known, and name the nearest one."""
    if value not in known:
        raise InputError(f"{key}={value} is not known.{nearest(value, known)} Choose one of: {', '.join(known)}.")


def at_least(key: str, value: float | None, least: float) -> None:
    """Refuse a number below `least`; one that is left out is none."""
    if value is not None and not value >= least:
        raise InputError(f"{key}={value:g} is too small. Give at least {least:g}.")


def above_zero(key: str, value: float | None) -> None:
    """Refuse a number that is not above 0; one that is left out is none."""
    if value is not None and not value > 0.0:
        raise InputError(f"{key}={value:g} must be above 0.")


def there(key: str, path: Path | None) -> None:
    """Refuse a path at which no file is; one that is left out is none."""
    if path is not None and not path.is_file():
        raise InputError(f"{key}: there is no file '{path}'. Check the path.")


def seeds_once(key: str, seeds: Sequence[int]) -> None:
    """Refuse seeds that are named twice or are negative."""
    twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if twice:
        raise InputError(f"{key} names seed {twice[0]} twice. Name each seed once.")
    if any(seed < 0 for seed in seeds):
        raise InputError(f"{key} holds the negative seed {min(seeds)}. SUMO's seeds are 0 or more.")
