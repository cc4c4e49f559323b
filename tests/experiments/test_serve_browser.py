"""`greensplit serve` in a real browser: list, live progress, ticking, tokens, hostile pages, accessibility."""

import contextlib
import shutil
import time

import pytest

from engine.ledger import StudyLock
from experiments.report import draw
from tests.experiments.served import HTML, Running, Server, finished, hostile

pytestmark = pytest.mark.slow

HOSTILE_REPORT = """<!doctype html><title>report</title><p id="said">waiting</p><script>
const said = [];
for (const [name, look] of Object.entries({
  cookie: () => document.cookie, storage: () => localStorage.length, opener: () => opener.document.title,
})) { try { said.push(name + ":" + look()); } catch { said.push(name + ":refused"); } }
fetch("/").then(() => said.push("fetch:read"), () => said.push("fetch:refused"))
  .then(() => { document.getElementById("said").textContent = said.join(" "); });
new Image().src = "/page.css";
</script>"""


@contextlib.contextmanager
def visiting(browser, expected=(), **options):
    """Yield a page that may not say anything in the console but what is expected, nor leave its server."""
    context = browser.new_context(**options)
    context.set_default_timeout(60_000)  # the machine may be busy
    page = context.new_page()
    said, away = [], []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: away.append(request.url) if "//127.0.0.1" not in request.url else None)
    yield page
    context.close()
    assert [text for text in said if not any(part in text for part in expected)] == []
    assert [url for url in away if not url.startswith(("data:", "blob:"))] == []


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    root = tmp_path_factory.mktemp("studies")
    finished(root / "alpha", scenario="main street")
    finished(root / "beta", scenario="main street", factor=0.9)
    finished(root / "gamma", scenario="ring road")
    (root / "alpha" / "report.html").write_text(HOSTILE_REPORT)
    return root


def rows(page):
    return page.locator("table.studies tbody th a").all_text_contents()


def test_list_search_sort_and_compare_by_keyboard(browser, studies):
    with Server(studies) as server, visiting(browser) as page:
        page.goto(server.address)
        assert set(rows(page)) == {"alpha", "beta", "gamma"}
        with page.expect_navigation():
            page.get_by_role("button", name="study").click()
        assert rows(page) == ["alpha", "beta", "gamma"]
        assert page.locator("th[aria-sort=ascending]").inner_text().startswith("study")
        page.get_by_role("searchbox", name="Search").fill("street")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=street**")
        assert rows(page) == ["alpha", "beta"]
        for name in ("alpha", "beta"):
            page.get_by_role("checkbox", name=f"Compare {name}").focus()
            page.keyboard.press("Space")
        page.get_by_role("button", name="Compare the ticked studies").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/compare?**")
        heads = page.locator("thead th a").all_text_contents()
        assert heads == ["alpha", "beta"]
        delay = page.get_by_role("row").filter(has=page.locator("th", has_text="delay")).first
        assert "+" in delay.locator("td").nth(2).inner_text()
        with page.expect_navigation():
            page.get_by_role("link", name="Studies").click()
        assert page.get_by_role("checkbox", name="Compare alpha").is_checked()


def test_follows_a_study_while_the_page_is_open(browser, tmp_path):
    running = Running(tmp_path / "live", budget=10)
    with StudyLock(tmp_path / "live"), Server(tmp_path) as server, visiting(browser) as page:
        running.record(0, 1)
        page.goto(server.address)
        count = page.locator("[data-text=count_text]")
        assert count.inner_text() == "1 of 10 runs (10 %)"
        for seed in (2, 3):
            running.record(0, seed)
        page.get_by_text("3 of 10 runs (30 %)").wait_for()
        assert page.locator("progress").evaluate("bar => [bar.value, bar.max]") == [3, 10]
        assert "best so far" in page.locator("[data-text=best_text]").inner_text()
        running.close()
        finished(tmp_path / "another")
        page.get_by_role("status").get_by_text("Now there are 2 studies.").wait_for()
        shutil.copy(tmp_path / "another" / "summary.json", tmp_path / "live" / "summary.json")
        (tmp_path / "live" / ".lock").write_text("")
        page.get_by_role("status").get_by_text("live: done.").wait_for()
        page.get_by_role("link", name="Load again").click()
        page.get_by_text("saves").first.wait_for()


