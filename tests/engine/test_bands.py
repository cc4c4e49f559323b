"""Bands: what counts as moved, exactly and by chance, from numbers made by hand and drawn."""

import dataclasses
import math
import random

import pytest

from engine.bands import CHANCE, Band, CaseRecord, compare, limit_errors

SEEDS = tuple(range(1, 11))


def record(seeds=SEEDS, digests=None, **bands):
    named = {name: Band(tuple(float(value) for value in values)) for name, values in bands.items()}
    return CaseRecord({}, seeds, {}, {}, named, digests or {})


def one(then, now, exact):
    (check,) = compare({"here": then}, {"here": now}, exact)
    return check


def drawn(rng, n_seeds=10, n_measures=40, shift=0.0):
    """A case of independent measures, each 40 +- 3 by seed."""
    bands = {f"m{k}": [rng.gauss(40.0 + shift, 3.0) for _ in range(n_seeds)] for k in range(n_measures)}
    return record(tuple(range(n_seeds)), **bands)


def test_mean_and_standard_error():
    band = Band((1.0, 2.0, 3.0, 4.0))
    assert band.mean == 2.5
    assert math.isclose(band.standard_error, math.sqrt(5.0 / 3.0 / 4.0))
    assert Band((7.0,)).standard_error == 0.0


def test_equal_origins_show_one_bit():
    values = [40.0 + k for k in range(10)]
    assert not one(record(delay_s=values), record(delay_s=values), exact=True).moved
    other = [*values[:6], math.nextafter(values[6], 99.0), *values[7:]]
    check = one(record(delay_s=values), record(delay_s=other), exact=True)
    assert check.moved
    assert check.differing == (7,)
    assert check.seed_values == (7, 46.0, math.nextafter(46.0, 99.0))
    assert math.isclose(check.errors, 1.0)  # a single pair that differs is one standard error, whatever its size


def test_the_sign_of_zero_is_a_bit():
    assert one(record(m=[0.0] * 10), record(m=[-0.0] + [0.0] * 9), exact=True).differing == (1,)


def test_other_origins_forgive_what_chance_gives_and_no_more():
    rng = random.Random(5)
    then = [rng.gauss(40.0, 3.0) for _ in SEEDS]
    noise = [rng.gauss(0.0, 1.0) for _ in SEEDS]
    middle = math.fsum(noise) / 10
    spread = math.sqrt(math.fsum((value - middle) ** 2 for value in noise) / 9 / 10)
    limit = limit_errors(10, 1)
    for errors, moved in ((limit * 1.01, True), (-limit * 1.01, True), (limit * 0.99, False)):
        # Far enough for the floor, which is checked below.
        scale = 10.0
        now = [a + scale * (b - middle + errors * spread) for a, b in zip(then, noise, strict=True)]
        check = one(record(delay_s=then), record(delay_s=now), exact=False)
        assert check.moved is moved
        assert math.isclose(check.errors, errors, rel_tol=1e-9)


def test_the_limit_is_students_with_bonferronis_correction():
    # Two-sided, ten seeds: t of 9 degrees at 0.5 % is 3.2498 (tables).
    assert math.isclose(limit_errors(10, 1), 3.2498, rel_tol=1e-4)
    assert math.isclose(CHANCE, 0.01)
    assert limit_errors(10, 700) > limit_errors(10, 7) > limit_errors(20, 7)
    assert limit_errors(1, 7) == math.inf


def test_a_few_turned_ties_are_no_change():
    """Most seeds as they were and one or two far off, as on another platform."""
    then = [40.0 + k for k in range(10)]
    for now in ([*then[:9], 90.0], [*then[:8], 60.0, 61.0]):
        assert not one(record(delay_s=then), record(delay_s=now), exact=False).moved


def test_a_difference_without_spread_needs_the_recorded_standard_error():
    then = [10.0, 12.0, 9.0, 14.0, 11.0, 10.0, 13.0, 12.0, 9.0, 10.0]
    error = Band(tuple(then)).standard_error
    within, beyond = ([value + error * share for value in then] for share in (0.99, 1.01))
    assert not one(record(failures=then), record(failures=within), exact=False).moved
    assert one(record(failures=then), record(failures=beyond), exact=False).moved


def test_a_measure_without_spread_has_moved_when_it_is_another():
    assert not one(record(vehicles=[500.0] * 10), record(vehicles=[500.0 + 1e-10] * 10), exact=False).moved
    check = one(record(vehicles=[500.0] * 10), record(vehicles=[501.0] * 10), exact=False)
    assert check.moved
    assert check.errors is None


def test_a_measure_that_is_gone_has_moved():
    check = one(record(delay_s=[1.0] * 10), record(), exact=False)
    assert check.moved
    assert check.now is None


def test_tables_count_where_bytes_do():
    then, now = record(digests={"cycles": ("a",) * 10}), record(digests={"cycles": ("a",) * 9 + ("b",)})
    check = one(then, now, exact=True)
    assert (check.measure, check.moved, check.differing) == ("table cycles", True, (10,))
    assert compare({"here": then}, {"here": now}, exact=False) == []
    gone = one(then, dataclasses.replace(now, digests={}), exact=True)
    assert gone.moved


@pytest.mark.parametrize("n_seeds", [5, 10])
def test_false_alarms_stay_below_their_chance(n_seeds):
    """Wholly independent draws are the worst that another platform can do: 400 suites of 40 measures."""
    rng = random.Random(n_seeds)
    alarms = 0
    for _ in range(400):
        then, now = drawn(rng, n_seeds), drawn(rng, n_seeds)
        alarms += any(check.moved for check in compare({"here": then}, {"here": now}, exact=False))
    # 4 are expected; 12 or more have a chance of 0.1 %.
    assert alarms < 12


def test_a_change_of_four_standard_deviations_of_a_run_is_seen():
    rng = random.Random(1)
    seen = 0
    for _ in range(50):
        then, now = drawn(rng), drawn(rng, shift=12.0)
        seen += sum(check.moved for check in compare({"here": then}, {"here": now}, exact=False))
    assert seen > 0.9 * 50 * 40
