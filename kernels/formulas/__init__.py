"""The formulas of signal timing and evaluation, on numbers or arrays that broadcast.

Flows, saturation flows and capacities are in vehicles per hour, cycles and greens in seconds, the analysis period in
hours, delays in seconds per vehicle, green ratios g/C. `x` is the degree of saturation v/c. A value outside a
formula's valid range raises ValueError; nothing is clipped unless the source clips it. Arrays give arrays, numbers
NumPy scalars. HCM is the Highway Capacity Manual, 7th edition, chapters 19 and 31.
"""

from kernels.formulas.agreement import geh, replications
from kernels.formulas.delay import (
    LEVELS,
    actuated_factor,
    akcelik_delay,
    capacity,
    control_delay,
    filtering_factor,
    incremental_delay,
    initial_queue_delay,
    level_of_service,
    progression_factor,
    queueing_delay,
    uniform_delay,
    webster_delay,
)
from kernels.formulas.platoon import disperse, hcm_smoothing, robertson_smoothing
from kernels.formulas.queue import (
    QUANTILES,
    Polygon,
    accumulated_queue,
    back_of_queue,
    percentile_queue,
    queue_polygon,
    speed_change_delay,
    standing_queue,
    storage_ratio,
)
from kernels.formulas.saturation import (
    heavy_grade_factor,
    lane_use_factor,
    lane_width_factor,
    left_walk_factor,
    mixed_flow_factor,
    permitted_saturation,
    right_walk_factor,
    time_to_first_left,
)
from kernels.formulas.timing import (
    all_red,
    pedestrian_clearance,
    pedestrian_walk,
    shortest_cycle,
    webster_cycle,
    webster_splits,
    yellow,
)

__all__ = [
    "LEVELS",
    "QUANTILES",
    "Polygon",
    "accumulated_queue",
    "actuated_factor",
    "akcelik_delay",
    "all_red",
    "back_of_queue",
    "capacity",
    "control_delay",
    "disperse",
    "filtering_factor",
    "geh",
    "hcm_smoothing",
    "heavy_grade_factor",
    "incremental_delay",
    "initial_queue_delay",
    "lane_use_factor",
    "lane_width_factor",
    "left_walk_factor",
    "level_of_service",
    "mixed_flow_factor",
    "pedestrian_clearance",
    "pedestrian_walk",
    "percentile_queue",
    "permitted_saturation",
    "progression_factor",
    "queue_polygon",
    "queueing_delay",
    "replications",
    "right_walk_factor",
    "robertson_smoothing",
    "shortest_cycle",
    "speed_change_delay",
    "standing_queue",
    "storage_ratio",
    "time_to_first_left",
    "uniform_delay",
    "webster_cycle",
    "webster_delay",
    "webster_splits",
    "yellow",
]
