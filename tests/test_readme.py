"""What the README tells a first-time user to type works."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]
COMMANDS = [line for block in BLOCKS for line in block]


def test_the_readme_names_what_ci_installs():
    ci = (ROOT / ".ci" / "run").read_text()
    (apt,) = [line for line in COMMANDS if "apt-get" in line]
    assert f'packages="{apt.partition("install -y ")[2]}"' in ci


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("make ")])
def test_make_knows_the_targets(command):
    done = subprocess.run([*shlex.split(command), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "greensplit sweep" in done.stdout or "pytest" in done.stdout


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_lead_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.slow
def test_the_commands_run_one_after_the_other(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = [line for line in COMMANDS if line.startswith("greensplit ")]
    assert len(commands) >= 5
    for command in commands:
        done = subprocess.run(
            shlex.split(command), cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=200,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert (tmp_path / "studies" / "first" / "report.html").stat().st_size > 1e6


@pytest.mark.slow
def test_make_demo_proves_a_better_plan():
    done = subprocess.run(["make", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Plan \w{12} saves \d+\.\d ± \d+\.\d s per vehicle", done.stdout)
    assert (ROOT / "studies" / "demo" / "report.html").is_file()
