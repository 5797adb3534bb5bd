"""Where tracks come from: the sources, gathering from them, uploaded files, and the runs of all these."""

from api.sources import gather, sources, uploads

BLUEPRINTS = (gather.blueprint, sources.blueprint, uploads.blueprint)
