"""The pages: sign-in, workspace, hub, supervision, reports, administration; and the scripts for host pages."""

from http import HTTPStatus
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from server import clock
from server.accounts import access, device, language, passwords, people, security_log, sessions
from server.accounts import sign_in as sign_in_door
from server.accounts.access import allow, current_actor, current_person, needs_scope, public
from server.accounts.models import ADMINISTRATOR, FULL, REPRESENTATIVE, SUPERVISOR, Person
from server.accounts.people import DEMO_PASSWORD, DEMO_PEOPLE
from server.accounts.sessions import csrf_token
from server.accounts.sign_in import Refused, door
from server.accounts.site import client_address
from server.db import database
from server.i18n import ENGLISH, LANGUAGES, _, current_language
from server.problems import Invalid, title_of
from server.web import headers

CLIENT_FILES = Path(__file__).resolve().parents[2] / "client_js"

blueprint = Blueprint("web", __name__, template_folder="templates", static_folder=None)

_FIRST_PAGE = {REPRESENTATIVE: "web.workspace", SUPERVISOR: "web.supervisor", ADMINISTRATOR: "web.admin"}


def install(app: Flask) -> None:
    """Put the pages on the application, with the headers that every answer carries."""
    sign_in_door.install(app)
    app.register_blueprint(blueprint)
    app.context_processor(_known_to_every_page)
    headers.install(app)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Everybody's first page."""
    return redirect(url_for(_FIRST_PAGE[current_person().role]))


@blueprint.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """The sign-in form."""
    return _sign_in_form()


@blueprint.post("/sign-in")
@public
def post_sign_in() -> ResponseReturnValue:
    """Check name and password, start a session."""
    access.check_csrf()
    username = request.form.get("username", "").strip().lower()
    now = clock.now_ms()
    came_from = device.of_request(now=now)
    try:
        person = _checked(username, request.form.get("password", ""), came_from, now)
    except Refused as refused:
        return _sign_in_form(refused, username)
    sessions.begin(person, now=now, signed_in_from=client_address())
    security_log.record("sign_in.succeeded", username=person.username, address=client_address())
    answer = _go_on(_local(request.form.get("next", "")) or url_for(_FIRST_PAGE[person.role]))
    device.remember(answer, came_from, person.id, now=now)
    return answer


@blueprint.post("/language")
@public
def choose_language() -> ResponseReturnValue:
    """Choose a language for this browser, before somebody signs in."""
    access.check_csrf()
    answer = _go_on(url_for("web.sign_in", next=_local(request.form.get("next", "")) or None))
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        language.remember(answer, chosen)
    return answer


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session, or with `everywhere` all sessions of the person."""
    person = g.person
    if person is not None:
        everywhere = bool(request.form.get("everywhere"))
        if everywhere:
            database().write(lambda session: sessions.end_all(session, session.get_one(Person, person.id)))
        sessions.end()
        security_log.record("sign_out", username=person.username, address=client_address(), everywhere=everywhere)
    return redirect(url_for("web.sign_in"))


@blueprint.get("/account")
def account() -> str:
    """One's own password and sessions."""
    return _account_page()


@blueprint.post("/account/password")
@needs_scope(FULL)
def change_password() -> ResponseReturnValue:
    """Choose a new password: the old one is asked for, and every other session ends."""
    person, now, new = current_person(), clock.now_ms(), request.form.get("new_password", "")
    try:
        _checked(person.username, request.form.get("password", ""), device.of_request(now=now), now)
        passwords.check(new, person.username)
    except Refused as refused:
        if refused.status != HTTPStatus.UNAUTHORIZED:
            return _with_wait(_account_page(refused.detail), refused)
        return _account_page(_("That is not your present password.")), HTTPStatus.UNPROCESSABLE_ENTITY
    except Invalid as invalid:
        return _account_page(invalid.detail), HTTPStatus.UNPROCESSABLE_ENTITY
    hashed, by = door().hash_of(new), current_actor()

    def change(session: Session) -> Person:
        changed = session.get_one(Person, person.id)
        people.set_password(session, changed, hashed, now=now, by=by)
        return changed

    sessions.begin(database().write(change), now=now)
    return redirect(url_for("web.account", changed=1))


