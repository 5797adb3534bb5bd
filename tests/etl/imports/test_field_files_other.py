"""The files of ../shared/data/field that are not CSV: what each kind gives, one row per file."""

from pathlib import Path
from typing import Any

import pytest

from tests.etl.imports.test_formats import read

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def field(shared_data: Path) -> Path:
    folder = shared_data / "field"
    if not folder.is_dir():
        pytest.skip("the files of the field are not there")
    return folder


Named = tuple[str, tuple[str, ...]]
# The titles and artists of each list of players.
LISTS: dict[str, list[Named]] = {
    "m01_apple_order.m3u8": [("Noël", ("Marie-Michèle Desrosiers",)), ("Mr. Brightside", ("The Killers",))],
    "m02_windows_ansi.m3u": [("Anton aus Tirol", ("DJ Ötzi",)), ("Podría Ser Peor", ())],
    "m03_utf8_bom.m3u8": [("Разлюбила", ("Жуки",)), ("First Love", ("宇多田ヒカル",))],
    "m04_extenc.m3u": [("Разлюбила", ("Жуки",))],
    "m06_paths_only.m3u": [
        ("Corazón", ()),
        ("Lucretia My Reflection", ("The Sisters Of Mercy",)),
        ("Do I Wanna Know", ("Arctic Monkeys",)),
        ("In Da Club", ("50 Cent",)),
        ("Intro", ()),
        ("99 Luftballons", ()),
    ],
    "m08_utf16.m3u": [("Разлюбила", ("Жуки",))],
    "m10_navidrome.m3u": [("Jóga", ("Björk",))],
    "extinf_only.m3u": [("Owner of a Lonely Heart", ("Yes",)), ("All I Need", ("Air",))],
}


def names(rows: list[Any]) -> list[Named]:
    return [(row.track.title, row.track.artists) for row in rows if row.track]


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_players(field: Path, name: str) -> None:
    kind, lists = read(field / name)
    assert kind == "m3u"
    assert names(lists[0][1]) == LISTS[name]


def test_the_folders_of_a_path_name_the_album(field: Path) -> None:
    albums = [row.track.album for row in read(field / "m06_paths_only.m3u")[1][0][1] if row.track]
    assert albums == [None, "Floodland [2006 Remaster]", "AM", None, None, None]
