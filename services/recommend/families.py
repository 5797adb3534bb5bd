"""GET /recommend?method=families: for each family of genres that a track is in, a track of the same cluster."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ml.families.model import NoSound
from ml.neighbours.reasons import differences, reasons
from services.container import Services
from services.errors import no_features
from services.recommend.answer import Draw, FamilyRecommendation, FamilyTrack
from services.subject.families import TrackFamily, families_of, genres_of
from services.subject.headline import Headline, as_input
from services.subject.model import Subject
from services.views import TrackSummary

_DRAWS = 2**31


def family_picks(
    services: Services, subject: Subject, query: Mapping[str, Any], exclude: Collection[str]
) -> FamilyRecommendation:
    """Return one pick per family; raises ServiceError 422 where too few audio features are known."""
    families = _families(services, subject)
    draw = query["seed"] if query["seed"] is not None else secrets.randbelow(_DRAWS)
    try:
        picks = services.families.pick(
            subject.snapshot,
            subject.track,
            [family.family for family in families[: query["limit"]]],
            kind=query["pick"],
            draw=draw,
            exclude=exclude,
            artist_cap=query["artist_cap"],
        )
    except NoSound as unknown:
        raise no_features(
            "Too few audio features of this track are known to find its cluster in a family.",
            "Import a file that has its audio features.",
        ) from unknown
    tracks = []
    for pick in picks:
        other = subject.snapshot.track(pick.ref)
        apart = differences(subject.track, other)
        why = reasons(subject.track, other, services.artists, apart=apart)
        more = {"family": pick.family, "cluster": pick.cluster + 1, "cluster_tracks": pick.members}
        score = 1 / (1 + pick.distance)
        tracks.append(FamilyTrack.because(other, score, why, apart, **more))
    return FamilyRecommendation(
        seed=TrackSummary.of(subject.track),
        method="families",
        tracks=tracks,
        families=list(families),
        draw=Draw(query["pick"], draw),
        note=_note(families, len(tracks)),
    )


def _families(services: Services, subject: Subject) -> tuple[TrackFamily, ...]:
    model, given, known = services.genre, as_input(subject.track), genres_of(services, subject)
    if not model.knows(given):
        return families_of(model, known, None)
    headline = Headline.of(services.artist_genre, given, known)
    return families_of(model, known, headline.revise(model.predict_encoded(model.encode([given]))).genre[0])


def _note(families: Sequence[TrackFamily], picks: int) -> str | None:
    if not families:
        return "No genre of this track is known, and none could be guessed."
    if not picks:
        return "The catalogue has no other track of these families that sounds like it. Import tracks with genres."
    if all(family.guessed for family in families):
        return "No genre of this track is known: its families are the genre model's guess."
    return None
