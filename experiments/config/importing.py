"""The keys of `greensplit import`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from experiments.config._checks import at_least, one_of, path_field
from experiments.config.scenario import ScenarioConfig

__all__ = ["ImportConfig"]

IMPORTED = (".xml", ".json", ".csv")
"""What `import` can write timings as, by how the file's name ends."""


@dataclass(frozen=True)
class ImportConfig:
    """`greensplit import`: a scenario's folder of a file, or timings onto a scenario's network.

    Attributes:
        scenario: onto whose network timings go.
        file: what comes in: an OSM extract, UTDF or a folder of GMNS tables; or a plan of any format.
        out: a folder for a scenario, or a file that ends in .xml, .json or .csv for timings.
        map: of timings: which signal each node is.
        whole_seconds: of UTDF: whether times are rounded to whole seconds.
        drive_on: of a network: right or left.
        random_veh_h_km: random demand where the file has none, vehicles an hour for each kilometre of lane; 0: none.
        seed: of what is drawn while importing.
        units: of UTDF and GMNS: what the file says (file), metric, or us.
        json: print what was done as JSON.
    """

    scenario: ScenarioConfig
    file: Path | None = path_field()  # noqa: RUF009  a field, not a value
    map: str | None = path_field()
    whole_seconds: bool = True
    drive_on: str = "right"
    random_veh_h_km: float = 12.0
    seed: int = 1
    units: str = "file"
    json: bool = False
    out: Path | None = path_field()  # noqa: RUF009  a field, not a value

    def __post_init__(self) -> None:
        if self.file is None:
            raise InputError(
                "import needs a file. Say: greensplit import FILE out=DIR for a scenario, or "
                "greensplit import FILE scenario=NAME out=plan.add.xml for timings."
            )
        if not self.file.exists():
            raise InputError(f"file: there is no file '{self.file}'. Check the path.")
        if self.out is None:
            raise InputError("out is missing: a folder for a scenario, or where timings go, as in out=plan.add.xml.")
        if not self.makes_scenario and self.out.suffix not in IMPORTED:
            raise InputError(
                f"out='{self.out}' must end in {', '.join(IMPORTED[:-1])} or {IMPORTED[-1]} for timings; "
                "a scenario's folder has no such ending."
            )
        if self.makes_scenario and (self.map or self.scenario.name != "junction" or self.scenario.file):
            raise InputError(
                f"scenario= and map= say onto which signals timings go, and out='{self.out}' is a folder. "
                "Give out=plan.add.xml, or leave scenario= and map= out to make a scenario."
            )
        one_of("drive_on", self.drive_on, ("right", "left"))
        one_of("units", self.units, ("file", "metric", "us"))
        at_least("random_veh_h_km", self.random_veh_h_km, 0.0)
        at_least("seed", self.seed, 0)

    @property
    def makes_scenario(self) -> bool:
        """Whether `out` is a folder, so that a scenario is made, and not timings for one."""
        assert self.out is not None  # refused before
        ending = self.out.suffix[1:]
        return self.out.is_dir() or not (ending.isalpha() and ending.isascii() and len(ending) <= 4)
