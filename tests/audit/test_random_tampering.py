"""Whatever is done to the rows and the head without the key, verification says that something is wrong (A8, X85)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.audit.tampering import (
    COLUMNS,
    Row,
    emptied,
    forged_head,
    head_of,
    put,
    rechained,
    rows_of,
    verdict_after,
    write_entries,
)
from tests.conftest import FakeClock, World, _made

MANY = 8
NUMBERS = st.integers(0, 2**40)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
HASHES = st.sampled_from(["0" * 64, "f" * 64, ""])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "at": NUMBERS,
    "actor_id": st.none() | NUMBERS,
    "previous_hash": HASHES,
    "hash": HASHES,
    **dict.fromkeys(("actor", "action", "subject", "details", "address"), WORDS),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One log for all examples: each undoes what it did."""
    folder: Path = tmp_path_factory.mktemp("log")
    if request.param == "sqlite":
        path = folder / "caseclock.sqlite3"
        path.write_bytes(request.getfixturevalue("migrated_sqlite").read_bytes())
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgresql_server").fresh_database()
    with _made(folder, url, FakeClock()) as world:
        emptied(world).write(lambda session: write_entries(session, MANY))
        yield world


@st.composite
def tamperings(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """A few steps: what is done, and where."""
    place = st.integers(0, MANY - 1)
    column = draw(st.sampled_from(sorted(VALUES)))
    step = st.one_of(
        st.tuples(st.just("set"), place, st.just(column), VALUES[column]),
        st.tuples(st.just("delete"), place),
        st.tuples(st.just("swap"), place, place),
        st.tuples(st.just("swap contents"), place, place),
        st.tuples(st.just("copy"), place, place),
        st.tuples(st.just("cut off"), place),
        st.tuples(st.just("number anew")),
        st.tuples(st.just("hash anew")),
    )
    return draw(st.lists(step, min_size=1, max_size=4))


def _done(rows: list[Row], steps: list[tuple[Any, ...]]) -> list[Row]:
    for step in steps:
        place = step[1] % len(rows) if len(step) > 1 and rows else 0
        match step:
            case ("set", _, str(column), value) if rows:
                rows[place][column] = value
            case ("delete", _) if rows:
                del rows[place]
            case ("swap", _, int(other)) if rows:
                other %= len(rows)
                rows[place]["id"], rows[other]["id"] = rows[other]["id"], rows[place]["id"]
            case ("swap contents", _, int(other)) if rows:
                here, there = rows[place], rows[other % len(rows)]
                for name in COLUMNS[1:-2]:
                    here[name], there[name] = there[name], here[name]
            case ("copy", _, int(other)) if rows:
                rows.insert(other % (len(rows) + 1), dict(rows[place]))
                rows = [{**row, "id": number} for number, row in enumerate(rows, start=1)]
            case ("cut off", _):
                del rows[place:]
            case ("number anew",):
                rows = [{**row, "id": number} for number, row in enumerate(rows, start=1)]
            case ("hash anew",):
                rows = rechained(rows)
    return sorted(rows, key=lambda row: row["id"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=tamperings(), head=st.sampled_from(["stays", "count and hash", "forged", "unsealed"]))
def test_every_change_without_the_key_is_found(log: World, steps: list[tuple[Any, ...]], head: str) -> None:
    """A8, X85"""
    changed: list[bool] = []

    def tamper(session: Session) -> None:
        rows, end = rows_of(session), head_of(session)
        made = _done(rows_of(session), steps)
        forged = forged_head(made)
        new = {
            "stays": end,
            "count and hash": {**forged, "seal": end["seal"]},
            "forged": forged,
            "unsealed": {**forged, "seal": ""},
        }[head]
        if not made and head == "unsealed":
            new = end  # a log that begins anew is an older state as a whole: only what was kept outside shows that
        put(session, made, new)
        changed.append((rows_of(session), head_of(session)) != (rows, end))

    verdict = verdict_after(log, tamper)

    assert (verdict.fault is not None) == changed[0]
    assert verdict.right <= MANY + 4
