"""A replay as JUnit XML: dashboards list a suite for each case and a test for each measure, and name those that failed."""

from __future__ import annotations

import re
import xml.etree.ElementTree as PlainElementTree
from collections.abc import Sequence
from pathlib import Path

from engine.bands import Check
from engine.files import write_text
from experiments.replay.show import sentence

__all__ = ["write_error", "write_junit"]

UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, escaped or not."""


def write_junit(path: Path, what: str, checks: Sequence[Check], wall_s: float) -> None:
    """Write the checks of a replay.

    Args:
        path: where to.
        what: what was replayed.
        checks: all of them.
        wall_s: seconds that it took.
    """
    n_moved = sum(check.moved for check in checks)
    root = _root(what, len(checks), n_moved, 0, wall_s)
    for case in dict.fromkeys(check.case for check in checks):
        ours = [check for check in checks if check.case == case]
        counts = {"tests": str(len(ours)), "failures": str(sum(check.moved for check in ours)), "errors": "0"}
        suite = PlainElementTree.SubElement(root, "testsuite", {"name": _clean(case), **counts})
        for check in ours:
            test = PlainElementTree.SubElement(
                suite, "testcase", classname=_clean(f"{what}.{case}"), name=_clean(check.measure)
            )
            if check.moved:
                text = _clean(sentence(check))
                failure = PlainElementTree.SubElement(test, "failure", type="moved", message=text)
                failure.text = _clean(f"{case}  {check.measure}: {text}")
    _write(root, path)


def write_error(path: Path, what: str, message: str) -> None:
    """Write that a replay could not be run: one test with an error."""
    root = _root(what, 1, 0, 1, 0.0)
    suite = PlainElementTree.SubElement(root, "testsuite", name=_clean(what), tests="1", failures="0", errors="1")
    test = PlainElementTree.SubElement(suite, "testcase", classname=_clean(what), name="replay")
    PlainElementTree.SubElement(test, "error", type="input", message=_clean(message))
    _write(root, path)


def _root(what: str, n: int, n_failures: int, n_errors: int, wall_s: float) -> PlainElementTree.Element:
    counts = {"tests": str(n), "failures": str(n_failures), "errors": str(n_errors), "time": f"{wall_s:.3f}"}
    return PlainElementTree.Element("testsuites", {"name": _clean(f"greensplit replay {what}"), **counts})


def _clean(text: str) -> str:
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _write(root: PlainElementTree.Element, path: Path) -> None:
    PlainElementTree.indent(root)
    text = PlainElementTree.tostring(root, encoding="unicode")
    write_text(path, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n')
