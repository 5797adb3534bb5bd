"""The demo: a playlist of well-known songs that six invented people share.

Written by hand from general knowledge: titles, artists, years, and who added what and when. It holds no number from
any service.
"""

from pathlib import Path

DEMO = Path(__file__).with_name("Six friends (demo).csv")
