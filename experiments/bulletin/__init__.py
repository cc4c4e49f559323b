"""`greensplit bulletin`: the key indicators of a folder of studies, junctions ranked, with what changed since another."""

from __future__ import annotations

from engine.errors import InputError, nearest
from engine.files import write_text
from experiments.bulletin.gathering import gather
from experiments.bulletin.indicators import INDICATORS
from experiments.bulletin.page import bulletin_page, finding, left_out_text
from experiments.bulletin.ranking import ranked, rows_of
from experiments.compare.writing import write_table
from experiments.config import BulletinConfig
from experiments.report._language import speaking

__all__ = ["main"]


def main(config: BulletinConfig) -> int:
    """Write ``bulletin.html``, ``.parquet`` and ``.csv`` into `out`, or into the folder itself. Returns 0."""
    assert config.folder is not None, "the configuration is checked before"
    known = [indicator.key for indicator in INDICATORS]
    if config.order not in known:
        raise InputError(
            f"order={config.order} is no indicator.{nearest(config.order, known)} They are {', '.join(known)}."
        )
    junctions, notes = gather(config.folder)
    since, more = gather(config.since) if config.since else ([], [])
    found = ranked(junctions, since, config.order)
    folder = (config.out or config.folder).absolute()
    write_table(rows_of(found), folder / "bulletin.parquet")
    with speaking(config.report.language or "en"):
        since_name = config.since.absolute().name if config.since else ""
        write_text(
            folder / "bulletin.html",
            bulletin_page(found, config.order, config.folder.absolute().name, since_name, [*notes, *more]),
        )
    with speaking("en"):
        print("\n".join([*(f"note: {left_out_text(of)}" for of in (*notes, *more)), *finding(found, config.order)]))
    print(f"page: {folder / 'bulletin.html'}")
    return 0
