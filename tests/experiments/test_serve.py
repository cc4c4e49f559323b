"""`greensplit serve` without a browser: who is let in, what is listed and shown."""

import json
import re
import signal
import socket
import subprocess
import sys

import pytest

from engine.errors import InputError
from experiments import cli
from tests.experiments.served import Running, client, finished, ids, names, page, page_of

TOKEN = "a token of this test"


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    """Three studies that have ended, one that was stopped; nothing runs."""
    root = tmp_path_factory.mktemp("studies")
    finished(root / "alpha", scenario="main street")
    finished(root / "nested" / "beta", scenario="main street", factor=0.9)
    finished(root / "gamma", scenario="ring road", best_is_baseline=True)
    (root / "alpha" / "report.html").write_text("<!doctype html><title>report</title>")
    running = Running(root / "delta")
    running.record(0, 1)
    running.close()
    (root / "notes").mkdir()
    (root / "notes" / "readme.txt").write_text("no study")
    return root


def test_lists_the_studies_with_what_they_found(studies):
    found = page(client(studies).get("/"))
    assert set(ids(found)) == {"alpha", "nested/beta", "gamma", "delta"}
    assert "4 studies" in found.text
    assert re.search(r"saves \d\.\d s \(\d", found.text)
    assert "plan in the net stays" in found.text
    assert "1 junction" in found.text
    assert found.has("a", href=f"/studies/{ids(found)['alpha']}/report")
    assert not found.has("a", href=f"/studies/{ids(found)['gamma']}/report")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("q=BETA", ["nested/beta"]),
        ("q=street+sweep&sort=name", ["alpha", "nested/beta"]),
        ("scenario=ring+road", ["gamma"]),
        ("command=optimize", ["delta"]),
        ("state=stopped", ["delta"]),
        ("state=done&sort=name&order=down", ["nested/beta", "gamma", "alpha"]),
        ("warned=yes&sort=name", ["alpha", "nested/beta"]),
        ("by=name", ["alpha", "delta", "gamma", "nested/beta"]),
        ("by=name&sort=name&order=up", ["nested/beta", "gamma", "delta", "alpha"]),
        ("sort=change&order=up", ["alpha", "nested/beta", "delta", "gamma"]),  # what has no change comes last
        ("sort=no&order=no&page=x&state=no&by=no&q=nobody", []),
    ],
)
def test_searches_filters_and_sorts(studies, asked, expected):
    assert names(client(studies).get(f"/?{asked}")) == expected


def test_pages_keep_what_is_ticked(studies):
    visitor = client(studies, "rows=2")
    every = ids(page(client(studies).get("/")))
    first = visitor.get("/?sort=name&order=up")
    assert names(first) == ["alpha", "delta"]
    assert "page 1 of 2" in page(first).text
    second = page(visitor.get(f"/?sort=name&order=up&page=2&study={every['alpha']}&study=nothing"))
    ticked = [a["value"] for t, a in second.elements if t == "input" and a.get("name") == "study" and "checked" in a]
    assert ticked == [every["alpha"]]
    assert names(visitor.get("/?sort=name&order=up&page=99")) == ["gamma", "nested/beta"]


def test_warns_of_the_junction_that_nears_spillback(studies):
    visitor = client(studies)
    name = ids(page(visitor.get("/")))["alpha"]
    found = page(visitor.get(f"/studies/{name}"))
    assert "1 of 2 junctions is near spillback or outside its band." in found.text
    assert "the 95th-percentile queue fills 95 % of its storage" in found.text
    calm = page(client(studies, "warn.near=0.96").get(f"/studies/{name}"))
    assert "All 2 junctions are clear of spillback and within their bands." in calm.text
    strict = page(client(studies, "warn.near=2", "warn.at_most={control_delay_s:29}").get(f"/studies/{name}"))
    assert "control delay, s per vehicle 30.00, above 29.00" in strict.text
    low = page(client(studies, "warn.near=2", "warn.at_least={degree_of_saturation:0.8}").get(f"/studies/{name}"))
    assert "v/c 0.70, below 0.80" in low.text


