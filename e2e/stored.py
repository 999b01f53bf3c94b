"""What agents have left in the storage of a browser, seen and changed from a page of the same origin that runs none."""

import json
from typing import Any

from e2e.desk import Desk

_PREFIX = "caseclock:stream:"
_READ = "(prefix) => Object.entries(localStorage).filter(([key]) => key.startsWith(prefix))"
_WRITE = "(items) => items.forEach(([key, text]) => localStorage.setItem(key, text))"


class Stored:
    """The outboxes of one browser: a text by stream, with a header and then an event in each line."""

    def __init__(self, desk: Desk) -> None:
        desk.chromium.expects("/favicon.ico")  # that page has none
        self._page = desk.other_tab("/healthz").page

    def streams(self) -> dict[str, str]:
        return {key.removeprefix(_PREFIX): text for key, text in self._page.evaluate(_READ, _PREFIX)}

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """The events of a stream."""
        return [json.loads(line) for line in self.streams()[stream].split("\n")[1:]]

    def write(self, streams: dict[str, str]) -> None:
        self._page.evaluate(_WRITE, [[_PREFIX + stream, text] for stream, text in streams.items()])

    def drop_rows(self, stream: str, *seqs: int) -> None:
        """Lose these events, and nothing else."""
        header, *lines = self.streams()[stream].split("\n")
        kept = [line for line in lines if json.loads(line)["seq"] not in seqs]
        self.write({stream: "\n".join([header, *kept])})

    def closes(self) -> None:
        self._page.close()
