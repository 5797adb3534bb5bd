import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from store.catalogue import catalogue as catalogue_module
from store.catalogue.builder import build_collection, build_own, build_public
from store.catalogue.catalogue import CURRENT_FILE, Catalogue, CatalogueError, owner_root
from store.catalogue.publishing import hide_own
from store.catalogue.segment import Segment, _as_written, composition_hash, recording_hash
from store.domain import AUDIO_FEATURES, AudioFeatures
from store.text import recording_key
from tests.store.catalogues import FEATURES, a_track, catalogue_of


@pytest.fixture
def every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a catalogue look for a new generation every time it is asked."""
    monkeypatch.setattr(catalogue_module, "_STAT_SECONDS", 0.0)


def current_segment(root: Path) -> Path:
    (folder,) = json.loads((root / CURRENT_FILE).read_text()).values()
    return root / "segments" / folder


def test_an_absent_root_is_an_empty_catalogue(tmp_path: Path) -> None:
    snapshot = Catalogue(tmp_path / "nothing").current()
    assert len(snapshot) == 0
    assert snapshot.find("x") is None
    assert snapshot.search("anything") == []
    assert snapshot.match("anything", "anyone") == []
    assert snapshot.artist_genres("anyone") == ()


def test_a_track_comes_back_as_it_went_in(tmp_path: Path) -> None:
    known = a_track(
        1, "Enter Sandman", "Metallica", "A Guest", album="Metallica", year=1991, isrc="GBF089190001",
        explicit=False, labels=("metal", "rock"), artist_genres=("thrash metal",),
    )  # fmt: skip
    bare = a_track(2, "Nothing Known", popularity=None, features=None, duration_ms=None)
    snapshot = catalogue_of(tmp_path, bare, known)
    for track in (known, bare):
        ref = snapshot.find(track.id)
        assert ref is not None
        found = snapshot.track(ref)
        if found.features is not None:
            assert found.features.source == "test"
            assert found.features.vector() == pytest.approx(FEATURES.vector(), rel=1e-6)
        for name in ("id", "title", "artists", "album", "year", "isrc", "explicit", "labels", "artist_genres"):
            assert getattr(found, name) == getattr(track, name)
        assert (found.popularity, found.duration_ms) == (track.popularity, track.duration_ms)
    assert snapshot.find("id of nobody") is None
    # Many at once are the same, merged with what another segment has of the same id.
    build_own(tmp_path, "owner", [a_track(1, "Enter Sandman", "Metallica", album="Live", popularity=None), bare])
    both = Catalogue(tmp_path).current("owner")
    one_by_one = [both.track(both.ref(at)) for at in range(4)]
    assert len(both.segments) == 2
    assert both.tracks_at(np.arange(4)) == one_by_one
    assert both.tracks_at(np.array([1, 3])) == one_by_one[1::2]


def test_rows_are_sorted_by_popularity_with_the_unknown_last(tmp_path: Path) -> None:
    (segment,) = catalogue_of(
        tmp_path,
        a_track(1, "Unknown", "A", popularity=None),
        a_track(2, "Small", "B", popularity=3.0),
        a_track(3, "Zero", "C", popularity=0.0),
        a_track(4, "Large", "D", popularity=90.0),
    ).segments
    assert [segment.track(row).title for row in range(4)] == ["Large", "Small", "Zero", "Unknown"]
    assert segment.popularity[:3].tolist() == [90.0, 3.0, 0.0]
    assert np.isnan(segment.popularity[3])
    with pytest.raises(IndexError):
        segment.track(4)


def test_features_are_a_read_only_matrix_with_nan_for_the_unknown(tmp_path: Path) -> None:
    half = AudioFeatures(values={"energy": 0.25, "tempo": 90.0}, source="half")
    (segment,) = catalogue_of(
        tmp_path, a_track(1, "Full", "A"), a_track(2, "Half", "B", popularity=1.0, features=half)
    ).segments
    assert segment.features.shape == (2, len(AUDIO_FEATURES))
    assert segment.features.dtype == np.float32
    long = np.array([0.87, 0.123456789, np.nan], np.float32)
    assert [str(value) for value in _as_written(long)] == ["0.87", "0.12345679", "nan"]
    assert not segment.features.flags.writeable
    assert np.count_nonzero(np.isnan(segment.features), axis=1).tolist() == [0, 11]
    assert segment.features[1, AUDIO_FEATURES.index("tempo")] == 90.0


def test_artists_labels_and_recordings_are_found_by_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracks = [
        a_track(1, "One", "Zoë", labels=("rock",), popularity=10.0),
        a_track(2, "Two", "Abba", "Zoë", labels=("pop", "rock"), popularity=9.0, artist_genres=("europop",)),
        a_track(3, "One - Remastered 2011", "ZOE", popularity=8.0, year=1999),
        a_track(4, "", "ZOE", popularity=7.0),
        a_track(5, "", "ZOE", popularity=6.0),
    ]
    (segment,) = catalogue_of(tmp_path, *tracks).segments
    assert list(segment.artist_keys) == ["abba", "zoe"]
    assert segment.artist_code.tolist() == [1, 0, 1, 1, 1]
    assert segment.artist_rows("zoe").tolist() == [0, 2, 3, 4]
    assert segment.artist_rows("abba").tolist() == [1]
    assert segment.artist_rows("nobody").tolist() == []
    monkeypatch.setattr("store.catalogue.segment._ARTIST_BLOCK", 1)
    by_one = Segment(segment.directory)
    assert [by_one.artist_rows(key).tolist() for key in ("a", "abba", "b", "zoe", "zz")] == [
        [],
        [1],
        [],
        [0, 2, 3, 4],
        [],
    ]
    assert segment.rows_with_label("rock").tolist() == [0, 1]
    assert segment.rows_with_label("jazz").tolist() == []
    assert segment.year.tolist() == [0, 0, 1999, 0, 0]
    codes = segment.recording_code
    assert codes[0] == codes[2] == recording_hash(recording_key("One", "Zoë"))
    assert len(set(codes.tolist())) == 4, "tracks without a title are not one recording"


def test_genres_of_an_artist_come_most_frequent_first(tmp_path: Path) -> None:
    snapshot = catalogue_of(
        tmp_path,
        a_track(1, "One", "Zoë", labels=("rock",), artist_genres=("dream pop", "rock")),
        a_track(2, "Two", "Zoë", labels=("pop",), artist_genres=("rock",)),
    )
    assert snapshot.artist_genres("zoe") == ("rock", "dream pop", "pop")
    assert snapshot.artist_genres("Zoë") == ("rock", "dream pop", "pop")


def test_the_best_known_track_of_an_artist_is_the_most_popular_in_the_first_segment_that_has_one(
    tmp_path: Path,
) -> None:
    snapshot = catalogue_of(
        tmp_path,
        a_track(1, "One", "Zoë", popularity=10.0),
        a_track(2, "Two", "Zoë", "Abba", popularity=90.0),
        a_track(3, "Three", "Abba", popularity=20.0),
    )
    assert snapshot.best_known_of("zoe") == a_track(2, "Two").id
    assert snapshot.best_known_of("ABBA") == a_track(3, "Three").id
    assert snapshot.best_known_of("Nobody") is None


def test_an_open_catalogue_serves_the_new_generation(tmp_path: Path, every_look: None) -> None:
    build_collection(tmp_path, [a_track(1, "First", "A")])
    catalogue = Catalogue(tmp_path)
    before = catalogue.current()
    assert catalogue.current() is before
    for number in range(3):  # the first generations' folders are removed meanwhile
        build_collection(tmp_path, [a_track(1, "First", "A"), a_track(2 + number, "Second", "B")])
    after = catalogue.current()
    assert after.generation != before.generation
    assert (len(before), len(after)) == (1, 2)
    assert after.search("second")
    assert before.search("first"), "a request that began before goes on with what it has"
    assert before.track(before.search("first")[0].ref).title == "First"


def test_a_catalogue_looks_for_news_at_most_every_half_second(tmp_path: Path) -> None:
    build_collection(tmp_path, [a_track(1, "First", "A")])
    catalogue = Catalogue(tmp_path)
    catalogue.current()
    build_collection(tmp_path, [a_track(1, "First", "A"), a_track(2, "Second", "B")])
    deadline = time.monotonic() + 30
    while len(catalogue.current()) == 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_only_the_generation_before_is_kept(tmp_path: Path) -> None:
    for number in range(4):
        build_collection(tmp_path, [a_track(number, "Song", "A")])
    assert len(list((tmp_path / "segments").iterdir())) == 2


def test_a_segment_that_empties_while_others_hide_and_build_it_disturbs_none(tmp_path: Path) -> None:
    tracks = [a_track(1, "Harbour", "Nadia Verholt")]

    def delete(at: int) -> None:
        hide_own(tmp_path, "owner")
        build_own(tmp_path, "owner", [] if at % 2 else tracks)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(delete, range(64)))
    left = owner_root(tmp_path, "owner").parent / "left by a kill.gone"
    left.mkdir()
    assert build_own(tmp_path, "owner", []) == 0
    assert list(left.parent.iterdir()) == []
    assert build_own(tmp_path, "owner", tracks) == 1
    assert len(Catalogue(owner_root(tmp_path, "owner")).current()) == 1


@pytest.mark.parametrize(
    ("titles", "one"),
    [
        (("YMCA", "Y.M.C.A.", "YMCA - Original Version 1978", "YMCA Remix", "YMCA (From “Disco”) - Live"), True),
        (
            ("Machine", "Machine '88 - 2015 Remaster", "Machine - 50th Anniversary Edition", "Machine - DJ Ice Radio"),
            True,
        ),
        (("Machine", "Machine - with Ann Other", "Machine (Deluxe Anniversary)"), True),
        (("'97", "'98"), False),
        (("Serenade in G, K. 525: I. Allegro", "Eine kleine Nachtmusik, KV 525: 1. Allegro - Remastered"), True),
        (("Serenade in G, K. 525: I. Allegro", "Serenade in G, K. 525: II. Romanze"), False),
        (("Requiem, K. 626: Lacrimosa", "Requiem, K. 626: Confutatis"), False),
        (("Main Title (From “One Film”)", "Main Title (From “Another”)"), False),
    ],
)
def test_versions_of_one_composition_have_one_code(tmp_path: Path, titles: tuple[str, ...], one: bool) -> None:
    tracks = [a_track(number, title, "Their Maker") for number, title in enumerate(titles)]
    codes = catalogue_of(tmp_path, *tracks).segments[0].composition_code.tolist()
    assert sorted(codes) == sorted(map(composition_hash, tracks)), "as it is asked for"
    assert len(set(codes)) == (1 if one else len(titles))


def test_an_emptied_collection_has_no_segment(tmp_path: Path) -> None:
    build_collection(tmp_path, [a_track(1, "Song", "A")])
    build_collection(tmp_path, [])
    assert Catalogue(tmp_path).current().segments == ()


def test_build_without_tables_is_empty(tmp_path: Path) -> None:
    assert build_public(tmp_path) == 0
    assert len(Catalogue(tmp_path).current()) == 0


def remove_folder(segment: Path) -> None:
    shutil.rmtree(segment)


def truncate_tracks(segment: Path) -> None:
    path = segment / "features.npy"
    path.write_bytes(path.read_bytes()[:-100])


def damage_tracks(segment: Path) -> None:
    path = segment / "features.npy"
    path.write_bytes(b"\0" * path.stat().st_size)


def remove_a_file_of_the_index(segment: Path) -> None:
    next((segment / "index").glob("*.term")).unlink()


def damage_the_index(segment: Path) -> None:
    path = segment / "index" / "meta.json"
    path.write_bytes(b"?" * path.stat().st_size)


def older_format(segment: Path) -> None:
    path = segment / "format.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 0}))


def other_count(segment: Path) -> None:
    path = segment / "format.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"count": 7}))


def damage_format(segment: Path) -> None:
    (segment / "format.json").write_text("{")


def damage_current(segment: Path) -> None:
    (segment.parents[1] / CURRENT_FILE).write_text("{")


def current_of_another_shape(segment: Path) -> None:
    (segment.parents[1] / CURRENT_FILE).write_text("[1]")


DAMAGES = (
    remove_folder, truncate_tracks, damage_tracks, remove_a_file_of_the_index, damage_the_index, older_format,
    other_count, damage_format, damage_current, current_of_another_shape,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_catalogue_says_so_and_can_be_built_again(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    build_collection(tmp_path, [a_track(1, "Song", "A")])
    damage(current_segment(tmp_path))
    with pytest.raises(CatalogueError) as caught:
        Catalogue(tmp_path).current()
    assert "catalogue" in caught.value.message
    assert "python -m etl catalogue" in caught.value.hint
    build_collection(tmp_path, [a_track(1, "Song", "A")])
    assert len(Catalogue(tmp_path).current()) == 1


def test_a_catalogue_in_hand_outlives_damage_to_what_follows(
    tmp_path: Path, every_look: None, caplog: pytest.LogCaptureFixture
) -> None:
    build_collection(tmp_path, [a_track(1, "Song", "A")])
    catalogue = Catalogue(tmp_path)
    catalogue.current()
    (tmp_path / CURRENT_FILE).write_text(json.dumps({"collection": "collection-gone"}))
    assert len(catalogue.current()) == 1
    assert "still serving" in caplog.text
    build_collection(tmp_path, [a_track(1, "Song", "A"), a_track(2, "Other", "B")])
    assert len(catalogue.current()) == 2


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Make this test's folder read-only: by a mount for root, whom no mode of a file hinders."""
    mounts: list[Path] = []

    def forbid() -> None:
        if os.geteuid() != 0:
            for file in tmp_path.rglob("*.lock"):
                file.chmod(0o400)
            return
        for options in (["--bind"], ["-o", "remount,bind,ro"]):
            if subprocess.run(["mount", *options, tmp_path, tmp_path], capture_output=True).returncode:
                pytest.skip("this user may not mount")
            mounts.append(tmp_path)

    yield forbid
    if mounts:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_catalogue_is_opened_where_nothing_can_be_written(tmp_path: Path, read_only: Callable[[], None]) -> None:
    catalogue_of(tmp_path, a_track(1, "Enter Sandman", "Metallica"))
    read_only()
    snapshot = Catalogue(tmp_path).current()
    assert [snapshot.track(hit.ref).title for hit in snapshot.search("sandman")] == ["Enter Sandman"]
