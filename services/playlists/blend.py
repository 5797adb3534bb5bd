"""One list of tracks for several people, from the tracks that each of them has."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml.blend.fairness import Method, Share
from ml.blend.model import MOST_PEOPLE, Blend, BlendRequest, Listener, Pick, blend
from ml.guards import GUARDS
from ml.neighbours.model import NothingToCompare
from services.container import Services
from services.errors import bad_request, invalid_value, no_features, not_found
from services.playlists.never import unwanted_ids
from services.playlists.playlists import contributors, find_playlist, require_contributors, with_tracks
from services.sound.demo import synthetic_to_exclude
from services.viewer import Viewer
from services.views import Named, TrackSummary
from store.domain import Playlist, PlaylistItem, Track

# Rows read of each playlist; more would change a taste little.
_MOST_ROWS = 10_000


@dataclass(frozen=True)
class BlendedPerson(Named):
    """A person, the number of their tracks, and whether these are so few that their satisfaction is a guess."""

    tracks: int
    hardly_known: bool


@dataclass(frozen=True, kw_only=True)
class PersonShare(Named):
    """How a list suits a person: mean and least satisfaction (0 to 1) over its tracks, and the picks made for them."""

    mean: float
    min: float
    picks: int
    share: float


@dataclass(frozen=True, kw_only=True)
class BlendedTrack(TrackSummary):
    """A track, the person whom it was picked for, the track of theirs it is ``like``, and everybody's satisfaction.

    ``features`` are its audio features by name.
    """

    person: Named
    satisfaction: dict[str, float]
    novelty: float
    like: TrackSummary
    reasons: list[str]
    features: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class BlendAnswer:
    """One list for several people; ``average`` is the fairness of the list ranked by plain average satisfaction."""

    method: str
    people: list[BlendedPerson]
    not_compared: list[Named]
    tracks: list[BlendedTrack]
    fairness: list[PersonShare]
    average: list[PersonShare]
    left_out: dict[str, int]
    note: str | None


def blend_playlists(services: Services, query: Mapping[str, Any], viewer: Viewer) -> BlendAnswer:
    """Return tracks of the catalogue for several people; if it has no others, of the tracks that they have.

    Parameters
    ----------
    query
        ``playlist`` or ``playlists``, ``method``, ``length``, ``filters`` and what else ``POST /api/blend`` takes.
    viewer
        Who asks, and whose "never again" list is left out.

    Raises
    ------
    ServiceError
        400 if no playlist is named, 404 for an unknown playlist or person, 422 if nothing can be compared.
    """
    listeners = _listeners(services, query, viewer)
    strangers = query["weights"].keys() - {listener.id for listener in listeners}
    if strangers:
        raise not_found(f"weights: {min(strangers)!r} is not one of the people.", "See people in the answer.")
    snapshot = services.catalogue.current(viewer.owner)
    known = [track for listener in listeners for track in listener.tracks]
    never = {*query["never"], *unwanted_ids(services, viewer.owner), *synthetic_to_exclude(snapshot, known)}
    left_out = known if query["filters"]["known"] else ()
    try:
        try:
            made = blend(services.neighbours, snapshot, listeners, _request(query, never, left_out))
        except NothingToCompare:
            if not left_out:
                raise
            made, left_out = blend(services.neighbours, snapshot, listeners, _request(query, never, ())), ()
    except NothingToCompare as nothing:
        raise no_features(
            f"{str(nothing)[:1].upper()}{str(nothing)[1:]}.",
            "Import a table of tracks, fetch audio features for the playlist, or filter less.",
        ) from nothing
    except ValueError as fault:
        raise invalid_value(f"{fault}.", "Give at least one of the blended people a weight.") from fault
    return _answer(made, query, of_their_own=query["filters"]["known"] and not left_out)


def _request(query: Mapping[str, Any], never: set[str], left_out: Sequence[Track]) -> BlendRequest:
    filters = query["filters"]
    return BlendRequest(
        method=Method(query["method"]),
        length=query["length"],
        weights=query["weights"],
        artist_cap=query["artist_cap"],
        guards={name: filters[name] for name in GUARDS},
        shortest_s=filters["shortest_s"],
        longest_s=math.inf if filters["longest_s"] is None else filters["longest_s"],
        novelty=query["novelty"],
        never=never,
        known=left_out,
    )


def _listeners(services: Services, query: Mapping[str, Any], viewer: Viewer) -> list[Listener]:
    """Return the people of the list: the contributors of one playlist, or one person for each of several."""
    if ("playlist" in query) == ("playlists" in query):
        raise bad_request("Give either playlist= or playlists=.", "The first blends its contributors.")
    if "playlist" in query:
        return _contributors(services, find_playlist(services, query["playlist"], viewer), query.get("people"))
    playlists = [find_playlist(services, playlist_id, viewer) for playlist_id in dict.fromkeys(query["playlists"])]
    return [Listener(found.id, found.name, _tracks(_rows(services, found))) for found in playlists]


def _contributors(services: Services, playlist: Playlist, wanted: Sequence[str] | None) -> list[Listener]:
    rows = _rows(services, playlist)
    require_contributors(playlist, wanted or ())
    people = [person for person in contributors(playlist) if wanted is None or person.id in wanted][:MOST_PEOPLE]
    if not people:
        return [Listener(playlist.id, playlist.name, _tracks(rows))]
    theirs = {person.id: [row for row in rows if row[0].added_by == person.id] for person in people}
    return [Listener(person.id, person.name or person.id, _tracks(theirs[person.id])) for person in people]


def _rows(services: Services, playlist: Playlist) -> list[tuple[PlaylistItem, Track]]:
    limit = min(max(playlist.item_count, 1), _MOST_ROWS)
    return with_tracks(services, playlist, services.database.playlist_items(playlist.id, limit=limit))


def _tracks(rows: Sequence[tuple[PlaylistItem, Track]]) -> tuple[Track, ...]:
    return tuple({track.id: track for _, track in rows}.values())


def _note(made: Blend, query: Mapping[str, Any], *, of_their_own: bool) -> str | None:
    if of_their_own:
        return "There are no other tracks here yet, so the list is made of those that these people have."
    return None if len(made.picks) == query["length"] else "The catalogue has no more that pass all filters."


def _answer(made: Blend, query: Mapping[str, Any], *, of_their_own: bool) -> BlendAnswer:
    return BlendAnswer(
        method=query["method"],
        people=[
            BlendedPerson(person.id, person.name, len(person.tracks), person.is_hardly_known) for person in made.people
        ],
        not_compared=[Named(person.id, person.name) for person in made.silent],
        tracks=[_pick(made, pick) for pick in made.picks],
        fairness=_fairness(made, made.shares),
        average=_fairness(made, made.average),
        left_out=dict(made.left_out),
        note=_note(made, query, of_their_own=of_their_own),
    )


def _pick(made: Blend, pick: Pick) -> BlendedTrack:
    satisfaction = zip(made.people, pick.satisfaction, strict=True)
    return BlendedTrack.of(
        pick.track,
        person=Named(made.people[pick.person].id, made.people[pick.person].name),
        satisfaction={person.id: round(share, 3) for person, share in satisfaction},
        novelty=round(pick.novelty, 3),
        like=TrackSummary.of(pick.seed),
        reasons=list(pick.reasons),
        features=pick.track.feature_values,
    )


def _fairness(made: Blend, shares: Sequence[Share]) -> list[PersonShare]:
    picks = max(sum(share.picks for share in shares), 1)
    return [
        PersonShare(
            id=person.id,
            name=person.name,
            mean=round(share.mean, 3),
            min=round(share.least, 3),
            picks=share.picks,
            share=round(share.picks / picks, 3),
        )
        for person, share in zip(made.people, shares, strict=True)
    ]
