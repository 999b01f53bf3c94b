"""Frames in and out: what is taken, what is refused, and that a bad event costs only itself."""

import json
from typing import Any

import pytest

from server.config import Limits
from server.tracking import wire
from server.tracking.events import Event, Refused
from server.tracking.wire import BadMessage, Hello, Ping, Report, Unwatch, Watch, decode, decode_report
from tests.conftest import NOON

MAX = Limits().events_per_report


def event(seq: Any = 1, **facts: Any) -> dict[str, Any]:
    return {
        "seq": seq,
        "at": NOON,
        "mono": 0,
        "cause": "open",
        "visible": True,
        "focused": True,
        "locked": False,
        "idle": False,
        "session": {"id": "s1", "kind": "case", "case": "CAS-1001"},
        "app_tab": None,
        "form": None,
        **facts,
    }


def report(*events: Any, **fields: Any) -> str:
    return json.dumps(
        {"type": "report", "stream": "stream-1", "first": 1, "sent_at": NOON, "events": list(events), **fields}
    )


def decoded(text: str) -> tuple[Report, list[dict[str, Any]]]:
    message, errors = decode(text, max_events=MAX)
    assert isinstance(message, Report)
    assert decode_report(text.encode(), max_events=MAX) == (message, errors), "both roads read alike"
    return message, errors


def refusal_of(text: str | bytes) -> str:
    with pytest.raises(BadMessage) as caught:
        decode(text, max_events=MAX)
    return str(caught.value)


def test_every_message_of_the_contract_is_read() -> None:
    hello = {
        "type": "hello",
        "protocol": 1,
        "stream": "5f0c1",
        "app": "hub",
        "agent": "a/1",
        "sent_at": 1,
        "token": "t",
    }
    examples = {
        json.dumps(hello): Hello(1, "5f0c1", 1, "hub", "a/1", "t"),
        '{"type":"watch","case":"CAS-1001"}': Watch("CAS-1001"),
        '{"type":"unwatch","case":"CAS-1001"}': Unwatch("CAS-1001"),
        '{"type":"ping","sent_at":7}': Ping(7),
    }
    for text, message in examples.items():
        assert decode(text, max_events=MAX) == (message, [])
    taken, errors = decoded(report(event(), event(2, cause="beat")))
    assert [one.seq for one in taken.events] == [1, 2]
    assert errors == []


def test_the_example_of_the_contract_is_read() -> None:
    text = """{"type":"report","stream":"5f0c...","first":1,"sent_at":1795168820123,"events":[
     {"seq":1,"at":1795168800100,"mono":812,"cause":"open","visible":true,"focused":true,"locked":false,"idle":false,
      "session":{"id":"s1","kind":"case","case":"CAS-1001"},"app_tab":null,
      "form":{"id":"main","tracked":true,"widget":true}}]}""".replace("5f0c...", "5f0c1111")
    taken, errors = decoded(text)
    assert taken.events[0].form.widget  # type: ignore[union-attr]
    assert errors == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("hello", "not JSON"),
        ('{"type":"ping","sent_at":NaN}', "not JSON"),
        ("[]", "Expected `object`"),
        ('"report"', "Expected `object`"),
        ("null", "Expected `object`"),
        ("{}", "type"),
        ('{"sent_at":1}', "type"),
        ('{"type":"mystery"}', "type"),
        ('{"type":1}', "type"),
        ('{"type":"ping"}', "sent_at"),
        ('{"type":"ping","sent_at":"1"}', "sent_at"),
        ('{"type":"ping","sent_at":-1}', "sent_at"),
        ('{"type":"ping","sent_at":9007199254740992}', "sent_at"),
        ('{"type":"watch"}', "case"),
        ('{"type":"watch","case":""}', "case"),
        ('{"type":"watch","case":"a\\u0000b"}', "case"),
        ('{"type":"hello","protocol":"1","stream":"abcd","sent_at":1}', "protocol"),
        ('{"type":"hello","protocol":1,"stream":"abcd","sent_at":1,"app":"desk"}', "app"),
        (b'{"type":"ping","sent_at":1}', "Binary"),
        (report({}).replace('"events": [{}]', '"events": {}'), "events"),
        (report(stream="../etc"), "stream"),
        (report(stream="abc"), "stream"),
        (report(stream="abcd\n"), "stream"),
        (report(stream="x" * 65), "stream"),
        (report(stream=None), "stream"),
        (report(first=0), "first"),
        (report(first=2**53), "first"),
        (report(sent_at=1.5), "sent_at"),
        (report(app="desk"), "app"),
    ],
)
def test_a_message_of_which_nothing_can_be_taken_is_refused_in_words(text: str | bytes, words: str) -> None:
    """X24, X76, X13."""
    assert words in refusal_of(text)


