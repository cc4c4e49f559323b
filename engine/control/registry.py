"""Which name is which controller. Nothing in a file can name another class."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
from pathlib import Path
from typing import Any

from engine.control.controller import Controller
from engine.control.spec import Control, UserClass
from engine.errors import InputError, nearest

__all__ = ["CONTROLLERS", "check_parameters", "make_controller"]

CONTROLLERS = {
    "rolling_horizon": ("engine.control.rolling", "RollingHorizon"),
    "greedy": ("engine.control.counting", "Greedy"),
    "max_pressure": ("engine.control.counting", "MaxPressure"),
    "sotl": ("engine.control.counting", "Sotl"),
    "program": ("engine.control.street", "FixedPlan"),
}
"""Module and class by name."""

USER = "user"


def _class_of(control: Control) -> Any:
    if control.kind == USER:
        if control.code is None:
            raise InputError("controller=user names no class. Give controller.file=PATH.py controller.class=NAME.")
        return _users(control.code)
    if control.kind not in CONTROLLERS:
        raise InputError(
            f"controller={control.kind} is not known.{nearest(control.kind, CONTROLLERS)} "
            f"Choose one of: {', '.join(sorted(CONTROLLERS))}."
        )
    module, name = CONTROLLERS[control.kind]
    return getattr(importlib.import_module(module), name)


def check_parameters(control: Control) -> None:
    """Refuse parameters that the controller has not, and numbers of the wrong sort.

    Raises:
        InputError: which one, and what there is.
    """
    takes = inspect.signature(_class_of(control)).parameters
    known = [name for name, of in takes.items() if of.kind is not of.VAR_KEYWORD and name != "programs"]
    for name, value in control.parameters:
        if name not in known and len(known) == len([n for n in takes if n != "programs"]):
            there = f"It has {', '.join(sorted(known))}." if known else "It has none."
            raise InputError(f"controller={control.kind} has no parameter '{name}'.{nearest(name, known)} {there}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise InputError(f"controller.{name}={value} is no number. Give one.")
        if name == "decision_s" and not value > 0.0:
            raise InputError(f"controller.decision_s={value:g} must be above 0.")


def make_controller(control: Control) -> Controller:
    """Return a controller that is ready to be started.

    Raises:
        InputError: an unknown name or parameter, or a user's class that cannot be loaded.
    """
    check_parameters(control)
    kind = _class_of(control)
    try:
        made: Controller = kind(**dict(control.parameters))
    except InputError:
        raise
    except Exception as error:
        if control.code is None:
            raise
        raise InputError(f"{_where(control.code)} cannot be made: {type(error).__name__}: {error}.") from error
    for name in ("start", "decide"):
        if not callable(getattr(made, name, None)):
            raise InputError(f"controller={control.kind}: its class has no method '{name}'. See docs/control.md.")
    if not isinstance(getattr(made, "decision_s", None), (int, float)) or not made.decision_s > 0.0:
        raise InputError(f"controller={control.kind}: its class has no decision_s above 0. See docs/control.md.")
    return made


def _where(code: UserClass) -> str:
    return f"class '{code.class_name}' of '{code.file}'"


def _users(code: UserClass) -> Any:
    """Return a user's class from the file that the command line names.

    Raises:
        InputError: no file is named, it is another one than the plan's, or it cannot be loaded.
    """
    if not code.file:
        raise InputError(
            f"the plan's controller is a user's class '{code.class_name}', and no file can bring code. Say "
            f"controller=user controller.file=PATH.py controller.class={code.class_name}."
        )
    file = Path(code.file)
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
        if found != code.sha256:
            raise InputError(f"'{file}' has changed since the command began. Start it again.")
        loader = importlib.util.spec_from_file_location(f"greensplit_user_{found[:12]}", file)
        if loader is None or loader.loader is None:
            raise InputError(f"controller.file='{file}' is no Python file. Give a path that ends in .py.")
        module = importlib.util.module_from_spec(loader)
        loader.loader.exec_module(module)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"controller.file='{file}' cannot be loaded: {type(error).__name__}: {error}. Run it with Python to see why."
        ) from error
    kind = getattr(module, code.class_name, None)
    if not inspect.isclass(kind):
        raise InputError(f"controller.file='{file}' has no class '{code.class_name}'. Give controller.class=NAME.")
    return kind
