"""Scenarios from what an office has: an OSM extract, a Synchro file, GMNS tables."""

from scenarios.imports.command import import_scenario
from scenarios.imports.parts import Asked, Imported, Reviewed

__all__ = ["Asked", "Imported", "Reviewed", "import_scenario"]
