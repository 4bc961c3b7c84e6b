"""Kernels that need not import what is large: each is a fork of a process that has done so.

To start a kernel and to import TensorFlow in it takes longer than most chapters' cells. A
`Template` imports it once, and is forked for each kernel, which is as separate from the others as
any.

This file is also the program that the template runs.
"""

import atexit
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import warnings
from importlib import import_module

from jupyter_client.provisioning import LocalProvisioner

LAUNCHER = "ipykernel_launcher"


def available() -> bool:
    """Whether processes are told by descriptors here: on Linux since 5.3, where forks are sound.

    Elsewhere there is no fork, or the system's own libraries do not stand it.
    """
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class Template:
    """A process with these modules, to be forked; it ends when the one that made it ends."""

    def __init__(self, modules: list[str]):
        self._orders, theirs = socket.socketpair()
        with theirs:
            end = theirs.fileno()
            command = [sys.executable, __file__, str(end), *modules]
            # In a session of its own: Ctrl-C is for the build, whose end is also the template's.
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, pass_fds=[end], start_new_session=True
            )
        self._answers = self._orders.makefile("r")

    def fork(self, arguments: list[str], folder: str, environment: dict[str, str]) -> "Fork":
        """Run the kernel's program with these arguments; the first waits for the imports.

        Raises OSError if the template does not live, as when a module cannot be imported.
        """
        order = json.dumps({"arguments": arguments, "folder": folder, "environment": environment})
        self._orders.sendall(f"{order}\n".encode())
        answer = self._answers.readline()
        if not answer:
            raise ConnectionResetError("the kernels' template has ended")
        return Fork(int(answer))

    def close(self) -> None:
        """Let it end; its forks end with it."""
        self._answers.close()
        self._orders.close()
        self._process.wait()


class Fork:
    """A process that is not this one's child, with the part of `Popen` that Jupyter asks for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid
        self._descriptor = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """`None` while it lives. With what status it ended, only the template is told."""
        return 0 if self._ended(timeout=0) else None

    def wait(self) -> int:
        """Until it has ended."""
        self._ended(timeout=None)
        os.close(self._descriptor)
        return 0

    def send_signal(self, number: int) -> None:
        """To it alone, and not to what it has started."""
        signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """Ask it to end. Raises ProcessLookupError, as `send_signal` does, if it has."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Have it ended."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> bool:
        return bool(select.select([self._descriptor], [], [], timeout)[0])


class ForkedProvisioner(LocalProvisioner):
    """Launches a kernel as a fork of the template, or, where that cannot be, as usual."""

    def __init__(self, template: Template, **traits):
        super().__init__(**traits)
        self._template = template

    async def launch_kernel(self, cmd, **options):
        """Called by Jupyter with the command, and what else it would give to `Popen`."""
        if cmd[:3] != [sys.executable, "-m", LAUNCHER]:
            return await super().launch_kernel(cmd, **options)
        try:
            self.process = self._template.fork(cmd[3:], options["cwd"], options["env"])
        except OSError:
            return await super().launch_kernel(cmd, **options)
        # It leads a group of its own, to which signals go.
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def main(end: str, *modules: str) -> None:
    """Import the modules; then fork for each order until there are no more."""
    # What a kernel sets before its first cell, and Matplotlib reads when it is imported.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    # Who has ended is to leave nothing behind.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for name in ("ipykernel.kernelapp", *modules):
        import_module(name)
    with socket.socket(fileno=int(end)) as orders, orders.makefile("r") as lines:
        while order := lines.readline():
            # Python and JAX warn of threads. Those of an import idle until there is work for them.
            with warnings.catch_warnings(action="ignore"):
                pid = os.fork()
            if pid == 0:
                break
            orders.sendall(f"{pid}\n".encode())
    if order:
        become_kernel(**json.loads(order))


def become_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """As if the launcher had been started here, and all imports were quick."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # So that it ends when the template does; usually from a variable, read when it is imported.
    sys.argv[1:] = [*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"]
    try:
        runpy.run_module(LAUNCHER, run_name="__main__", alter_sys=True)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        # To take TensorFlow's modules apart takes seconds, of which nobody has anything.
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
