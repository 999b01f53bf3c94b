"""Pages and problems in the language of whoever reads them, however that is known."""

import re

import pytest
from flask.testing import FlaskClient

from server.accounts.models import Person
from server.i18n import LANGUAGES
from tests.accounts.signing_in import add_eva, form_token, sign_in, signed_in
from tests.conftest import World

GERMAN = {"Accept-Language": "fr;q=0.9, de-AT, en;q=0.5"}
CASES = "/api/v1/cases"
LOGS = f"{CASES}/CAS-1001/time-logs"
INTERVAL = "Das Aktualisierungsintervall ist eine ganze Zahl von 10 bis 60 Minuten."


def _chooses(client: FlaskClient, language: str, **more: str) -> str:
    """Choose a language on the sign-in page; where that leads."""
    form = {"csrf_token": form_token(client), "language": language, **more}
    return str(client.post("/language", data=form).headers["Location"])


def _gives(world: World, username: str, language: str | None) -> None:
    """Have somebody's own choice be this."""
    world.write(lambda session: setattr(session.get_one(Person, world.ids[username]), "locale", language))


def _language(client: FlaskClient, path: str = "/sign-in", **headers: str) -> str:
    """The language that a page says it is in, and is."""
    page = client.get(path, headers=headers).text
    found = re.search(r'<html lang="([a-z]+)">', page)
    assert found
    german = "Anmelden" in page or "Abmelden" in page
    assert german == (found[1] == "de")
    return found[1]


def test_without_anything_said_a_page_is_english(world: World) -> None:
    assert _language(world.client()) == "en"
    assert _language(world.client(), **{"Accept-Language": "fr, es;q=0.5"}) == "en"
    assert _language(world.client("ana"), "/workspace") == "en"


def test_a_page_is_in_the_first_language_of_ours_that_the_browser_asks_for(world: World) -> None:
    assert _language(world.client(), **GERMAN) == "de"
    assert _language(world.client("ana"), "/workspace", **GERMAN) == "de"


def test_what_is_chosen_on_the_sign_in_page_comes_before_what_the_browser_asks_for(world: World) -> None:
    client = world.client()

    assert _chooses(client, "de", next="/hub?case=CAS-1001") == "/sign-in?next=/hub?case%3DCAS-1001"
    assert _language(client, **{"Accept-Language": "en"}) == "de"
    assert client.get_cookie("caseclock-language").http_only
    assert _chooses(client, "en") == "/sign-in"
    assert _language(client, **GERMAN) == "en"


def test_a_language_that_is_not_offered_is_not_chosen(world: World) -> None:
    client = world.client()
    _chooses(client, "de")

    for tag in ("", "fr", "../de", "DE"):
        _chooses(client, tag)
        assert _language(client) == "de", tag
    client.set_cookie("caseclock-language", "tlh")
    assert _language(client) == "en"


def test_the_menu_says_which_language_it_is(world: World) -> None:
    page = world.client().get("/sign-in", headers=GERMAN).text

    for tag, name in LANGUAGES.items():
        button = re.search(rf'<button[^>]*data-testid="language-{tag}"[^>]*>{name}</button>', page)
        assert button
        assert ('aria-current="true"' in button[0]) == (tag == "de")


def test_somebodys_own_choice_comes_before_everything_else(world: World) -> None:
    add_eva(world)
    client = signed_in(world)
    token = form_token(client, "/account")
    _gives(world, "eva", "en")

    assert _language(client, "/account", **GERMAN) == "en"
    answer = client.post("/account/language", data={"csrf_token": token, "language": "de"})
    assert answer.headers["Location"] == "/account"
    assert _language(client, "/account", **{"Accept-Language": "en"}) == "de"
    assert '<option value="de" lang="de" selected>' in client.get("/account").text


def test_somebodys_own_choice_goes_with_them_to_another_browser_and_stays_when_they_sign_out(world: World) -> None:
    add_eva(world)
    client = signed_in(world)
    client.post("/account/language", data={"language": "de"})
    client.post("/sign-out")

    assert _language(client) == "de"
    elsewhere = world.client()
    assert _language(elsewhere) == "en"
    sign_in(elsewhere)
    assert _language(elsewhere, "/workspace") == "de"


def test_who_chooses_nothing_leaves_it_to_the_browser_again(world: World) -> None:
    add_eva(world)
    client = signed_in(world)
    client.post("/account/language", data={"language": "de"})
    client.post("/account/language", data={"language": ""})

    assert _language(client, "/workspace") == "en"
    assert _language(client, "/workspace", **GERMAN) == "de"


def test_an_own_choice_that_is_not_offered_is_refused_and_changes_nothing(world: World) -> None:
    add_eva(world)
    client = signed_in(world)

    assert client.post("/account/language", data={"language": "tlh"}).status_code == 422
    assert world.read(lambda session: session.get_one(Person, world.ids["eva"]).locale) is None


