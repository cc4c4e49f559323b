"""The keys of `greensplit serve`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import InputError, nearest
from experiments.config._checks import at_least, one_of, path_field

__all__ = ["WATCHED", "ServeConfig", "WarnConfig"]

WATCHED = (
    "storage_ratio", "spillback_s", "control_delay_s", "degree_of_saturation", "stops_per_veh", "queue_p95_m",
    "queue_max_m", "split_failures", "green_utilisation", "arrivals_on_green", "platoon_ratio",
)  # fmt: skip
"""The measures of a junction that may have a band: columns of ``junctions.parquet`` (docs/measures.md)."""


@dataclass(frozen=True)
class WarnConfig:
    """When a junction is warned of: a measure, mean over the reporting seeds, is outside its band.

    Attributes:
        at_most, at_least: the ends of the bands by measure; on an end is within.
        near: a 95th-percentile queue from this share of its storage on is near spillback.
    """

    near: float = 0.9
    at_most: dict[str, float] = field(default_factory=dict)
    at_least: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        at_least("warn.near", self.near, 0.0)
        for key, ends in (("at_most", self.at_most), ("at_least", self.at_least)):
            for name in ends:
                if name not in WATCHED:
                    known = ", ".join(WATCHED)
                    raise InputError(f"warn.{key} knows no '{name}'.{nearest(name, WATCHED)} Choose of: {known}.")


@dataclass(frozen=True)
class ServeConfig:
    """`greensplit serve`.

    Attributes:
        dir: whose studies are shown.
        host, port: where the app listens; port 0 takes a free one.
        names: host names under which browsers may reach it besides `host` and addresses.
        token: what a visitor has to show; one is made where none is given and `host` is no loopback address.
        language: what the pages speak.
        rows: studies on a page of the list.
        depth: how many folders below `dir` a study may lie.
        most_mb: a larger file of a study is not read, megabytes.
    """

    dir: Path | None = path_field()  # noqa: RUF009  a field, not a value
    host: str = "127.0.0.1"
    port: int = 8000
    names: tuple[str, ...] = ()
    token: str | None = field(default=None, metadata={"path": True})  # taken as it is, whatever is in it
    language: str = "en"
    rows: int = 50
    depth: int = 3
    most_mb: float = 64.0
    warn: WarnConfig = field(default_factory=WarnConfig)

    def __post_init__(self) -> None:
        if self.dir is None:
            raise InputError("serve needs the folder that holds the studies. Say: greensplit serve DIR")
        if not self.dir.is_dir():
            raise InputError(f"dir: there is no folder '{self.dir}'. Say: greensplit serve DIR")
        if not 0 <= self.port <= 65535:
            raise InputError(f"port={self.port} is no port. Give one from 1 to 65535, or 0 for a free one.")
        one_of("language", self.language, ("en", "zh"))
        at_least("rows", self.rows, 1)
        at_least("depth", self.depth, 0)
        at_least("most_mb", self.most_mb, 1.0)
