"""The headers that every answer carries, so that a browser does no more with it than it was meant for."""

from flask import Flask, Response, request

from server.accounts.site import site

_PAGE = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
}
"""Images as `data:` are those in the vendored style sheet; `'self'` covers the socket of our own host."""
_NO_PAGE = {
    "default-src": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}

_FEATURES_OFF = (
    *("accelerometer", "autoplay", "bluetooth", "camera", "display-capture", "encrypted-media", "geolocation"),
    *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get"),
    *("screen-wake-lock", "serial", "usb", "web-share", "xr-spatial-tracking"),
)
_FEATURES = ", ".join(["idle-detection=(self)", *(f"{name}=()" for name in _FEATURES_OFF)])
"""The agent asks whether the screen is locked, and for nothing else."""

_HSTS = "max-age=31536000; includeSubDomains"


def install(app: Flask) -> None:
    """Put them on every answer that does not say otherwise itself."""
    page, no_page = _policy(_PAGE), _policy(_NO_PAGE)

    @app.after_request
    def _headers(answer: Response) -> Response:
        is_page = answer.mimetype == "text/html"
        headers = answer.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Content-Security-Policy", page if is_page else no_page)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if is_page:
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
            headers.setdefault("Permissions-Policy", _FEATURES)
        if is_page or not request.path.startswith(("/static/", "/client/")):
            headers.setdefault("Cache-Control", "no-store")
        if site().is_https:
            headers.setdefault("Strict-Transport-Security", _HSTS)
        return answer


def _policy(directives: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in directives.items())
