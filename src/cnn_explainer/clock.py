"""A clock that stands still while the machine sleeps."""

import sys
import time


def awake_seconds() -> float:
    """Seconds since some moment, without those that the machine slept.

    The write-up's slowest run counts the hours that its laptop was asleep. Python's
    `time.monotonic` leaves them out on Linux, but promises nothing; hence by system.
    """
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_UPTIME_RAW)
    if sys.platform == "win32":
        import ctypes

        ticks = ctypes.c_ulonglong()  # of 100 nanoseconds
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / 1e7
    return time.clock_gettime(time.CLOCK_MONOTONIC)
