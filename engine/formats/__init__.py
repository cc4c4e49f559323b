"""Plans in the formats of other tools: what goes out, what comes in, and what each of them cannot hold."""

from engine.formats.reading import PlanFile, read_any_plan
from engine.formats.writing import FORMATS, plan_text

__all__ = ["FORMATS", "PlanFile", "plan_text", "read_any_plan"]
