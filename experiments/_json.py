"""What commands hand to other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.files import write_text

__all__ = ["hand_out"]


def hand_out(report: Any, out: Path | None, printed: bool) -> None:
    """Write a report as JSON into a file, where one is named, and print it, where that is asked for."""
    text = json.dumps(report, indent=1, ensure_ascii=False)
    if out is not None:
        write_text(out, text + "\n")
    if printed:
        print(text)
