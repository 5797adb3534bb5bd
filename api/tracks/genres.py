"""The taxonomy: families of genres, and where any genre's name belongs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from marshmallow import RAISE

from api.current import services
from api.errors import ApiError

blueprint = APIBlueprint("genres", __name__, tag="Genres")


class GenreName(Schema):
    name = String(required=True, validate=Length(min=1, max=200), metadata={"description": "The name of any genre."})


@blueprint.get("/api/genres")
def genres() -> dict[str, Any]:
    """The families, the genres in each, and how many names of genres are known to belong there."""
    taxonomy = services().genre.taxonomy
    sizes = Counter(taxonomy.predict(name).family for name in taxonomy.names)
    return {
        "version": taxonomy.version,
        "families": [
            {"family": family, "genres": list(taxonomy.members(family)), "names": sizes[family]}
            for family in taxonomy.families
        ],
    }


@blueprint.get("/api/genres/place")
@blueprint.input(GenreName, location="query", arg_name="query", unknown=RAISE)
def place(query: dict[str, str]) -> dict[str, Any]:
    """The family and the nearest of the 114 genres of any genre's name, how sure that is and how it was found."""
    try:
        return {"name": query["name"], **asdict(services().genre.taxonomy.predict(query["name"]))}
    except ValueError as fault:
        raise ApiError(422, "invalid_value", f"{fault}.", "Type the name of a genre.") from fault
