"""The wheel, from outside the checkout: configuration and data are in it, sources and tests are not."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(folder),
            str(copy),
        ],
        check=True,
    )
    (built,) = folder.glob("greensplit-*.whl")
    return built


def test_the_wheel_holds_what_it_needs_and_no_more(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "conf/sweep.yaml",
        "conf/scenario/cologne8.yaml",
        "conf/suite/recorded/quick.json",
        "conf/suite/plans/west-gate-longer-main.add.xml",
        "scenarios/junction/builtin/junction.yaml",
        "scenarios/junction/builtin/counts.csv",
        "engine/formats/plan.schema.json",
        "experiments/report/page.html.j2",
        "experiments/report/page.css",
        "experiments/report/page.js",
        "experiments/serve/list.html.j2",
        "experiments/serve/serve.css",
        "experiments/serve/serve.js",
        "experiments/report/base.html.j2",
        "experiments/report/locale/zh/LC_MESSAGES/greensplit.po",
        "kernels/_scoring.pxd",
        "engine/py.typed",
    ):
        assert needed in names
    assert any(name.startswith("kernels/_scoring.") and name.endswith(".so") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert not [name for name in names if name.endswith((".cpp", ".c", ".pyx")) or name.startswith("tests/")]


def test_the_wheel_runs_from_an_empty_folder(wheel, tmp_path):
    site = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)], check=True
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    # The installed copy comes first on the path; the dependencies are those of this environment.
    environment = {**os.environ, "PYTHONPATH": str(site)}
    code = (
        "import sys, engine; assert engine.__file__.startswith(sys.argv.pop()), engine.__file__; "
        "from experiments.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "scenario.end_s=27300", "json=true", str(site)],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert '"delay_s"' in done.stdout
    assert list(empty.iterdir()) == []