@blueprint.post("/account/language")
@needs_scope(FULL)
def change_language() -> ResponseReturnValue:
    """Choose one's own language, here and wherever one signs in; nothing leaves it to the browser."""
    person, chosen = current_person(), request.form.get("language") or None
    database().write(lambda session: people.set_language(session, session.get_one(Person, person.id), chosen))
    answer = _go_on(url_for("web.account"))
    language.remember(answer, chosen)
    return answer


@blueprint.get("/workspace")
def workspace() -> str:
    """The helpdesk with session tabs and app tabs."""
    return render_template("workspace.html")


@blueprint.get("/hub")
def hub() -> str:
    """The helpdesk with one form at a time."""
    return render_template("hub.html")


@blueprint.get("/supervisor")
@allow(SUPERVISOR, ADMINISTRATOR)
def supervisor() -> str:
    """Who worked on what."""
    return render_template("supervisor.html")


@blueprint.get("/reports")
@allow(SUPERVISOR, ADMINISTRATOR)
def reports() -> str:
    """How long cases take, by whom and when."""
    return render_template("reports.html")


@blueprint.get("/admin")
@allow(ADMINISTRATOR)
def admin() -> str:
    """Settings and tracker records."""
    return render_template("admin.html")


@blueprint.get("/audit")
@allow(ADMINISTRATOR)
def audit() -> str:
    """The audit log."""
    return render_template("audit.html")


@blueprint.get("/static/<path:name>")
@public
def static(name: str) -> Response:
    """Styles and scripts of our own pages."""
    return send_from_directory(Path(__file__).parent / "static", name, max_age=3600 if "vendor/" in name else 0)


@blueprint.get("/client/<path:name>")
@public
def client(name: str) -> Response:
    """The agent and the widget, for any host page."""
    answer = send_from_directory(CLIENT_FILES, name, max_age=0)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def error_page(status: int, detail: str) -> ResponseReturnValue:
    """What a person sees instead of a page: what is wrong, and a way on."""
    return render_template("error.html", title=title_of(status), detail=detail), status


def _known_to_every_page() -> dict[str, object]:
    return {
        "csrf_token": csrf_token,
        "person": getattr(g, "person", None),
        "role_name": language.role_name,
        "language": current_language(),
        "languages": LANGUAGES,
        "english": ENGLISH,
    }


def _checked(username: str, password: str, came_from: device.Device, now: int) -> Person:
    return door().check(
        database(),
        username,
        password,
        device=came_from,
        address=client_address(),
        now=now,
        is_demo=current_app.config["CASECLOCK_DEMO"],
    )


def _sign_in_form(refused: Refused | None = None, username: str = "") -> ResponseReturnValue:
    page = render_template(
        "sign_in.html",
        problem=refused.detail if refused else None,
        username=username,
        next=_local(request.values.get("next", "")),
        demo=current_app.config["CASECLOCK_DEMO"],
        demo_people=DEMO_PEOPLE,
        demo_password=DEMO_PASSWORD,
    )
    return _with_wait(page, refused) if refused else page


def _account_page(problem: str | None = None) -> str:
    person, now = current_person(), clock.now_ms()
    open_sessions = database().read(lambda session: sessions.count(session, person, now=now))
    changed = "changed" in request.args
    return render_template("account.html", problem=problem, sessions=open_sessions, changed=changed)


def _with_wait(page: str, refused: Refused) -> Response:
    answer = Response(page, status=refused.status)
    if refused.retry_after_s:
        answer.headers["Retry-After"] = str(refused.retry_after_s)
    return answer


def _go_on(target: str) -> Response:
    return cast(Response, redirect(target))


def _local(target: str) -> str:
    """A place of our own to go on to; nothing that leads to another host."""
    if not target.isprintable():
        return ""
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return ""
    return target
