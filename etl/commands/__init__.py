"""The commands of ``python -m etl``: each module adds its own to the parser."""
