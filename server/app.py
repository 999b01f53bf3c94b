"""The composition root: `create_app` puts the parts together."""

from datetime import timedelta

from flask import Flask, current_app

import server.admin.api
import server.cases.api
import server.handling_time.api
import server.reports.api
import server.time_entries.api
import server.tracking.api
from server import clock, db, i18n, logs, problems, settings
from server.accounts import access, cross_origin, language, sessions, site
from server.accounts.access import public
from server.admin.settings import pauses
from server.audit import log as audit_log
from server.blueprints import Api, RefConverter
from server.clock import Clock, system_clock
from server.config import Config
from server.handling_time import live
from server.operation import health, metrics, runs
from server.reports import board
from server.settings import CurrentSettings
from server.tracking import agent_socket, service
from server.tracking.service import Tracking
from server.web import pages


def create_app(config: Config, *, now: Clock = system_clock) -> Flask:
    """The Flask application on a database that is migrated already. `now` gives milliseconds since the epoch."""
    app = Flask("server", static_folder=None)
    app.config.update(
        SECRET_KEY=config.secret_key,
        PERMANENT_SESSION_LIFETIME=timedelta(milliseconds=sessions.LIFETIME_MS),
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=config.limits.request_bytes,
        CASECLOCK_ALLOWED_ORIGINS=config.allowed_origins,
        CASECLOCK_DEMO=config.demo,
        API_TITLE="Caseclock",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
    )
    database = db.Database(config.database_url)
    audit_log.seal_with(database, config.secret_key)
    if database.is_sqlite:
        db.warn_of_old_sqlite()
    current = CurrentSettings(database.read(settings.load))
    tracking = Tracking(
        database=database,
        settings=current,
        limits=config.limits,
        clock=now,
        seconds_per_minute=config.seconds_per_minute,
        pauses=database.read(lambda session: pauses(session, now=now())),
    )
    clock.install(app.extensions, now)
    db.install(app.extensions, database)
    settings.install(app.extensions, current)
    service.install(app.extensions, tracking)

    logs.install(app)
    i18n.install(app, language.of_request)
    site.install(app, config)
    app.config["API_SPEC_OPTIONS"] = _security(app.config["SESSION_COOKIE_NAME"])
    cross_origin.install(app)
    access.install(app, may_call=lambda person: tracking.buckets.spend(person.id, "calls", 1, now=now()))
    problems.install(app, pages.error_page)
    agent_socket.install(app)
    live.install(app)
    board.install(app)
    _install_api(app)
    app.register_blueprint(server.tracking.api.blueprint)
    pages.install(app)
    found = runs.install(app)
    health.install(app, tracking, found)
    metrics.install(app, tracking, found, token=config.metrics_token)
    return app


def _security(cookie: str) -> dict[str, object]:
    """How the API's description says that callers are known."""
    return {
        "security": [{"bearer": []}, {"session": [], "csrf": []}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "From `caseclock token USER`."},
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
                "csrf": {"type": "apiKey", "in": "header", "name": access.CSRF_HEADER, "description": "Not for GET."},
            }
        },
    }


def _install_api(app: Flask) -> None:
    app.url_map.converters["ref"] = RefConverter
    api = Api(app)
    for module in (
        server.cases.api,
        server.time_entries.api,
        server.handling_time.api,
        server.admin.api,
        server.reports.api,
    ):
        api.register_blueprint(module.blueprint)
    specification = app.view_functions["api-docs.openapi_json"]
    app.view_functions["api-docs.openapi_json"] = public(lambda: current_app.ensure_sync(specification)())
