"""Vehicle classes: what results tell apart, and which of SUMO's classes is which."""

__all__ = ["CLASSES", "CLASS_OF", "EMERGENCY", "class_index"]

CLASSES = ("car", "bus", "truck", "bicycle")
"""In the order of `kernels.scoring.Scorer.class_sums`."""

EMERGENCY = len(CLASSES)
"""What a state calls a vehicle of SUMO's class emergency; measures count it among the cars."""

CLASS_OF = {
    "bus": 1, "coach": 1, "tram": 1, "rail_urban": 1, "rail": 1, "rail_electric": 1, "rail_fast": 1,
    "truck": 2, "trailer": 2, "delivery": 2,
    "bicycle": 3, "moped": 3, "scooter": 3,
}  # fmt: skip


def class_index(sumo_class: str) -> int:
    """Return the index in `CLASSES` of one of SUMO's vehicle classes; what is none of the others is a car."""
    return CLASS_OF.get(sumo_class, 0)
