"""What changes on a page while a study runs, as short texts."""

from __future__ import annotations

from typing import Any

from experiments.report._language import N_, gettext, ngettext
from experiments.report._templates import fixed
from experiments.serve.catalogue import Catalogue, Entry
from experiments.serve.files import UnreadableError, shown
from experiments.serve.progress import Progress

__all__ = ["STATE_NAMES", "live"]

STATE_NAMES = {"runs": N_("runs"), "done": N_("done"), "stopped": N_("stopped"), "damaged": N_("damaged")}

TEXTS = ("count_text", "remaining_text", "best_text", "lost_text", "trouble")


def live(catalogue: Catalogue, entry: Entry) -> dict[str, Any]:
    """Return a study's state and, as long as it has not ended, its progress: numbers and the texts that go with them."""
    now: dict[str, Any] = dict.fromkeys(TEXTS, "") | {"done": 0, "expected": 0, "state": entry.state}
    now["state_text"] = gettext(STATE_NAMES[entry.state])
    if entry.state not in ("runs", "stopped"):
        return now
    try:
        progress = catalogue.progress(entry)
    except UnreadableError as error:
        return now | {"trouble": shown(str(error))}
    if progress is None:
        return now
    remaining = entry.state == "runs" and progress.remaining_s is not None
    return now | {
        "done": progress.done,
        "expected": progress.expected,
        "count_text": _count(progress),
        "remaining_text": gettext("about %(time)s remain", time=_duration(progress.remaining_s)) if remaining else "",
        "best_text": _best(progress),
        "lost_text": ngettext("%(num)s attempt lost", "%(num)s attempts lost", progress.lost) if progress.lost else "",
    }


def _count(progress: Progress) -> str:
    done, expected = progress.done, progress.expected
    if not expected:
        return ngettext("%(num)s run", "%(num)s runs", done)
    percent = fixed(100.0 * done / expected, 0)
    return gettext("%(done)s of %(expected)s runs (%(percent)s %%)", done=done, expected=expected, percent=percent)


def _best(progress: Progress) -> str:
    if progress.delay_s is None:
        return ""
    plan, delay = shown(progress.plan_id or "")[:40], fixed(progress.delay_s)
    best = gettext("best so far %(delay)s s per vehicle, plan %(plan)s", delay=delay, plan=plan)
    if progress.today_s is None:
        return best
    return gettext("%(best)s; plan in the net %(today)s s", best=best, today=fixed(progress.today_s))


def _duration(seconds: float | None) -> str:
    seconds = round(seconds or 0.0)
    minutes = round(seconds / 60)
    if minutes >= 60:
        return gettext("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
    return gettext("%(minutes)s min", minutes=minutes) if minutes else gettext("%(seconds)s s", seconds=seconds)
