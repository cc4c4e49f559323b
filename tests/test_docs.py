"""What the documentation tells to type works and shows what it says; its reference holds all that the program knows."""

import functools
import http.server
import re
import shutil
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conf import options
from experiments._compose import CONFIGS, GROUPS, config_keys
from experiments.commands import COMMANDS
from tests import doc_pages

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [path for folder in ("tutorials", "how-to", "zh") for path in sorted((DOCS / folder).glob("*.md"))]


@pytest.fixture(scope="module")
def reference():
    sys.path.insert(0, str(DOCS / "_build"))
    import reference

    sys.path.pop(0)
    return reference


def test_every_command_is_in_the_reference(reference):
    page = reference.commands_page()
    for name, command in COMMANDS.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert f"greensplit {name}" in section
        for key, meaning in command.keys:
            assert key.replace("|", "\\|") in section
            assert meaning.partition("|")[0] in section


@pytest.mark.parametrize("command", CONFIGS)
def test_every_key_is_in_the_reference(command, reference):
    page = reference.configuration_page()
    section = page.partition(f"\n## greensplit {command}\n")[2].partition("\n## ")[0]
    for key, _ in config_keys(CONFIGS[command]):
        parts = key.split(".")  # of a limit's value, unit and source the limit is there
        assert f"`{'.'.join(parts[:2])}`" in (page if len(parts) > 1 else section) or f"](#{parts[0]})" in section


@pytest.mark.parametrize("group", GROUPS)
def test_every_option_is_in_the_reference_and_explained(group, reference):
    rows = {
        row.split("|")[1].strip(): row for row in reference.configuration_page().splitlines() if row.startswith("|")
    }
    for option in options(group):
        assert rows[f"`{group}={option}`"].split("|")[2].strip()


def test_output_is_held_against_what_a_page_shows():
    assert doc_pages.appears("a ... c\n...\nend\n", "a b c  \nx\ny\nend\n")
    assert not doc_pages.appears("a ... c\n", "a b c\nmore\n")
    assert not doc_pages.appears("delay 43.5\n", "delay 43.6\n")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_page_says_something_to_do(page):
    assert list(doc_pages.steps(page.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    subprocess.run(build, cwd=DOCS.parent, check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_the_site_loads_nothing_from_the_network(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        html = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]*\ssrc=\"?([^\s\">]+)", html)
        loaded += re.findall(r"<link[^>]*\shref=\"?([^\s\">]+)", html)
        assert loaded
        for address in loaded:
            assert "//" not in address, f"{page}: {address}"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["index", "tutorials/plan-to-sign", "reference/configuration", "zh/index"])
def test_the_site_has_no_barriers(page, scheme, site):
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with socketserver.TCPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_address[1]}/"
        asked, said = [], []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            reader = browser.new_page(color_scheme=scheme)
            reader.on("request", lambda request: asked.append(request.url))
            reader.on("console", lambda message: said.append(message.text))
            reader.goto(f"{home}{page}.html")
            found = Axe().run(reader).response["violations"]
            browser.close()
        server.shutdown()
    assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    assert [url for url in asked if not url.startswith((home, "data:", "blob:"))] == []
    assert said == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder and logs nothing."""

    def log_message(self, *_):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_a_page_tells_to_type_shows_what_it_says(page, tmp_path):
    for step in doc_pages.steps(page.read_text(encoding="utf-8")):
        if isinstance(step, doc_pages.Written):
            doc_pages.write(step, tmp_path)
            continue
        code, output = doc_pages.type_in(step, tmp_path)
        assert code == step.exit_code, f"{step.commands}\n{output}"
        assert step.shown is None or doc_pages.appears(step.shown, output), f"{step.commands}\n{output}"
    named = (DOCS / "reference" / "files.md").read_text(encoding="utf-8")
    for study in tmp_path.glob("studies/*/config.yaml"):
        for path in study.parent.iterdir():
            assert f"`{path.name}`" in named or f"`{path.name.split('-')[0]}-*" in named
