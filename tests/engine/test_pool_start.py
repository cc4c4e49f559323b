"""Pools that cannot start; apart from test_pool.py, because one process holds one Ray at a time."""

import pytest

from engine.errors import InputError
from engine.jobs import Job
from engine.plan import Plan
from engine.pool import Pool

pytestmark = pytest.mark.slow

JOBS = [Job(str(seed), Plan(()), seed, "training") for seed in range(2)]


def broken():
    raise OSError("no such library")


def test_a_cluster_that_is_not_there_is_one_line():
    with Pool(broken, 1, address="127.0.0.1:1") as pool, pytest.raises(InputError, match=r"ray.address='127.0.0.1:1'"):
        list(pool.run(JOBS))


def test_workers_that_cannot_start_end_the_study():
    with Pool(broken, 1) as pool, pytest.raises(RuntimeError, match="no such library"):
        list(pool.run(JOBS))