def test_a_choice_of_a_language_that_is_no_longer_offered_counts_for_nothing(world: World) -> None:
    _gives(world, "ana", "tlh")

    assert _language(world.client("ana"), "/workspace") == "en"


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("ana", "/workspace"),
        ("ana", "/hub"),
        ("sam", "/supervisor"),
        ("sam", "/reports"),
        ("ada", "/admin"),
        ("ada", "/audit"),
        ("ada", "/account"),
    ],
)
def test_every_page_is_german_and_brings_the_texts_of_its_scripts(world: World, who: str, path: str) -> None:
    client = world.client(who)

    german, english = client.get(path, headers=GERMAN).text, client.get(path).text

    module = "/static/translations/de.js"
    assert f'<link rel="modulepreload" href="{module}">' in german
    assert "modulepreload" not in english
    with client.get(module) as answer:
        assert answer.mimetype == "text/javascript"


def test_the_demo_introduces_its_people_in_german(world: World) -> None:
    page = world.client().get("/sign-in", headers=GERMAN).text

    assert "Ana Duarte, Sachbearbeitung" in page
    assert "Ada Varga, Administration" in page


def test_a_page_that_cannot_be_shown_says_so_in_german(world: World) -> None:
    headers = {**GERMAN, "Accept": "text/html"}

    refused = world.client("ana").get("/admin", headers=headers)
    assert refused.status_code == 403
    assert "<h1>Kein Zugriff</h1>" in refused.text
    assert "Dafür ist die Rolle Administration nötig." in refused.text
    missing = world.client("ana").get("/nowhere", headers=headers).text
    assert "<h1>Nicht gefunden</h1>" in missing
    assert "Die angefragte Adresse gibt es auf dem Server nicht." in missing


def test_a_wrong_password_is_refused_in_german(world: World) -> None:
    client = world.client()
    _chooses(client, "de")

    for _try in range(5):
        answer = sign_in(client, "ana", "wrong")
        assert "Name und Passwort passen nicht zusammen." in answer.text
    assert "Zu viele Versuche. Bitte 2 Sekunden warten" in sign_in(client, "ana", "wrong").text


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("GET", f"{CASES}/CAS-9999", None, "Es gibt keinen Vorgang mit dieser Nummer."),
        ("GET", f"{CASES}?limit=501", None, "limit ist eine Zahl von 1 bis 500."),
        ("GET", f"{CASES}?status=lost", None, "Muss eines davon sein: active, resolved."),
        ("GET", f"{CASES}?cursor=x", None, "Dieser Cursor stammt nicht von hier"),
        ("POST", CASES, {}, "title: Angabe fehlt in einem Pflichtfeld."),
        ("POST", CASES, {"title": ""}, "title: Die Länge muss zwischen 1 und 300 liegen."),
        ("POST", CASES, {"title": 7}, "title: Kein gültiger Text."),
        ("POST", CASES, {"title": None}, "title: Das Feld darf nicht null sein."),
        ("POST", CASES, {"title": "\x07"}, "title: Steuerzeichen können nicht gespeichert werden"),
        ("POST", CASES, {"title": "x", "priority": 1}, "priority: Unbekanntes Feld."),
        ("POST", CASES, [], "Ungültige Art der Eingabe."),
        ("POST", CASES, {"title": "x", "ref": " "}, "Eine Vorgangsnummer hat 1 bis 200 druckbare Zeichen"),
        ("POST", CASES, {"title": "x", "ref": "CAS-1001"}, "Es gibt bereits einen Vorgang mit dieser Nummer."),
        ("DELETE", f"{CASES}/CAS-1001/resolution", None, "Der Vorgang ist nicht gelöst."),
        ("POST", LOGS, {"duration_seconds": 0}, "Eine Dauer hat 1 bis 3600000 ganze Sekunden."),
        ("PATCH", "/api/v1/settings/tracking", {"update_interval_minutes": 9}, INTERVAL),
        ("PATCH", "/api/v1/settings/tracking", {"update_interval_minutes": "x"}, INTERVAL),
        ("PATCH", "/api/v1/settings/tracking", {"enabled": "x"}, "enabled: Kein gültiger Wahrheitswert."),
        ("POST", "/api/v1/tracker-records/purge", {}, "Bitte angeben, welche Datensätze gelöscht werden sollen"),
        ("PUT", CASES, None, "Die Methode ist für die angefragte Adresse nicht erlaubt."),
        ("GET", "/api/v1/nothing", None, "Die angefragte Adresse gibt es auf dem Server nicht."),
    ],
)  # fmt: skip
def test_a_problem_is_said_in_the_callers_language(
    world: World, method: str, path: str, body: object, detail: str
) -> None:
    """X86"""
    client = world.client("ada")

    said = client.open(path, method=method, json=body, headers=GERMAN).json
    assert detail in said["detail"]
    assert said["title"] not in ("Not Found", "Unprocessable Entity", "Conflict", "Method Not Allowed")
    assert detail not in client.open(path, method=method, json=body).json["detail"]


def test_a_problem_follows_the_persons_own_choice(world: World) -> None:
    _gives(world, "ana", "de")

    assert "keinen Vorgang" in world.client("ana").get(f"{CASES}/CAS-9999").json["detail"]
    assert "no case" in world.client("ben").get(f"{CASES}/CAS-9999").json["detail"]


def test_who_is_not_known_is_told_so_in_the_language_that_they_ask_for(world: World) -> None:
    assert world.client().get(CASES, headers=GERMAN).json["detail"].startswith("Bitte anmelden")
