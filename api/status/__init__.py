"""How this installation is: health, checks, models, and what was imported to learn from."""

from api.status import datasets, doctor, models, operator, status

BLUEPRINTS = (datasets.blueprint, doctor.blueprint, models.blueprint, operator.blueprint, status.blueprint)
