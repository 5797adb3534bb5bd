"""How tracks sound: clusters, histograms of features, maps, and sound-alikes by timbre."""

from typing import Any, Literal

from apiflask import Schema
from apiflask.fields import Integer, String
from apiflask.validators import Length, OneOf, Range

from api import session
from api.application import Blueprint
from api.current import services
from api.limits.expensive import expensive
from api.schemas import SubjectQuery, text, track_id
from ml.projection.model import METHODS
from services.playlists import maps
from services.sound import clusters as clustering
from services.sound import features
from services.sound import timbre as timbres

blueprint = Blueprint("maps", __name__, tag="Maps")

MapOrNone = maps.ProjectionMap | tuple[Literal[""], Literal[204]]
_NONE: tuple[Literal[""], Literal[204]] = ("", 204)


class HistogramQuery(Schema):
    playlist = String(load_default="", validate=text, metadata={"description": "Else the whole catalogue."})
    family = String(load_default="", validate=Length(max=100), metadata={"description": "Tracks of this family alone."})


class ProjectionQuery(Schema):
    track_id = String(validate=track_id, metadata={"description": "A track to place on it."})


class FarQuery(Schema):
    track_id = String(required=True, validate=track_id, metadata={"description": "A track of the map."})
    method = String(load_default=METHODS[0], validate=OneOf(METHODS))
    playlist = String(load_default=None, validate=text, metadata={"description": "Its map; else the catalogue's."})


class AlikeQuery(Schema):
    track_id = String(required=True, validate=track_id, metadata={"description": "See the map."})
    limit = Integer(load_default=10, validate=Range(1, 50))


@blueprint.get("/api/clusters")
@expensive
def clusters() -> clustering.ClustersAnswer:
    """The clusters with the genres that fill each, the heat map of genres and families, and the sweep.

    `exemplar.track` is a track of the catalogue that sounds like the cluster's exemplar, if there is one.
    """
    return clustering.describe_clusters(services(), session.viewer())


@blueprint.get("/api/clusters/predict")
@blueprint.query(SubjectQuery)
@blueprint.doc(responses={404: "No such track"})
def predict(query: dict[str, Any]) -> clustering.ClusterAnswer:
    """The clusters that a track is nearest to, with the distance from each exemplar in spreads of a feature."""
    return clustering.predict_cluster(services(), query, session.viewer())


@blueprint.get("/api/features/histograms")
@blueprint.query(HistogramQuery)
@blueprint.doc(responses={404: "No such family or playlist"})
@expensive
def feature_histograms(query: dict[str, str]) -> features.Histograms:
    """Histograms of each audio feature, for these tracks and for the tracks that the families were trained on.

    `edges` are the bounds of the bins; values outside them count in the first or the last bin.
    """
    return features.histograms_of(services(), query["playlist"], query["family"], session.viewer())


@blueprint.get("/api/features/sources")
@expensive
def feature_sources() -> features.CatalogueSources:
    """The number of tracks of the catalogue with audio features, by the source of these."""
    return features.sources_of_catalogue(services(), session.viewer())


@blueprint.get("/api/projection")
@blueprint.query(ProjectionQuery)
@blueprint.doc(responses={204: "None has been computed"})
@expensive
def catalogue_projection(query: dict[str, Any]) -> MapOrNone:
    """The map of the catalogue, as columns with one entry per track; `placed` tracks were added later."""
    return maps.catalogue_map(services(), query.get("track_id"), session.viewer()) or _NONE


@blueprint.get("/api/projection/far")
@blueprint.query(FarQuery)
@blueprint.doc(responses={404: "The track is not on such a map"})
@expensive
def far_neighbours(query: dict[str, Any]) -> maps.FarNeighbours:
    """Those of the ten nearest tracks on the map that are far from a track in sound.

    `nearer_share` is the share of all tracks on the map that sound more like it: more than a quarter.
    """
    return maps.far_neighbours(services(), query["track_id"], query["method"], query["playlist"], session.viewer())


@blueprint.get("/api/playlists/<playlist_id>/projection")
@blueprint.query(ProjectionQuery)
@blueprint.doc(responses={204: "No map has been computed of it", 404: "No such playlist"})
@expensive
def playlist_projection(playlist_id: str, query: dict[str, Any]) -> MapOrNone:
    """The map of a playlist; tracks added after it was computed are `placed` among their nearest neighbours."""
    return maps.playlist_map(services(), playlist_id, query.get("track_id"), session.viewer()) or _NONE


@blueprint.get("/api/timbre/map")
@expensive
def timbre_map() -> timbres.TimbreMap:
    """The map of all analysed tracks with their clusters, and how well the embedding finds a track's other half."""
    return timbres.timbre_map(services(), session.viewer())


@blueprint.get("/api/timbre/alike")
@blueprint.query(AlikeQuery)
@blueprint.doc(responses={404: "The track has no analysis here"})
@expensive
def timbre_alike(query: dict[str, Any]) -> timbres.TimbreAlike:
    """The analysed tracks that sound most like a track, with the cosine of their embeddings (-1 to 1)."""
    return timbres.timbre_alike(services(), query["track_id"], query["limit"], session.viewer())