def test_sets_ticked_studies_side_by_side_with_paired_differences(studies):
    visitor = client(studies)
    of = ids(page(visitor.get("/")))
    found = page(visitor.get(f"/compare?study={of['alpha']}&study={of['nested/beta']}&study={of['gamma']}"))
    assert "nested/beta" in found.text
    assert "4 seeds" in found.text
    # The noise of a seed is shared: the paired interval of the difference is as narrow as the factor's effect on it.
    summaries = [json.loads((studies / name / "summary.json").read_text()) for name in ("alpha", "nested/beta")]
    ours, theirs = (of["best"]["delay_s"]["mean"] for of in summaries)
    assert f"+{theirs - ours:.1f}" in found.text
    assert "gamma: other traffic than the first one's" in found.text
    assert "Tick two or more studies" in page(visitor.get(f"/compare?study={of['alpha']}")).text


def test_shows_the_whole_comparison_where_there_is_one(studies):
    asked = []

    def comparer(folders, language):
        asked.append((folders, language))
        if len(asked) == 2:
            raise InputError("their windows differ.")
        if len(asked) == 3:
            raise KeyError("delay_s")
        return "<h1>whole</h1>"

    visitor = client(studies, "language=zh", comparer=comparer)
    of = ids_in_any_language(visitor.get("/?state=done&sort=name&order=up"))
    link = f"/compare/page?study={of[0]}&study={of[1]}"
    assert page(visitor.get(link.replace("/page", ""))).has("a", href=link)
    answer = visitor.get(link)
    assert answer.text == "<h1>whole</h1>"
    assert answer.headers["content-security-policy"].startswith("sandbox allow-scripts;")
    assert asked[0][1] == "zh"
    assert all(folder.is_relative_to(studies) for folder in asked[0][0])
    for said in ("their windows differ.", "这些研究无法对比：KeyError"):
        refused = visitor.get(link)
        assert refused.status_code == 404
        assert said in page_of(refused).text
    (studies / "alpha" / "movements.csv").symlink_to("/etc/passwd")
    assert "link" in page_of(visitor.get(link)).text
    (studies / "alpha" / "movements.csv").unlink()
    assert len(asked) == 3
    assert client(studies).get(link).status_code == 404


def ids_in_any_language(answer):
    return [a["value"] for t, a in page(answer).elements if t == "input" and a.get("name") == "study"]


@pytest.mark.parametrize(
    "path",
    [
        "/studies/../../etc/passwd", "/studies/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "/..%2f..%2fetc/passwd", "/studies/alpha",
        "/studies/alpha/report", "/page.css/../app.py", "/app.py", "/studies/%00", "/studies/%ff/report", "//etc/passwd",
    ],
)  # fmt: skip
def test_no_path_leads_out(studies, path):
    answer = client(studies).get(path)
    assert answer.status_code == 404
    assert "root:" not in answer.text


def test_a_report_is_shut_off(studies):
    visitor = client(studies)
    name = ids(page(visitor.get("/")))["alpha"]
    answer = visitor.get(f"/studies/{name}/report")
    policy = answer.headers["content-security-policy"]
    assert "sandbox allow-scripts;" in policy
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_our_pages_run_no_inline_script(studies):
    answer = client(studies).get("/")
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == "'self'"
    found = page(answer)
    assert not [
        attrs for tag, attrs in found.elements if "style" in attrs or any(key.startswith("on") for key in attrs)
    ]
    assert all("src" in attrs and not text for attrs, text in found.scripts)
    for tag, attrs in found.elements:
        source = attrs.get("src") or (tag == "link" and attrs["href"] != "data:," and attrs["href"])
        assert not source or client(studies).get(source).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.7:8000", "", "[::1].evil.example"])
def test_refuses_hosts_that_others_may_own(studies, host):
    assert client(studies).get("/", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]:8000", "127.8.8.8"])
def test_accepts_this_machines_own_names(studies, host):
    assert client(studies).get("/", headers={"host": host}).status_code == 200


