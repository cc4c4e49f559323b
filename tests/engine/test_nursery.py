"""The processes that simulations are forked from: what they load, and what they answer."""

import platform

import pytest

from engine.nursery import Nursery, Order, spare
from engine.plan import Plan
from engine.result import RunResult, network_measures

WITHOUT_NATIVE = """
import ctypes

class CDLL(ctypes.CDLL):
    def __init__(self, name, *args, **kwargs):
        if str(name).endswith("libsumocpp.so"):
            raise OSError("no such library here")
        super().__init__(name, *args, **kwargs)

ctypes.CDLL = CDLL
"""

WRITING_WHETHER_THREADED = """
import ctypes, os, pathlib

fork = os.fork

def forked():
    child = fork()
    if child == 0:
        single = ctypes.c_char.in_dll(ctypes.CDLL(None), "__libc_single_threaded").value
        pathlib.Path(os.environ["SINGLE"]).write_bytes(single)
    return child

os.fork = forked
"""


@pytest.fixture
def without_native(tmp_path, monkeypatch):
    """Every process that starts finds SUMO's C++ library missing."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_NATIVE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")


def test_where_the_native_recorder_cannot_load_libsumo_takes_over_and_one_line_says_so(cologne1, without_native, capfd):
    found = []
    for _ in range(2):
        with Nursery(*cologne1) as nursery:
            found += [nursery.answer(Order(Plan(()), 1)), nursery.answer(Order(Plan(()), 1))]
    said = capfd.readouterr().err.splitlines()
    assert said == ["greensplit: the native recorder cannot be loaded (no such library here); libsumo takes over."]
    with Nursery(*cologne1, "libsumo") as nursery:
        assert set(found) == {nursery.answer(Order(Plan(()), 1))}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="asks the GNU C library")
def test_simulations_run_where_there_never_was_a_second_thread(cologne1, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(WRITING_WHETHER_THREADED)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("SINGLE", str(tmp_path / "single"))
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with Nursery(*cologne1) as nursery:
        nursery.answer(Order(Plan(()), 1))
    assert (tmp_path / "single").read_bytes() == b"\1"


def test_an_answer_is_the_result_in_bytes(cologne1):
    with Nursery(*cologne1) as nursery:
        data, result = nursery.answer(Order(Plan(()), 1)), nursery.run(Plan(()), 1)
    assert RunResult.from_bytes(data) == result
    assert network_measures(data) == result.network


def test_processes_in_waiting_are_used_first_and_none_is_left(cologne1):
    with spare(2, "native"), spare(1, "native"):
        with Nursery(*cologne1) as one, Nursery(*cologne1) as other, Nursery(*cologne1) as more:
            processes = [nursery._process for nursery in (one, other, more)]
            assert processes[0].poll() is None
        from engine import nursery

        assert nursery._spare == []
    with spare(1, "native"):
        (left,) = nursery._spare
    assert left.poll() is not None
