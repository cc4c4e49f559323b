"""Builds the Cython modules; everything else about the project is in pyproject.toml."""

import importlib.util
import os
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

# GREENSPLIT_DEBUG=1 turns bounds checks and C assertions on; continuous integration runs the kernels' tests that way.
DEBUG = os.environ.get("GREENSPLIT_DEBUG", "") == "1"


def sumo_folder() -> Path:
    """Return the installed eclipse-sumo package: its C++ headers and library are what the native recorder uses."""
    spec = importlib.util.find_spec("sumo")
    if spec is None or spec.origin is None:
        raise SystemExit("eclipse-sumo is not installed: pip install eclipse-sumo==1.28.0, then build again.")
    return Path(spec.origin).parent


SUMO = sumo_folder()
COMPILE = ["-std=c++17", "-O0" if DEBUG else "-O2"]
# No -ffast-math and no fused multiply-add: the same input gives the same bits on every build.
COMPILE += ["-ffp-contract=off"]
# errno is not read, and without it a square root is one instruction.
COMPILE += ["-fno-math-errno"]

# Loops over arrays become two lanes wide with -O3: four times as fast for a formula of one division; and without regard to
# the processor's exception flags also where a formula has a condition. Neither changes a bit of the values.
# The screening kernel spreads its rows over threads.
FLAGS = {"_formulas": [] if DEBUG else ["-O3", "-fno-trapping-math"], "_screening": ["-fopenmp"]}

KERNELS = (
    "_conflicts",
    "_emissions",
    "_events",
    "_formulas",
    "_horizon",
    "_scoring",
    "_screening",
    "_screening_inputs",
    "_walking",
)

NATIVE = ("_native", "_persons", "_state")

extensions = [
    *(
        Extension(
            f"kernels.{name}",
            [f"kernels/{name}.pyx"],
            include_dirs=[np.get_include()],
            language="c++",
            extra_compile_args=[*COMPILE, *FLAGS.get(name, [])],
            extra_link_args=["-fopenmp"] if "-fopenmp" in FLAGS.get(name, []) else [],
        )
        for name in KERNELS
    ),
    *(
        Extension(
            f"engine.sumo.{name}",
            [f"engine/sumo/{name}.pyx"],
            depends=["engine/sumo/_microsim.h"],
            include_dirs=["engine/sumo", np.get_include(), str(SUMO / "include")],
            library_dirs=[str(SUMO / "lib64")],
            libraries=["sumocpp"],
            language="c++",
            extra_compile_args=COMPILE,
            # The library's own dependencies are bundled in its wheel and found when it is loaded, not when we link.
            # There is no run path: engine/sumo/native.py loads the library of the SUMO that is installed.
            extra_link_args=["-Wl,--allow-shlib-undefined"],
        )
        for name in NATIVE
    ),
]

setup(
    options={"build_ext": {"parallel": os.cpu_count()}},
    ext_modules=cythonize(
        extensions,
        language_level=3,
        compiler_directives={
            "boundscheck": DEBUG,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": DEBUG,
            "embedsignature": True,
        },
    ),
)
