"""The registry of readers: the first that knows a file reads it, and no other is asked."""

import json
from pathlib import Path

import pytest

from etl.imports import recognise
from etl.imports.reading.inspected import Form, InspectedFile
from etl.imports.registry import READERS, Reader
from tests.etl.imports import formats


def test_the_first_reader_that_knows_a_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sniffed: list[str] = []

    def reader(kind: str, knows: bool) -> Reader:
        def sniff(_file: InspectedFile) -> bool:
            sniffed.append(kind)
            return knows

        return Reader(kind, sniff, lambda *_: iter(()))

    monkeypatch.setattr(recognise, "READERS", (reader("no", False), reader("yes", True), reader("never", True)))
    path = tmp_path / "list.m3u"
    path.write_text("#EXTM3U\n")
    assert getattr(recognise.recognise(path), "kind", None) == "yes"
    assert sniffed == ["no", "yes"]


def test_every_reader_has_a_kind_and_no_other_form_than_its_own(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u"
    path.write_text("#EXTM3U\n#EXTINF:1,Air - All I Need\nx.mp3\n")
    file = InspectedFile(path)
    assert (file.form, file.document) == (Form.TEXT, None)
    known = [reader.kind for reader in READERS[:-1] if reader.sniff(file)]
    assert known == ["m3u"]
    assert all(reader.kind for reader in READERS)


def test_a_document_is_read_once_for_all_readers(tmp_path: Path) -> None:
    path = tmp_path / "Playlist1.json"
    path.write_text(json.dumps(formats.account_playlists(("First", [formats.account_item(1)]))))
    file = InspectedFile(path)
    assert file.form is Form.JSON
    assert file.document is file.document