@pytest.mark.parametrize("depth", [990, 995, 1_000, 10_000, 30_000])
@pytest.mark.parametrize("at", [NOON, "bad"])
def test_deep_nesting_breaks_nothing(depth: int, at: Any) -> None:
    text = report(event(extra=0, at=at)).replace('"extra": 0', '"extra": ' + "[" * depth + "]" * depth)
    try:
        taken, _ = decode(text, max_events=MAX)
    except BadMessage:
        return
    assert isinstance(taken, Report)


@pytest.mark.parametrize("seq", [0, -1, 2**53, 2**63, 2**64, 10**30, "1", 1.5, 1.0, None, True, [], {}])
def test_an_event_without_a_usable_seq_is_an_error_and_the_others_are_taken(seq: Any) -> None:
    """X24."""
    taken, errors = decoded(report(event(1), event(2), event(seq)))
    assert [one.seq for one in taken.events] == [1, 2]
    assert [(one["code"], one["stream"], one["seq"]) for one in errors] == [("bad_message", "stream-1", None)]


@pytest.mark.parametrize(
    ("seqs", "places"),
    [
        ([1, 2, "3", 4], [1, 2, 3, 4]),
        (["1", 2], [1, 2]),
        ([1, None, 0, 4], [1, 2, 3, 4]),
        ([1, "2", 2], [1, 2]),
        ([1, "2"], [1]),
        (["1"], []),
        ([1, "2", 9], [1, 9]),
        (["?", 1], [1]),
        ([None, None], []),
    ],
)
def test_an_event_without_a_usable_seq_takes_the_place_its_neighbours_leave(seqs: list[Any], places: list[int]) -> None:
    """X35: it must not block its stream for ever."""
    taken, errors = decoded(report(*(event(seq) for seq in seqs)))
    assert [one.seq for one in taken.events] == places
    assert len(errors) == len(seqs) - len(places)


def test_the_first_of_a_later_report_is_placed_behind_first() -> None:
    taken, _ = decoded(report(event("5"), event(6), first=5))
    assert [type(one) for one in taken.events] == [Refused, Event]
    assert [one.seq for one in taken.events] == [5, 6]


BAD_FACTS: list[dict[str, Any]] = [
    {"at": -1},
    {"at": NOON + 0.5},
    {"at": float(NOON)},
    {"at": str(NOON)},
    {"at": None},
    {"at": 4_102_444_800_000},
    {"at": 10**30},
    {"mono": -1},
    {"mono": 0.25},
    {"cause": "whim"},
    {"cause": 1},
    {"visible": 1},
    {"focused": "yes"},
    {"locked": None},
    {"idle": 0},
    {"session": "CAS-1001"},
    {"session": []},
    {"session": {}},
    {"session": {"id": "s1", "kind": "mail", "case": None}},
    {"session": {"id": "s1", "case": ""}},
    {"session": {"id": "s1", "case": 1001}},
    {"session": {"id": "s1", "case": "C" * 10_000}},
    {"session": {"id": "s" * 201, "case": None}},
    {"session": {"id": "s1", "case": "half a pair: \ud83d"}},
    {"app_tab": "tab"},
    {"app_tab": True},
    {"app_tab": {"id": "t1"}},
    {"app_tab": {"id": 1, "entity": "account"}},
    {"form": "main"},
    {"form": {"id": "main", "tracked": "no"}},
    {"form": {"tracked": True}},
    {"form": [1, 2]},
    {"quiet": -1},
    {"quiet": 0.5},
    {"quiet": "1"},
    {"quiet": True},
    {"quiet": 86_400_001},
]


@pytest.mark.parametrize("quiet", [0, 1, 86_400_000, None])
def test_f21_an_event_may_say_how_long_there_was_no_input(quiet: int | None) -> None:
    taken, errors = decoded(report(event(1, quiet=quiet), event(2)))
    assert [one.quiet for one in taken.events if isinstance(one, Event)] == [quiet, None]
    assert errors == []


