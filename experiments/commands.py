"""What `greensplit` can be asked: every command with its purpose, keys and examples, as data that imports next to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from experiments.bench.figures import FIGURES

__all__ = ["COMMANDS", "Command"]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        purpose: one line.
        module: where its ``main`` is; imported when it is called, because SUMO and Ray take their time.
        path_key: the key that a positional path fills, or "" where there is none.
        several: whether that key takes any number of them.
        configured: whether it is composed by Hydra; the others read their few arguments themselves.
        keys: (key, meaning) of what is asked for most.
        examples: commands that work as they stand.
        resumes: whether the same command goes on with what it left when it was stopped.
        workers: whether simulations run side by side; their processes then start before the configuration is read.
        flags: keys that are also written as a flag: ``--record`` is ``record=true``.
    """

    purpose: str
    module: str
    path_key: str = ""
    several: bool = False
    configured: bool = True
    keys: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()
    resumes: bool = False
    workers: bool = False
    flags: tuple[str, ...] = ()


SCENARIO_KEYS = (
    ("scenario=NAME", "what is simulated: junction (default), sumo, or a benchmark; 'greensplit scenarios' lists them"),
    ("scenario=DIR", "instead: a folder that 'greensplit import' has made"),
    ("scenario.file=PATH", "with scenario=junction: your junction's description (legs, lanes, counts, timing)"),
    ("scenario.sumocfg=PATH", "with scenario=sumo: your SUMO configuration"),
    ("scenario.begin_s= .end_s= .warmup_s=", "override the simulated window, seconds"),
    (
        "conditions=[rain,lane_closed]",
        "what holds besides; conditions.lane_closed.lanes=[ID] and the like say where and how",
    ),
)
SHARED_KEYS = (
    ("measures=traffic", "or all: emissions, fuel and conflicts (TTC, DRAC, PET) too"),
    ("backend=native", "what drives SUMO: native, libsumo, traci, and for run also gui"),
    ("out=DIR", "the study's folder"),
)

CONTROL_KEYS = (
    (
        "controller=fixed",
        "or what answers to the traffic: rolling_horizon, greedy, max_pressure, sotl, actuated, delay_based, program, user",
    ),
    ("controller.NAME=", "a parameter of that controller (docs/control.md)"),
    ("controller.max_red_s=120 controller.order=free", "longest wait of a demand; or the program's order of stages"),
    ("controller.priority.transit=true .emergency=true", "who goes first"),
    ("controller=user controller.file=PATH.py controller.class=NAME", "a class of your own"),
    ("sensing=range200", "what a controller sees: everything, range50, range100, range200, connected, shares, loops"),
)

SEARCH_KEYS = (
    *SCENARIO_KEYS,
    (
        "scenario_set=NAME|PATH",
        "run each plan over several days and troubles: weather, demand, or your file (docs/robust.md)",
    ),
    (
        "objective.over=mean objective.tail=0.33",
        "over a set: mean, worst, or cvar: the mean over the worst share of the weight",
    ),
    ("scenario_set.against=PATH", "a plan file to set the winner beside in every member, on the held-out seeds"),
    ("seeds=[1,2,3]", "training seeds: they choose the winner"),
    ("search.holdout_seeds=[101,...,110]", "held-out seeds: they prove it; [] switches them off"),
    ("plans=default", "what varies: default, cycle, splits, offsets, baseline (nothing)"),
    (
        "plans.order=true plans.skip=true",
        "other orders of a signal's stages; stages left out whose links have green elsewhere",
    ),
    ("plans.half_cycle=true", "signals may run at half of their common cycle"),
    ("plans.radius=0.3", "how far from the plan in the net, or full: sweep begins with 0.3, optimize with full"),
    ("plans.min_green_s=5 .max_green_s= .min_cycle_s=40 .max_cycle_s=180", "bounds, seconds"),
    ("plans.signals=[...]", "the signals that may change; all of them by default"),
    ("controller=NAME", "tune what answers to the traffic instead of plans: its parameters vary (docs/control.md)"),
    ("sensing=range200", "what it sees: everything, range50, range100, range200, connected, shares, loops"),
    ("rules=default", "what proposed plans may not break more than the plan in the net: gb, mutcd, benchmark"),
    ("workers=N", "simulations at a time; default: the cores"),
    ("ray.address=HOST:PORT", "a Ray cluster that is there already"),
    ("run.deadline_s= run.attempts=2", "wall time that a run may take; tries of a run that is lost"),
    ("report.language=en", "of the page: en or zh"),
)

