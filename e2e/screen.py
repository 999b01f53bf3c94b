"""A screen with a window manager, for a browser whose windows can lie behind others."""

import os
import shutil
import subprocess
from types import TracebackType
from typing import Self


class Screen:
    """Xvfb and openbox on a free display; `name` is what DISPLAY is to be set to."""

    def __init__(self) -> None:
        self.name = ""
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        self._run("Xvfb", "-displayfd", str(writing), "-screen", "0", "1600x1000x24", "-nolisten", "tcp", keep=writing)
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        assert number, "Xvfb did not start"
        self.name = f":{number}"
        self._run("openbox", "--sm-disable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(10)

    def _run(self, command: str, *arguments: str, keep: int | None = None) -> None:
        process = subprocess.Popen(
            [shutil.which(command) or command, *arguments],
            env={**os.environ, "DISPLAY": self.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=() if keep is None else (keep,),
        )
        self._processes.append(process)
