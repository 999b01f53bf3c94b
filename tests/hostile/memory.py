"""How much memory a process holds."""

import os
from pathlib import Path


def rss_bytes(process: int | str = "self") -> int:
    """The resident memory of a process, in bytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
