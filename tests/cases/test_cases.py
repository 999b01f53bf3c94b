"""`/api/v1/cases`: list, search, create, read, change."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from server.cases import cases
from server.cases.models import Case
from tests.conftest import World

URL = "/api/v1/cases"


def _refs(client: FlaskClient, **query: str) -> list[str]:
    answer = client.get(URL, query_string=query)
    assert answer.status_code == 200, answer.text
    return [item["ref"] for item in answer.json["items"]]


def _address(ref: str, part: str = "") -> str:
    return f"{URL}/{quote(ref, safe='')}{part}"


# --- list


def test_the_list_shows_the_newest_first(each_world: World) -> None:
    answer = each_world.client("ana").get(URL).json

    assert [item["ref"] for item in answer["items"]] == ["CAS-1003", "CAS-1002", "CAS-1001"]
    assert answer["next_cursor"] is None
    assert set(answer["items"][0]) == {"ref", "title", "description", "customer", "status", "created_at"}
    assert answer["items"][0]["created_at"] == "2026-11-20T11:00:00.000Z"


def test_the_pages_lead_to_the_end_and_show_each_case_once(each_world: World) -> None:
    def make(session: object) -> None:
        for number in range(25):
            cases.create(session, ref=f"P-{number}", title="x", now=each_world.clock.now)  # type: ignore[arg-type]

    each_world.write(make)
    client, seen, cursor, pages = each_world.client("ana"), [], None, 0
    while pages == 0 or cursor is not None:
        query = {"limit": "10"} | ({"cursor": cursor} if cursor else {})
        page = client.get(URL, query_string=query).json
        seen += [item["ref"] for item in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1

    assert pages == 3
    assert len(seen) == len(set(seen)) == 28
    assert seen[-1] == "CAS-1001"


def test_a_last_page_that_is_full_has_no_next(world: World) -> None:
    assert world.client("ana").get(f"{URL}?limit=3").json["next_cursor"] is None


def test_a_case_that_is_made_while_somebody_pages_shifts_nothing(world: World) -> None:
    client = world.client("ana")
    first = client.get(f"{URL}?limit=2").json
    client.post(URL, json={"title": "late"})

    assert _refs(client, limit="2", cursor=first["next_cursor"]) == ["CAS-1001"]


def test_a_filter_takes_active_or_resolved_cases(each_world: World) -> None:
    client = each_world.client("ana")
    client.put(f"{URL}/CAS-1002/resolution", json={})

    assert _refs(client, status="resolved") == ["CAS-1002"]
    assert _refs(client, status="active") == ["CAS-1003", "CAS-1001"]
    assert client.get(f"{URL}?status=closed").status_code == 422


def test_the_search_finds_parts_of_reference_title_and_customer(each_world: World) -> None:
    client = each_world.client("ana")
    client.post(URL, json={"ref": "X-1", "title": "Printer prints blanks", "customer": "Woodgrove"})

    assert _refs(client, search="x-1") == ["X-1"]
    assert _refs(client, search="PRINTS") == ["X-1"]
    assert _refs(client, search="grove") == ["X-1"]
    assert _refs(client, search="nothing of that") == []
    assert len(_refs(client, search="")) == 4


def test_the_search_takes_every_character_as_itself(each_world: World) -> None:
    client = each_world.client("ana")
    titles = ["100% wool", "snake_case", "back\\slash", "O'Brien", 'the "best"', "semi;colon --", "{{7*7}} %s"]
    for title in titles:
        assert client.post(URL, json={"title": title}).status_code == 201

    for wanted in ("100%", "snake_", "back\\", "O'Brien", '"best"', ";colon --", "{{7*7}} %s", "%s"):
        found = [item["title"] for item in client.get(URL, query_string={"search": wanted}).json["items"]]
        assert found == [title for title in titles if wanted in title], wanted
    assert len(_refs(client, search="%")) == 2
    assert len(_refs(client, search="_")) == 1


def test_a_bad_query_is_refused_in_words(each_world: World) -> None:
    bad = {
        "limit": ["0", "-1", "501", "abc", "", "1.5", "9" * 5000, "1e3", "NaN"],
        "cursor": ["", "abc", "-1", "1.5", "9" * 19, "9" * 10_000, "²", "1 OR 1=1", "\0"],
        "search": ["x" * 201, "\0", "a\x1bb"],
        "status": ["", "ACTIVE", "active'--", "\0"],
    }
    client = each_world.client("ana")
    for name, value in [(name, value) for name, values in bad.items() for value in values]:
        answer = client.get(URL, query_string={name: value})
        assert answer.status_code == 422, (name, value[:20], answer.text)
        assert answer.content_type == "application/problem+json"
        assert answer.json["detail"]


def test_a_cursor_beyond_the_end_gives_an_empty_page(each_world: World) -> None:
    client = each_world.client("ana")

    assert client.get(f"{URL}?cursor=1").json == {"items": [], "next_cursor": None}
    assert client.get(f"{URL}?cursor=0").json == {"items": [], "next_cursor": None}
    assert len(client.get(f"{URL}?cursor={'9' * 18}").json["items"]) == 3


# --- create


def test_a_case_is_created_with_a_reference_of_its_own(each_world: World) -> None:
    new = {"ref": "SR/2026-7", "title": "  VAT is wrong ", "customer": "Northwind", "description": "First.\nSecond."}

    answer = each_world.client("ana").post(URL, json=new)

    assert answer.status_code == 201
    assert answer.json == {
        "ref": "SR/2026-7",
        "title": "VAT is wrong",
        "customer": "Northwind",
        "description": "First.\nSecond.",
        "status": "active",
        "created_at": "2026-11-20T12:00:00.000Z",
        "related": [],
    }
    assert each_world.client("ben").get(_address("SR/2026-7")).json == answer.json


def test_a_case_without_reference_gets_the_next_number(each_world: World) -> None:
    client = each_world.client("ana")
    client.post(URL, json={"ref": "CAS-1005", "title": "taken"})

    made = [client.post(URL, json={"title": "x"}).json["ref"] for _ in range(3)]

    assert len(set(made)) == 3
    assert all(ref.startswith("CAS-") and ref != "CAS-1005" for ref in made)


def test_cases_that_are_created_at_once_get_a_number_each(each_world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: each_world.client("ana").post(URL, json={"title": "at once"}), range(16)))

    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer.json["ref"] for answer in answers if answer.status_code == 201]
    assert len(made) == len(set(made)) >= 8


def test_of_many_who_take_one_reference_at_once_one_gets_it(each_world: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: each_world.client("ana").post(URL, json={"ref": "ONE", "title": "x"}), range(12))
        )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11


def test_a_reference_that_is_taken_is_a_conflict(each_world: World) -> None:
    answer = each_world.client("ana").post(URL, json={"ref": "CAS-1001", "title": "x"})

    assert answer.status_code == 409
    assert answer.content_type == "application/problem+json"
    assert each_world.client("ana").get(f"{URL}/CAS-1001").json["title"] == "Title of CAS-1001"


@pytest.mark.parametrize(
    "ref",
    [
        'it\'s "quoted"',
        "a/b/c",
        "/a",
        "a/",
        "a//b",
        "a/../b",
        "what?now=1&then=2",
        "#7",
        "50%",
        "a%2Fb",
        "a+b c",
        "a;b=c,d",
        "back\\slash",
        "<svg onload=alert(1)>",
        "{{7*7}}",
        "=cmd|'/c calc'!A1",
        "' OR 1=1; DROP TABLE cases --",
        "Störung №7",
        "案件-一",
        "\N{ROCKET}",
        "__proto__",
        "x" * 200,
        "history",
        "resolution",
    ],
)
def test_a_reference_of_any_printable_kind_can_be_used_everywhere(world: World, ref: str) -> None:
    client = world.client("ana")
    assert client.post(URL, json={"ref": ref, "title": "x"}).status_code == 201

    assert client.get(_address(ref)).json["ref"] == ref
    assert client.patch(_address(ref), json={"title": "y"}).json["title"] == "y"
    assert client.post(_address(ref, "/time-logs"), json={"duration_seconds": 60}).status_code == 201
    assert client.get(_address(ref, "/handling-time")).json["total_seconds"] == 60
    assert client.post(_address(ref, "/handling-time/refresh")).json["case"] == ref
    assert len(client.get(_address(ref, "/history")).json["time_logs"]) == 1
    assert client.put(_address(ref, "/resolution"), json={}).json["status"] == "resolved"
    assert client.get(f"{URL}/CAS-1001/handling-time").json["total_seconds"] == 0


def test_a_bad_reference_is_refused_in_words(each_world: World) -> None:
    client = each_world.client("ana")
    bad = ["", " ", " a", "a ", "x" * 201, "x" * 10_000, "a\nb", "a\0b", "\x1b[31m", "a\u202eb", "\ud800", "\u200b"]
    for ref in [*bad, 5, True, [], {}]:
        answer = client.post(URL, json={"ref": ref, "title": "x"})
        assert answer.status_code == 422, repr(ref)[:30]
        assert answer.content_type == "application/problem+json"
    assert len(_refs(client)) == 3


def test_no_reference_can_pass_for_an_address_of_the_api(world: World) -> None:
    """A case named `CAS-1001/history` could not be told from the history of CAS-1001."""
    client = world.client("ana")
    ends = {
        rule.rule.split("<ref:ref>", 1)[1].replace("<int:entry_id>", "7")
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith(f"{URL}/<ref:ref>/")
    }
    assert len(ends) > 5

    for ref in [*(f"CAS-1001{end}" for end in ends), "a/b/history", "CAS-1001/history/", ".", ".."]:
        answer = client.post(URL, json={"ref": ref, "title": "x"})
        assert answer.status_code == 422, ref
        assert "address" in answer.json["detail"]


def test_a_title_is_needed_and_has_its_limits(world: World) -> None:
    client = world.client("ana")
    for title in [None, "", "  ", "x" * 301, 5, ["x"], "a\0b", "a\x08b", "\ud800"]:
        assert client.post(URL, json={"title": title}).status_code == 422, repr(title)
    assert client.post(URL, json={}).json["errors"] == {"title": ["Missing data for required field."]}


def test_text_of_any_script_is_kept_as_it_is_and_never_as_markup(each_world: World) -> None:
    title = "<script>alert(1)</script> שלום \u202eevil \N{WOMAN}\u200d\N{PERSONAL COMPUTER} {{7*7}} =1+1"
    client = each_world.client("ana")

    made = client.post(URL, json={"title": title, "description": "x" * 20_000})

    assert made.json["title"] == title
    assert made.content_type == "application/json"
    assert made.headers["X-Content-Type-Options"] == "nosniff"
    assert client.post(URL, json={"title": "x", "description": "x" * 20_001}).status_code == 422


@pytest.mark.parametrize("field", ["id", "status", "created_at", "created_by", "related", "__class__", "x"])
def test_a_field_that_nobody_may_set_is_refused_not_ignored(world: World, field: str) -> None:
    client = world.client("ada")

    made = client.post(URL, json={"title": "x", field: "resolved"})
    changed = client.patch(f"{URL}/CAS-1001", json={field: "resolved"})

    assert [made.status_code, changed.status_code] == [422, 422]
    assert field in made.json["errors"]
    assert len(_refs(client)) == 3


def test_who_created_a_case_is_who_called(world: World) -> None:
    world.client("ben").post(URL, json={"ref": "B-1", "title": "x"})

    by = world.read(lambda session: session.query(Case).filter_by(ref="B-1").one().created_by)
    assert by == world.ids["ben"]


# --- read and change


def test_one_case_shows_what_is_related_to_it(world: World) -> None:
    def relate(session: object) -> None:
        found = {case.ref: case for case in cases.page(session, limit=10)}  # type: ignore[arg-type]
        cases.relate(session, found["CAS-1001"], found["CAS-1002"], "child")  # type: ignore[arg-type]
        cases.relate(session, found["CAS-1001"], found["CAS-1003"], "similar")  # type: ignore[arg-type]

    world.write(relate)
    client = world.client("ana")

    related = client.get(f"{URL}/CAS-1001").json["related"]
    assert [(one["kind"], one["case"]["ref"]) for one in related] == [("child", "CAS-1002"), ("similar", "CAS-1003")]
    assert client.get(f"{URL}/CAS-1002").json["related"] == []


def test_a_case_that_is_not_there_is_not_found(each_world: World) -> None:
    client = each_world.client("ana")
    for ref in ["CAS-9999", "cas-1001", "x" * 10_000, "\0", "a\0b", "\u202e", "CAS-1001 ", "%"]:
        for method, part in [("GET", ""), ("PATCH", ""), ("PUT", "/resolution"), ("DELETE", "/resolution")]:
            answer = client.open(_address(ref, part), method=method, json={})
            assert answer.status_code == 404, (ref[:20], method)
            assert answer.content_type == "application/problem+json"


def test_a_change_leaves_what_it_does_not_name(each_world: World) -> None:
    client = each_world.client("ana")
    client.patch(f"{URL}/CAS-1001", json={"description": "long", "customer": "Contoso"})
    before = client.get(f"{URL}/CAS-1001").json

    after = client.patch(f"{URL}/CAS-1001", json={"title": "New title"}).json

    assert after == before | {"title": "New title"}
    assert client.patch(f"{URL}/CAS-1001", json={}).json == after
    assert client.get(f"{URL}/CAS-1002").json["title"] == "Title of CAS-1002"


def test_a_bad_change_changes_nothing(world: World) -> None:
    client = world.client("ana")
    before = client.get(f"{URL}/CAS-1001").json
    for change in [{"title": ""}, {"title": None}, {"customer": "good", "title": "x" * 301}, {"ref": "Y"}, [], "x"]:
        assert client.patch(f"{URL}/CAS-1001", json=change).status_code == 422

    assert client.get(f"{URL}/CAS-1001").json == before


def test_a_wrong_method_names_the_right_ones(world: World) -> None:
    answer = world.client("ana").delete(f"{URL}/CAS-1001")

    assert answer.status_code == 405
    assert "PATCH" in answer.headers["Allow"]
    assert answer.content_type == "application/problem+json"
