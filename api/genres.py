"""The taxonomy: families of genres, and the family of any genre's name."""

from collections import Counter
from dataclasses import asdict, dataclass

from apiflask import Schema
from apiflask.fields import String
from apiflask.validators import Length

from api.application import Blueprint
from api.current import services
from ml.taxonomy.model import Placement
from services.errors import invalid_value

blueprint = Blueprint("genres", __name__, tag="Genres")


class GenreName(Schema):
    name = String(required=True, validate=Length(min=1, max=200), metadata={"description": "The name of any genre."})


@dataclass(frozen=True)
class GenreFamily:
    """A family, those of the 114 genres that it has, and the number of known genre names in it."""

    family: str
    genres: list[str]
    names: int


@dataclass(frozen=True)
class GenresAnswer:
    version: str
    families: list[GenreFamily]


@dataclass(frozen=True, kw_only=True, slots=True)
class GenrePlacement(Placement):
    name: str


@blueprint.get("/api/genres")
def genres() -> GenresAnswer:
    """The families, the genres in each, and the number of known genre names in each."""
    taxonomy = services().genre.taxonomy
    sizes = Counter(taxonomy.predict(name).family for name in taxonomy.names)
    families = [GenreFamily(family, list(taxonomy.members(family)), sizes[family]) for family in taxonomy.families]
    return GenresAnswer(taxonomy.version, families)


@blueprint.get("/api/genres/place")
@blueprint.query(GenreName)
def place(query: dict[str, str]) -> GenrePlacement:
    """The family and the nearest of the 114 genres for any genre's name, with the confidence and how it was found."""
    try:
        return GenrePlacement(name=query["name"], **asdict(services().genre.taxonomy.predict(query["name"])))
    except ValueError as fault:
        raise invalid_value(f"{fault}.", "Type the name of a genre.") from fault
