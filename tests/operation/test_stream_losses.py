"""`GET /api/v1/stream-losses`: administrators see what browsers had lost."""

from tests.conftest import NOON, World
from tests.reports_of_agents import Page
from tests.work import commit_all, send

URL = "/api/v1/stream-losses"


def _loses(world: World, who: str, held_from: int) -> Page:
    """A page whose browser holds only what came from `held_from` on."""
    page = Page(world.clock.now)
    page.works(world.clock.now, world.clock.advance(minutes=3))
    report = page.report(world.clock.now, since=held_from, first=held_from)
    assert world.client(who).post("/api/v1/agent/reports", json=report).status_code == 200
    return page


def test_a_loss_names_whose_it_is_and_what_is_gone(each_world: World) -> None:
    page = _loses(each_world, "ana", 4)
    assert each_world.client("ada").get(URL).json == {"items": [], "next_cursor": None}
    commit_all(each_world)
    send(each_world, "ana", page)
    commit_all(each_world)

    body = each_world.client("ada").get(URL).json

    assert body == {
        "items": [
            {
                "id": body["items"][0]["id"],
                "representative": "ana",
                "name": "Ana Duarte",
                "stream": page.stream,
                "first_seq": 1,
                "last_seq": 3,
                "noticed_at": "2026-11-20T12:03:00.000Z",
            }
        ],
        "next_cursor": None,
    }
    assert each_world.clock.now == NOON + 180_000


def test_the_pages_lead_to_the_end_newest_first(world: World) -> None:
    for number in range(5):
        _loses(world, ("ana", "ben")[number % 2], 3)
    commit_all(world)
    seen, cursor = [], None
    while cursor is not None or not seen:
        page = world.client("ada").get(URL, query_string={"limit": 2} | ({"cursor": cursor} if cursor else {})).json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_only_administrators_see_them(world: World) -> None:
    assert [world.client(who).get(URL).status_code for who in ("ana", "sam", "ada", None)] == [403, 403, 200, 401]


def test_a_bad_query_is_refused_in_words(world: World) -> None:
    for query in ({"limit": "0"}, {"limit": "501"}, {"cursor": "x"}, {"cursor": "-1"}):
        assert world.client("ada").get(URL, query_string=query).status_code == 422