DEMAND_KEYS = (
    ("SCENARIO", "whose network and signals are taken; its own demand says who drives. Or scenario=, as elsewhere"),
    ("counts=PATH", "CSV of counts: junction,from,to,begin,end,count; without 'to' those of a detector"),
    ("log=PATH detectors=PATH", "instead: a controller's high-resolution log, and what each detector counts"),
    ("method=routes", "whole routes that meet the counts (routeSampler), or turns: turn by turn (jtrrouter)"),
    ("profile=[0.22,0.26,0.28,0.24]", "shares of the total in each quarter of an hour of longer intervals"),
    ("scale=1 shift_s=0 seed=1", "more or less of it; later or earlier; other departures and routes"),
    ("warmup_min=10", "minutes at the first interval's rate before it, which are not evaluated"),
    ("trucks=0.05", "share of trucks, where the scenario's own demand names no types"),
    ("tolerance=0.15 sources=[]", "how much neighbours' counts may differ; roads where traffic begins and ends within"),
)

COMMANDS = {
    "run": Command(
        "one simulation of one plan and seed, scored",
        "experiments.run",
        keys=(
            *SCENARIO_KEYS,
            ("seed=1", "SUMO's seed"),
            ("plan=baseline", "the plan in the net, or a plan file: .add.xml, .json or a timing sheet (.csv)"),
            *CONTROL_KEYS,
            ("rules=default", "what a controller's lights keep: benchmark where none are named, gb, mutcd"),
            ("tripinfo=PATH", "also write SUMO's own record of every vehicle"),
            ("series_s=60", "with out=DIR: also write series.parquet, a row for each interval of so many seconds"),
            ("json=true", "print the measures as JSON"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit run",
            "greensplit run scenario=cologne8 seed=7 tripinfo=tripinfo.xml",
            "greensplit run scenario=sumo scenario.sumocfg=my/network.sumocfg plan=studies/x/best.add.xml",
            "greensplit run scenario=cologne8 series_s=60 out=studies/by-the-minute",
            "greensplit run scenario=ingolstadt7 measures=all",
            "greensplit run conditions=[rain,lane_closed] conditions.lane_closed.lanes=[in3_2]",
            "greensplit run scenario=cologne1 controller=max_pressure controller.range_m=100 sensing=loops",
            "greensplit run backend=gui",
        ),
    ),
    "optimize": Command(
        "the best plan within a budget of simulations, chosen, confirmed and proven",
        "experiments.optimize",
        keys=(
            *SEARCH_KEYS,
            (
                "search=race search.budget=96",
                "who proposes (race, tpe, cmaes, nsga2, maxband, webster, sobol, grid), training simulations in all",
            ),
            ("search.screen=true", "whether a fast traffic model, built from runs of today's plan, leads the race"),
            ("search.finalists=3", "plans that are set against today's on seeds of their own; 1: the first is taken"),
            ("search.confirm_seeds=[201,...,220]", "those seeds; as many are used as the choice takes"),
            ("search.zone=0.02", "differences below this share of today's delay do not matter to that choice"),
            ("objective=delay", "what is made small: delay, balanced, front; or your own, see the keys below"),
            ("objective.weights={delay_s:1,stops_per_veh:5}", "the sum of weight times measure"),
            ("objective.worse_by={approach_delay_s:5}", "limits: how much worse than today's a measure may be"),
            ("objective.at_most={spillback_s:0}", "limits: what a measure may be"),
            ("objective.front=[delay_s,stops_per_veh]", "a Pareto front instead (search=nsga2)"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit optimize",
            "greensplit optimize scenario=cologne8 search.budget=200 out=studies/cologne8",
            "greensplit optimize scenario=ingolstadt1 objective=balanced",
            "greensplit optimize scenario=cologne1 search=nsga2 objective=front",
            "greensplit optimize scenario=cologne1 plans.order=true plans.skip=true",
            "greensplit optimize scenario=cologne3 search=webster search.budget=18",
        ),
        resumes=True,
        workers=True,
    ),
    "emergency": Command(
        "a plan for each trouble of a set, the rule by which to change to it and back, and what both bring",
        "experiments.emergency",
        keys=(
            *SEARCH_KEYS,
            ("search.budget=96", "training simulations of the search in each member; every key of optimize holds"),
            ("alarm.seeds=[301,...,320]", "seeds of the runs that the rule's thresholds are fitted to"),
            ("alarm.window_s=180 alarm.in_a_row=2", "length of a window of counts; windows in a row that it takes"),
            *SHARED_KEYS,
        ),
        examples=("greensplit emergency scenario=corridor scenario_set=corridor out=studies/emergency",),
        resumes=True,
        workers=True,
    ),
    "sweep": Command(
        "a grid or a space-filling sample of plans, all seeds, ranked, the best one proven",
        "experiments.sweep",
        keys=(
            *SEARCH_KEYS,
            ("search=sobol search.budget=96", "how plans are proposed (sobol, grid), and training simulations in all"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit sweep",
            "greensplit sweep scenario=ingolstadt7 search.budget=192 out=studies/ingolstadt7",
            "greensplit sweep scenario=cologne1 plans=splits search=grid search.budget=243",
            "greensplit sweep scenario=sumo scenario.sumocfg=my/network.sumocfg scenario.end_s=5400 workers=8",
        ),
        resumes=True,
        workers=True,
    ),
    "compare": Command(
        "studies, plans and scenarios side by side, paired by seed, or a place before and after",
        "experiments.compare.command",
        path_key="rivals",
        several=True,
        keys=(
            (
                "RIVAL ...",
                "studies' folders (best plan and plan in the net), plan files, scenarios, baseline: the plan in the net",
            ),
            ("reference=RIVAL", "what the others are held against; default: the first"),
            ("scenario=NAME", "where plan files are simulated; default: where the study beside them was"),
            *SCENARIO_KEYS[1:],
            ("seeds=[101,...,110]", "seeds of what is simulated; default: those that the studies report"),
            (
                "before=DIR after=DIR",
                "instead: two studies, folders of 'measures' tables or counts that share no seeds",
            ),
            ("report.language=en", "or zh: the page's language"),
            ("workers=N", "simulations at a time; default: the cores"),
            *SHARED_KEYS,
        ),
        examples=(
            "greensplit compare studies/first studies/second",
            "greensplit compare baseline studies/first/best.add.xml actuated.add.xml scenario=cologne8",
            "greensplit compare studies/first office.csv reference=studies/first",
            "greensplit compare before=studies/march after=studies/april",
        ),
        resumes=True,
    ),
    "bulletin": Command(
        "key indicators of a folder of studies: junctions ranked, what changed since another folder",
        "experiments.bulletin",
        path_key="folder",
        keys=(
            ("FOLDER", "a folder of studies, such as a month's; each counts under its plan in the net"),
            ("since=FOLDER", "an earlier one: each junction's change is given"),
            ("order=control_delay", "what ranks the junctions; docs/compare.md names the indicators"),
            ("report.language=en", "or zh: the page's language"),
            ("out=DIR", "where bulletin.html, .parquet and .csv go; default: the folder itself"),
        ),
        examples=("greensplit bulletin studies/april since=studies/march report.language=zh",),
    ),
    "audit": Command(
        "a plan against timing rules, without simulating",
        "experiments.audit",
        path_key="plan",
        keys=(
            *SCENARIO_KEYS[:4],
            ("plan=baseline", "the plan in the net, a plan file, or a study's folder: what the PLAN argument fills"),
            ("rules=default", "default (the project's floors), gb (China), mutcd (US), benchmark (RESCO)"),
            ("rules.min_green_s.value=7", "another limit; docs/audit.md names them all"),
            ("json=true", "print the findings as JSON"),
            ("out=PATH", "also write them, as .json or .csv"),
        ),
        examples=(
            "greensplit audit scenario=cologne1 rules=mutcd",
            "greensplit audit studies/first/best.add.xml scenario=cologne1 rules=gb out=findings.csv",
            "greensplit audit studies/first rules=mutcd rules.walk_s.value=4",
        ),
    ),
    "replay": Command(
        "benchmark junctions, or a study's folder, against what is on record; exit 1 and the number where one moved",
        "experiments.replay.command",
        path_key="path",
        keys=(
            ("suite=quick", "which benchmark junctions: quick, full"),
            (
                "PATH",
                "instead: a study's folder, or a suite of your own (docs/replay.md), its record beside it as .json",
            ),
            ("--record", "put on record what comes out now, and show what moved"),
            ("recorded=PATH", "another record than the suite's own"),
            ("junit=PATH", "also write the checks as JUnit XML: a suite for each case, a test for each measure"),
            ("annotations=true", "also print GitHub annotations; they are by themselves where GITHUB_ACTIONS is set"),
            ("json=true", "print every check as JSON"),
            ("workers=N", "simulations at a time; default: the cores"),
            ("backend=native", "what drives SUMO: native, libsumo, traci"),
        ),
        examples=(
            "greensplit replay",
            "greensplit replay suite=full junit=replay.xml",
            "greensplit replay studies/first",
            "greensplit replay our-junctions.yaml --record",
        ),
        workers=True,
        flags=("record",),
    ),
    "report": Command(
        "(re)draws a study's page",
        "experiments.report",
        path_key="dir",
        keys=(("report.language=en", "of the page: en or zh; as the study was told where it is left out"),),
        examples=("greensplit report studies/demo", "greensplit report studies/demo report.language=zh"),
    ),
    "serve": Command(
        "the studies of a folder as a local web app: list, progress, early warning, side by side",
        "experiments.serve.command",
        path_key="dir",
        keys=(
            ("DIR", "the folder that holds the studies; default: studies"),
            ("port=8000", "where it listens; 0 takes a free port"),
            ("host=127.0.0.1", "the address it listens at; any other than this machine's own needs a token"),
            ("token=TOKEN", "what visitors have to show; made and printed where it is needed and not given"),
            ("names=[NAME]", "host names under which browsers may reach it, besides addresses"),
            ("language=en", "or zh"),
            ("warn.near=0.9", "the share of its storage from which a 95th-percentile queue is warned of"),
            ("warn.at_most={control_delay_s:55} .at_least={}", "bands of junctions' measures, see docs/serve.md"),
            ("rows=50 depth=3", "studies on a page; how many folders below DIR they may lie"),
        ),
        examples=(
            "greensplit serve studies",
            "greensplit serve studies host=0.0.0.0 port=8080 names=[plans.example.org]",
        ),
    ),
    "hcm": Command(
        "v/c, delay, level of service and queues by the Highway Capacity Manual, without simulating",
        "experiments.hcm",
        keys=(
            *SCENARIO_KEYS,
            ("plan=baseline", "the plan in the net, the path of a plan file, or best: the study's winner"),
            ("study=DIR", "shows what that run or sweep simulated for the same plan, in columns of its own"),
            (
                "periods=peak",
                "the busiest quarter of an hour of each junction, or all: each one's queue goes into the next",
            ),
            ("platoon=random", "how vehicles arrive, or measured: as they did in the study"),
            ("method.base_veh_h=1900 .area_factor=1", "saturation flow of a lane; 0.9 in a central business district"),
            ("method.period_h=0.25 .startup_s=2 .extension_s=2", "analysis period; lost and gained green"),
            ("method.critical_s=4.5 .follow_s=2.5 .sneakers=2", "turns through gaps, and in yellow"),
            ("json=true", "print everything as JSON"),
            ("out=PATH", "also write it: a .csv or .parquet file of the lane groups, or a folder"),
        ),
        examples=(
            "greensplit hcm",
            "greensplit hcm scenario=cologne8 periods=all out=cologne8.csv",
            "greensplit hcm scenario=cologne1 study=studies/first plan=best",
        ),
    ),
    "measures": Command(
        "signal performance measures of a real controller's log",
        "experiments.measures",
        path_key="log",
        keys=(
            (
                "detectors=PATH",
                "Parquet or CSV: DeviceId, Phase, Parameter (the detector), Function (Advance, Presence)",
            ),
            ("bin_min=15", "length of a row in time, minutes"),
            ("json=true", "print the rows as JSON"),
            ("out=PATH", "also write them, as .parquet or .csv"),
        ),
        examples=("greensplit measures events.parquet detectors=detectors.csv out=measures.csv",),
    ),
    "schedule": Command(
        "plans by the time of day: periods found in the demand, a plan for each, SUMO's WAUT with safe changes",
        "experiments.schedule.command",
        keys=(
            *SCENARIO_KEYS,
            ("periods=PATH", "CSV with the columns begins and plan: file, study's folder, baseline or webster"),
            ("bin_min=15 shortest_min=30 most=8", "how finely demand is looked at; bounds of the periods found in it"),
            ("gain=0.02", "the share of the flows' variation that one more period has to explain"),
            ("min_cycle_s=40 max_cycle_s=120", "bounds of cycles that are computed"),
            ("rules=default", "what computed plans keep to, and changes are held against: gb, mutcd, benchmark"),
            ("out=PATH", "where the schedule goes: a SUMO additional file, to be loaded last"),
            ("table=PATH", "also write the periods as the CSV file that periods= reads"),
            ("json=true", "print everything as JSON"),
        ),
        examples=(
            "greensplit schedule out=day.add.xml",
            "greensplit schedule scenario=cologne8 shortest_min=15 table=periods.csv",
            "greensplit schedule scenario=cologne8 periods=periods.csv rules=mutcd out=day.add.xml",
        ),
    ),
    "import": Command(
        "a scenario of an OSM extract, Synchro's UTDF or GMNS tables; or timings onto a scenario's network",
        "experiments.importing",
        path_key="file",
        keys=(
            (
                "FILE",
                "an OSM extract (.osm, .gz, .bz2, .pbf), UTDF (.csv), or a folder of GMNS tables; or a plan",
            ),
            ("out=DIR", "the scenario's folder; then scenario=DIR names it everywhere"),
            ("out=PATH", "instead, for timings: where the plan goes; .add.xml, .json or .csv says in which format"),
            ("random_veh_h_km=12", "random demand where the file has none, vehicles an hour per km of lane; 0: none"),
            ("drive_on=right seed=1", "or left; the seed of what is drawn while importing"),
            ("units=file", "of UTDF and GMNS: what the file says, metric, or us (feet, mph)"),
            *SCENARIO_KEYS[:4],
            ("map=NODE:SIGNAL,...", "with UTDF: which signal each node is; or a CSV file, see docs/formats.md"),
            (
                "whole_seconds=true",
                "with UTDF: round times to whole seconds, yellow and all-red up; false keeps tenths",
            ),
            ("json=true", "print what was done as JSON"),
        ),
        examples=(
            "greensplit import city.osm.pbf out=city",
            "greensplit import office.csv out=office",
            "greensplit import gmns-tables out=district",
            "greensplit import office.csv scenario=cologne1 map=12:GS_cluster_357187_359543 out=plan.add.xml",
            "greensplit import office.csv scenario=sumo scenario.sumocfg=my/network.sumocfg map=nodes.csv out=plan.json",
        ),
    ),
    "demand": Command(
        "a scenario's network with demand from turning counts, detectors, flows or a matrix",
        "experiments.demand",
        path_key="scenario",
        keys=(
            *DEMAND_KEYS[:3],
            ("flows=PATH", "instead: CSV of flows from road to road: from,to,begin,end,count"),
            ("od=PATH zones=PATH", "instead: the same from zone to zone, and the roads of each zone: zone,edge,weight"),
            *DEMAND_KEYS[3:],
            ("out=DIR", "the scenario's folder; then scenario=DIR names it everywhere"),
            ("json=true", "print what was done as JSON"),
        ),
        examples=(
            "greensplit demand cologne1 counts=counts.csv out=counted",
            "greensplit demand city od=matrix.csv zones=zones.csv profile=[0.22,0.26,0.28,0.24] out=city-peak",
            "greensplit demand cologne1 log=events.parquet detectors=detectors.csv out=from-log",
        ),
    ),
    "calibrate": Command(
        "demand and driving fitted to counts, queues and travel times, judged on held-out seeds; exit 1 where they miss",
        "experiments.calibrate.command",
        path_key="scenario",
        keys=(
            *DEMAND_KEYS,
            ("travel_times=PATH", "CSV: from,to,begin,end,seconds: means from entering a road to leaving another"),
            ("queues=PATH", "CSV: junction,approach,metres: back of queue, 95th percentile of the cycles' longest"),
            ("seeds=[1,2,3]", "of the runs that the fit sees"),
            ("holdout_seeds=[101,...,110]", "of the runs that judge it"),
            ("rounds=4", "runs of the demand, each corrected by what the last one missed"),
            ("driver_runs=60", "simulations that fitting the driving may take; 0: it stays"),
            ("tau=[0.8,1.6] min_gap=[0.7,1.4]", "bounds of the driving: factors on what the vehicle types state"),
            ("sigma=[0.4,1.6] speed_factor=[0.85,1.15]", "likewise"),
            ("report.language=en", "of the page: en or zh"),
            ("workers=N", "simulations at a time; default: the cores"),
            ("out=DIR", "the scenario's folder, with calibration.html, .json and .csv"),
            ("json=true", "print the outcome as JSON"),
        ),
        examples=(
            "greensplit calibrate cologne1 counts=counts.csv out=calibrated",
            "greensplit calibrate city counts=counts.csv travel_times=times.csv queues=queues.csv out=city-today",
        ),
    ),
    "check": Command(
        "what looks wrong in a scenario, without simulating; exit 1 where something does",
        "experiments.check",
        path_key="scenario",
        keys=(
            ("DIR", "a scenario's folder, as 'greensplit import' makes it; or:"),
            *SCENARIO_KEYS,
            ("json=true", "print the findings as JSON"),
            ("out=PATH", "also write them, as .json"),
        ),
        examples=("greensplit check city", "greensplit check scenario=cologne8 json=true"),
    ),
    "export": Command(
        "a plan for other tools: UTDF, timing sheet, JSON, SUMO",
        "experiments.export_plan",
        path_key="plan",
        keys=(
            ("PLAN", "a plan file, a study's folder (its best plan), or baseline: the plan in the net"),
            *SCENARIO_KEYS,
            ("format=FORMAT", "utdf, csv (timing sheet), sheet (a page to print), json, sumo; else as out ends"),
            ("out=PATH", "where the file goes"),
            ("json=true", "print what was done as JSON"),
        ),
        examples=(
            "greensplit export baseline scenario=cologne8 format=sheet out=cologne8.html",
            "greensplit export studies/first scenario=cologne1 format=utdf out=best-utdf.csv",
            "greensplit export plan.add.xml scenario=cologne1 out=plan.json",
        ),
    ),
    "scenarios": Command(
        "what can be run",
        "experiments.list_scenarios",
        configured=False,
        keys=(("json=true", "print the list as JSON"),),
        examples=("greensplit scenarios",),
    ),
    "doctor": Command(
        "what is installed, what is missing, and what to do",
        "experiments.doctor",
        configured=False,
        keys=(("json=true", "print the findings as JSON"),),
        examples=("greensplit doctor",),
    ),
    "bench": Command(
        "the project's speed figures, each beside the peer that it is held against",
        "experiments.bench.command",
        keys=(
            ("what=all", f"which figures, by commas: {', '.join(FIGURES)}"),
            ("json=true", "print the figures as JSON"),
            ("out=PATH", "also write them as JSON"),
        ),
        examples=("greensplit bench what=startup,loop", "greensplit bench out=bench.json"),
    ),
    "tournament": Command(
        "searches against each other at equal budgets; the same command goes on where it stopped",
        "experiments.tournament",
        keys=(
            ("scenarios=[cologne1,cologne3,cologne8,ingolstadt1]", "where they meet"),
            ("searches=[race,tpe,cmaes]", "who meets"),
            ("budgets=[100]", "training simulations of each study; a larger budget extends the smaller one's study"),
            ("repeats=3", "studies of each, with search seeds 1, 2, ..."),
            ("workers=N", "simulations at a time; default: the cores"),
            ("out=DIR", "table.md, the matches on record, and their studies"),
        ),
        examples=(
            "greensplit tournament out=studies/tournament",
            "greensplit tournament scenarios=[cologne1] searches=[race,sobol] budgets=[50,100,200] repeats=5 "
            "out=studies/tournament",
        ),
        resumes=True,
    ),
    "completion": Command(
        "prints the tab completion of a shell: bash, zsh or fish",
        "experiments.completion",
        configured=False,
        examples=('eval "$(greensplit completion bash)"',),
    ),
}
