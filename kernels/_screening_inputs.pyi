from typing import Any

class Inputs:
    def __init__(self, roads: Any, demand: Any, behaviour: Any, programs: Any) -> None: ...
