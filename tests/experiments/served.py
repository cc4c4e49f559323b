"""Folders of studies for the tests of `greensplit serve`: made by hand, hostile ones among them."""

import dataclasses
import functools
import json
import os
import threading
import time

import uvicorn
from starlette.testclient import TestClient

from engine.jobs import Attempt, Job
from engine.ledger import Ledger
from engine.plan import BASELINE, Phase, Plan, Program
from engine.tables import write_parquet
from experiments._compose import compose
from experiments.serve.app import app
from experiments.serve.command import _listen
from tests.experiments.study_folder import Traits as StudyTraits
from tests.experiments.study_folder import make_study, run_result
from tests.experiments.test_report_page import Page

CONFIG = """identity: test
command: {command}
scenario:
  name: {scenario}
plans:
  cycle: true
search:
  name: race
  budget: {budget}
  finalists: 1
  holdout_seeds: []
seeds: [1, 2]
"""
HTML = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


@functools.cache
def _composed(*overrides):
    return compose("serve", ["dir=.", *overrides])


def config_of(folder, *overrides):
    return dataclasses.replace(_composed(*overrides), dir=folder)


def client(folder, *overrides, token="", comparer=None, **more):
    answers = app(config_of(folder, *overrides), token, 8000, comparer)
    return TestClient(answers, base_url="http://127.0.0.1:8000", follow_redirects=False, **more)


def page_of(answer):
    return Page(answer.text)


def page(answer):
    assert answer.status_code == 200, answer.text
    return page_of(answer)


def ids(found):
    """Return the studies' ids by name, from a list's check boxes."""
    boxes = [attrs for tag, attrs in found.elements if tag == "input" and attrs.get("name") == "study"]
    return {attrs["aria-label"].removeprefix("Compare "): attrs["value"] for attrs in boxes}


def names(answer):
    return list(ids(page(answer)))


def junction_row(plan_id, seed, signal, **changes):
    row = {
        "plan_id": plan_id,
        "seed": seed,
        "role": "holdout",
        "signal": signal,
        "storage_ratio": 0.4,
        "spillback_s": 0.0,
    }
    return row | {"control_delay_s": 30.0, "degree_of_saturation": 0.7} | changes


def finished(folder, **changes):
    """A study that has ended, with a table of junctions: J1 is near spillback under the best plan, J2 is not."""
    make_study(folder, cycles_per_group=3, **changes)
    summary = json.loads((folder / "summary.json").read_text())
    rows = []
    for plan_id, share in ((BASELINE, 0.5), (summary["best"]["plan_id"], 0.95)):
        for seed in summary["holdout_seeds"]:
            rows += [junction_row(plan_id, seed, "J1", storage_ratio=share), junction_row(plan_id, seed, "J2")]
    write_parquet(rows, folder / "junctions.parquet")
    return folder


class Running:
    """A study whose ledger a test writes; the lock is the test's to hold."""

    def __init__(self, folder, budget=20, scenario="crossroads", command="optimize"):
        folder.mkdir(parents=True)
        self.folder = folder
        (folder / "config.yaml").write_text(CONFIG.format(budget=budget, scenario=scenario, command=command))
        self.ledger = Ledger(folder / "ledger.sqlite")
        phases = (Phase(30.0, "Gr", 0), Phase(30.0, "rG", 1))
        other = Plan((Program("J1", phases, 0.0, (5.0, 5.0), (60.0, 60.0)),), {"cycle": 0.1})
        self.plans = (Plan(()), other)
        self.n = 0

    def record(self, i_plan, seed, factor=1.0, status="done", role="training", ended_s=None):
        """Record one run of a plan; its delay grows with `factor`."""
        self.n += 1
        plan = self.plans[i_plan]
        job = Job(f"{i_plan}-{seed}-{role}-{self.n}", plan, seed, role)
        ended_s = time.time() if ended_s is None else ended_s
        started = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(ended_s - 1.0))
        result = run_result(StudyTraits(cycles_per_group=1), factor, seed).to_bytes() if status == "done" else None
        self.ledger.add_plan(plan)
        self.ledger.record(Attempt(job, 1, status, "" if result else "it broke", "here:1", started, 1.0, result))

    def close(self):
        self.ledger.close()


def hostile(root):
    """Fill a folder with whatever may be wrong with a study; returns the names of the studies in it."""
    names = {
        "html": "<img src=x onerror=alert(1)>",
        "bytes": "bad-\udcff\udcfe-bytes",
        "bidi": "abc\u202egpj.exe",
        "newline": "two\nlines",
        "quote": "a\"b'c & d ; rm -rf",
    }
    for name in names.values():
        folder = root / name
        folder.mkdir()
        (folder / "summary.json").write_text(
            json.dumps({"scenario": HTML, "command": HTML, "verdict": HTML, "notes": [HTML]})
        )

    def broken(name, **files):
        folder = root / name
        folder.mkdir()
        for file, content in files.items():
            path = folder / file.replace("_", ".")
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    good = json.dumps({"scenario": "x", "baseline": {"plan_id": BASELINE}, "best": {"plan_id": "p"}, "seeds": [1]})
    broken("no-json", summary_json="{not json")
    broken("list", summary_json="[1, 2]")
    broken("deep", summary_json='{"scenario": ' + "[" * 100_000 + "]" * 100_000 + "}")
    broken("wrong-types", summary_json='{"scenario": {"a": 1}, "best": 7}')
    broken("not-finite", summary_json='{"scenario": "x", "delay_s": 1e999}')
    broken("huge-number", summary_json='{"scenario": "x", "seeds": [' + "9" * 400 + "]}")
    broken("no-text", summary_json=b"\xff\xfe\x00{")
    broken("empty", summary_json="")
    broken("no-parquet", summary_json=good, junctions_parquet=b"PAR1 no PAR1", results_parquet=b"PAR1")
    broken("no-yaml", config_yaml="a: [unclosed")
    broken("yaml-code", config_yaml="!!python/object/apply:os.system ['touch owned']")
    broken("yaml-bomb", config_yaml="a: &a [x,x]\nb: &b [*a,*a]\nc: {<<: [*b, *b]}\n")
    broken("yaml-deep", config_yaml="[" * 100_000)
    broken("no-ledger", config_yaml=CONFIG.format(budget=5, scenario="x", command="sweep"), ledger_sqlite="no database")
    (root / "folder-as-file").mkdir()
    (root / "folder-as-file" / "summary.json").mkdir()
    (root / "pipe").mkdir()
    os.mkfifo(root / "pipe" / "summary.json")
    return names


class Server:
    """The app behind a real socket, in a thread; a context manager with its `address`."""

    def __init__(self, folder, *overrides, token="", comparer=None):
        config = config_of(folder, *overrides)
        self._socket = _listen("127.0.0.1", 0)
        port = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        answers = app(config, token, port, comparer)
        options = uvicorn.Config(answers, log_level="error", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(options)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()
