"""The pages: sign-in, workspace, hub, administration, supervision; and the scripts for host pages."""

from http import HTTPStatus
from pathlib import Path
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

from server.accounts import access
from server.accounts.access import allow, csrf_token, current_person, public
from server.accounts.models import ADMINISTRATOR, REPRESENTATIVE, SUPERVISOR
from server.accounts.people import DEMO_PASSWORD, by_username, password_is_right
from server.db import database

CLIENT_FILES = Path(__file__).resolve().parents[2] / "client_js"

blueprint = Blueprint("web", __name__, template_folder="templates", static_folder=None)

_FIRST_PAGE = {REPRESENTATIVE: "web.workspace", SUPERVISOR: "web.supervisor", ADMINISTRATOR: "web.admin"}


def install(app: Flask) -> None:
    """Put the pages on the application, with the headers that every answer carries."""
    app.register_blueprint(blueprint)
    app.context_processor(lambda: {"csrf_token": csrf_token, "person": getattr(g, "person", None)})
    app.after_request(_headers)


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
    password = request.form.get("password", "")
    person = database().read(lambda session: by_username(session, username))
    right = password_is_right(person, password[:1000])
    if person is None or not right or not person.active:
        return _sign_in_form("That name and password do not fit together.", username), 401
    if password == DEMO_PASSWORD and not current_app.config["CASECLOCK_DEMO"]:
        return _sign_in_form("The demo password works in the demo only. Ask an administrator for one.", username), 401
    access.sign_in(person)
    return redirect(_local(request.form.get("next", "")) or url_for(_FIRST_PAGE[person.role]))


@blueprint.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    """End the session."""
    if g.person is not None:
        access.sign_out()
    return redirect(url_for("web.sign_in"))


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


@blueprint.get("/admin")
@allow(ADMINISTRATOR)
def admin() -> str:
    """Settings and tracker records."""
    return render_template("admin.html")


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
    return render_template("error.html", title=HTTPStatus(status).phrase, detail=detail), status


def _sign_in_form(problem: str | None = None, username: str = "") -> str:
    return render_template(
        "sign_in.html",
        problem=problem,
        username=username,
        next=_local(request.values.get("next", "")),
        demo=current_app.config["CASECLOCK_DEMO"],
        demo_password=DEMO_PASSWORD,
    )


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


def _headers(answer: Response) -> Response:
    headers = answer.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if answer.mimetype == "text/html":
        headers.setdefault(
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
            "connect-src 'self' ws: wss:; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
        )
        headers.setdefault("Cache-Control", "no-store")
    return answer
