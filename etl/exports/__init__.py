"""What leaves: one module per file format behind the registry in :mod:`etl.exports.formats`, and SQL databases."""