@pytest.mark.parametrize("facts", BAD_FACTS, ids=lambda facts: json.dumps(facts)[:50])
def test_a_bad_event_in_the_middle_costs_only_itself(facts: dict[str, Any]) -> None:
    """X24, X75, X76: it keeps its place, with a reason and what it showed."""
    taken, errors = decoded(report(event(1), event(2, **facts), event(3)))
    assert [type(one) for one in taken.events] == [Event, Refused, Event]
    refused = taken.events[1]
    assert isinstance(refused, Refused)
    assert (refused.seq, refused.code) == (2, "bad_message")
    assert refused.message
    assert len(refused.body) <= 2000
    refused.body.encode()
    assert errors == []


@pytest.mark.parametrize("lacking", ["at", "mono", "cause", "visible", "focused", "locked", "idle"])
def test_an_event_that_lacks_a_field_keeps_its_place(lacking: str) -> None:
    bad = event(1)
    del bad[lacking]
    taken, _ = decoded(report(bad, event(2)))
    assert [type(one) for one in taken.events] == [Refused, Event]
    assert lacking in taken.events[0].message  # type: ignore[union-attr]


@pytest.mark.parametrize("item", [1, None, "x", [1], True])
def test_what_is_no_event_at_all_is_an_error_only(item: Any) -> None:
    taken, errors = decoded(report(event(1), item))
    assert [one.seq for one in taken.events] == [1]
    assert len(errors) == 1


def test_unknown_fields_and_nulls_where_nothing_is_are_no_matter() -> None:
    """An agent that is newer by one field is understood (X34); `__proto__` is a name like any other."""
    text = report(event(1, mood="good", __proto__={"a": 1}), colour="red")
    taken, errors = decoded(text)
    assert [type(one) for one in taken.events] == [Event]
    assert errors == []


def test_of_duplicate_keys_the_last_one_counts() -> None:
    assert decode('{"type":"ping","sent_at":1,"sent_at":2}', max_events=MAX) == (Ping(2), [])
    assert refusal_of('{"type":"ping","type":"hello","sent_at":1}')


def test_session_app_tab_and_form_may_be_left_out() -> None:
    bare = event(1)
    for name in ("session", "app_tab", "form"):
        del bare[name]
    taken, _ = decoded(report(bare))
    assert [type(one) for one in taken.events] == [Event]


def test_300_events_are_taken_and_301_are_not() -> None:
    taken, _ = decoded(report(*(event(seq) for seq in range(1, 301))))
    assert len(taken.events) == 300
    assert "at most 300" in refusal_of(report(*(event(seq) for seq in range(1, 302))))
    assert "at most 300" in refusal_of(report(*(event(seq, at="bad") for seq in range(1, 302))))


@pytest.mark.parametrize(
    "ref", ['O\'Brien "quoted"', "<svg onload=alert(1)>", "{{7*7}}", "=cmd|' /C calc'!A0", "🙂\u202e"]
)
def test_a_reference_of_strange_characters_is_a_reference(ref: str) -> None:
    """X77: whether there is such a case is not for the decoder to say."""
    taken, _ = decoded(report(event(session={"id": "s", "kind": "case", "case": ref})))
    assert taken.events[0].session.case == ref  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ('{"type":"hello","protocol":2}', True),
        ('{"type":"hello","protocol":0,"who":"me"}', True),
        ('{"type":"hello","protocol":1}', False),
        ('{"type":"hello","protocol":"2"}', False),
        ('{"type":"ping","protocol":2}', False),
        ("nonsense", False),
        ("[" * 20_000, False),
    ],
)
def test_the_hello_of_another_version_is_known_by_its_protocol_alone(text: str, other: bool) -> None:
    """X34."""
    assert wire.speaks_another_protocol(text) is other


def test_errors_have_the_shape_of_the_contract() -> None:
    assert wire.error("gap", "why", stream="s", seq=4, expected=2) == {
        "type": "error",
        "code": "gap",
        "message": "why",
        "stream": "s",
        "seq": 4,
        "expected": 2,
    }


def test_beat_and_gap_fit_together() -> None:
    """One owner of the numbers: a beat that is lost or late once must not break the proof."""
    assert wire.BEAT_S * 2 < wire.MAX_GAP_S
