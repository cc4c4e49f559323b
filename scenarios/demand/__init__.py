"""Demand for a network that is there: from turning counts, detectors, matrices and flows."""

from scenarios.demand.counts import Count, read_counts
from scenarios.demand.making import Asked, Made, Sources, make_demand

__all__ = ["Asked", "Count", "Made", "Sources", "make_demand", "read_counts"]
