"""What every HTTP resource is built of: a blueprint that takes JSON and refuses the rest in words; its description."""

import json
from typing import Any, NoReturn

import flask_smorest
from flask import Request
from marshmallow import Schema, fields
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.routing import PathConverter

from server.i18n import _
from server.problems import CONTENT_TYPE, Problem


class RefConverter(PathConverter):
    """A case reference in a path, URL-encoded: anything, slashes at any place included."""

    regex = ".+?"
    part_isolating = False


class JsonParser(FlaskParser):
    """Reads bodies as webargs does, and refuses what webargs would pass over or stumble on."""

    def _raw_load_json(self, req: Request) -> Any:
        if not req.is_json and req.get_data():
            raise UnsupportedMediaType(_("Send JSON, and say so: Content-Type: application/json."))
        try:
            return super()._raw_load_json(req)
        except json.JSONDecodeError:
            raise
        except (RecursionError, ValueError):
            raise Problem(_("The JSON nests too deeply or holds a number with too many digits.")) from None

    def _handle_invalid_json_error(self, error: Exception, req: Request, *args: Any, **kwargs: Any) -> NoReturn:
        if isinstance(error, json.JSONDecodeError):
            said = _("The body is not JSON: %(problem)s at character %(place)s.", problem=error.msg, place=error.pos)
            raise Problem(said) from None
        raise Problem(_("The body is not JSON in UTF-8.")) from None


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # flask-smorest is not typed
    """A blueprint whose bodies are JSON."""

    ARGUMENTS_PARSER = JsonParser()


class ProblemSchema(Schema):
    """A problem document (RFC 9457); `errors` maps fields to what is wrong with them, `request_id` is in the log."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict()


class Api(flask_smorest.Api):  # type: ignore[misc] # flask-smorest is not typed
    """The OpenAPI description of all blueprints. Errors are answered by `server.problems`, and described as such."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave them to `server.problems`: handlers of flask-smorest would take their place."""

    def _register_responses(self) -> None:
        self.DEFAULT_RESPONSE_CONTENT_TYPE = CONTENT_TYPE
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE
