"""A plan as JSON, by the schema that is published beside this module."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import InputError
from engine.formats._fit import check_program, known_signal
from engine.network import Network
from engine.plan import Plan

__all__ = ["SCHEMA_FILE", "parse_plan_json", "plan_json", "schema"]

SCHEMA_FILE = Path(__file__).parent / "plan.schema.json"


@functools.cache
def schema() -> Any:
    """Return the JSON Schema of a plan."""
    return json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def plan_json(plan: Plan) -> str:
    """Return a plan as JSON: all of it, so there is nothing to note."""
    return (
        json.dumps({"$schema": schema()["$id"], **plan.to_json()}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    )


def parse_plan_json(text: str, network: Network, source: str = "plan") -> Plan:
    """Return the plan in a JSON text.

    Args:
        text: the JSON.
        network: the signals.
        source: what messages call it.

    Raises:
        InputError: it is no JSON, breaks the schema (the message says at which path), or does not fit its signals.
    """
    import jsonschema  # noqa: PLC0415  takes its time to import

    try:
        data = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise InputError(f"'{source}' is no JSON: {error}. Write the file anew.") from error
    validator = jsonschema.Draft202012Validator(schema())
    trouble = jsonschema.exceptions.best_match(validator.iter_errors(data))
    if trouble is not None:
        message = trouble.message if len(trouble.message) <= 120 else f"{trouble.message[:119]}…"
        raise InputError(
            f"'{source}' breaks the plan's schema at {trouble.json_path}: {message}. See engine/formats/plan.schema.json."
        )
    try:
        plan = Plan.from_json({"parameters": {}, **data})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"'{source}': its control is incomplete or has what no control has: {error}. Write it with 'greensplit run "
            "controller=NAME out=DIR'."
        ) from error
    names = [program.signal for program in plan.programs]
    for program in plan.programs:
        where = f"'{source}': signal '{program.signal}'"
        if names.count(program.signal) > 1:
            raise InputError(f"{where} has more than one program. Keep one.")
        check_program(program, known_signal(program.signal, network, f"'{source}'"), where)
    programs = tuple(sorted(plan.programs, key=lambda program: program.signal))
    return Plan(programs, plan.parameters, control=plan.control)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
