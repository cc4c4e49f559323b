"""Loads SUMO's C++ library, then the module that drives it."""

from __future__ import annotations

import ctypes
import os
from functools import lru_cache
from typing import Any

from engine.sumo.installation import folder

__all__ = ["drive_class"]


@lru_cache(maxsize=1)
def drive_class() -> Any:
    """Return `engine.sumo._native.Drive`.

    Raises:
        ImportError, OSError: the module is not built for this SUMO, or its library cannot be loaded.
    """
    # In local mode: a global load would let its symbols take the place of those of Python's libsumo.
    ctypes.CDLL(str(folder() / "lib64" / "libsumocpp.so"), mode=os.RTLD_LOCAL | os.RTLD_NOW)
    from engine.sumo._native import Drive  # noqa: PLC0415  needs the library above

    return Drive
