"""Where: builds a runnable SUMO scenario from a name or from the user's files."""

from scenarios._build import build, sources

__all__ = ["build", "sources"]
