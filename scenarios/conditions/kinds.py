"""What kinds of conditions there are. A name in a file picks one of these classes and nothing else."""

from scenarios.conditions.closures import LaneClosure, RoadClosure
from scenarios.conditions.condition import Condition
from scenarios.conditions.demand import Freight, Growth, Plates
from scenarios.conditions.event import EmergencyRoute, Event
from scenarios.conditions.parking import Parking
from scenarios.conditions.signals import FailedDetector, SignalOut
from scenarios.conditions.two_wheelers import TwoWheelers
from scenarios.conditions.walking import Groups
from scenarios.conditions.weather import Weather

__all__ = ["KINDS"]

KINDS: dict[str, type[Condition]] = {
    "growth": Growth,
    "plates": Plates,
    "freight": Freight,
    "event": Event,
    "two_wheelers": TwoWheelers,
    "groups": Groups,
    "parking": Parking,
    "emergency_route": EmergencyRoute,
    "weather": Weather,
    "lane_closure": LaneClosure,
    "road_closure": RoadClosure,
    "signal_out": SignalOut,
    "failed_detector": FailedDetector,
}
"""By the ``kind`` that stands in ``conf/conditions/*.yaml``; within a stage they are applied in this order."""
