"""Whatever is committed, corrected, logged, changed, deleted and purged: every total is what it is made of."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from server.clock import iso
from tests.conftest import NOON, World
from tests.handling_time.saying import CASES, correct, history_of, logged, set_tracking, time_of
from tests.work import worked

REFS = ("CAS-1001", "CAS-1002")
PEOPLE = ("ana", "ben")
KINDS = ("time-logs", "activities")
Share: TypeAlias = tuple[str, str]
"""(username, case)"""


@dataclass
class Said:
    """An entry as it should be; `purged_ms` is what purged records covered of its interval."""

    who: str
    case: str
    kind: str
    id: int
    start: int
    seconds: int
    has_start: bool
    purged_ms: int = 0

    def covered_ms(self, who: str, start: int, end: int) -> int:
        """Milliseconds of it that a record covers."""
        if who != self.who or not self.has_start:
            return 0
        return max(0, min(end, self.start + self.seconds * 1000) - max(start, self.start))


@dataclass
class Books:
    """What a world should hold, in plain lists and sums."""

    world: World
    choose: random.Random
    records: list[tuple[int, str, str, int, int]] = field(default_factory=list)
    measured: Counter[Share] = field(default_factory=Counter)
    deltas: Counter[Share] = field(default_factory=Counter)
    entries: list[Said] = field(default_factory=list)
    overlap_once: bool = False

    def act(self) -> None:
        """Do one thing, here and in the world."""
        acts = (
            self.work,
            self.work,
            self.correct,
            self.log,
            self.log,
            self.change,
            self.delete,
            self.purge,
            self.switch,
        )
        self.choose.choice(acts)()

    def work(self) -> None:
        who, case = self.choose.choice(PEOPLE), self.choose.choice(REFS)
        self.world.clock.advance(seconds=self.choose.choice((0, 0, 5, 90.5)))
        start = self.world.clock.now
        worked(self.world, who, case, minutes=self.choose.choice((0.5, 1, 1.9 / 60, 3.2)))
        end = self.world.clock.now
        self.measured[who, case] += end - start
        newest = self.world.client("ada").get("/api/v1/tracker-records?limit=1").json["items"][0]
        assert (newest["case"], newest["representative"]) == (case, who)
        self.records.append((newest["id"], who, case, start, end))

    def correct(self) -> None:
        who, case = self.choose.choice(PEOPLE), self.choose.choice(REFS)
        wanted = self.choose.choice((0, 1, 30, 100, 1000))
        answer = correct(self.world, who, wanted, case=case)
        has_time = self.measured[who, case] > 0
        assert answer.status_code == (200 if has_time else 422)
        before = self.measured[who, case] + self.deltas[who, case]
        if has_time and before // 1000 != wanted:
            self.deltas[who, case] += wanted * 1000 - before

    def log(self) -> None:
        who, case, kind = self.choose.choice(PEOPLE), self.choose.choice(REFS), self.choose.choice(KINDS)
        start = self.choose.randrange(NOON - 60_000, self.world.clock.now + 1_000)
        seconds, has_start = self.choose.randrange(1, 400), self.choose.random() < 0.8
        made = logged(self.world, who, seconds, since=start, case=case, kind=kind, has_start=has_start)
        self.entries.append(Said(who, case, kind, made["id"], start, seconds, has_start))

    def change(self) -> None:
        if not self.entries:
            return
        entry = self.choose.choice(self.entries)
        start, seconds, who = entry.start, entry.seconds, entry.who
        if self.choose.random() < 0.3:
            start += self.choose.randrange(-20_000, 20_000)
        if self.choose.random() < 0.3:
            seconds = self.choose.randrange(1, 400)
        if self.choose.random() < 0.3:
            who = self.choose.choice(PEOPLE)
        body = {"worked_at": iso(start), "duration_seconds": seconds, "representative": who}
        address = f"{CASES}/{entry.case}/{entry.kind}/{entry.id}"
        assert self.world.client("ada").patch(address, json=body).status_code == 200
        if (start, seconds, who) != (entry.start, entry.seconds, entry.who):
            entry.start, entry.seconds, entry.who, entry.purged_ms = start, seconds, who, 0

    def delete(self) -> None:
        if not self.entries:
            return
        entry = self.entries.pop(self.choose.randrange(len(self.entries)))
        address = f"{CASES}/{entry.case}/{entry.kind}/{entry.id}"
        assert self.world.client(entry.who).delete(address).status_code == 204

    def purge(self) -> None:
        if not self.records:
            return
        chosen = self.choose.sample(self.records, self.choose.randrange(1, len(self.records) + 1))
        body = {"ids": [record[0] for record in chosen]}
        gone = self.world.client("ada").post("/api/v1/tracker-records/purge", json=body)
        assert gone.json["records"] == len(chosen)
        for record in chosen:
            self.records.remove(record)
            for entry in self.entries:
                entry.purged_ms += entry.covered_ms(record[1], record[3], record[4])

    def switch(self) -> None:
        self.overlap_once = not self.overlap_once
        set_tracking(self.world, count_overlap_once=self.overlap_once)

    def overlap_s(self, entry: Said) -> int:
        """Whole seconds of an entry that were tracked as well."""
        covered = sum(entry.covered_ms(who, start, end) for _, who, _, start, end in self.records)
        return (covered + entry.purged_ms) // 1000

    def check(self) -> None:
        """Every total of every case, for everybody and for each."""
        for case in REFS:
            self._check_total(time_of(self.world, case=case), case, PEOPLE)
            self._check_total(time_of(self.world, case=case, live="true"), case, PEOPLE)
            for who in PEOPLE:
                self._check_total(time_of(self.world, who, case=case, mine="true"), case, (who,))
            self._check_history(history_of(self.world, case=case), case)

    def _check_total(self, body: dict[str, Any], case: str, people: tuple[str, ...]) -> None:
        entries = [entry for entry in self.entries if entry.case == case and entry.who in people]
        overlap = sum(map(self.overlap_s, entries))
        automatic = sum(self.measured[who, case] + self.deltas[who, case] for who in people) // 1000
        manual = sum(entry.seconds for entry in entries) - (overlap if self.overlap_once else 0)
        assert body["automatic_seconds"] == automatic >= 0
        assert body["manual_seconds"] == body["time_log_seconds"] + body["activity_seconds"] == manual >= 0
        assert body["total_seconds"] == automatic + manual
        assert (body["overlap_seconds"], body["overlap_counted"]) == (overlap, not self.overlap_once)

    def _check_history(self, history: dict[str, Any], case: str) -> None:
        wanted = {
            who: (self.measured[who, case] // 1000, (self.measured[who, case] + self.deltas[who, case]) // 1000)
            for who in PEOPLE
            if self.measured[who, case]
        }
        told = {
            one["representative"]: (one["measured_seconds"], one["duration_seconds"]) for one in history["automatic"]
        }
        assert told == wanted
        for kind in KINDS:
            shown = history[kind.replace("-", "_")]
            mine = [entry for entry in self.entries if (entry.case, entry.kind) == (case, kind)]
            in_order = sorted(mine, key=lambda entry: (entry.start, entry.id), reverse=True)
            assert [(one["id"], one["overlap_seconds"], one["representative"]) for one in shown] == [
                (entry.id, self.overlap_s(entry), entry.who) for entry in in_order
            ]


def _lived(world: World, seed: int, acts: int) -> None:
    books = Books(world, random.Random(seed))
    for _ in range(acts):
        books.act()
        books.check()
    assert books.measured
    assert books.entries


@pytest.mark.parametrize("seed", range(10))
def test_w1_w6_w11_every_total_is_what_it_is_made_of(world: World, seed: int) -> None:
    """W1, W6, W11: total = measured + corrections + logged - left out, after each of many things in any order."""
    _lived(world, seed, 40)


def test_w1_w6_w11_it_is_so_on_both_databases(each_world: World) -> None:
    """W1, W6, W11"""
    _lived(each_world, 4711, 60)
