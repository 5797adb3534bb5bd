"""What speaks for a track in a playlist, and the model that weighs it."""

from pathlib import Path

import numpy as np
import pytest

from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.genre.model import GenrePredictor
from ml.triage.evidence import EVIDENCE, Evidence, TrackReader
from ml.triage.heap import Heap, Standing
from ml.triage.model import NONE_EVIDENCE, Triage, none_evidence
from ml.triage.train.fitting import Case, fit_weights, log_loss
from ml.triage.train.scores import OURS, compare
from store.domain import AudioFeatures, Track
from store.feature_rows import Floats
from tests.api.conftest import CALM, LOUD


@pytest.fixture(scope="module")
def reader() -> TrackReader:
    return TrackReader(ArtistEmbedding.load(artefacts.active("artists")), GenrePredictor.active())


def song(title: str, artist: str, sound: dict[str, float] | None = None, album: str | None = None) -> Track:
    features = AudioFeatures(values=sound, source="table") if sound else None
    return Track(id=title, title=title, artists=(artist,), album=album, features=features)


METAL = [song("Battery", "Metallica", LOUD, "Master"), song("Hangar 18", "Megadeth", LOUD), song("Ace", "Motörhead")]
PIANO = [song("Gymnopédie", "Erik Satie", CALM), song("Nuvole", "Ludovico Einaudi", CALM)]


def evidence_of(reader: TrackReader, track: Track, refused: list[Track]) -> dict[str, list[float]]:
    """The evidence of a track in METAL and in PIANO, by name."""
    metal, piano, both = (reader.read(some) for some in (METAL, PIANO, [*METAL, *PIANO]))
    rows = [
        Evidence(both).rows(reader.read([track]), some, reader.read(refused if some is metal else []))[0]
        for some in (metal, piano)
    ]
    return {name: [float(row[at]) for row in rows] for at, name in enumerate(EVIDENCE)}


def test_artists_genres_sound_and_albums_speak_for_a_playlist(reader: TrackReader) -> None:
    found = evidence_of(reader, song("Orion", "Metallica", LOUD, "Master"), [])
    for name in ("artists_near", "artists_typical", "same_artist", "artist_share", "same_album", "genre", "sound"):
        metal, piano = found[name]
        assert metal > piano, name
    assert found["same_artist"] == [pytest.approx(np.log(2)), 0.0]
    assert found["refused_artist"] == [0.0, 0.0]
    refused = evidence_of(reader, song("Orion", "Metallica"), [song("Fuel", "Metallica")])
    assert refused["refused_artist"] == [pytest.approx(np.log(2)), 0.0]


def test_a_track_of_which_nothing_is_known_has_no_evidence_but_the_size(reader: TrackReader) -> None:
    found = evidence_of(reader, song("x", "Zzyqx Qqvx"), [])
    for name in set(EVIDENCE) - {"genre", "genre_typical", "size"}:
        assert found[name] == [0.0, 0.0], name


@pytest.mark.parametrize("members", [[], METAL[2:]], ids=["an empty playlist", "one without features"])
def test_odds_are_finite_and_sum_to_one(reader: TrackReader, members: list[Track]) -> None:
    heap = Heap(Triage.load(artefacts.active("triage")), reader, [*PIANO, song("x", "")], {"a": members, "b": METAL})
    ids = {"a": [one.id for one in members], "b": [one.id for one in METAL]}
    odds = heap.odds(Standing(ids, {"b": {PIANO[0].id}}, 3, 4))
    assert odds.shape == (3, 3)
    np.testing.assert_allclose(odds.sum(axis=1), 1.0, rtol=1e-6)
    assert odds[0, 1] == 0.0, "refused"
    assert np.isfinite(odds).all()


def test_reasons_name_what_is_there(reader: TrackReader) -> None:
    tracks = [song("Orion", "Metallica", LOUD, "Master"), song("Angel of Death", "Slayer", LOUD), song("x", "Zzyqx")]
    heap = Heap(Triage.load(artefacts.active("triage")), reader, tracks, {"metal": METAL, "piano": PIANO})
    standing = Standing({"metal": [one.id for one in METAL], "piano": [one.id for one in PIANO]}, {}, 0, 0)
    assert heap.reasons(standing, "Orion", "metal")[0] == "1 song of Metallica is there, of this album too"
    like = heap.reasons(standing, "Angel of Death", "metal")
    assert like[0] == "Like Motörhead and Metallica, who are there"
    assert like[-1] == "Sounds like Battery"
    assert heap.reasons(standing, "x", "piano") == ()


def cases(seed: int, count: int = 60) -> list[Case]:
    """People of three playlists whose songs lie where the artists are near; one song in three lies nowhere."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        evidence: Floats = np.zeros((30, 3, len(EVIDENCE)))
        evidence[:, :, EVIDENCE.index("artists_near")] = rng.normal(0, 1, (30, 3))
        answer = rng.integers(0, 3, 30)
        answer[:10] = 3
        evidence[np.arange(10, 30), answer[10:], EVIDENCE.index("artists_near")] += 2
        none = none_evidence(3, 0, 0)
        made.append(Case(evidence, none, np.zeros((30, 3)), np.eye(4, dtype=bool)[answer]))
    return made


def test_fitted_weights_are_right_and_sure_as_often_as_they_say(tmp_path: Path) -> None:
    model = fit_weights(cases(1), 1e-4, "v")
    assert model.weights["artists_near"] == pytest.approx(2.0, abs=0.25), "the log-odds of two normals two apart"
    assert {name: weight for name, weight in model.weights.items() if weight}.keys() <= {
        "artists_near",
        *NONE_EVIDENCE,
    }
    held_out = cases(2)
    assert log_loss(model, held_out) < log_loss(Triage("0", dict.fromkeys(model.weights, 0.0)), held_out)
    table = compare(model, held_out)
    assert table[OURS].right > max(scores.right for name, scores in table.items() if name != OURS)
    assert table[OURS].ece < 0.03
    artefacts.register("triage", "v", model.save(tmp_path / "triage" / "v"), tmp_path, activate=True)
    assert Triage.load(tmp_path / "triage" / "v").weights == model.weights
