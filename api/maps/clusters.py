"""The clusters of sound: which genres fill each, how their number was chosen, and where a track falls."""

from typing import Any

from apiflask import APIBlueprint
from marshmallow import RAISE

import services.clusters as use
from api.current import services
from api.schemas import SubjectQuery

blueprint = APIBlueprint("clusters", __name__, tag="Clusters")


@blueprint.get("/api/clusters")
def clusters() -> use.ClustersAnswer:
    """The clusters with the genres that fill each, the heat map of genres and families, and the sweep.

    `exemplar.track` names a track of the catalogue that sounds like the cluster's exemplar, where it has one.
    """
    return use.describe_clusters(services())


@blueprint.get("/api/clusters/predict")
@blueprint.input(SubjectQuery, location="query", arg_name="query", unknown=RAISE)
def predict(query: dict[str, Any]) -> use.ClusterAnswer:
    """The clusters that a track is nearest to, with the distance from each exemplar in spreads of a feature."""
    return use.predict_cluster(services(), query)