def test_the_token_is_refused_and_accepted(browser, studies):
    with Server(studies, token="s3cret") as server, visiting(browser, expected=("401",)) as page:
        assert page.goto(server.address).status == 401
        assert page.goto(f"{server.address}/?token=wrong").status == 401
        assert "alpha" not in page.content()
        assert page.goto(f"{server.address}/?q=alpha&token=s3cret").status == 200
        assert page.url == f"{server.address}/?q=alpha"
        assert rows(page) == ["alpha"]
        (cookie,) = page.context.cookies()
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        page.get_by_role("link", name="alpha", exact=True).click()
        page.get_by_role("heading", name="alpha").wait_for()
        headers = {"authorization": "Bearer s3cret"}
        assert page.context.request.get(server.address, headers=headers).status == 200


def test_a_hostile_report_reaches_nothing(browser, studies):
    expected = ("Content Security Policy", "violates", "Refused to", "sandbox")
    with Server(studies, token="s3cret") as server, visiting(browser, expected) as page:
        page.goto(f"{server.address}/?token=s3cret")
        page.get_by_role("link", name="Report of alpha").click()
        page.get_by_text("fetch:").wait_for()
        assert page.locator("#said").inner_text() == "cookie:refused storage:refused opener:refused fetch:refused"
        assert page.evaluate("origin") == "null"


def test_a_studys_own_page_draws_its_charts_in_the_sandbox(browser, tmp_path):
    draw(finished(tmp_path / "s"))
    with Server(tmp_path) as server, visiting(browser) as page:
        page.goto(server.address)
        page.get_by_role("link", name="Report of s").click()
        page.locator("#evidence .main-svg").first.wait_for()
        assert page.evaluate("origin") == "null"
        page.get_by_role("button", name="Dark").click()
        assert page.locator("html").get_attribute("data-theme") == "dark"


def test_hostile_studies_are_shown_as_text(browser, tmp_path):
    root = tmp_path / "studies"
    root.mkdir()
    names = hostile(root)
    with Server(root) as server, visiting(browser) as page:
        page.goto(f"{server.address}/?sort=name&order=up")
        assert "owned" not in page.title()
        assert page.locator("img").count() == 0
        assert page.get_by_text(HTML).count() > 0
        page.get_by_role("link", name=names["html"], exact=True).click()
        assert page.get_by_role("heading", level=1).inner_text() == names["html"]
        for name in ("no-parquet", "no-ledger", "yaml-bomb"):
            page.goto(f"{server.address}/?q={name}")
            assert page.locator("tbody .fail").first.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_serious_fault_of_accessibility(browser, studies, tmp_path, scheme, language):
    from axe_playwright_python.sync_playwright import Axe

    root = tmp_path / "studies"
    shutil.copytree(studies, root)
    running = Running(root / "live", budget=10)
    running.record(0, 1)
    (root / "broken").mkdir()
    (root / "broken" / "summary.json").write_text("{")
    # axe itself is put into the page, which the page's own policy forbids to others.
    options = {"expected": ("404",), "color_scheme": scheme, "bypass_csp": True}
    with (
        StudyLock(root / "live"),
        Server(root, f"language={language}") as server,
        visiting(browser, **options) as page,
    ):
        page.goto(server.address)
        study = page.locator("a.warned").first.get_attribute("href")
        ticked = [box.get_attribute("value") for box in page.locator("td input[name=study]").all()]
        compare = f"/compare?study={'&study='.join(ticked)}"
        for path in ("/", study, compare, "/compare", "/studies/none"):
            page.goto(server.address + path)
            assert page.locator("html").get_attribute("data-theme") == scheme
            found = Axe().run(page).response["violations"]
            serious = [
                (of["id"], [n["html"] for n in of["nodes"]]) for of in found if of["impact"] in ("serious", "critical")
            ]
            assert serious == [], path
    running.close()


def test_a_list_of_thousands_opens_quickly(browser, studies, tmp_path):
    text = (studies / "alpha" / "summary.json").read_text()
    for i in range(3000):
        (tmp_path / f"s{i:04d}").mkdir()
        (tmp_path / f"s{i:04d}" / "summary.json").write_text(text)
    with Server(tmp_path) as server, visiting(browser) as page:
        page.goto(server.address)
        began = time.monotonic()
        page.get_by_role("button", name="Later").click()
        page.get_by_text("page 2 of 60").wait_for()
        assert time.monotonic() - began < 10.0  # well below one second where nothing else runs
