"""The screening model: built from a scenario and a few runs of its baseline, it scores batches of plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from engine.network import Network
from engine.plan import Plan
from engine.scenario import Scenario
from engine.screening.calibration import fitted, observed_loss_s
from engine.screening.demand import DemandArrays, choices_of, demand_arrays, typical_vehicle
from engine.screening.roads import RoadArrays, road_arrays
from engine.screening.timing import program_arrays
from engine.sumo.roads import read_roads
from engine.sumo.traces import Trace, routed_at_departure, vehicle_types
from kernels.screening import Behaviour, Outcome, score

__all__ = ["Scores", "ScreeningModel"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """What the model says of some plans, draw by draw.

    Attributes:
        delay_s: `delay_s` (docs/measures.md), shape (n_plans, n_draws).
        gridlock: whether the draw ends in gridlock, shape (n_plans, n_draws).
        approach_delay_s: time lost per vehicle of the network on the approaches to each signal, shape
            (n_plans, n_approaches), in the network's order; `None` unless asked for.
    """

    delay_s: Floats
    gridlock: npt.NDArray[np.bool_]
    approach_delay_s: Floats | None = None

    @property
    def median_s(self) -> Floats:
        """The median over the draws, by which plans are ranked: one gridlock in a few draws does not move it."""
        median: Floats = np.median(self.delay_s, axis=1)
        return median

    @property
    def mean_s(self) -> Floats:
        """The mean over the draws."""
        mean: Floats = self.delay_s.mean(axis=1)
        return mean

    @property
    def gridlock_share(self) -> Floats:
        """The share of draws that end in gridlock."""
        share: Floats = self.gridlock.mean(axis=1)
        return share


@dataclass(frozen=True)
class ScreeningModel:
    """A traffic model of one scenario. Plain data: it can be pickled, and scores the same in every process.

    Attributes:
        network: the network whose signals plans set.
        roads, demand: its arrays.
        behaviour: how drivers behave.
        begin_s, end_s, warmup_s: the window, as the scenario has it.
        base_s: seconds per vehicle that SUMO counts and the model does not (dawdling, turning): they are the same for
            every plan.
        observed_s: loss on each stretch in the baseline's runs, mean over the runs, vehicle-seconds.
        observed_delay_s: `delay_s` of the baseline's runs, mean.
    """

    network: Network
    roads: RoadArrays
    demand: DemandArrays
    behaviour: Behaviour
    begin_s: float
    end_s: float
    warmup_s: float
    base_s: float
    observed_s: Floats
    observed_delay_s: float

    @classmethod
    def build(cls, scenario: Scenario, network: Network, traces: Sequence[Trace], n_draws: int = 3) -> ScreeningModel:
        """Return the model of a scenario, with default drivers.

        Args:
            scenario, network: what is simulated.
            traces: runs of the plan in the net (`engine.screening.runs.baseline_traces`): routes and departures are theirs.
            n_draws: draws of demand and drivers; draw i takes the vehicles of run i modulo the number of runs.

        Raises:
            ValueError: no traces, or none with a vehicle in it.
        """
        if not any(trace.trips for trace in traces):
            raise ValueError("the screening model needs a run of the baseline with at least one vehicle")
        types = vehicle_types([*scenario.routes, *scenario.additional])
        routed = routed_at_departure([*scenario.routes, *scenario.additional])
        net = read_roads(scenario.net)
        choices = choices_of(traces, types, routed, net)
        typical = typical_vehicle(traces, types)
        roads = road_arrays(net, network, choices.journeys, choices.sets, typical, scenario.step_s)
        window = scenario.begin_s, scenario.end_s
        counted_s = scenario.begin_s + scenario.warmup_s
        losses = [trip.loss_s for trace in traces for trip in trace.trips if counted_s <= trip.due_s <= scenario.end_s]
        model = cls(
            network,
            roads,
            demand_arrays(traces, types, choices, routed, *window, n_draws),
            Behaviour(),
            *window,
            scenario.warmup_s,
            0.0,
            observed_loss_s(roads, traces, counted_s, scenario.end_s),
            sum(losses) / max(len(losses), 1),
        )
        return model.based()

    def based(self) -> ScreeningModel:
        """Return the model whose delay of the plan in the net is that of the baseline's runs."""
        missing_s = self.observed_delay_s - float(replace(self, base_s=0.0).score([Plan(())]).mean_s[0])
        return replace(self, base_s=missing_s)

    def calibrated(self) -> ScreeningModel:
        """Return the model with drivers fitted to the baseline's runs (and to nothing else)."""

        def lost_s(behaviour: Behaviour) -> Floats:
            outcome = replace(self, behaviour=behaviour).outcome([Plan(())], by_lane=True)
            assert outcome.loss_s is not None
            return self._by_stretch(outcome.loss_s[0].mean(axis=0))

        return replace(self, behaviour=fitted(self.behaviour, self.observed_s, lost_s)).based()

    def _by_stretch(self, loss_s: Floats) -> Floats:
        """Return the loss on each stretch; what is lost in a pocket counts for the stretch before it."""
        owner = self.roads.lane_edge.copy()
        for lane, edge in enumerate(self.roads.lane_edge):
            pocket = self.roads.lane_pocket[lane] if self.roads.edges[edge] else -1
            while pocket >= 0:
                owner[pocket] = edge
                pocket = self.roads.lane_pocket[pocket]
        by_stretch: Floats = np.bincount(owner, weights=loss_s, minlength=self.roads.n_edges).astype(np.float64)
        return by_stretch

    def outcome(self, plans: Sequence[Plan], threads: int = 1, by_lane: bool = False) -> Outcome:
        """Return what the kernel says of some plans."""
        programs = program_arrays(self.network, self.roads, plans)
        window = self.begin_s, self.end_s, self.warmup_s
        return score(self.roads, self.demand, programs, self.behaviour, *window, threads, by_lane)

    def score(self, plans: Sequence[Plan], threads: int = 1, by_approach: bool = False) -> Scores:
        """Return the scores of some plans, in their order; the same numbers for any number of threads."""
        outcome = self.outcome(plans, threads, by_approach)
        ends = self.demand.start
        counted = [int(np.sum(self.demand.due_s[a:b] >= self.warmup_s)) for a, b in pairwise(ends)]
        vehicles = np.maximum(np.array(counted), 1)
        approaches = None
        if outcome.loss_s is not None:
            approaches = self._approaches((outcome.loss_s / vehicles[:, None]).mean(axis=1))
        return Scores(outcome.delay_sum_s / vehicles + self.base_s, outcome.gridlock, approaches)

    def _approaches(self, loss_s: Floats) -> Floats:
        """Return the loss on the stretches of each approach, shape (n_plans, n_approaches)."""
        stretches = np.array([self._by_stretch(row) for row in loss_s]).reshape(len(loss_s), -1)
        where = {edge: i for i, edges in enumerate(self.roads.edges) for edge in edges}
        columns = []
        for signal in self.network.signals:
            for approach in signal.approaches:
                own = sorted({where[edge] for edge in approach.edges if edge in where})
                columns.append(stretches[:, own].sum(axis=1))
        return np.array(columns).T.reshape(len(loss_s), -1)
