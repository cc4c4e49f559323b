"""The page of studies alone, drawn without a folder of its own: what the web app shows of those that are ticked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from experiments.compare.comparison import compare
from experiments.compare.page import comparison_page
from experiments.compare.reading import rivals_of
from experiments.report._language import speaking

__all__ = ["page_of_studies"]


def page_of_studies(folders: Sequence[Path], language: str) -> str:
    """Return the page that `greensplit compare` draws of these studies; nothing is simulated or written.

    Raises:
        InputError: a folder cannot be read, or there is nothing to compare.
    """
    comparison = compare([rival for folder in folders for rival in rivals_of(folder)])
    with speaking(language):
        return comparison_page(comparison)
