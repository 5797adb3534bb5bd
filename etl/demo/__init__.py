"""The demo: two playlists that invented people share.

The first has well-known songs, written by hand from general knowledge: titles, artists, years, and who added what and
when. No number is from a service. The second has sound: see :mod:`etl.demo.sound`.
"""

from pathlib import Path

from etl.demo.sound import SOUND_DEMO

DEMO = Path(__file__).with_name("Six friends (demo).csv")
DEMOS = (DEMO, SOUND_DEMO)
