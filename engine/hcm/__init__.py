"""Capacity, delay and queues of signals by the Highway Capacity Manual's formulas, without simulating."""

from engine.hcm.analysis import Analysis, analyse
from engine.hcm.method import Method
from engine.hcm.rows import GroupRow, TotalRow

__all__ = ["Analysis", "GroupRow", "Method", "TotalRow", "analyse"]