def test_accepts_the_names_that_are_given(studies):
    visitor = client(studies, "host=0.0.0.0", "names=[plans.example.org]", token=TOKEN)
    key = {"authorization": f"Bearer {TOKEN}"}
    for host, status in (("plans.example.org:8000", 200), ("10.0.0.7", 200), ("evil.example", 403)):
        assert visitor.get("/", headers={"host": host} | key).status_code == status


def test_only_reading_is_answered(studies):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert client(studies).request(method, "/").status_code == 405
    assert client(studies).head("/").status_code == 200


def test_nobody_is_let_in_without_the_token(studies):
    visitor = client(studies, token=TOKEN)
    for path in ("/", "/page.css", "/live.json", "/studies/x", "/?token=wrong", "/?token=", f"/?token={TOKEN}x"):
        answer = visitor.get(path)
        assert answer.status_code == 401
        assert "alpha" not in answer.text
        assert "set-cookie" not in answer.headers
    for value in ("Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer", "Bearer \xff"):
        assert visitor.get("/", headers={"authorization": value.encode("latin-1")}).status_code == 401
    assert visitor.get("/", headers={"cookie": f"greensplit-8000={TOKEN}"}).status_code == 401
    assert visitor.get("/", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_the_token_in_an_address_is_changed_for_a_cookie(studies):
    visitor = client(studies, token=TOKEN)
    answer = visitor.get("/", params={"q": "al pha", "token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?q=al+pha"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert visitor.get("/").status_code == 200
    assert client(studies, token="another").get("/", headers={"cookie": cookie.partition(";")[0]}).status_code == 401
    away = client(studies, token=TOKEN).get(f"http://127.0.0.1:8000//evil.example/%5Cx?token={TOKEN}")
    assert away.headers["location"].startswith("/evil.example")


def test_every_page_speaks_chinese(studies):
    visitor = client(studies, "language=zh")
    found = page(visitor.get("/"))
    every = ids_in_any_language(visitor.get("/"))
    for path in (*(f"/studies/{name}" for name in every), f"/compare?study={'&study='.join(every)}", "/compare"):
        assert not re.search(r"\b(the|of|and|seeds?|study|studies)\b", page(visitor.get(path)).text)
    assert found.has("html", lang="zh-Hans")
    assert "推荐方案" in found.text
    assert "保留现状方案" in found.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-folder"], "there is no folder 'no-such-folder'"),
        ([".", "port=70000"], "port=70000 is no port"),
        ([".", "host=no.such.host.invalid"], "host=no.such.host.invalid is not known here"),
        ([".", "warn.at_most={storage:1}"], "warn.at_most knows no 'storage'. Did you mean 'storage_ratio'?"),
        ([".", "language=fr"], "language=fr is not known"),
    ],
)
def test_what_cannot_be_served_is_one_line(arguments, said, capsys):
    assert cli.main(["serve", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_taken_port_is_one_line(tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert cli.main(["serve", str(tmp_path), f"port={port}"]) == 2
    assert f"port={port} is taken by another program. Give another one: port={port + 1}" in capsys.readouterr().err


@pytest.mark.parametrize("overrides", [(), ("host=0.0.0.0",), ("token=chosen",)])
def test_ctrl_c_ends_it_with_one_line(tmp_path, overrides):
    command = [sys.executable, "-m", "experiments.cli", "serve", str(tmp_path), "port=0", *overrides]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    first = process.stdout.readline()
    port, token = re.search(r":(\d+)/(?:\?token=(\S+))?", first).groups()
    assert bool(token) == bool(overrides)
    assert token == "chosen" or not token or len(token) >= 32
    while process.stdout.readline() != "Ctrl-C ends it.\n":
        pass
    with socket.create_connection(("127.0.0.1", int(port)), 5) as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")  # and keeps the connection
        assert visitor.recv(100).startswith(b"HTTP/1.1 401" if token else b"HTTP/1.1 200")
        process.send_signal(signal.SIGINT)
        rest, error = process.communicate(timeout=15)
    assert process.returncode == 0
    assert rest == "Nothing is served any more.\n"
    assert error == ""
