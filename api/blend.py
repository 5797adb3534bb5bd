"""One list for several people, from what each of them chose; and a list of one's own from chosen tracks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Dict, Float, Integer, List, Nested, String
from apiflask.validators import Length, OneOf, Range
from marshmallow import RAISE, ValidationError, validates_schema

from api import session
from api.current import services
from api.errors import ApiError
from api.schemas import MAX_QUERY
from ml.blend.fairness import Method, Share
from ml.blend.model import MOST_PEOPLE, MOST_TRACKS, Blend, Listener, Pick, Wish, blend
from ml.guards import GUARDS
from ml.neighbours.model import NothingToCompare
from services.container import Services
from services.library import MAX_NEVER, never_list, tracks_by_id
from services.playlists import find_playlist
from services.views import track_summary
from store.domain import Person, Playlist, PlaylistItem, Track

blueprint = APIBlueprint("blend", __name__, tag="Playlists")

_id = String(validate=Length(min=1, max=MAX_QUERY))
# What is read of each playlist; more changes a taste little.
_MOST_ROWS = 10_000


class Filters(Schema):
    spoken = Boolean(load_default=True, metadata={"description": "Leave out spoken word (speechiness above 0.66)."})
    explicit = Boolean(load_default=False, metadata={"description": "Leave out what is marked as explicit."})
    seasonal = Boolean(load_default=True, metadata={"description": "Leave out Christmas and Halloween, by title."})
    known = Boolean(load_default=True, metadata={"description": "Leave out every recording on these playlists."})
    shortest_s = Float(load_default=0.0, validate=Range(0), metadata={"description": "Leave out shorter tracks."})
    longest_s = Float(
        load_default=None, allow_none=True, validate=Range(0), metadata={"description": "Leave out longer tracks."}
    )

    @validates_schema
    def _not_crossed(self, given: Mapping[str, Any], **_more: Any) -> None:
        longest = given["longest_s"]
        if longest is not None and given["shortest_s"] > longest:
            raise ValidationError("No track is longer than shortest_s and shorter than this.", "longest_s")


class BlendWish(Schema):
    playlist = String(validate=Length(min=1, max=MAX_QUERY), metadata={"description": "Its contributors are blended."})
    playlists = List(
        _id, validate=Length(1, MOST_PEOPLE), metadata={"description": "Or: each playlist stands for one person."}
    )
    people = List(_id, validate=Length(1, MOST_PEOPLE), metadata={"description": "Only these contributors."})
    method = String(load_default=Method.MAX_MIN.value, validate=OneOf([one.value for one in Method]))
    length = Integer(load_default=20, validate=Range(1, MOST_TRACKS))
    quotas = Dict(
        keys=String(),
        values=Float(validate=Range(0, 1000)),
        load_default=dict,
        metadata={"description": "Shares of the list per person, in any unit; who is not named has none."},
    )
    artist_cap = Integer(load_default=2, validate=Range(1, 50))
    filters = Nested(Filters(unknown=RAISE), load_default=lambda: Filters().load({}))
    novelty = Float(load_default=0.0, validate=Range(0, 1), metadata={"description": "0: what fits; 1: what is new."})
    never = List(_id, load_default=list, validate=Length(max=MAX_NEVER))


@blueprint.post("/api/blend")
@blueprint.input(BlendWish, arg_name="wish", unknown=RAISE)
@blueprint.doc(responses={404: "No such playlist or person", 422: "Nothing is known of their tracks"})
def post_blend(wish: dict[str, Any]) -> dict[str, Any]:
    """Tracks of the catalogue for several people: whom each is for and why, and what everybody has from the list.

    `fairness` is this list's, `average` that of the list that the plain average would have given. What this browser
    never wants again stays out besides `never`.
    """
    here = services()
    listeners = _listeners(here, wish)
    strangers = wish["quotas"].keys() - {one.id for one in listeners}
    if strangers:
        raise ApiError(404, "not_found", f"Nobody called {min(strangers)!r} is blended.", "See people in the answer.")
    try:
        made = blend(here.neighbours, here.catalogue.current(), listeners, _wish(here, wish, listeners))
    except NothingToCompare as nothing:
        raise ApiError(
            422,
            "no_features",
            f"{str(nothing)[:1].upper()}{str(nothing)[1:]}.",
            "Import a table of tracks, fetch audio features for the playlist, or filter less.",
        ) from nothing
    except ValueError as fault:
        raise ApiError(422, "invalid_value", f"{fault}.", "Give at least one of the blended people a share.") from fault
    return _answer(made, wish)


def _wish(services: Services, wish: Mapping[str, Any], listeners: Sequence[Listener]) -> Wish:
    filters = wish["filters"]
    return Wish(
        method=Method(wish["method"]),
        length=wish["length"],
        quotas=wish["quotas"],
        artist_cap=wish["artist_cap"],
        guards={name: filters[name] for name in GUARDS},
        shortest_s=filters["shortest_s"],
        longest_s=math.inf if filters["longest_s"] is None else filters["longest_s"],
        novelty=wish["novelty"],
        never={*wish["never"], *never_list(services, session.owner())},
        known=[track for one in listeners for track in one.tracks] if filters["known"] else (),
    )


def _listeners(services: Services, wish: Mapping[str, Any]) -> list[Listener]:
    """Return who is blended: the contributors of one playlist, or one person for each of several."""
    if ("playlist" in wish) == ("playlists" in wish):
        raise ApiError(400, "bad_request", "Whom?", "Give playlist= (its contributors) or playlists= (one for each).")
    if "playlist" in wish:
        return _contributors(services, find_playlist(services, wish["playlist"]), wish.get("people"))
    found = [find_playlist(services, one) for one in dict.fromkeys(wish["playlists"])]
    return [Listener(one.id, one.name, _tracks(services, _items(services, one))) for one in found]


def _contributors(services: Services, playlist: Playlist, wanted: Sequence[str] | None) -> list[Listener]:
    items = _items(services, playlist)
    counted = sorted(playlist.contributors, key=lambda person: (-playlist.contributors[person], person))
    strangers = set(wanted or ()) - set(counted)
    if strangers:
        raise ApiError(404, "not_found", f"Nobody called {min(strangers)!r} added anything here.", "See contributors.")
    people = [person for person in counted if wanted is None or person in wanted][:MOST_PEOPLE]
    if not people:
        return [Listener(playlist.id, playlist.name, _tracks(services, items))]
    theirs = {person: [item for item in items if item.added_by == person] for person in people}
    names = {person: playlist.people.get(person, Person()).name or person for person in people}
    return [Listener(person, names[person], _tracks(services, theirs[person])) for person in people]


def _items(services: Services, playlist: Playlist) -> list[PlaylistItem]:
    return services.database.playlist_items(playlist.id, limit=min(max(playlist.item_count, 1), _MOST_ROWS))


def _tracks(services: Services, items: Sequence[PlaylistItem]) -> tuple[Track, ...]:
    ids = list(dict.fromkeys(item.track_id for item in items))
    known = tracks_by_id(services, ids)
    return tuple(known[one] for one in ids if one in known)


def _answer(made: Blend, wish: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": wish["method"],
        "people": [{"id": one.id, "name": one.name, "tracks": len(one.tracks)} for one in made.people],
        "not_compared": [{"id": one.id, "name": one.name} for one in made.silent],
        "tracks": [_pick(made, pick) for pick in made.picks],
        "fairness": _fairness(made, made.shares),
        "average": _fairness(made, made.average),
        "left_out": dict(made.left_out),
        "note": None if len(made.picks) == wish["length"] else "The catalogue has no more that pass all filters.",
    }


def _pick(made: Blend, pick: Pick) -> dict[str, Any]:
    person = made.people[pick.person]
    return {
        **track_summary(pick.track),
        "for": {"id": person.id, "name": person.name},
        "satisfaction": {one.id: round(share, 3) for one, share in zip(made.people, pick.satisfaction, strict=True)},
        "novelty": round(pick.novelty, 3),
        "like": track_summary(pick.seed),
        "reasons": list(pick.reasons),
    }


def _fairness(made: Blend, shares: Sequence[Share]) -> list[dict[str, Any]]:
    picks = max(sum(share.picks for share in shares), 1)
    return [
        {
            "id": one.id,
            "name": one.name,
            "mean": round(share.mean, 3),
            "min": round(share.least, 3),
            "picks": share.picks,
            "share": round(share.picks / picks, 3),
        }
        for one, share in zip(made.people, shares, strict=True)
    ]
