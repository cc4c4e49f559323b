"""Builds a network with SUMO's netconvert, and tells what its warnings mean and what becomes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.sumo.installation import folder
from engine.sumo.tools import run_program, strip_comments

__all__ = ["Warned", "build_network", "explained", "typemap"]


@dataclass(frozen=True)
class Warned:
    """Warnings of one kind.

    Attributes:
        count: how often it was given.
        example: the first one's text.
        meaning: what it means for the network and what to do; empty where we do not know the kind.
    """

    count: int
    example: str
    meaning: str


MEANINGS = (
    (
        r"Not joining junctions .*",
        "these lie close together and are kept apart, because joining them would bury a turning lane. Look whether "
        "they are one crossing in the street; the signals file says which signal stands where",
    ),
    (
        r"Lane '[^']*' is not connected from any incoming edge.*",
        "no turn leads onto this lane, so that vehicles reach it by changing lanes only. It costs capacity at the beginning "
        "of the road, nothing else",
    ),
    (
        r"Edge '[^']*' is not connected .*",
        "nothing leads onto this road, or off it: it is entered or left at the network's edge only",
    ),
    (
        r"(The traffic light '[^']*' does not control any links.*|Could not build program '[^']*' for traffic light .*)",
        "a signal of the map stands where no traffic crosses or turns, as for a crossing of people alone. It was left out",
    ),
    (
        r"Intersecting left turns at junction .*",
        "opposite left turns cross each other's way within this junction and give way to each other. A plan must not give "
        "both of them a protected green; the audit holds plans against it",
    ),
    (
        r"Speed of (?:straight|turning) connection .*",
        "the turn is so tight that vehicles take it slowly; its speed was lowered to what its radius allows",
    ),
    (
        r".*(?:Found sharp turn|Found angle) .*",
        "the road bends sharply in the source's geometry; vehicles follow it as it is drawn",
    ),
    (
        r"Shape for junction '[^']*' has distance .* to its given position.*",
        "the junction's outline lies beside its stated place; only the picture is concerned",
    ),
    (r"Minor green from edge .*", "a turn with green gives way at a high speed; look at the road's speed limit"),
    (r"The merged polygon .*|Could not .* shape.*", "only the picture is concerned"),
    (
        r".*(?:conflicting definitions|priority|Requested program).*",
        "the source gives two answers to one question; the later one counts",
    ),
    (
        r"Connection '[^']*' .*(?:ignored|removed).*|Could not set connection .*",
        "a turn of the source starts or ends at a lane that is not there; it was left out, and lanes without turns are "
        "named by 'greensplit check'",
    ),
    (
        r"Discarding (?:unknown compound|unusable type|unknown type) .*",
        "the road's kind is not known to SUMO's type map; its tags for cars count",
    ),
    (
        r"Ignoring unsupported placement value .*",
        "the source says where lanes lie beside the road's line in a way that SUMO does not read; only the picture is "
        "concerned",
    ),
    (
        r"(?:Ignoring restriction relation|(?:to|from|via)-edge) .*",
        "a turn restriction names a road that the network does not have; it has no effect",
    ),
    (
        r"Value of key '[^']*' is not numeric.*|Unable to parse .*|.*lane information.*|Found .*lanes.*contradict.*",
        "a tag of the source is no number that SUMO reads; the value of the road's kind stands in",
    ),
    (
        r"Cannot apply turn sign information .*|Turn lanes .*|Ignoring turn:lanes .*",
        "the arrows of the source do not fit the roads that leave the junction; SUMO chose the turns of these lanes",
    ),
    (
        r"The referenced geometry information .*",
        "a point of the road's line is not in the file; the line goes without it",
    ),
)
"""Kinds of warnings as patterns of their whole text, and what each means; the first that fits counts."""


def typemap(*names: str) -> str:
    """Return the paths of SUMO's type maps, such as ``osmNetconvert``, as netconvert takes them."""
    return ",".join(str(folder() / "data" / "typemap" / f"{name}.typ.xml") for name in names)


def build_network(options: Sequence[str], target: Path, refused: str) -> list[Warned]:
    """Build a network into `target`, and return what netconvert warned of, by kind.

    The same options and input files give the same bytes: netconvert's comment with the time is taken out.

    Args:
        options: netconvert's, its input files included; relative paths are from the folder of `target`.
        target: the network.
        refused: what an error's message ends with.

    Raises:
        InputError: netconvert refuses its input.
    """
    said = run_program(
        "netconvert",
        [*options, "--output-file", target.name, "--aggregate-warnings", "-1", "--xml-validation", "never"],
        target.parent,
        refused,
    )
    strip_comments(target)
    return explained(said)


def explained(said: str) -> list[Warned]:
    """Return netconvert's warnings by kind, in the order in which kinds first appear."""
    kinds: dict[str, list[str]] = {}
    meanings: dict[str, str] = {}
    for line in said.splitlines():
        if not line.startswith("Warning: "):
            continue
        text = line.removeprefix("Warning: ").strip()
        meaning = next((meaning for pattern, meaning in MEANINGS if re.fullmatch(pattern, text)), "")
        # Warnings that nobody has explained count as one kind where they differ in names and numbers only.
        kind = meaning or re.sub(r"'[^']*'|[\d.,-]+", "*", text)
        kinds.setdefault(kind, []).append(text)
        meanings[kind] = meaning
    return [Warned(len(texts), texts[0], meanings[kind]) for kind, texts in kinds.items()]
