"""`greensplit audit`: a plan against timing rules, without simulating."""

from __future__ import annotations

import dataclasses
import json
import tempfile
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import scenarios
from engine.audit import Auditor, Finding, Rules, stated, worst
from engine.errors import InputError
from engine.files import write_text
from engine.plan import BASELINE, Plan
from engine.stages import NetProgram
from engine.sumo.net import read_network
from engine.sumo.programs import in_force, read_plan, read_programs
from experiments._rules import chosen, counted
from experiments.config import AuditConfig, ScenarioConfig

__all__ = ["main"]


@dataclass(frozen=True)
class Subject:
    """What is audited.

    Attributes:
        scenario: where.
        plan: the plan file, or `None` for the plan in the net.
        study: the folder of the study that it comes from, or `None`.
    """

    scenario: ScenarioConfig
    plan: Path | None
    study: Path | None


def main(config: AuditConfig) -> int:
    """Audit a plan and print what it breaks. Returns 1 where it breaks a rule, else 0."""
    subject = _subject(config)
    rules = chosen(config.rules, subject.scenario.name)
    with tempfile.TemporaryDirectory(prefix="greensplit-") as scratch:
        scenario = scenarios.build(subject.scenario, Path(scratch) / "scenario")
        raw = in_force(scenario.net, scenario.additional)
        # What lies upstream of a stop line, for which the demand would be read, matters to no rule.
        network = read_network(scenario.net, raw, {})
    plan = Plan(())
    if subject.plan is not None:
        plan = read_plan(subject.plan, network)
        raw = {**raw, **read_programs(subject.plan)}
    saturation = None if subject.study is None else _saturation(subject.study)
    auditor = Auditor(network, rules)
    findings = worst([*_stated(auditor, raw), *auditor.findings(plan, saturation)])
    notes = auditor.notes()
    if rules.saturation_max.value is not None and saturation is None:
        notes.append(
            "v/c is not judged: nothing has been simulated. Audit a study's folder: its runs have measured it."
        )
    report = {
        "scenario": subject.scenario.name,
        "plan": str(subject.plan or BASELINE),
        "rules": rules.name,
        "signals": len(network.signals),
        "violations": len(findings),
        "notes": notes,
        "findings": [finding.to_json() for finding in findings],
    }
    if config.out is not None:
        _write(report, config.out)
    if config.json:
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        _show(report, findings, rules)
    return 1 if findings else 0


def _subject(config: AuditConfig) -> Subject:
    """Return what is audited; a study's folder names its own scenario."""
    if config.plan == BASELINE:
        return Subject(config.scenario, None, None)
    path = Path(config.plan)
    if not path.is_dir():
        return Subject(config.scenario, path, None)
    try:
        known = yaml.safe_load((path / "config.yaml").read_text(encoding="utf-8"))["scenario"]
        scenario = _scenario(known)
    except (OSError, yaml.YAMLError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise InputError(f"'{path}' is no study's folder: it has no config.yaml that names a scenario.") from error
    if config.scenario.name not in ("junction", scenario.name):
        raise InputError(
            f"the study in '{path}' is of scenario {scenario.name}, not {config.scenario.name}. Leave scenario= out."
        )
    if not (path / "best.add.xml").is_file():
        raise InputError(f"the study in '{path}' has no plan yet. Run its command again: it goes on where it stopped.")
    return Subject(scenario, path / "best.add.xml", path)


def _scenario(known: Mapping[str, Any]) -> ScenarioConfig:
    hints = typing.get_type_hints(ScenarioConfig)
    values = {field.name: known[field.name] for field in dataclasses.fields(ScenarioConfig)}
    for name, hint in hints.items():
        if Path in typing.get_args(hint) and types.NoneType in typing.get_args(hint) and values[name] is not None:
            values[name] = Path(values[name])
    return ScenarioConfig(**values)


def _stated(auditor: Auditor, raw: Mapping[str, NetProgram]) -> list[Finding]:
    """Return what is wrong with the programs as their files state them, those that are not fixed-time included."""
    found: list[Finding] = []
    for signal in auditor.network.signals:
        if signal.id in raw:
            found += stated(raw[signal.id], signal.links)
            if signal.program is None:
                found += auditor.states(signal.id, [phase.state for phase in raw[signal.id].phases])
    return found


def _saturation(study: Path) -> dict[tuple[str, str], float] | None:
    """Return the mean v/c of each lane group under the study's best plan on its reporting seeds; None without runs."""
    import polars  # noqa: PLC0415  takes its time to import

    try:
        plan_id = json.loads((study / "summary.json").read_text(encoding="utf-8"))["best"]["plan_id"]
        columns = ["plan_id", "role", "signal", "lane_group", "degree_of_saturation"]
        table = polars.read_parquet(study / "movements.parquet", columns=columns)
    except (OSError, ValueError, KeyError, TypeError, polars.exceptions.PolarsError) as error:
        raise InputError(f"the study in '{study}' cannot be read: {error}. Run its command again.") from error
    table = table.filter((polars.col("plan_id") == plan_id) & polars.col("degree_of_saturation").is_not_null())
    held_out = table.filter(polars.col("role") == "holdout")
    means = (
        (held_out if len(held_out) else table).group_by("signal", "lane_group").agg(polars.mean("degree_of_saturation"))
    )
    return {(signal, group): x for signal, group, x in means.iter_rows()} or None


def _write(report: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".json":
        write_text(path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")
        return
    import csv  # noqa: PLC0415  only here
    import io  # noqa: PLC0415

    text = io.StringIO()
    names = ["signal", "where", "rule", "measured", "limit", "unit", "jurisdiction", "source", "verified"]
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    table.writerows(report["findings"])
    write_text(path, text.getvalue())


def _show(report: Mapping[str, Any], findings: Sequence[Finding], rules: Rules) -> None:
    from rich.console import Console  # noqa: PLC0415  json output does without
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(highlight=False, width=max(Console().width, 120))
    for note in report["notes"]:
        console.print(f"note: {note}", markup=False)
    plan = "the plan in the net" if report["plan"] == BASELINE else report["plan"]
    where = f"{report['signals']} signal{'s' * (report['signals'] != 1)} of {report['scenario']}"
    if not findings:
        console.print(f"No violation of rules={rules.name} by {plan} at {where}.", markup=False)
        return
    title = f"{report['scenario']}: {plan} against rules={rules.name}, {rules.title}"
    table = Table(title=escape(title), title_justify="left")
    for column in ("signal", "where", "rule"):
        table.add_column(column, overflow="fold")
    for column in ("measured", "limit"):
        table.add_column(column, justify="right")
    table.add_column("source", overflow="fold")
    table.add_column("verified")
    for found in findings:
        values = (_value(value, found.unit) for value in (found.measured, found.limit))
        texts = (escape(text) for text in (found.signal, found.where, found.rule, *values, found.source))
        table.add_row(*texts, "yes" if found.verified else "no")
    console.print(table)
    unverified = sum(not found.verified for found in findings)
    of_memory = f" {unverified} of them break a limit that is not verified." if unverified else ""
    s = "s" * (len(findings) != 1)
    console.print(
        f"{len(findings)} violation{s} of rules={rules.name} at {where}: {counted(findings)}.{of_memory}", markup=False
    )


def _value(value: float | str, unit: str) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".") + f" {unit}".rstrip()
