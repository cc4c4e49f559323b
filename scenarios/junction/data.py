"""Reads and checks the description of a junction: a YAML file, and turning counts in it or in a CSV beside it."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from engine.errors import InputError, nearest

__all__ = [
    "BUILTIN",
    "TURNS",
    "Count",
    "Description",
    "Lane",
    "Leg",
    "Reader",
    "Stage",
    "Timing",
    "counts_file",
    "load",
    "read",
    "timing_of",
]

BUILTIN = Path(__file__).parent / "builtin" / "junction.yaml"
TURNS = ("left", "through", "right", "uturn")
CROSSING = "crossing"
QUARTER_S = 900.0


@dataclass(frozen=True)
class Lane:
    """An inbound lane: the turns it serves, and its length where it is a turning bay, metres."""

    turns: tuple[str, ...]
    bay_m: float | None = None


@dataclass(frozen=True)
class Leg:
    """One road into the junction. `inbound` lists lanes from the kerb to the middle; a bearing of 0 lies north."""

    name: str
    bearing: float
    length_m: float
    speed_km_h: float
    inbound: tuple[Lane, ...]
    outbound: int
    crossing: bool
    trucks: float


@dataclass(frozen=True)
class Count:
    """Vehicles (or pedestrians, turn ``crossing``) from one leg in an interval; times in seconds of the day."""

    start_s: float
    end_s: float
    leg: str
    turn: str
    number: float


@dataclass(frozen=True)
class Stage:
    """What has green together: (leg, turn) movements and crossings (leg names), for `green_s` seconds."""

    green_s: int
    movements: tuple[tuple[str, str], ...]
    crossings: tuple[str, ...]


@dataclass(frozen=True)
class Timing:
    """The plan in the street."""

    stages: tuple[Stage, ...]
    yellow_s: int
    all_red_s: int
    offset_s: int
    min_green_s: int
    max_green_s: int


@dataclass(frozen=True)
class Description:
    """A junction as an engineer describes it."""

    name: str
    drive_on: str
    legs: tuple[Leg, ...]
    counts: tuple[Count, ...]
    timing: Timing
    warmup_min: float
    clearing_min: float
    corner_radius_m: float

    def leg(self, name: str) -> Leg:
        """Return a leg by name. Raises KeyError."""
        return {leg.name: leg for leg in self.legs}[name]


class Reader:
    """Takes values out of a mapping and says where one is missing, of the wrong kind, or unknown.

    Every method raises InputError.
    """

    def __init__(self, where: str, data: Any, known: Sequence[str]) -> None:
        if not isinstance(data, Mapping):
            raise InputError(f"{where} is not a mapping of keys to values. Known keys: {', '.join(known)}.")
        for key in data:
            if key not in known:
                raise InputError(f"{where} has an unknown key '{key}'.{nearest(str(key), known)}")
        self._where = where
        self._data = data

    def number(self, key: str, default: float | None = None, least: float = 0.0, most: float = 1e6) -> float:
        """Return a number within bounds."""
        value = self._data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InputError(f"{self._where}: {key} is {value!r}. Give a number.")
        if not least <= value <= most:
            raise InputError(f"{self._where}: {key} is {value:g}. Give a number from {least:g} to {most:g}.")
        return float(value)

    def whole(self, key: str, default: int | None = None, least: int = 0, most: int = 3600) -> int:
        """Return a whole number within bounds."""
        value = self.number(key, default, least, most)
        if value != int(value):
            raise InputError(f"{self._where}: {key} is {value:g}. Signals count whole seconds.")
        return int(value)

    def text(self, key: str, default: str | None = None, known: Sequence[str] = ()) -> str:
        """Return a text that is not empty, and one of `known` where that is given."""
        value = self._data.get(key, default)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{self._where}: {key} is {value!r}. Give a text.")
        if known and value not in known:
            raise InputError(
                f"{self._where}: {key} is '{value}'.{nearest(value, known)} Choose from {', '.join(known)}."
            )
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._data.get(key, default)
        if not isinstance(value, bool):
            raise InputError(f"{self._where}: {key} is {value!r}. Say true or false.")
        return value

    def items(self, key: str, least: int = 1, most: int = 1000) -> list[Any]:
        """Return a list."""
        value = self._data.get(key, [])
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise InputError(f"{self._where}: {key} must be a list of {least} to {most} entries.")
        return value

    def raw(self, key: str) -> Any:
        """Return what stands there, unchecked; `None` where nothing does."""
        return self._data.get(key)


def read(file: Path | None) -> Description:
    """Return the junction that a file describes (`None`: the built-in one).

    Raises:
        InputError: the file is missing, is no YAML, or something in it is missing, unknown or impossible.
    """
    path = file or BUILTIN
    data = load(path)
    keys = (
        "name",
        "drive_on",
        "legs",
        "counts",
        "peak_hour_factor",
        "trucks",
        "warmup_min",
        "clearing_min",
        "timing",
        "corner_radius_m",
    )
    top = Reader(f"'{path}'", data, keys)
    trucks = top.number("trucks", 0.0, 0.0, 1.0)
    legs = tuple(_leg(f"'{path}', leg {i + 1}", entry, trucks) for i, entry in enumerate(top.items("legs", 3, 6)))
    names = [leg.name for leg in legs]
    for leg in legs:
        if names.count(leg.name) > 1:
            raise InputError(f"'{path}': two legs are called '{leg.name}'. Give each a name of its own.")
        for other in legs:
            gap = abs((leg.bearing - other.bearing + 180.0) % 360.0 - 180.0)
            if other is not leg and gap < 20.0:
                raise InputError(
                    f"'{path}': legs '{leg.name}' and '{other.name}' are {gap:g} degrees apart. They need at least 20."
                )
    counts = _counts(path, top, legs)
    timing = timing_of(f"'{path}', timing", top.raw("timing"), legs)
    _all_served(path, counts, timing)
    return Description(
        top.text("name"),
        top.text("drive_on", "right", ("right", "left")),
        legs,
        counts,
        timing,
        top.number("warmup_min", 10.0, 0.0, 120.0),
        top.number("clearing_min", 0.0, 0.0, 240.0),
        top.number("corner_radius_m", 8.0, 1.0, 40.0),
    )


def load(path: Path) -> Any:
    """Return what a YAML file holds. Raises InputError where it cannot be read."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"there is no junction description '{path}'. Check scenario.file=PATH.") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}. Check scenario.file=PATH.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is not YAML: {' '.join(str(error).split())} Correct the file.") from error


