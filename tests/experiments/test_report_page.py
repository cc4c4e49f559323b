"""The page of a study: what it says, that it is one safe file, and what it makes of broken folders."""

import base64
import hashlib
import json
import re
import shutil
import sqlite3
import time
import zlib
from html.parser import HTMLParser

import pytest

from engine.errors import InputError
from experiments.config import ReportCommandConfig
from experiments.report import draw, main
from experiments.report.study import read_study
from tests.experiments.study_folder import make_study, program

MOST_BYTES = 6_000_000
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements, attributes and texts of a page as a browser sees them; script and style text apart."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.scripts, self.texts, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append([dict(attrs), ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1][1] += data
        elif not (self.open and self.open[-1] == "style"):
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))

    @property
    def shape(self):
        """The kinds of elements, each with the names of its attributes."""
        return {(tag, frozenset(attrs)) for tag, attrs in self.elements}

    def figures(self):
        """Return the charts' data by name."""
        data = [(attrs["id"], text) for attrs, text in self.scripts if attrs.get("type") == "application/json"]
        return {name.removeprefix("figure-"): json.loads(text) for name, text in data}

    def has(self, tag, **attributes):
        return any(tag == t and attributes.items() <= a.items() for t, a in self.elements)


def drawn(folder):
    return Page(draw(folder).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Two signals, four approaches, five plans; the best one saves a fifth."""
    return make_study(tmp_path_factory.mktemp("study") / "study")


@pytest.fixture(scope="module")
def page(study):
    return drawn(study)


def changed(study, folder, change):
    """Return a copy of a study with another summary."""
    shutil.copytree(study, folder)
    summary = json.loads((folder / "summary.json").read_text())
    change(summary)
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


def test_finding_is_the_summarys(page, study):
    summary = json.loads((study / "summary.json").read_text())
    difference = summary["difference"]["delay_s"]
    low, high = difference["ci95"]
    saves = f"{-difference['mean']:.1f} ± {(high - low) / 2:.1f} s per vehicle"
    assert f"Plan {summary['best']['plan_id']} saves {saves}; the north approach at J1 loses 6." in page.text
    before = summary["baseline"]["delay_s"]["mean"]
    assert (
        f"The 95 % interval is {-high:.1f} to {-low:.1f} s, of the {before:.1f} s under the plan in the net, on 4 held-out "
        "seeds."
    ) in page.text


def test_says_who_gains_and_who_loses(page):
    assert "7 of 8 approaches gain time: most of all west at J" in page.text
    assert re.search(r"1 of 8 approaches loses time: north at J1 \d+\.\d s per vehicle\.", page.text)


def test_difference_of_delay_is_the_same_in_table_and_summary(page, study):
    mean = json.loads((study / "summary.json").read_text())["difference"]["delay_s"]["mean"]
    assert f"\N{MINUS SIGN}{-mean:.1f}" in page.text


def test_every_section_is_there_and_linked(page):
    targets = {attrs["id"] for _, attrs in page.elements if "id" in attrs}
    linked = {attrs["href"].removeprefix("#") for tag, attrs in page.elements if tag == "a"}
    assert {"comparison", "approaches-section", "queues", "phases", "ranking", "run", "failures"} <= linked
    assert linked <= targets
    assert {"evidence", "approaches", "queue-lines", "queue-map", "plans"} == set(page.figures())
    assert "None: every simulation that was started gave a result." in page.text


def test_ids_are_unique(page):
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_tables_have_captions_and_scopes(page):
    n_tables = sum(tag == "table" for tag, _ in page.elements)
    assert n_tables == sum(tag == "caption" for tag, _ in page.elements)
    assert n_tables >= 4 + 2 * 2
    assert all("scope" in attrs for tag, attrs in page.elements if tag == "th")


def test_level_of_service_is_a_letter_as_well_as_a_colour(page):
    assert page.has("span", **{"class": "los los-C"})
    assert re.search(r"\d+\.\d [A-F] ?", page.text)


def test_one_file_below_six_megabytes_that_loads_nothing(page, study):
    assert (study / "report.html").stat().st_size < MOST_BYTES
    for tag, attrs in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attrs)
    style = (study / "report.html").read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_policy_allows_the_pages_own_scripts_and_nothing_else(page):
    policy = next(attrs["content"] for _, attrs in page.elements if attrs.get("http-equiv"))
    own = [text for attrs, text in page.scripts if "type" not in attrs]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in own]
    assert "default-src 'none'" in policy
    assert re.search(r"script-src ([^;]*);", policy)[1].split() == [f"'sha256-{digest}'" for digest in hashes]


def test_drawing_twice_gives_the_same_bytes(study):
    assert draw(study).read_bytes() == draw(study).read_bytes()


def test_main_draws_and_says_where(study, capsys):
    assert main(ReportCommandConfig(dir=study)) == 0
    assert capsys.readouterr().out.strip() == str(study / "report.html")


@pytest.mark.parametrize(
    "hostile",
    [
        "</script><img src=x onerror=alert(1)>",
        "\"'><svg onload=alert(1)>",
        "{{ 7*7 }}{% raw %}",
        "<!--<script>",
        '<a href="javascript:alert(1)">x</a>',
        "var(--ink)\u2028</style>",
    ],
)
def test_names_cannot_inject(tmp_path, hostile):
    failure = {"plan_id": hostile, "seed": 1, "role": hostile, "attempt": 1, "status": hostile, "reason": hostile}
    folder = make_study(
        tmp_path / "study",
        scenario=hostile,
        signals=(hostile, "J2"),
        notes=(hostile,),
        failures=(failure,),
        corridor=True,
        geometry=True,
        percentiles=True,
    )
    evil = changed(folder, tmp_path / "evil", lambda summary: _rename(summary, hostile))
    environment = {"versions": {hostile: hostile}, "python": hostile, "platform": hostile, "inputs": {hostile: hostile}}
    (evil / "environment.json").write_text(json.dumps(environment))
    page = drawn(evil)
    harmless = drawn(
        make_study(
            tmp_path / "harmless",
            failures=({**failure, "plan_id": "x"},),
            notes=("x",),
            corridor=True,
            geometry=True,
            percentiles=True,
        )
    )
    assert page.shape == harmless.shape
    assert len(page.scripts) == len(harmless.scripts)
    assert hostile in "".join(page.texts)
    for figure in page.figures().values():
        labels = (
            json.dumps(figure, ensure_ascii=False).replace("<b>", "").replace("</b>", "").replace("<extra></extra>", "")
        )
        assert not re.search(r"<(?!/?extra>)", labels)


def _rename(summary, name):
    for row in summary["ranking"]:
        row["parameters"] = {name: 0.1}
    summary["best"]["command"] = summary["command"] = name
    for signal in summary["signals"].values():
        for link in signal["links"]:
            link["movement"] = name


def test_candidate_that_is_not_confirmed_is_set_beside_the_plan_that_stays(tmp_path):
    folder = make_study(tmp_path / "study", factor=1.02)
    summary = json.loads((folder / "summary.json").read_text())
    page = drawn(folder)
    candidate = summary["candidate"]["plan_id"]
    assert summary["best"]["plan_id"] == "baseline"
    assert "No plan beat the plan in the net with confidence" in page.text
    assert f"Plan {candidate}, the candidate, came first on the seeds that choose." in page.text
    assert "Plan in the net against the candidate" in page.text
    assert "Under the candidate, 1 of 8 approaches gains time" in page.text
    # The summary has no programs of the candidate: its phase diagram comes from the ledger.
    phases = [row for row in read_study(folder).plans[1].programs if row["signal"] == "J1"]
    assert phases[0]["phases"][0][0] == program("J1", 0.01).phases[0].duration_s
    assert page.text.count("Candidate: cycle 65 s, offset 1 s, greens by stage 30, 25 s") == 2


def test_plan_in_the_net_that_wins_outright_stands_alone(tmp_path):
    page = drawn(make_study(tmp_path / "study", best_is_baseline=True, factor=1.5))
    assert "No plan beat the plan in the net" in page.text
    assert "The plan in the net came first on the seeds that choose" in page.text
    assert "paired difference" not in page.text
    assert [trace["name"] for trace in page.figures()["plans"]["data"]][1:] == ["other plans", "plan in the net"]


def test_no_held_out_seeds(tmp_path):
    page = drawn(make_study(tmp_path / "study", holdout=()))
    assert "No seeds were held out, so nothing is proven." in page.text
    assert "held out none" in page.text
    assert "Means over 3 training seeds" in page.text
    assert "These seeds also chose the plan, which flatters it." in page.text


def test_plan_in_the_net_alone(tmp_path):
    page = drawn(make_study(tmp_path / "study", n_plans=1, best_is_baseline=True, holdout=()))
    assert re.search(r"The plan in the net alone was run: \d+\.\d s of delay per vehicle, mean of 3 seeds\.", page.text)
    assert "came first" not in page.text
    assert "sweep of 1 plan ·" in page.text


def test_failures_are_named(tmp_path):
    reason = "lost with its worker (SIGKILL)"
    failure = {"plan_id": "abc", "seed": 2, "role": "training", "attempt": 1, "status": "crashed", "reason": reason}
    page = drawn(make_study(tmp_path / "study", failures=(failure,), lost=((1, 102), (3, 2))))
    assert "abc 2 training 1 crashed lost with its worker (SIGKILL)" in " ".join(" ".join(page.texts).split())
    assert "Failures (1)" in page.text
    assert "The candidate has a result for 3 of them." in page.text


def test_no_reporting_run_at_all(tmp_path):
    lost = tuple((i, seed) for i in (0, 1) for seed in (101, 102, 103, 104))
    page = drawn(make_study(tmp_path / "study", lost=lost))
    assert "No reporting seed has a result of both plans." in page.text
    assert set(page.figures()) == {"plans"}
    assert "It has no held-out run to compare." in page.text


def test_single_seed_has_no_interval(tmp_path):
    page = drawn(make_study(tmp_path / "study", holdout=(101,)))
    assert "Means over 1 held-out seed, and medians." in page.text
    assert "None" not in page.text.replace("None: every", "")


def test_five_hundred_plans_are_fast_and_cut_visibly(tmp_path):
    folder = make_study(tmp_path / "study", n_plans=500, n_parameters=100)
    began = time.perf_counter()
    page = drawn(folder)
    assert time.perf_counter() - began < 10.0
    assert (folder / "report.html").stat().st_size < MOST_BYTES
    assert "the first 200 of 500" in page.text
    assert "Parameters of the first 120; results.parquet has all." in page.text
    assert sum(len(trace["x"]) for trace in page.figures()["plans"]["data"]) == 500 * 4


def test_a_large_network_stays_below_six_megabytes_and_says_what_is_missing(tmp_path):
    signals = tuple(f"signal {i:03d}" for i in range(120))
    folder = make_study(tmp_path / "study", signals=signals, holdout=(101, 102), cycles_per_group=10)
    page = drawn(folder)
    assert (folder / "report.html").stat().st_size < MOST_BYTES
    assert "The chart shows the 30 of 480 approaches that change most." in page.text
    assert "The first 300 of 480 approaches; movements.parquet has all." in page.text
    assert "400 of 960 lane groups" in page.text
    assert len(page.figures()["queue-map"]["data"][0]["z"]) == 24


def test_folder_that_is_no_study(tmp_path):
    with pytest.raises(InputError, match="is no study's folder"):
        draw(tmp_path)
    with pytest.raises(InputError, match="is no study's folder"):
        draw(tmp_path / "nowhere")


def test_study_that_has_not_ended(study, tmp_path):
    folder = changed(study, tmp_path / "running", lambda summary: None)
    (folder / "summary.json").unlink()
    with pytest.raises(InputError, match="has not ended"):
        draw(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.pop("programs"), "'summary.programs' is missing"),
        (lambda s: s["best"].pop("delay_s"), "'summary.best.delay_s' is missing"),
        (lambda s: s.update(baseline=None), "'summary.baseline' is None"),
        (lambda s: s["ranking"].append(3), r"'summary.ranking\[5\]' is 3"),
        (lambda s: s["window"].update(end_s="late"), "'summary.window.end_s' is 'late'"),
    ],
)
def test_damaged_summary_is_one_line(study, tmp_path, change, said):
    with pytest.raises(InputError, match=said) as raised:
        draw(changed(study, tmp_path / "damaged", change))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["summary.json", "environment.json", "ledger.sqlite", "results.parquet"])
@pytest.mark.parametrize("content", [b"", b"[1]", b"\xff\xfe{"])
def test_damaged_file_is_named(study, tmp_path, name, content):
    folder = changed(study, tmp_path / "damaged", lambda summary: None)
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(name)) as raised:
        draw(folder)
    assert "\n" not in str(raised.value)


def test_damaged_result_in_the_ledger(study, tmp_path):
    folder = changed(study, tmp_path / "damaged", lambda summary: None)
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        ledger.execute("UPDATE runs SET result = x'00'")
    ledger.close()
    with pytest.raises(InputError, match=r"ledger\.sqlite"):
        draw(folder)


def test_a_corridor_has_its_section_its_figure_and_its_bands(tmp_path):
    page = drawn(make_study(tmp_path / "study", corridor=True))
    assert "corridor-0" in page.figures()
    assert "Time-space diagrams" in page.text
    assert "Thin lines are vehicles of seed 101, from 00:15:00 on" in page.text
    assert page.has("a", href="#corridors")
    assert "J1 to J2, 2 signals, 200 m" in page.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s["corridors"].update(begin_s="early"), "'summary.corridors.begin_s' is 'early'"),
        (lambda s: s["corridors"]["corridors"][0][0].pop("links"), r"corridors\[0\]\[0\].links' is missing"),
    ],
)
def test_damaged_corridors_are_one_line(tmp_path, change, said):
    folder = make_study(tmp_path / "study", corridor=True)
    with pytest.raises(InputError, match=said):
        draw(changed(folder, tmp_path / "damaged", change))


def test_damaged_trajectories_are_named(tmp_path):
    folder = make_study(tmp_path / "study", corridor=True)
    (folder / "trajectories.parquet").write_bytes(b"")
    with pytest.raises(InputError, match=r"trajectories\.parquet"):
        draw(folder)


def test_results_of_another_version_are_one_line(study, tmp_path):
    folder = changed(study, tmp_path / "older", lambda summary: None)
    with sqlite3.connect(folder / "ledger.sqlite") as ledger:
        for key, data in ledger.execute("SELECT key, result FROM runs").fetchall():
            older = json.loads(zlib.decompress(data))
            del older["approaches"]
            ledger.execute("UPDATE runs SET result = ? WHERE key = ?", (zlib.compress(json.dumps(older).encode()), key))
    ledger.close()
    with pytest.raises(InputError, match="are of another version of Greensplit: they have no approaches") as raised:
        draw(folder)
    assert "\n" not in str(raised.value)


def test_a_failed_drawing_leaves_the_old_page(study, tmp_path):
    folder = changed(study, tmp_path / "study", lambda summary: None)
    before = draw(folder).read_bytes()
    (folder / "results.parquet").write_bytes(b"")
    with pytest.raises(InputError):
        draw(folder)
    assert (folder / "report.html").read_bytes() == before
