"""Several junctions and the roads between them described as data, built into a SUMO scenario; the gallery's are ours."""

from scenarios.streets.build import GALLERY, demanded, sources, warmup_s, write

__all__ = ["GALLERY", "demanded", "sources", "warmup_s", "write"]