def _leg(where: str, entry: Any, trucks: float) -> Leg:
    keys = ("name", "bearing", "length_m", "speed_km_h", "inbound", "outbound", "crossing", "trucks")
    leg = Reader(where, entry, keys)
    name = leg.text("name")
    where = f"{where} ('{name}')"
    length_m = leg.number("length_m", None, 50.0, 5000.0)
    lanes = []
    for i, lane_entry in enumerate(leg.items("inbound", 1, 8)):
        lane = Reader(f"{where}, inbound lane {i + 1}", lane_entry, ("turns", "bay_m"))
        turns = tuple(str(turn) for turn in lane.items("turns", 1, 4))
        for turn in turns:
            if turn not in TURNS:
                raise InputError(
                    f"{where}, inbound lane {i + 1}: there is no turn '{turn}'.{nearest(turn, TURNS)} "
                    f"Choose from {', '.join(TURNS)}."
                )
        bay_m = None if lane.raw("bay_m") is None else lane.number("bay_m", None, 10.0, 1000.0)
        if bay_m is not None and bay_m > length_m - 20.0:
            raise InputError(
                f"{where}, inbound lane {i + 1}: the bay of {bay_m:g} m does not fit into a leg of {length_m:g} m. "
                "Shorten the bay, or make it a full lane."
            )
        lanes.append(Lane(turns, bay_m))
    if all(lane.bay_m is not None for lane in lanes):
        raise InputError(f"{where}: every inbound lane is a bay. At least one lane has to come from upstream.")
    return Leg(
        name,
        leg.number("bearing", None, 0.0, 360.0) % 360.0,
        length_m,
        leg.number("speed_km_h", 50.0, 5.0, 130.0),
        tuple(lanes),
        leg.whole("outbound", 1, 1, 8),
        leg.flag("crossing", False),
        leg.number("trucks", trucks, 0.0, 1.0),
    )


