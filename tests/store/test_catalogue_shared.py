"""The whole real table: every track is there and is found."""

import csv
import gzip
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from etl.imports.storing.tables import import_table
from store.catalogue.builder import build_public
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS
from store.text import recording_key, split_artists

pytestmark = pytest.mark.shared
SAMPLE_EVERY = 500


@pytest.fixture(scope="module")
def table(shared_data: Path) -> Path:
    return shared_data / "tracks.csv.gz"


@pytest.fixture(scope="module")
def snapshot(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    root = tmp_path_factory.mktemp("full")
    summary = import_table(table, root, lambda progress: None)
    assert summary.requested == summary.stored + summary.known + sum(summary.skipped.values())
    assert summary.stored == build_public(root)
    return Catalogue(root).current()


def rows(table: Path) -> Iterator[dict[str, str]]:
    with gzip.open(table, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def test_every_track_of_the_table_is_there_with_its_values(snapshot: Snapshot, table: Path) -> None:
    (segment,) = snapshot.segments
    tempo = AUDIO_FEATURES.index("tempo")
    low, high = FEATURE_BOUNDS["tempo"]
    count = 0
    for count, row in enumerate(rows(table), 1):
        at = segment.find(row["track_id"])
        assert at is not None, row["track_id"]
        value = float(row["tempo"])
        assert not low <= value <= high or math.isclose(segment.features[at, tempo], value, rel_tol=1e-6)
        if count % SAMPLE_EVERY == 0:
            track = segment.track(at)
            assert (track.title, track.artists) == (row["track_name"].strip(), split_artists(row["artist"]))
            assert track.popularity == (float(row["popularity"]) if row["popularity"] else None)
            if row["genres114"]:
                assert track.labels == tuple(row["genres114"].split("|"))
    assert count == len(snapshot) == 219_836


def test_columns_agree_with_each_other(snapshot: Snapshot) -> None:
    (segment,) = snapshot.segments
    known = segment.popularity[~np.isnan(segment.popularity)]
    assert (np.diff(known) <= 0).all()
    assert np.isnan(segment.popularity[len(known) :]).all()
    for at, name in enumerate(AUDIO_FEATURES):
        low, high = FEATURE_BOUNDS[name]
        assert low <= np.nanmin(segment.features[:, at])
        assert np.nanmax(segment.features[:, at]) <= high
    assert sorted(segment.artist_keys) == list(segment.artist_keys)
    for row in range(0, segment.count, 10_007):
        key = segment.artist_keys[int(segment.artist_code[row])]
        assert row in segment.artist_rows(key)
    assert all(len(segment.rows_with_label(label)) for label in ("metal", "techno", "acoustic"))
    for row in segment.rows_with_label("metal")[:50]:
        assert "metal" in segment.track(int(row)).labels


def test_a_sample_is_found_by_name(snapshot: Snapshot, table: Path) -> None:
    missed, asked = [], 0
    for count, row in enumerate(rows(table)):
        if count % SAMPLE_EVERY or not (row["track_name"] and row["artist"]):
            continue
        asked += 1
        ref = snapshot.find(row["track_id"])
        assert ref is not None
        track = snapshot.track(ref)
        wanted = recording_key(track.title, track.artists[0])
        found = [snapshot.track(hit.ref) for hit in snapshot.search(f"{row['track_name']} {row['artist']}", 5)]
        if wanted not in {recording_key(one.title, one.artists[0]) for one in found if one.artists}:
            missed.append(row["track_name"])
    assert len(missed) <= asked // 100, missed


@pytest.mark.parametrize(
    ("query", "title", "artist"),
    [
        ("metallica enter sandman", "Enter Sandman", "Metallica"),
        ("enter sandmn metalica", "Enter Sandman", "Metallica"),
        ("bohemian rapsody", "Bohemian Rhapsody - Remastered 2011", "Queen"),
        ("beyonce halo", "Halo", "Beyoncé"),
        ("acdc", "Back In Black", "AC/DC"),
        ("radiohed creep", "Creep", "Radiohead"),
        ("夜に", "夜に駆ける", "YOASOBI"),
    ],
)
def test_well_known_tracks_come_first(snapshot: Snapshot, query: str, title: str, artist: str) -> None:
    track = snapshot.track(snapshot.search(query, 1)[0].ref)
    assert (track.title, track.artists[0]) == (title, artist)
