"""Prints the tables of docs/audit.md: the rule books' limits with their sources, and what eight networks break.

python -m tests.audit_table
"""

import json
import subprocess
import sys
from collections import Counter

from experiments._compose import compose

BOOKS = ("gb", "mutcd", "benchmark", "default")
NETWORKS = ("cologne1", "cologne3", "cologne8", "ingolstadt1", "ingolstadt7", "ingolstadt21", "grid4x4", "arterial4x4")


def limits():
    """Return a Markdown table of every limit of every rule book."""
    lines = ["| rules | limit | value | source | verified |", "| --- | --- | --- | --- | --- |"]
    for book in BOOKS:
        rules = compose("audit", [f"rules={book}"]).rules
        for name, limit in rules.limits():
            if limit.value is not None:
                value = f"{limit.value:g} {limit.unit}".strip()
                lines.append(f"| {book} | `{name}` | {value} | {limit.source} | {'yes' if limit.verified else 'no'} |")
    return "\n".join(lines)


def findings(networks=NETWORKS):
    """Return a Markdown table of how often the plan in the net breaks each rule, as `greensplit audit` counts."""
    lines = ["| network | signals | rules=gb | rules=mutcd |", "| --- | --- | --- | --- |"]
    for network in networks:
        reports = [_audit(network, book) for book in ("gb", "mutcd")]
        cells = [_counted(report) for report in reports]
        lines.append(f"| {network} | {reports[0]['signals']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _audit(network, book):
    command = [sys.executable, "-m", "experiments.cli", "audit", f"scenario={network}", f"rules={book}", "json=true"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)


def _counted(report):
    rules = Counter(row["rule"] for row in report["findings"]).most_common()
    words = ", ".join(f"{rule} {number}" for rule, number in sorted(rules, key=lambda item: (-item[1], item[0])))
    return f"**{report['violations']}**: {words}" if rules else "**0**"


if __name__ == "__main__":
    print(limits())
    print()
    print(findings())
