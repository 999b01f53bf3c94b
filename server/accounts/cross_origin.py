"""Pages of other origins that the operator named may call the API from a browser (CORS)."""

from flask import Flask, Response, current_app, request

from server.accounts.access import CSRF_HEADER

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_HEADERS = f"Authorization, Content-Type, {CSRF_HEADER}"
_PREFLIGHT_S = 600


def install(app: Flask) -> None:
    """Answer preflights, and name the origin on every answer of the API to a page that is allowed."""

    @app.before_request
    def _preflight() -> Response | None:
        asks = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if asks and _origin() else None

    @app.after_request
    def _name_origin(answer: Response) -> Response:
        if not request.path.startswith("/api/"):
            return answer
        answer.vary.add("Origin")
        origin = _origin()
        if origin:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Credentials"] = "true"
            if request.method == "OPTIONS":
                answer.headers["Access-Control-Allow-Methods"] = _METHODS
                answer.headers["Access-Control-Allow-Headers"] = _HEADERS
                answer.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_S)
        return answer


def _origin() -> str | None:
    """The page's origin, if it is one that the operator named."""
    origin = request.headers.get("Origin", "").lower()
    return (
        origin
        if request.path.startswith("/api/") and origin in current_app.config["CASECLOCK_ALLOWED_ORIGINS"]
        else None
    )
