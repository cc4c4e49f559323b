"""Where: builds a runnable SUMO scenario from a name or from the user's files."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios._build import build, demanded, sources

__all__ = ["build", "demanded", "sources"]


def __getattr__(name: str) -> Any:
    """Import the builder when it is first asked for: it brings NumPy, and the list of scenarios does without."""
    if name not in __all__:
        raise AttributeError(f"module 'scenarios' has no attribute '{name}'")
    return getattr(importlib.import_module("scenarios._build"), name)
