"""docs/audit.md says what the rules are and what the audit finds."""

from pathlib import Path

import pytest

from tests.audit_table import findings, limits

PAGE = (Path(__file__).parent.parent / "docs" / "audit.md").read_text(encoding="utf-8")


def test_the_page_holds_every_limit_with_its_source():
    assert limits() in PAGE


def test_the_page_holds_what_the_audit_finds():
    for row in findings(("cologne1", "ingolstadt1")).splitlines()[2:]:
        assert row in PAGE


@pytest.mark.slow
def test_the_page_holds_what_the_audit_finds_in_all_networks():
    assert findings() in PAGE
