"""Where results come from: the versions and the platform that their last bits may depend on."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import math
import os
import platform
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

__all__ = ["Origin", "arithmetic"]

ALLOCATOR = ("LD_PRELOAD", "GLIBC_TUNABLES")
"""What, beside variables that begin with ``MALLOC_``, changes how memory is handed out: SUMO resolves some ties by
addresses (docs/determinism.md)."""


@dataclass(frozen=True)
class Origin:
    """Where results come from. Equal origins, ours aside, give equal bytes.

    Attributes:
        greensplit: our version. It excuses no difference: what our program computes is what is looked at.
        sumo, python, numpy: versions.
        machine: of the processor, such as ``x86_64``.
        libc: the C library and its version.
        arithmetic: `arithmetic`; processors of one machine type differ in it where the C library has several ways to
            compute a function.
        allocator: settings in force that change how memory is handed out; usually none.
    """

    greensplit: str
    sumo: str
    python: str
    numpy: str
    machine: str
    libc: str
    arithmetic: str
    allocator: str

    @classmethod
    def here(cls) -> Origin:
        """Return the origin of what this process and its children compute."""
        settings = [name for name in os.environ if name.startswith("MALLOC_") or name in ALLOCATOR]
        return cls(
            greensplit=version("greensplit"),
            sumo=version("eclipse-sumo"),
            python=platform.python_version(),
            numpy=version("numpy"),
            machine=platform.machine(),
            libc=" ".join(platform.libc_ver()).strip(),
            arithmetic=arithmetic(),
            allocator=" ".join(f"{name}={os.environ[name]}" for name in sorted(settings)),
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Origin:
        """Return what `to_json` gave.

        Raises:
            KeyError: something is missing.
        """
        return cls(**{field.name: str(data[field.name]) for field in dataclasses.fields(cls)})

    def to_json(self) -> dict[str, str]:
        """Return the origin as plain strings."""
        return dataclasses.asdict(self)

    def excuses(self, other: Origin) -> list[str]:
        """Return what differs from `other` that may change last bits, as in ``libc glibc 2.36, recorded glibc 2.39``."""
        theirs, ours = other.to_json(), self.to_json()
        names = [name for name in ours if name != "greensplit" and ours[name] != theirs[name]]
        return [f"{name} {ours[name] or 'default'}, recorded {theirs[name] or 'default'}" for name in names]


@functools.cache
def arithmetic() -> str:
    """Return 12 hexadecimal digits that name how the C library computes elementary functions here.

    It picks its code by what the processor can do, and the last bit of a result goes with the pick. SUMO and our kernels
    call the same library.
    """
    functions: tuple[Callable[[float], float], ...] = (
        math.exp,
        math.log,
        math.sin,
        math.cos,
        math.tan,
        math.atan,
        math.tanh,
        lambda x: math.pow(x, 1.7),
        lambda x: math.hypot(x, 2.9),
    )
    arguments = [0.013 + 0.0371 * k for k in range(500)]
    values = [function(argument) for function in functions for argument in arguments]
    return hashlib.sha256(struct.pack(f"<{len(values)}d", *values)).hexdigest()[:12]
