"""Hydra configuration: one group of options a folder."""

from pathlib import Path

__all__ = ["FOLDER", "options"]

FOLDER = Path(__file__).parent


def options(group: str) -> list[str]:
    """Return the names of a group's options, sorted; none where there is no such group."""
    return sorted(path.stem for path in (FOLDER / group).glob("*.yaml"))
