"""What the shipped genre model promises to whoever asks it."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import keras
import numpy as np
import pytest
from hypothesis import given, settings

from ml import artefacts
from ml.genre.encoder import AudioScaler, NameEmbedding
from ml.genre.model import GenreInput, GenrePredictor
from store.domain import AUDIO_FEATURES, FEATURE_BOUNDS
from tests.ml.genre_world import predict_all

# Keras 3.15 converts tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

SOUND = {name: low + (high - low) * 0.4 for name, (low, high) in FEATURE_BOUNDS.items()} | {
    "duration_ms": 215_000.0,
    "tempo": 128.0,
    "loudness": -8.5,
    "key": 5.0,
    "mode": 1.0,
    "time_signature": 4.0,
}
WHOLE = GenreInput(
    title="Noite de São João (Ao Vivo)", artists=("Trio Sanfona", "Zé"), album="Forró Bom", year=2004, features=SOUND
)
PARTS = [
    WHOLE,
    GenreInput(features=SOUND),
    GenreInput(features={"energy": 0.9}),
    GenreInput(title="Enter Sandman", artists=("Metallica",)),
    GenreInput(title="花火大会", artists=("東京少女",), album="夏"),
    GenreInput(album="Worship Live"),
    GenreInput(year=1968),
    GenreInput(),
]


@pytest.fixture(scope="module")
def predictor() -> GenrePredictor:
    return GenrePredictor.active()


def test_probabilities_over_114_genres_sum_to_one_whatever_is_missing(predictor: GenrePredictor) -> None:
    probabilities = predictor.predict(PARTS)
    assert probabilities.shape == (len(PARTS), 114)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    families = predictor.family_probabilities(probabilities)
    assert families.shape == (len(PARTS), len(predictor.families))
    np.testing.assert_allclose(families.sum(axis=1), 1.0, atol=1e-5)


def test_microgenres_are_names_of_the_taxonomy_each_with_a_probability(predictor: GenrePredictor) -> None:
    predicted = predict_all(predictor, PARTS)
    assert predicted.micro.shape == (len(PARTS), len(predictor.microgenres))
    assert ((predicted.micro >= 0) & (predicted.micro <= 1)).all()
    assert all(predictor.taxonomy.lists(name) for name in predictor.microgenres)
    np.testing.assert_allclose(predicted.genre, predictor.predict(PARTS), atol=1e-6)


def test_the_broad_genres_of_a_track_share_its_probability(predictor: GenrePredictor) -> None:
    assert set(predictor.broad) == {"edm", "latin", "pop", "r&b", "rap", "rock"}
    np.testing.assert_allclose(predict_all(predictor, PARTS).broad.sum(axis=1), 1.0, atol=1e-5)


def test_an_answer_does_not_depend_on_its_neighbours_in_the_batch(predictor: GenrePredictor) -> None:
    together = predictor.predict(PARTS)
    alone = np.concatenate([predictor.predict([track]) for track in PARTS])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    np.testing.assert_array_equal(together, predictor.predict(PARTS))


@pytest.mark.parametrize(
    ("one", "genres"),
    [
        (
            GenreInput(title="ありがとうの花", artists=("さくら少女",)),
            {"j-pop", "j-idol", "anime", "j-rock", "j-dance"},
        ),
        (GenreInput(title="Seni Seviyorum", artists=("Yıldız Güneş",)), {"turkish"}),
        (GenreInput(title="Piano Sonata No. 3 in C Minor, Op. 12: II. Adagio"), {"classical", "piano", "opera"}),
        (
            GenreInput(title="Satanic Blood", artists=("Grave of Darkness",)),
            {"death-metal", "grindcore", "black-metal"},
        ),
        (
            GenreInput(
                features=SOUND | {"acousticness": 0.99, "energy": 0.01, "loudness": -35.0, "instrumentalness": 0.95}
            ),
            {"sleep", "ambient", "new-age", "classical", "piano", "guitar", "study", "disney"},
        ),
    ],
)
def test_names_alone_and_audio_alone_give_sensible_answers(
    predictor: GenrePredictor, one: GenreInput, genres: set[str]
) -> None:
    assert predictor.genres[predictor.predict([one])[0].argmax()] in genres


@settings(max_examples=60)
@given(
    title=st.none() | st.text(max_size=80),
    artists=st.lists(st.text(max_size=30), max_size=3),
    year=st.none() | st.integers(-5, 10**6),
    features=st.dictionaries(st.sampled_from(AUDIO_FEATURES), st.floats(allow_nan=True, allow_infinity=True)),
)
def test_no_input_breaks_it(
    predictor: GenrePredictor, title: str | None, artists: list[str], year: int | None, features: dict[str, float]
) -> None:
    one = GenreInput(title=title, artists=tuple(artists), year=year, features=features)
    probabilities = predictor.predict([one])
    assert np.isfinite(probabilities).all()
    explanation = predictor.explain(one, predictor.genres[int(probabilities.argmax())])
    assert all(np.isfinite(effect) for _, effect in explanation.features)
    assert all(np.isfinite(effect) for *_, effect in explanation.words)
    assert predictor.knows(one) in (True, False)


def test_an_effect_is_what_leaving_the_part_out_costs(predictor: GenrePredictor) -> None:
    genre = "forro"
    column = predictor.genres.index(genre)
    predicted = dict(predictor.explain(WHOLE, genre, limit=99).features)
    assert set(predicted) == {*AUDIO_FEATURES, "year"}
    less = GenreInput(
        title=WHOLE.title,
        artists=WHOLE.artists,
        album=WHOLE.album,
        year=WHOLE.year,
        features={name: value for name, value in SOUND.items() if name != "energy"},
    )
    both = np.log(predictor.predict([WHOLE, less])[:, column])
    assert predicted["energy"] == pytest.approx(both[0] - both[1], abs=1e-4)
    words = predictor.explain(WHOLE, genre, limit=99).words
    assert {(text, part) for text, part, _ in words} >= {("Sanfona", "artist"), ("São", "title"), ("Forró", "album")}
    assert predictor.explain(WHOLE, genre, limit=3).words == words[:3]
    assert [abs(effect) for *_, effect in words] == sorted((abs(effect) for *_, effect in words), reverse=True)
    with pytest.raises(ValueError):
        predictor.explain(WHOLE, "no such genre")


def test_it_tells_what_it_has_never_seen(predictor: GenrePredictor) -> None:
    assert predictor.knows(GenreInput(features={"energy": 0.5}))
    assert predictor.knows(GenreInput(title="Love"))
    assert not predictor.knows(GenreInput())
    assert not predictor.knows(GenreInput(title="ᚠᛇᚻ", year=1999))
    assert not predictor.knows(GenreInput(features={"energy": 77.0}))


def test_statistics_place_a_value(predictor: GenrePredictor) -> None:
    assert predictor.percentile("energy", 0.0) < 5 < 95 < predictor.percentile("energy", 1.0)
    assert predictor.percentile("tempo", 90.0) < predictor.percentile("tempo", 150.0)
    loud, calm = (predictor.genre_means(genre)["energy"] for genre in ("black-metal", "sleep"))
    assert loud is not None
    assert calm is not None
    assert loud > calm


def test_threads_do_not_share_an_interpreter(predictor: GenrePredictor) -> None:
    expected = predictor.predict(PARTS)
    wrong: list[int] = []

    def ask(number: int) -> None:
        for turn in range(40):
            rows = slice(turn % 5, None)
            if not np.allclose(predictor.predict(PARTS[rows]), expected[rows], atol=1e-6):
                wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_litert_equals_the_keras_network_that_ships(predictor: GenrePredictor) -> None:
    folder = artefacts.active("genre")
    network = keras.models.load_model(artefacts.verified(folder / "genre.keras"))
    rng = np.random.default_rng(3)
    many = [
        *PARTS,
        *(GenreInput(features={n: rng.uniform(*FEATURE_BOUNDS[n]) for n in AUDIO_FEATURES}) for _ in range(200)),
    ]
    encoded = predictor.encode(many)
    by_keras = np.asarray(network([encoded.audio, encoded.bags], training=False))
    by_litert = predictor.network(encoded.audio, encoded.bags)
    assert np.abs(by_keras - by_litert).max() <= 1e-5


def test_encoder_survives_saving(predictor: GenrePredictor, tmp_path: Path) -> None:
    predictor.scaler.save(tmp_path / "scaler.json")
    predictor.names.save(tmp_path)
    scaler, names = AudioScaler.load(tmp_path / "scaler.json"), NameEmbedding.load(tmp_path)
    values = np.array([[*SOUND.values(), 1987.0, 55.0, 1.0], [np.nan] * 16])
    np.testing.assert_array_equal(scaler.transform(values), predictor.scaler.transform(values))
    parts = [[["Enter", "Sandman"]], [["Metallica"], []], [[]]]
    np.testing.assert_array_equal(names.bags(parts), predictor.names.bags(parts))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A models folder of the test's own, so that it may be damaged."""
    shutil.copytree(artefacts.MODELS, tmp_path / "models")
    return tmp_path / "models"


