"""A junction described as data (legs, lanes, bays, crossings, counts, timing), built into a SUMO scenario."""

from scenarios.junction.build import demanded, sources, warmup_s, write

__all__ = ["demanded", "sources", "warmup_s", "write"]
