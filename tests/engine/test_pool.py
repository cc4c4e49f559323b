"""The pool on a real Ray: results, refusals, dead and hung workers, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from engine.errors import InputError
from engine.jobs import Job
from engine.nursery import LostError
from engine.plan import Plan
from engine.pool import Pool
from engine.result import RunResult, network_measures

pytestmark = pytest.mark.slow


def runner(marks):
    """Return a factory of runners that do what a job's key says; `marks` is a folder that they leave marks in."""

    def make():
        def run(job):
            mark = os.path.join(marks, job.key)
            first = not os.path.exists(mark)
            with open(mark, "a") as stream:
                stream.write(f"{os.getpid()}\n")
            if job.key.startswith("refused"):
                raise InputError("no such edge")
            if job.key.startswith("bug"):
                raise ValueError("boo")
            if job.key.startswith("dies") and (first or "always" in job.key):
                os._exit(7)
            if job.key.startswith("lost") and first:
                raise LostError("the simulation's process ended with signal 9")
            if job.key.startswith("hangs") and first:
                time.sleep(600)
            if job.key.startswith("stops") and first:
                os.kill(os.getpid(), signal.SIGSTOP)
            return RunResult({"delay_s": float(job.seed), "gridlock": 0}, (), ()).to_bytes()

        run.close = lambda: None
        return run

    return make


def jobs(*keys):
    return [Job(key, Plan(()), seed, "training") for seed, key in enumerate(keys)]


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    return tmp_path_factory.mktemp("marks")


@pytest.fixture(scope="module")
def pool(marks):
    with Pool(runner(str(marks)), 2, deadline_s=4.0) as pool:
        yield pool


def ended(pool, *keys):
    return [(a.job.key, a.number, a.status) for a in pool.run(jobs(*keys))]


def test_every_job_gives_its_result(pool):
    attempts = list(pool.run(jobs(*(f"fine{i}" for i in range(20)))))
    assert {a.job.key: network_measures(a.result)["delay_s"] for a in attempts} == {
        f"fine{i}": float(i) for i in range(20)
    }
    assert len({a.worker for a in attempts}) == 2


def test_a_refusal_is_not_tried_again(pool):
    assert ended(pool, "refused") == [("refused", 1, "failed")]
    (attempt,) = pool.run(jobs("bug"))
    assert attempt.status == "failed"
    assert attempt.reason.startswith("ValueError: boo (test_pool.py:")


def test_a_dead_worker_is_replaced_and_its_job_tried_again(pool):
    assert ended(pool, "dies1") == [("dies1", 1, "crashed"), ("dies1", 2, "done")]
    assert ended(pool, "lost1") == [("lost1", 1, "crashed"), ("lost1", 2, "done")]
    assert ended(pool, "dies-always") == [("dies-always", 1, "crashed"), ("dies-always", 2, "crashed")]
    assert sorted(ended(pool, "fine30", "fine31")) == [("fine30", 1, "done"), ("fine31", 1, "done")]


@pytest.mark.parametrize("key", ["hangs1", "stops1"])
def test_a_hung_worker_is_ended_and_its_job_tried_again(pool, marks, key):
    attempts = list(pool.run(jobs(key, f"{key}-beside")))
    ends = {(a.job.key, a.number): a for a in attempts}
    assert ends[key, 1].status == "timeout"
    assert "no result within 4 s" in ends[key, 1].reason
    assert ends[key, 2].status == "done"
    pid = int((marks / key).read_text().splitlines()[0])
    assert not alive(pid)


def test_a_worker_killed_from_outside_is_named(pool, marks):
    running = pool.run(jobs("hangs2"))
    import threading

    def kill():
        while not (marks / "hangs2").exists() or not (marks / "hangs2").read_text():
            time.sleep(0.05)
        os.kill(int((marks / "hangs2").read_text().splitlines()[0]), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    first, second = list(running)
    thread.join()
    assert (first.status, second.status) == ("crashed", "done")
    assert f":{(marks / 'hangs2').read_text().splitlines()[0]}" in first.reason


def test_jobs_are_pulled_as_workers_become_free(pool):
    pulled = []

    def lazily():
        for job in jobs(*(f"lazy{i}" for i in range(10))):
            pulled.append(job.key)
            yield job

    for done, _ in enumerate(pool.run(lazily())):
        assert len(pulled) <= done + 1 + 2


def test_leaving_early_leaves_the_pool_usable(pool):
    for _ in pool.run(jobs("fine40", "hangs3", "fine41")):
        break
    assert ended(pool, "fine42") == [("fine42", 1, "done")]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


DRIVER = """
import sys, time
from tests.engine.test_pool import runner, jobs
from engine.pool import Pool
with Pool(runner(sys.argv[1]), 1) as pool:
    for attempt in pool.run(jobs("fine", "hangs")):
        print("going", flush=True)
"""


def test_nothing_is_left_when_the_driver_is_killed(tmp_path):
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    )
    assert driver.stdout.readline() == b"going\n"
    deadline = time.monotonic() + 20
    while not (tmp_path / "hangs").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    group = [int(pid) for pid in subprocess.check_output(["ps", "-o", "pid=", "-s", str(driver.pid)]).split()]
    worker = int((tmp_path / "hangs").read_text())
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    driver.stdout.close()
    while (alive(worker) or any(map(alive, group))) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not alive(worker)
    assert not any(map(alive, group))
