"""Execute notebooks ahead of time, a few at once, each in a kernel of its own."""

import asyncio
import os
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal
from nbformat import NotebookNode

import forked_kernels

AT_ONCE = min(os.cpu_count() or 1, 4)
"""One for each core; a kernel with TensorFlow takes a gigabyte."""


class Client(NotebookClient):
    """One whose kernel, if the process ends before it, is left to notice that by itself."""

    def _cleanup_kernel(self):
        """Called when the process ends, by another thread than the one that the kernel's sockets
        belong to: ZeroMQ would wait for that one, which runs no more.
        """


class Ahead:
    """A thread that lives as long as the process, and the notebooks that it executes in turn."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._template = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def preload(self, modules: list[str]) -> None:
        """Have later kernels start with these modules imported, which is done once."""
        if self._template is None and forked_kernels.available():
            self._template = forked_kernels.Template(modules)

    def close(self) -> None:
        """End what `preload` has begun."""
        if self._template:
            self._template.close()

    def begin(self, notebook: NotebookNode, folder: Path, timeout: int, **variables) -> Future:
        """Have it executed, in place, in this folder, with these environment variables.

        Gives the seconds that it took; `None` if a cell failed.
        """
        work = self._execute(notebook, folder, timeout, os.environ | variables)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _execute(self, notebook, folder, timeout, environment) -> float | None:
        async with self._places:
            begin = time.monotonic()
            # A RuntimeError says that a kernel died, or never answered.
            with suppress(CellControlSignal, RuntimeError):
                # Timings in the cells would make them others than those in the chapter.
                client = Client(notebook, timeout=timeout, record_timing=False)
                if self._template:
                    kernel = client.create_kernel_manager()
                    kernel.provisioner = forked_kernels.ForkedProvisioner(
                        self._template, kernel_spec=kernel.kernel_spec, parent=kernel
                    )
                await client.async_execute(cwd=str(folder), env=environment)
                return time.monotonic() - begin
