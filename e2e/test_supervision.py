"""Row S1 in the supervision page."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from e2e.desk import Desk
from e2e.recorded import Recorded
from e2e.waiting import until


def test_s1_the_spans_of_the_day_appear(sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded) -> None:
    for ref in ("CAS-1001", "CAS-1003"):
        ana.opens(ref)
        ana.runs(ref)
        recorded.grows("ana", ref, seconds=1.2)
        ana.closes(ref)
        ana.stands("no-case")
    recorded.commit()
    records = recorded.records()

    sam = sits_down("sam", "/supervisor")
    sam.clicks("representative-ana")
    sam["day-title"].filter(has_text="Ana Duarte").wait_for()
    until(lambda: sam["timeline-span"].count() > 0, what="spans are on the time line")

    shown = sam["timeline-span"].evaluate_all("spans => spans.map((span) => span.dataset.case)")
    assert set(shown) == {"CAS-1001", "CAS-1003"}
    first = datetime.fromtimestamp(records[0].started / 1000, UTC).astimezone(ZoneInfo("Europe/Lisbon"))
    label = sam["timeline-span"].first.get_attribute("aria-label") or ""
    assert first.strftime("%H:%M") in label, "in the representative's own time zone"
    assert sam["day-cases"].inner_text() == "2"
    seconds = sum(record.ms for record in records) // 1000
    assert any(f"{total} s" in sam["day-total"].inner_text() for total in (seconds - 1, seconds, seconds + 1))


def test_s1_work_that_is_committed_later_appears_on_refresh(
    sits_down: Callable[..., Desk], ana: Desk, recorded: Recorded
) -> None:
    sam = sits_down("sam", "/supervisor?representative=ana")
    sam["day-report"].filter(has_text="Nothing committed yet today").wait_for()
    ana.opens("CAS-1001")
    ana.runs("CAS-1001")
    recorded.grows("ana", "CAS-1001", seconds=1.2)
    ana.closes("CAS-1001")
    ana.stands("no-case")
    recorded.commit()

    sam.clicks("refresh")

    until(lambda: sam["timeline-span"].count() > 0, what="its span is on the time line")
