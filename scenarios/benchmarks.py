"""The RESCO benchmark networks, read from the installed sumo-rl package and identified by hash; never copied."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from engine.errors import InputError
from engine.files import sha256

__all__ = ["configuration", "package_folder"]

PACKAGE = "sumo-rl==1.4.5"


def package_folder() -> Path | None:
    """Return where the networks' package is installed, or None; its code is not imported."""
    spec = importlib.util.find_spec("sumo_rl")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def configuration(folder: str, files: Mapping[str, str]) -> Path:
    """Return the ``.sumocfg`` of one network.

    Args:
        folder: the network's folder within the package, such as ``nets/RESCO/cologne1``.
        files: SHA-256 of each of its files.

    Raises:
        InputError: the package is not installed, or holds another copy than the one that figures were recorded with.
    """
    package = package_folder()
    if package is None:
        raise InputError(f"the benchmark networks are not installed. Run: pip install '{PACKAGE}'")
    for name, expected in files.items():
        path = package / folder / name
        if not path.is_file():
            raise InputError(f"the benchmark file '{path}' is missing. Run: pip install --force-reinstall '{PACKAGE}'")
        if sha256(path) != expected:
            raise InputError(
                f"'{path}' is not the recorded copy of this benchmark (SHA-256 differs). "
                f"Run: pip install --force-reinstall '{PACKAGE}', or name your copy with scenario=sumo."
            )
    configurations = [name for name in files if name.endswith(".sumocfg")]
    return package / folder / configurations[0]