def test_a_changed_an_absent_and_an_unlisted_artefact_are_refused(copied: Path) -> None:
    folder = artefacts.active("genre", copied)
    unlisted = folder / "extra.joblib"
    unlisted.write_bytes(b"no pickle of ours")
    with pytest.raises(artefacts.ArtefactError, match="not listed"):
        artefacts.verified(unlisted)
    content = (folder / "genre.tflite").read_bytes()
    (folder / "genre.tflite").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(artefacts.ArtefactError, match="SHA-256"):
        GenrePredictor.load(folder)
    (folder / "genre.tflite").unlink()
    with pytest.raises(artefacts.ArtefactError, match="absent"):
        GenrePredictor.load(folder)


@pytest.mark.shared
def test_it_meets_its_marks_on_artists_it_never_saw(predictor: GenrePredictor, shared_data: Path) -> None:
    from ml.genre.train.data import read
    from ml.genre.train.heads import broad_results, micro_results
    from ml.genre.train.train import evaluate_predictor

    table = read(shared_data)
    results = evaluate_predictor(predictor, table)
    whole = results["genre model"]
    assert whole.top1 >= 0.42
    assert whole.top3 >= 0.62
    assert whole.macro_f1 >= 0.36
    assert whole.ece <= 0.03
    assert results["genre model, popularity unknown"].top1 >= 0.37
    assert results["genre model, names alone"].top1 > 0.2
    assert results["genre model, audio alone"].top1 > 0.232  # the random forest on the same features
    # Above the nearest neighbours and the gradient booster of the card.
    assert micro_results(predictor, table, bases=("both",))["genre model"].macro > 0.18
    assert broad_results(predictor, table)["genre model"].single > 0.63


def test_microgenres_agree_with_families_that_are_known_better(predictor: GenrePredictor) -> None:
    before = predict_all(predictor, [WHOLE])
    same = predictor.agreeing(before, before)
    np.testing.assert_allclose(same.micro, before.micro, atol=1e-5)
    jazz = np.zeros_like(before.genre)
    jazz[:, predictor.genres.index("jazz")] = 1.0
    after = predictor.agreeing(before, replace(before, genre=jazz))
    cool, thrash = predictor.microgenres.index("cool jazz"), predictor.microgenres.index("thrash metal")
    assert after.micro[0, cool] > before.micro[0, cool]
    assert after.micro[0, thrash] < before.micro[0, thrash]
