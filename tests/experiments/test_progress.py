"""Progress names what remains, and no time where more was done than expected."""

from experiments import _progress


def test_more_runs_than_expected_leave_no_time_that_remains(monkeypatch, capsys):
    monkeypatch.setattr(_progress, "LINE_EVERY_S", -1.0)
    with _progress.Progress("optimize of junction", 2) as progress:
        for _ in range(3):
            progress.advance(1.0)
    first, *_, last = capsys.readouterr().err.splitlines()
    assert "1 of 2 runs, about " in first
    assert last == "optimize of junction: 3 runs, more than were expected"
