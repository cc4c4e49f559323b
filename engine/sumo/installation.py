"""Finds the SUMO that is installed beside us, and makes sure that it is the one that we are built for."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from functools import lru_cache
from pathlib import Path

from engine.errors import InputError

__all__ = ["SUMO_VERSION", "binary", "environment", "folder", "require"]

SUMO_VERSION = "1.28.0"
"""Binaries, Python bindings and the native recorder's library must be of this one version."""

PACKAGES = ("eclipse-sumo", "libsumo", "traci", "sumolib")


@lru_cache(maxsize=1)
def require() -> None:
    """Check that every SUMO package is there in the right version.

    Raises:
        InputError: one is missing or of another version.
    """
    for package in PACKAGES:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise InputError(f"{package} is not installed. Run: pip install {package}=={SUMO_VERSION}") from error
        if version != SUMO_VERSION:
            raise InputError(
                f"{package} is version {version}, and this program is built for {SUMO_VERSION}. "
                f"Run: pip install {package}=={SUMO_VERSION}"
            )


@lru_cache(maxsize=1)
def folder() -> Path:
    """Return the folder of the installed eclipse-sumo package (``bin``, ``data``, ``lib64``, ``tools``)."""
    require()
    spec = importlib.util.find_spec("sumo")
    if spec is None or spec.origin is None:
        raise InputError(
            f"eclipse-sumo is not installed whole. Run: pip install --force-reinstall eclipse-sumo=={SUMO_VERSION}"
        )
    return Path(spec.origin).parent


def binary(name: str) -> Path:
    """Return the path of one of SUMO's programs, such as ``netconvert``.

    Raises:
        InputError: it is not there.
    """
    path = folder() / "bin" / name
    if not path.is_file():
        raise InputError(f"SUMO's program '{name}' is not at '{path}'. Reinstall eclipse-sumo=={SUMO_VERSION}.")
    return path


def environment() -> dict[str, str]:
    """Return the environment that SUMO's programs and libraries want: without it they print ``Cannot find proj.db``."""
    data = folder() / "data"
    return {**os.environ, "SUMO_HOME": str(folder()), "PROJ_LIB": str(data / "proj"), "PROJ_DATA": str(data / "proj")}
