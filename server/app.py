"""The composition root: `create_app` puts the parts together."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import server.admin.api
import server.cases.api
import server.handling_time.api
import server.reports.api
import server.time_entries.api
import server.tracking.api
from server import clock, db, problems, settings
from server.accounts import access, cross_origin
from server.accounts.access import public
from server.admin.settings import pauses
from server.blueprints import Api, RefConverter
from server.clock import Clock, system_clock
from server.config import Config
from server.handling_time import live
from server.settings import CurrentSettings
from server.tracking import agent_socket, service
from server.tracking.service import Tracking
from server.web import pages

_COOKIE = "caseclock"
_SESSION_DAYS = 14
_COMMIT_ALARM_MS = 60_000
_SECURITY = {
    "security": [{"bearer": []}, {"session": [], "csrf": []}],
    "components": {
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer", "description": "From `caseclock token USER`."},
            "session": {"type": "apiKey", "in": "cookie", "name": _COOKIE},
            "csrf": {"type": "apiKey", "in": "header", "name": access.CSRF_HEADER, "description": "Not for GET."},
        }
    },
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Health:
    """What `/readyz` asks."""

    tracking: Tracking

    def problems(self, now: int) -> list[str]:
        found = []
        if self.tracking.connections.closing:
            found.append("the server is going down")
        try:
            self.tracking.database.read(lambda session: session.execute(text("SELECT 1")))
        except (OSError, SQLAlchemyError) as error:
            log.warning("the database does not answer: %s", error)
            found.append("the database does not answer")
        last = self.tracking.last_good_commit_at
        if last and now - last > _COMMIT_ALARM_MS:
            found.append(f"the last good commit run was {(now - last) // 1000} s ago")
        return found


def create_app(config: Config, *, now: Clock = system_clock) -> Flask:
    """The Flask application on a database that is migrated already. `now` gives milliseconds since the epoch."""
    app = Flask("server", static_folder=None)
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME=_COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=_SESSION_DAYS),
        MAX_CONTENT_LENGTH=config.limits.request_bytes,
        CASECLOCK_ALLOWED_ORIGINS=config.allowed_origins,
        CASECLOCK_DEMO=config.demo,
        API_TITLE="Caseclock",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS=_SECURITY,
    )
    database = db.Database(config.database_url)
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

    cross_origin.install(app)
    access.install(app)
    problems.install(app, pages.error_page)
    agent_socket.install(app)
    live.install(app)
    _install_api(app)
    app.register_blueprint(server.tracking.api.blueprint)
    pages.install(app)
    _install_health(app, _Health(tracking))
    return app


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


def _install_health(app: Flask, health: _Health) -> None:
    @app.get("/healthz")
    @public
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @app.get("/readyz")
    @public
    def readyz() -> tuple[dict[str, object], int]:
        """The process can do its work: database, last commit run."""
        found = health.problems(clock.now_ms())
        return {"status": "not ready" if found else "ready", "problems": found}, 503 if found else 200

    @app.get("/metrics")
    @public
    def metrics() -> tuple[str, int, dict[str, str]]:
        """The first figures, in the text format of Prometheus."""
        tracking = health.tracking
        lines = [
            "# HELP caseclock_agents Connected agents.",
            "# TYPE caseclock_agents gauge",
            f"caseclock_agents {len(tracking.connections)}",
            "# HELP caseclock_live_representatives Representatives with live streams.",
            "# TYPE caseclock_live_representatives gauge",
            f"caseclock_live_representatives {len(tracking.store.representatives())}",
            "# HELP caseclock_last_commit_run_timestamp_seconds When the last good commit run ended.",
            "# TYPE caseclock_last_commit_run_timestamp_seconds gauge",
            f"caseclock_last_commit_run_timestamp_seconds {tracking.last_good_commit_at / 1000:.3f}",
        ]
        return "\n".join(lines) + "\n", 200, {"Content-Type": "text/plain; version=0.0.4"}
