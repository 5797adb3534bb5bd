"""GET /recommend?method=families: for each family of genres that a track is in, one from the same cluster."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Any

from api.errors import ApiError
from api.genre import as_input
from api.schemas import track_summary
from api.services import Services
from api.subject import Subject
from ml.families import NoSound
from ml.reasons import differences, reasons

# Families of a track without a known genre: those that the genre model gives at least this share, three at the most.
LEAST_SHARE, MOST_GUESSED = 0.15, 3
_DRAWS = 2**31


def family_picks(
    services: Services, subject: Subject, query: Mapping[str, Any], exclude: Collection[str]
) -> dict[str, Any]:
    """Return one pick per family; raises ApiError 422 where too few audio features are known."""
    families, guessed = _families(services, subject)
    draw = query["seed"] if query["seed"] is not None else secrets.randbelow(_DRAWS)
    try:
        picks = services.families.pick(
            subject.snapshot,
            subject.track,
            families[: query["limit"]],
            kind=query["pick"],
            draw=draw,
            exclude=exclude,
            artist_cap=query["artist_cap"],
        )
    except NoSound as unknown:
        raise ApiError(
            422,
            "no_features",
            "Too few audio features of this track are known to tell its cluster in a family.",
            "Import a file that has audio features for it.",
        ) from unknown
    tracks = []
    for one in picks:
        other = subject.snapshot.track(one.ref)
        tracks.append(
            {
                **track_summary(other),
                "score": round(1 / (1 + one.distance), 3),
                "reasons": list(reasons(subject.track, other, services.artists)),
                "differences": [
                    {"feature": feature, "seed": seed, "other": theirs, "difference": round(difference, 3)}
                    for feature, seed, theirs, difference in differences(subject.track, other)
                ],
                "family": one.family,
                "cluster": one.cluster + 1,
                "cluster_tracks": one.members,
            }
        )
    return {
        "seed": track_summary(subject.track),
        "method": "families",
        "tracks": tracks,
        "artists": [],
        "families": [{"family": family, "guessed": guessed} for family in families],
        "draw": {"pick": query["pick"], "seed": draw},
        "note": _note(families, guessed, len(tracks)),
    }


def _families(services: Services, subject: Subject) -> tuple[list[str], bool]:
    """Return the families of a track, and whether they are the genre model's guess."""
    track = subject.track
    known = services.families.families_of((*track.labels, *track.artist_genres))
    if known:
        return list(known), False
    model, given = services.genre, as_input(track)
    if not model.knows(given):
        return [], True
    shares = model.family_probabilities(model.predict([given]))[0]
    order = (-shares).argsort(kind="stable")[:MOST_GUESSED]
    return [model.families[at] for at in order if shares[at] >= LEAST_SHARE or at == order[0]], True


def _note(families: list[str], guessed: bool, picks: int) -> str | None:
    if not families:
        return "No genre of this track is known, and none could be guessed."
    if not picks:
        return "The catalogue has no other track of these families that sounds like it. Bring in tracks with genres."
    if guessed:
        return "No genre of this track is known: its families are the genre model's guess."
    return None
