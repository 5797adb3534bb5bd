"""Exports: one module per file format, listed in :mod:`etl.exports.formats`, and SQL databases."""
