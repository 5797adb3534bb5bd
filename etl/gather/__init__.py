"""Runs that gather from sources: what a playlist's tracks lack, genre-balanced sets, whole catalogues by terms.

All of them ask through :class:`etl.gather.asking.Asker`, store a page first and move the cursor of their run after
it, and count in :class:`etl.gather.tally.Tally`.
"""
