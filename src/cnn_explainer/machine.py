"""What this machine is, as far as a training cares."""

import os
import platform
from contextlib import suppress
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def processor() -> str:
    """The processor's name, or the accelerator's where Keras finds one."""
    if found := accelerators():
        return _accelerators_name() or found[0]
    for line in _cpuinfo():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many of the processor's cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def limit_threads(count: int) -> None:
    """Spread TensorFlow's arithmetic over so many threads.

    Before it has begun: later nothing happens, and neither with another backend.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(count)


def has_bfloat16() -> bool:
    """Whether 16-bit arithmetic is done in hardware; where it is emulated, it is slower."""
    flags = {"avx512_bf16", "amx_bf16"}
    return bool(accelerators()) or any(
        not flags.isdisjoint(line.split()) for line in _cpuinfo() if line.startswith("flags")
    )


def accelerators() -> list[str]:
    """The devices beside the processor that Keras can compute on: `["gpu:0"]`."""
    import keras

    return [name for name in keras.distribution.list_devices() if not name.startswith("cpu")]


def _accelerators_name() -> str | None:
    """As its maker calls it, if the backend tells."""
    import keras

    match keras.backend.backend():
        case "jax":
            import jax

            return jax.devices()[0].device_kind
        case "torch":
            import torch

            return torch.cuda.get_device_name() if torch.cuda.is_available() else None
        case "tensorflow":
            import tensorflow as tf

            devices = tf.config.list_physical_devices("GPU")
            details = map(tf.config.experimental.get_device_details, devices)
            return next((each.get("device_name") for each in details), None)


def _cpuinfo() -> list[str]:
    return _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else []
