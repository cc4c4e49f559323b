"""The sums of emissions and fuel of one simulation."""

from __future__ import annotations

try:
    from kernels._emissions import Emissions
except ImportError as error:
    raise ImportError("The compiled kernels are missing: run 'pip install -e .' in the project's folder.") from error

__all__ = ["Emissions"]
