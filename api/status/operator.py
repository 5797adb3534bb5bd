"""POST /api/operator: name the key of this server."""

import hmac
import time
from dataclasses import dataclass
from typing import Annotated

from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from flask import Response, jsonify
from marshmallow import RAISE

from api.current import services
from api.errors import ApiError
from api.operator import mark

blueprint = APIBlueprint("operator", __name__, tag="Status")

# A wrong key is answered late, so that guessing takes for ever.
_WRONG_KEY_SECONDS = 1.0


class KeyBody(Schema):
    key = String(required=True, validate=Length(max=500), metadata={"description": "TASTEMAP_OPERATOR_KEY's value."})


@dataclass(frozen=True)
class OperatorAnswer:
    operator: bool


@blueprint.post("/api/operator")
@blueprint.input(KeyBody, arg_name="body", unknown=RAISE)
def name_key(body: dict[str, str]) -> Annotated[Response, OperatorAnswer]:
    """Let this browser change what concerns everybody, for a month."""
    key = services().config.operator_key
    if not key or not hmac.compare_digest(body["key"].encode(), key.encode()):
        time.sleep(_WRONG_KEY_SECONDS)
        raise ApiError(403, "wrong_key", "That is not the key.", "It is TASTEMAP_OPERATOR_KEY on the server.")
    return mark(jsonify(OperatorAnswer(True)), key)
