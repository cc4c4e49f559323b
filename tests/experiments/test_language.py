"""The languages of the page: every message is translated, and a page speaks one language throughout."""

import json
import re
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from babel.messages.pofile import read_po

from engine.errors import InputError
from experiments import _compose
from experiments.config.report import LANGUAGES as CONFIGURED
from experiments.report import draw, main
from experiments.report._language import LANGUAGES, LOCALE, gettext, joined, ngettext, speaking, translated
from experiments.report._told import SENTENCES, retold
from tests.experiments.study_folder import make_study
from tests.experiments.test_report_page import Page

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Every message that templates and modules hold."""
    file = tmp_path_factory.mktemp("messages") / "messages.pot"
    command = [
        sys.executable,
        "-m",
        "babel.messages.frontend",
        "-q",
        "extract",
        "-F",
        "pyproject.toml",
        "-o",
        str(file),
    ]
    subprocess.run(
        [*command, "experiments/report", "experiments/serve", "experiments/compare", "experiments/bulletin"],
        cwd=ROOT,
        check=True,
    )
    with file.open("rb") as opened:
        return read_po(opened)


def catalogue(language):
    with (LOCALE / language / "LC_MESSAGES" / "greensplit.po").open("rb") as file:
        return read_po(file, locale=language)


def keys(messages):
    return {message.id for message in messages if message.id}


def test_the_configuration_knows_the_same_languages():
    assert tuple(LANGUAGES) == CONFIGURED
    assert {folder.name for folder in LOCALE.iterdir()} == set(LANGUAGES) - {"en"}


def test_every_message_is_translated_and_no_other(template):
    chinese = catalogue("zh")
    assert len(keys(template)) > 200
    assert keys(template) - keys(chinese) == set()
    assert keys(chinese) - keys(template) == set()
    for message in chinese:
        if message.id:
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(texts), message.id
            assert not message.fuzzy, message.id


def test_translations_keep_what_is_filled_in():
    chinese = catalogue("zh")
    for message in chinese:
        if message.id:
            assert not list(message.check(chinese)), message.id
            one, *_ = message.id if isinstance(message.id, tuple) else (message.id,)
            said, *_ = message.string if isinstance(message.string, tuple) else (message.string,)
            # A mean's number of seeds, say, must not be lost; and Plotly fills in its own names.
            for pattern in (r"%\(\w+\)s", r"%%\{[^}]*\}"):
                assert sorted(re.findall(pattern, one)) == sorted(re.findall(pattern, said)), message.id
            assert not re.search(r"[,;!?] |[一-鿿][,;:.]", said), f"Chinese punctuation: {said}"


def test_plurals_and_lists_follow_the_language():
    def seeds(number):
        return ngettext("%(num)s held-out seed", "%(num)s held-out seeds", number)

    assert [seeds(1), seeds(2)] == ["1 held-out seed", "2 held-out seeds"]
    with speaking("zh"):
        assert [seeds(1), seeds(2)] == ["1 个检验种子", "2 个检验种子"]
        assert joined([1, 2]) == "1，2"
        assert gettext("%(value)s %%", value=5) == "5%"
    assert joined([1, 2]) == "1, 2"
    assert translated("") == ""


@pytest.mark.parametrize("message", SENTENCES)
def test_sentences_of_a_studys_files_are_known_again(message):
    names = re.findall(r"%\((\w+)\)s", message)
    values = dict(zip(names, string.ascii_uppercase, strict=False))
    said = message % values
    assert retold(said) == said
    with speaking("zh"):
        chinese = retold(said)
        assert chinese == gettext(message, **values) != said
        assert all(value in chinese for value in values.values())
        assert retold("A word that nobody knows.") is None


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        ("order of colours", "灯色顺序"),
        ("order of colours (7), minimum green (2)", "灯色顺序（7），最小绿灯（2）"),
        ("green after yellow", "黄灯之后为绿灯"),
        ("green or red and yellow or turn on red", "绿灯或红黄灯或红灯右转"),
        ("yellow after green", "绿灯后应为黄灯"),
        ("GB 14886-2016 (red, green, yellow, red); MUTCD (yellow after green)", None),
        ("a word or two", None),
        ("red or", None),
        ("", None),
    ],
)
def test_what_is_put_together_of_known_words_is_known(said, chinese):
    assert retold(said) == (said if chinese else None)
    with speaking("zh"):
        assert retold(said) == chinese


def test_long_and_hostile_texts_take_no_time():
    began = time.perf_counter()
    for text in (" or ".join(["red"] * 3000), "red, (" * 2000, "%(one)s after " * 500, "Of  finalists, " * 300):
        retold(text)
    assert time.perf_counter() - began < 5.0


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    failure = {"plan_id": "abc", "seed": 2, "role": "training", "attempt": 1, "status": "crashed", "reason": "lost"}
    notes = ("Signals left as they are: 'J9' (it has no program).", "A word that nobody knows.")
    folder = make_study(
        tmp_path_factory.mktemp("study") / "study",
        corridor=True,
        geometry=True,
        percentiles=True,
        measures_all=True,
        failures=(failure,),
        notes=notes,
    )
    summary = json.loads((folder / "summary.json").read_text())
    found = {
        "signal": "J1", "where": "N-left", "rule": "minimum green", "measured": 4.0, "limit": 7.0, "unit": "s",
        "source": "given by the user", "verified": False,
    }  # fmt: skip
    summary["audit"] = {"rules": "gb", "title": "", "baseline": [found], "best": [found], "notes": []}
    summary["course"] = [{"simulations": n, "value": 40.0 - n} for n in (3, 6)]
    summary["importance"] = {"green 0": 0.7}
    plans = [{"plan_id": of, "values": [30.0, 1.0], "front": True} for of in ("baseline", "abc")]
    summary["front"] = {"measures": ["delay_s", "stops_per_veh"], "plans": plans}
    (folder / "summary.json").write_text(json.dumps(summary))
    return folder


ENGLISH = {"SUMO", "Greensplit", "HCM", "LOS", "PED", "ANOVA", "JavaScript", "SHA", "Python", "Linux", "CO"}
"""Names and abbreviations that stay."""


def test_a_chinese_page_is_chinese_throughout(study):
    page = Page(draw(study, language="zh").read_text(encoding="utf-8"))
    assert page.has("html", lang="zh-Hans")
    assert "方案" in page.text
    assert "1 个检验种子" not in page.text
    assert "4 个检验种子的均值（含 95% 置信区间）与中位数。" in page.text
    assert "保持不变的信号灯：'J9' (it has no program)。" in page.text
    assert page.has("span", lang="en")
    with speaking("zh"):
        untranslated = {message for message in keys(catalogue("zh")) if isinstance(message, str)}
        untranslated = {message for message in untranslated if translated(message) != message and " " in message}
    spoken = [attrs[name] for _, attrs in page.elements for name in ("aria-label", "title") if name in attrs]
    for text in [*page.texts, *spoken, *texts_of(page.figures())]:
        assert text.strip() not in untranslated
        assert not re.search(r"\b(the|of|and|plan|seed|approach|per|vehicle)\b", text) or "nobody knows" in text, text


def texts_of(value):
    """Yield every string in a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)


def test_the_language_is_the_studys_unless_one_is_named(study):
    english = draw(study).read_text(encoding="utf-8")
    assert '<html lang="en">' in english
    config = study / "config.yaml"
    before = config.read_text()
    for said, tag in (("zh", "zh-Hans"), ("xx", "en"), (["zh"], "en")):
        config.write_text(yaml.safe_dump({"identity": "test", "report": {"language": said}}))
        assert f'<html lang="{tag}">' in draw(study).read_text(encoding="utf-8")
    config.write_text(before)
    assert draw(study, language="en").read_text(encoding="utf-8") == english


def test_the_command_takes_a_language(study):
    assert main(_compose.compose("report", [f"dir={study}", "report.language=zh"])) == 0
    assert '<html lang="zh-Hans">' in (study / "report.html").read_text(encoding="utf-8")
    assert main(_compose.compose("report", [f"dir={study}"])) == 0
    assert '<html lang="en">' in (study / "report.html").read_text(encoding="utf-8")
    with pytest.raises(InputError, match="report.language=de is not known"):
        _compose.compose("report", [f"dir={study}", "report.language=de"])


def test_a_sweep_speaks_english_unless_told():
    assert _compose.compose("sweep", []).report.language == "en"
    assert _compose.compose("sweep", ["report.language=zh"]).report.language == "zh"