def counts_file(file: Path | None) -> Path | None:
    """Return the CSV that a description names for its counts, or `None` where the counts are in the YAML."""
    path = file or BUILTIN
    data = load(path)
    named = data.get("counts") if isinstance(data, Mapping) else None
    return path.parent / named if isinstance(named, str) else None


def _counts(path: Path, top: Reader, legs: Sequence[Leg]) -> tuple[Count, ...]:
    named = counts_file(path)
    if named is None:
        rows = [(f"'{path}', counts, entry {i + 1}", row) for i, row in enumerate(top.items("counts", 1, 100_000))]
    else:
        rows = _csv_rows(named)
    factor = top.number("peak_hour_factor", 1.0, 0.25, 1.0)
    served = {(leg.name, turn) for leg in legs for lane in leg.inbound for turn in lane.turns}
    served |= {(leg.name, CROSSING) for leg in legs if leg.crossing}
    counts: list[Count] = []
    for where, entry in rows:
        counts += _count(where, entry, legs, served, factor)
    seen: set[tuple[float, str, str]] = set()
    for count in counts:
        if (count.start_s, count.leg, count.turn) in seen:
            raise InputError(
                f"'{named or path}': {count.leg} {count.turn} is counted twice at {_clock(count.start_s)}."
            )
        seen.add((count.start_s, count.leg, count.turn))
    starts = sorted({count.start_s for count in counts})
    for before, after in itertools.pairwise(starts):
        if after - before != QUARTER_S:
            raise InputError(
                f"'{named or path}': no counts between {_clock(before + QUARTER_S)} and {_clock(after)}. Add the missing "
                "quarters of an hour."
            )
    return tuple(sorted(counts, key=lambda count: (count.start_s, count.leg, count.turn)))


