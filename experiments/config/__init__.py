"""The configuration of every command as frozen data, checked as far as it can be without SUMO.

A command's keys stand in the module of its name, a group's in the group's. Hydra fills them in (`experiments._compose`);
nothing behind this package knows Hydra. Each class is also the schema of its part of ``conf/``, so a key is defined here
and nowhere else.
"""

from experiments.config._identity import identity, resolved
from experiments.config.audit import AuditConfig
from experiments.config.bench import BenchConfig
from experiments.config.bulletin import BulletinConfig
from experiments.config.calibrate import CalibrateConfig
from experiments.config.check import CheckConfig
from experiments.config.compare import CompareConfig
from experiments.config.controller import ControllerConfig
from experiments.config.demand import DemandConfig
from experiments.config.emergency import EmergencyConfig
from experiments.config.export_plan import ExportConfig
from experiments.config.hcm import HcmConfig
from experiments.config.importing import ImportConfig
from experiments.config.measures import MeasuresConfig
from experiments.config.objective import ObjectiveConfig
from experiments.config.optimize import OptimizeConfig
from experiments.config.plans import PlansConfig
from experiments.config.replay import ReplayConfig
from experiments.config.report import ReportCommandConfig, ReportConfig
from experiments.config.run import RunConfig
from experiments.config.scenario import QueueConfig, ScenarioConfig
from experiments.config.scenario_set import MemberConfig, ScenarioSetConfig
from experiments.config.schedule import ScheduleConfig
from experiments.config.search import SearchConfig
from experiments.config.serve import ServeConfig, WarnConfig
from experiments.config.study import SearchStudyConfig
from experiments.config.suite import CaseConfig, SuiteConfig
from experiments.config.sweep import SweepConfig
from experiments.config.tournament import TournamentConfig
from experiments.config.workers import AttemptsConfig, RayConfig

__all__ = [
    "AttemptsConfig",
    "AuditConfig",
    "BenchConfig",
    "BulletinConfig",
    "CalibrateConfig",
    "CaseConfig",
    "CheckConfig",
    "CompareConfig",
    "ControllerConfig",
    "DemandConfig",
    "EmergencyConfig",
    "ExportConfig",
    "HcmConfig",
    "ImportConfig",
    "MeasuresConfig",
    "MemberConfig",
    "ObjectiveConfig",
    "OptimizeConfig",
    "PlansConfig",
    "QueueConfig",
    "RayConfig",
    "ReplayConfig",
    "ReportCommandConfig",
    "ReportConfig",
    "RunConfig",
    "ScenarioConfig",
    "ScenarioSetConfig",
    "ScheduleConfig",
    "SearchConfig",
    "SearchStudyConfig",
    "ServeConfig",
    "SuiteConfig",
    "SweepConfig",
    "TournamentConfig",
    "WarnConfig",
    "identity",
    "resolved",
]
