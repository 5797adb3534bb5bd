"""How the audio features are spread: histograms of the catalogue, of a playlist or of a family of genres."""

from __future__ import annotations

from typing import Any

import numpy as np
from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from flask import Response
from marshmallow import RAISE

from api.current import services
from api.errors import ApiError
from api.playlists import find_playlist
from ml import histograms
from ml.histograms import EDGES, Counts
from ml.pictures import histogram_sheet
from services.container import Services
from store.domain import AUDIO_FEATURES
from store.feature_rows import feature_rows

blueprint = APIBlueprint("features", __name__, tag="Tracks")

ALL = "all"
_PAGE = 1000


class HistogramQuery(Schema):
    playlist = String(load_default="", validate=Length(max=500), metadata={"description": "Else the whole catalogue."})
    family = String(load_default="", validate=Length(max=100), metadata={"description": "Tracks of this family alone."})


@blueprint.get("/api/features/histograms")
@blueprint.input(HistogramQuery, location="query", arg_name="query", unknown=RAISE)
def feature_histograms(query: dict[str, str]) -> dict[str, Any]:
    """How often which value of each audio feature occurs, beside the tracks that the model of families learnt from.

    `edges` are the bounds of the bins; values beyond the first and the last count in the end bins.
    """
    here = services()
    values, reference = _values(here, query), _reference(here, query["family"])
    counts, told = histograms.count(values), histograms.summary(values)
    return {
        "tracks": len(values),
        "families": list(here.families.models),
        "reference": here.families.version,
        "features": [
            {
                "feature": name,
                "edges": np.round(EDGES[name], 4).tolist(),
                "counts": counts[name].tolist(),
                "reference": reference[name].tolist(),
                **told[name],
            }
            for name in AUDIO_FEATURES
        ],
    }


@blueprint.get("/api/features/histograms.svg")
@blueprint.input(HistogramQuery, location="query", arg_name="query", unknown=RAISE)
def picture(query: dict[str, str]) -> Response:
    """The same as a picture: bars for the tracks asked for, a line for those that the model learnt from."""
    here = services()
    values = _values(here, query)
    where = "playlist" if query["playlist"] else "catalogue"
    title = f"{len(values)} tracks of the {where}{', ' + query['family'] if query['family'] else ''}; line: learnt from"
    drawn = histogram_sheet(histograms.count(values), _reference(here, query["family"]), title)
    return Response(drawn, mimetype="image/svg+xml")


def _reference(here: Services, family: str) -> dict[str, Counts]:
    known = here.families.histograms.get(family or ALL)
    if known is None:
        raise ApiError(
            404,
            "not_found",
            f"There is no family {family!r}.",
            f"There are: {', '.join(here.families.models)}.",
        )
    return dict(known)


def _values(here: Services, query: dict[str, str]) -> np.ndarray:
    """Return (n, 13) features of the tracks that are asked for."""
    if query["playlist"]:
        return _of_playlist(here, query["playlist"], query["family"])
    segments = here.catalogue.current().segments
    if query["family"]:
        found = [one.features[here.families.rows(one, query["family"])] for one in segments]
    else:
        found = [np.asarray(one.features) for one in segments]
    return np.concatenate([np.empty((0, len(AUDIO_FEATURES)), np.float32), *found])


def _of_playlist(here: Services, playlist_id: str, family: str) -> np.ndarray:
    playlist = find_playlist(playlist_id)
    found = []
    for start in range(0, playlist.item_count, _PAGE):
        items = here.database.playlist_items(playlist.id, start=start, limit=_PAGE)
        for track in here.database.get_tracks({item.track_id for item in items}).values():
            of = here.families.families_of((*track.labels, *track.artist_genres)) if family else ()
            if track.features is not None and (not family or family in of):
                found.append(track.features)
    return feature_rows(found)
