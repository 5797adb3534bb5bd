"""Maps, clusters and histograms of how tracks sound."""

from api.maps import clusters, features, projection, timbre

BLUEPRINTS = (clusters.blueprint, features.blueprint, projection.blueprint, timbre.blueprint)
