"""Pools that cannot start; apart from test_pool.py, because one process holds one Ray at a time."""

import functools
import gc
import os
import time
import weakref

import pytest

from engine.cluster import Cluster
from engine.errors import InputError
from engine.jobs import Job
from engine.plan import Plan
from engine.pool import Pool
from engine.result import RunResult, network_measures

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


def counting(folder):
    def run(job):
        (folder / job.key).write_text(str(os.getpid()))
        time.sleep(0.2)
        return RunResult({"delay_s": float(job.seed), "gridlock": 0}, (), ()).to_bytes()

    run.close = lambda: None
    return run


def test_the_driver_works_until_the_workers_are_there(tmp_path):
    jobs = [Job(str(seed), Plan(()), seed, "training") for seed in range(80)]
    with Pool(functools.partial(counting, tmp_path), 2, head_start_s=0.5) as pool:
        attempts = list(pool.run(jobs))
    assert sorted(network_measures(attempt.result)["delay_s"] for attempt in attempts) == [
        float(seed) for seed in range(80)
    ]
    pids = {int((tmp_path / job.key).read_text()) for job in jobs}
    assert os.getpid() in pids
    assert len(pids) == 3
    assert {attempt.worker.rpartition(":")[2] for attempt in attempts} == set(map(str, pids))


def test_a_short_study_ends_without_ray(tmp_path):
    with Pool(functools.partial(counting, tmp_path), 2, head_start_s=60.0) as pool:
        assert {attempt.status for attempt in pool.run(JOBS)} == {"done"}
        assert not pool._cluster.connected
    assert {int((tmp_path / job.key).read_text()) for job in JOBS} == {os.getpid()}


def test_nothing_of_rays_is_dropped_while_ray_shuts_down(tmp_path):
    """Ray ends the process where one thread drops a reference and another shuts Ray down."""
    cluster = Cluster(1)
    worker = cluster.hire(functools.partial(counting, tmp_path))
    worker.submit(JOBS[0]).result()
    watched = weakref.ref(worker)
    cluster.release()
    del worker
    gc.collect()
    assert watched() is not None
    cluster.close()
    gc.collect()
    assert watched() is None
