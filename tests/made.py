"""Made-up results, for tests that do not care where they come from."""

from engine.result import Cycle, GroupResult


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
