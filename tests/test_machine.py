import os
import subprocess
import sys
import time

import pytest

from cnn_explainer import machine
from cnn_explainer.clock import awake_seconds


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu avx512f avx512_bf16 sse", True),
        ("fpu amx_bf16", True),
        ("fpu avx512f avx512_bf16x", False),
        ("", False),
    ],
)
def test_bfloat16_is_read_from_the_flags(tmp_path, monkeypatch, flags, expected):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: {flags}\n")
    monkeypatch.setattr(machine, "_CPUINFO", cpuinfo)
    monkeypatch.setattr(machine, "accelerators", lambda: [])
    assert machine.has_bfloat16() is expected
    assert machine.processor() == "Some CPU @ 3 GHz"


def test_an_accelerator_comes_first(monkeypatch):
    monkeypatch.setattr(machine, "accelerators", lambda: ["gpu:0"])
    assert machine.has_bfloat16()
    assert machine.processor() == "gpu:0"


def test_without_cpuinfo_there_is_still_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "absent")
    assert machine.processor()


def test_the_clock_counts_seconds():
    began = awake_seconds()
    time.sleep(0.05)
    assert 0.05 <= awake_seconds() - began < 5


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux's taskset")
def test_cores_are_those_that_the_process_may_use():
    every = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(every)})
        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, every)
    assert machine.cores() == len(every)


def test_threads_are_limited_until_tensorflow_has_begun():
    code = (
        "import tensorflow as tf; from cnn_explainer.machine import limit_threads;"
        "limit_threads(1); tf.zeros(1); limit_threads(3);"
        "print(tf.config.threading.get_intra_op_parallelism_threads())"
    )
    environment = os.environ | {"KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]
