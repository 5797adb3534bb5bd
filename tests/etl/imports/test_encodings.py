"""Lists in encodings that are not Unicode: the names come out, and the summary says what was guessed."""

from pathlib import Path

import pytest

from etl.imports.recognise import recognise
from etl.imports.rows.entries import PlaylistFile
from etl.imports.sheets import headings
from store.text import normalise
from tests.etl.imports.test_formats import read

NAMES = {
    "cp1251": ("Ночной поезд", "Северный ветер"),
    "koi8_r": ("Ночной поезд", "Северный ветер"),
    "cp866": ("Ночной поезд", "Северный ветер"),
    "mac_cyrillic": ("Ночной поезд", "Северный ветер"),
    "cp1253": ("Το νυχτερινό τραγούδι", "Βόρειος Άνεμος"),
    "cp932": ("夜のランタン", "みどりの松"),
    "euc_jp": ("夜のランタン", "みどりの松"),
    "gb18030": ("夜晚的灯笼", "绿色松树"),
    "big5": ("夜晚的燈籠", "綠色松樹"),
    "cp949": ("밤의 등불", "푸른 소나무"),
    "mac_roman": ("Über den Dächern", "Añoranza"),
    "cp1252": ("Über den Dächern", "Añoranza"),
    "cp1250": ("Źródło miłości", "Północny wiatr"),
    "cp1254": ("Gecenin ışığı", "Kuzey rüzgârı"),
    "cp1255": ("שיר של לילה", "רוח צפונית"),
    "cp1256": ("أغنية الليل", "ريح الشمال"),
}


@pytest.mark.parametrize("encoding", NAMES)
def test_an_encoding_is_detected_and_told(tmp_path: Path, encoding: str) -> None:
    title, artist = NAMES[encoding]
    path = tmp_path / "list.csv"
    path.write_bytes(f"Title,Artist\n{title},{artist}\nLanterns,Ada Fern\n".encode(encoding))
    _, lists = read(path)
    track = lists[0][1][0].track
    assert track is not None
    assert (track.title, track.artists) == (title, (artist,))
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    assert "not in Unicode" in found.notes[0]


def test_unicode_leaves_no_doubt(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Title,Artist\nÜber den Dächern,Ada Fern\n", encoding="utf-8")
    found = recognise(path)
    assert isinstance(found, PlaylistFile)
    assert found.notes == ()


def test_a_cell_of_a_megabyte_is_no_heading_to_be_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def measured(text: str) -> str:
        lengths.append(len(text))
        return normalise(text)

    monkeypatch.setattr(headings, "normalise", measured)
    assert headings.normal_heading("Track Name") == "track name"
    headings.normal_heading("\u00e4[" * 500_000)
    assert max(lengths) < 1000


def test_so_many_columns_are_no_table() -> None:
    mark, row = headings.sniff_delimiter(
        "Title,Artist" + "," * 500_000, lambda row: len(headings.find_columns(row, {}))
    )
    assert (mark, len(row)) == (",", 1000)
