"""How the audio features are spread: histograms of the catalogue, of a playlist or of a family of genres."""

from apiflask import APIBlueprint, Schema
from apiflask.fields import String
from apiflask.validators import Length
from marshmallow import RAISE

import services.features as use
from api.current import services

blueprint = APIBlueprint("features", __name__, tag="Tracks")


class HistogramQuery(Schema):
    playlist = String(load_default="", validate=Length(max=500), metadata={"description": "Else the whole catalogue."})
    family = String(load_default="", validate=Length(max=100), metadata={"description": "Tracks of this family alone."})


@blueprint.get("/api/features/histograms")
@blueprint.input(HistogramQuery, location="query", arg_name="query", unknown=RAISE)
def feature_histograms(query: dict[str, str]) -> use.Histograms:
    """How often each value of each audio feature occurs, here and among the tracks that the families learnt from.

    `edges` are the bounds of the bins; values beyond the first and the last count in the end bins.
    """
    return use.histograms_of(services(), query["playlist"], query["family"])
