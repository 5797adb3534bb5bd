"""Runs that gather from sources: missing facts of a playlist, genre-balanced sets, whole catalogues by search terms.

All of them query sources through :class:`etl.gather.source_client.SourceClient` and count in
:class:`etl.gather.source_client.Tally`. They store a page first, and move the cursor of their run after it.
"""
