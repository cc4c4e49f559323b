"""Starts one simulation on the backend of the user's choice."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from engine.errors import InputError
from engine.sumo.installation import binary, environment
from engine.sumo.native import drive_class
from kernels.scoring import Scorer
from kernels.walking import Walkers

if TYPE_CHECKING:
    from engine.extras import Extras
    from engine.simulation import Backend

__all__ = ["preload", "start"]


def start(
    backend: str,
    options: Sequence[str],
    scorer: Scorer,
    lane_ids: Sequence[str],
    signal_ids: Sequence[str],
    walkers: Walkers | None = None,
    crossing_edges: Sequence[str] = (),
    extras: Extras | None = None,
) -> Any:
    """Return a started drive, what `engine.sumo.live.Drive` is: it runs, tells its state, sets signals, and closes.

    Args:
        backend: native (SUMO's C++ library), libsumo, traci (a process of its own), or gui (the same with a window).
        options: SUMO's options.
        scorer, lane_ids, signal_ids, walkers, crossing_edges, extras: see `engine.sumo.live.Drive`.

    Raises:
        InputError: an unknown backend.
        ImportError, OSError: the native recorder cannot be loaded (`preload` finds out beforehand).
        RuntimeError: SUMO refuses the options or the files.
    """
    os.environ.update(environment())
    if backend == "native":
        native = drive_class()
        return native(list(options), scorer, list(lane_ids), list(signal_ids), walkers, list(crossing_edges), extras)
    from engine.sumo.live import Drive  # noqa: PLC0415  only where it is needed

    if backend == "libsumo":
        import libsumo  # noqa: PLC0415  takes a quarter of a second

        if libsumo.simulation.isLoaded():
            libsumo.close()
        libsumo.start(["sumo", *options])
        return Drive(scorer, lane_ids, signal_ids, libsumo, walkers, crossing_edges, extras)
    if backend in ("traci", "gui"):
        return Drive(scorer, lane_ids, signal_ids, _connection(backend, options), walkers, crossing_edges, extras)
    raise InputError(f"there is no backend '{backend}'. Choose native, libsumo, traci or gui.")


def preload(backend: str) -> tuple[Backend, str]:
    """Load what a backend needs before the first simulation; it is the same for all that follow.

    Returns:
        The backend that is used, and a line to tell: libsumo takes over where the native one cannot be loaded.
    """
    os.environ.update(environment())
    note = ""
    if backend == "native":
        try:
            drive_class()
        except (ImportError, OSError) as error:
            backend, note = "libsumo", f"the native recorder cannot be loaded ({error}); libsumo takes over."
    if backend == "libsumo":
        import libsumo  # noqa: F401, PLC0415  takes a quarter of a second
    return cast("Backend", backend), note


def _connection(backend: str, options: Sequence[str]) -> Any:
    import traci  # noqa: PLC0415  only where it is needed

    program = binary("sumo-gui" if backend == "gui" else "sumo")
    extra = ["--start", "--quit-on-end"] if backend == "gui" else []
    label = f"greensplit-{os.getpid()}"
    traci.start([str(program), *options, *extra], label=label, stdout=None)
    return traci.getConnection(label)
