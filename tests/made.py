"""Made-up results, for tests that do not care where they come from."""

import itertools

from engine.levels import CLASS_SUMS, combine
from engine.result import Cycle, GroupResult
from kernels.classes import CLASSES


def group_result(signal, approach, group, delay_s, los, queue_m=40.0, truncated=False, vehicles=100, stops=0.9):
    return GroupResult(
        signal=signal,
        approach=approach,
        group=group,
        vehicles=vehicles,
        throughput_veh=95,
        flow_veh_h=190.0,
        control_delay_s=delay_s,
        stops_per_veh=stops,
        los=los,
        queue_m=(queue_m,) * 5,
        queue_veh=(6.0,) * 5,
        storage_m=200.0,
        storage_ratio=queue_m / 200.0,
        spillback_s=30.0 if truncated else 0.0,
        queue_truncated=truncated,
        green_ratio=0.4,
        green_utilisation=0.7,
        arrivals_on_green=0.5,
        platoon_ratio=1.25,
        split_failures=2,
        saturation_flow_veh_h=None,
        degree_of_saturation=0.8,
    )


def cycle(group, start_s, end_s, queue_m, queue_veh):
    return Cycle(group, start_s, end_s, queue_m, queue_veh, 30.0, 20.0, 9, 4, 0)


def approach_results(groups, cycles=()):
    """The approaches that lane groups, sorted, and their cycles, in time order, combine to."""
    nobody = {name: [0.0] * len(CLASSES) for name in CLASS_SUMS}
    by_approach = itertools.groupby(enumerate(groups), lambda item: (item[1].signal, item[1].approach))
    rows = []
    for (signal, approach), items in by_approach:
        members = dict(items)
        of_members = [[cycle for cycle in cycles if cycle.group == i] for i in members]
        rows.append(combine(signal, approach, list(members.values()), of_members, 0.0, nobody))
    return tuple(rows)