def _csv_rows(path: Path) -> list[tuple[str, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            wanted = ("start", "leg", "turn", "vehicles")
            missing = [name for name in wanted if name not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"'{path}' has no column '{missing[0]}'. It needs {', '.join(wanted)}.")
            rows = [(f"'{path}', line {reader.line_num}", dict(row)) for row in reader]
    except FileNotFoundError as error:
        raise InputError(f"there is no counts file '{path}'. Check 'counts:' in the description.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read as CSV: {error}. Save it as UTF-8.") from error
    if not rows:
        raise InputError(f"'{path}' holds no counts. Add a line for each movement and quarter of an hour.")
    return rows


def _count(where: str, entry: Any, legs: Sequence[Leg], served: set[tuple[str, str]], factor: float) -> list[Count]:
    row = Reader(where, entry, ("start", "leg", "turn", "vehicles", "minutes"))
    names = [leg.name for leg in legs]
    leg = str(row.raw("leg"))
    if leg not in names:
        raise InputError(f"{where}: there is no leg '{leg}'.{nearest(leg, names)} Its legs are {', '.join(names)}.")
    turn = str(row.raw("turn"))
    if turn not in (*TURNS, CROSSING):
        raise InputError(f"{where}: there is no turn '{turn}'.{nearest(turn, (*TURNS, CROSSING))}")
    try:
        number = float(row.raw("vehicles"))
        minutes = float(row.raw("minutes") or 15)
    except (TypeError, ValueError) as error:
        raise InputError(f"{where}: vehicles is {row.raw('vehicles')!r}. Give a number.") from error
    if not 0.0 <= number < 1e5:
        raise InputError(f"{where}: {leg} {turn} has {number:g} vehicles. A count is 0 or more.")
    if number and (leg, turn) not in served:
        what = "crossing" if turn == CROSSING else "lane for it"
        raise InputError(f"{where}: {leg} {turn} has {number:g} vehicles and no {what}. Add one, or correct the count.")
    start_s = _time(where, row.raw("start"))
    if minutes == 15:
        return [Count(start_s, start_s + QUARTER_S, leg, turn, number)]
    if minutes != 60:
        raise InputError(f"{where}: minutes is {minutes:g}. Counts are of 15 or 60 minutes.")
    # The second quarter is the peak: its rate is the hour's over the peak-hour factor; the others share the rest.
    peak = number / (4.0 * factor)
    quarters = [peak if i == 1 else (number - peak) / 3.0 for i in range(4)]
    return [
        Count(start_s + i * QUARTER_S, start_s + (i + 1) * QUARTER_S, leg, turn, quarter)
        for i, quarter in enumerate(quarters)
    ]


def _time(where: str, value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool):
        # YAML 1.1 reads 07:30 as a number in base 60.
        hours, minutes = divmod(value, 60)
    else:
        hour_text, _, minute_text = str(value).partition(":")
        if not (hour_text.isdecimal() and minute_text.isdecimal()):
            raise InputError(f"{where}: start is {value!r}. Give a time such as 07:30.")
        hours, minutes = int(hour_text), int(minute_text)
    if not (0 <= hours < 24 and minutes in (0, 15, 30, 45)):
        raise InputError(f"{where}: start is {value!r}. Quarters of an hour start at :00, :15, :30 or :45.")
    return hours * 3600.0 + minutes * 60.0


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}"


def timing_of(where: str, data: Any, legs: Sequence[Leg]) -> Timing:
    """Return the plan in the street from its mapping; `where` begins every message. Raises InputError."""
    keys = ("stages", "yellow_s", "all_red_s", "offset_s", "min_green_s", "max_green_s")
    timing = Reader(where, data, keys)
    min_green_s = timing.whole("min_green_s", 7, 1, 120)
    max_green_s = timing.whole("max_green_s", 90, 1, 600)
    movements = [f"{leg.name} {turn}" for leg in legs for lane in leg.inbound for turn in lane.turns]
    crossings = [leg.name for leg in legs if leg.crossing]
    stages = []
    for i, entry in enumerate(timing.items("stages", 2, 12)):
        here = f"{where}, stage {i + 1}"
        stage = Reader(here, entry, ("green_s", "movements", "crossings"))
        green_s = stage.whole("green_s", None, 1, 600)
        if not min_green_s <= green_s <= max_green_s:
            raise InputError(
                f"{here}: green_s is {green_s}, outside the bounds {min_green_s}-{max_green_s} s. Correct one of them."
            )
        served = []
        for name in map(str, stage.items("movements", 0, 64)):
            if name not in movements:
                raise InputError(f"{here}: no lane serves '{name}'.{nearest(name, movements)}")
            leg, _, turn = name.rpartition(" ")
            served.append((leg, turn))
        walking = [str(name) for name in stage.items("crossings", 0, 6)]
        for name in walking:
            if name not in crossings:
                raise InputError(f"{here}: leg '{name}' has no crossing.{nearest(name, crossings)}")
        stages.append(Stage(green_s, tuple(served), tuple(walking)))
    return Timing(
        tuple(stages),
        timing.whole("yellow_s", 3, 1, 10),
        timing.whole("all_red_s", 2, 0, 10),
        timing.whole("offset_s", 0, 0, 600),
        min_green_s,
        max_green_s,
    )


def _all_served(path: Path, counts: Sequence[Count], timing: Timing) -> None:
    green = {movement for stage in timing.stages for movement in stage.movements}
    green |= {(leg, CROSSING) for stage in timing.stages for leg in stage.crossings}
    for count in counts:
        if count.number and (count.leg, count.turn) not in green:
            raise InputError(
                f"'{path}': {count.leg} {count.turn} has traffic and no green. Add it to a stage of the timing."
            )
