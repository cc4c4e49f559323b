"""A junction described as data (legs, lanes, bays, crossings, counts, timing), built into a SUMO scenario."""

from scenarios.junction.build import sources, warmup_s, write

__all__ = ["sources", "warmup_s", "write"]
