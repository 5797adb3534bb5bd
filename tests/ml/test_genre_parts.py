"""The parts of the genre model one by one: words, subwords, numbers, loss and scores."""

import json
from pathlib import Path

import joblib
import numpy as np
import pytest
import tensorflow as tf
from scipy.sparse import csr_matrix
from sklearn.metrics import average_precision_score, f1_score

from ml import artefacts
from ml.genre.encoder import BOUNDS, CATEGORIES, COLUMNS, AudioScaler, NameEmbedding, feature_vector
from ml.genre.heads import combine
from ml.genre.text_features import Vocabulary, hashes, word_hashes, words
from ml.genre.train.baselines import nearest_labels
from ml.genre.train.heads import MICRO_HEADINGS, platt, score_micro
from ml.genre.train.network import mean_loss
from ml.genre.train.scores import average_precision, format_table, score
from ml.genre.train.subwords import choose_subwords, profiles_of
from ml.scores import calibration_error
from ml.scores import write as write_scores

# Keras 3.15 converts tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't Stop Me Now - 2011 Mix", ["Don't", "Stop", "Me", "Now", "2011", "Mix"]),
        ("!!!", ["!!!"]),
        ("花火大会 (Live)", ["花火大会", "Live"]),
        ("   ", []),
        ("", []),
    ],
)
def test_words_of_a_name(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_a_word_is_recognised_with_and_without_its_accents_and_by_its_pieces() -> None:
    accented, plain = set(word_hashes("CORAÇÃO")), set(word_hashes("coracao"))
    assert plain < accented
    assert set(word_hashes("corações")) & plain
    assert not set(word_hashes("xyz")) & plain
    assert hashes([["Love", "Song"], []]) == hashes([["Love", "Song"]])


def test_a_vocabulary_finds_what_it_keeps_and_nothing_else() -> None:
    vocabulary = Vocabulary(np.array([3, 7, 2**32 - 1], np.uint32))
    assert vocabulary.rows([7, 8, 2**32 - 1, 0, 3]).tolist() == [1, -1, 2, -1, 0]
    assert Vocabulary(np.zeros(0, np.uint32)).rows([5]).tolist() == [-1]
    with pytest.raises(ValueError, match="sorted"):
        Vocabulary(np.array([7, 3], np.uint32))


def test_pieces_that_tell_are_kept_before_pieces_that_are_common() -> None:
    # Subword 1 is everybody's, subword 2 that of all artists of one genre, subword 3 one artist's own.
    artists = np.repeat(np.arange(8), 2)
    genre = csr_matrix(np.eye(2)[artists % 2])
    telling = [[1, 2] if artist % 2 else [1] for artist in artists]
    telling[0] = [1, 3]
    counts = [np.array([len(subwords) for subwords in telling])]
    subwords = [np.array([subword for row in telling for subword in row], np.uint32)]
    profiles = [profiles_of(artists, genre)]
    assert choose_subwords(artists, counts, subwords, profiles, 1)[0].known.tolist() == [2]
    vocabulary, weight = choose_subwords(artists, counts, subwords, profiles, 9)
    assert vocabulary.known.tolist() == [1, 2]
    assert weight[1] > weight[0] > 0
    held_out = np.where(artists % 2, -1, artists // 2)
    assert 2 not in choose_subwords(held_out, counts, subwords, [profiles_of(held_out, genre)], 9)[0].known


def test_rounding_costs_less_than_a_hundredth() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(50, 8)).astype(np.float32)
    vectors[3] = 0.0
    names = NameEmbedding.quantised(Vocabulary(np.arange(50, dtype=np.uint32)), vectors, np.ones(50, np.float32))
    np.testing.assert_allclose(names.vectors(), vectors, atol=float(np.abs(vectors).max()) / 200)


def test_a_number_fills_its_bins_and_a_missing_one_none() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((500, len(COLUMNS)))
    values[:, COLUMNS.index("key")] = rng.integers(0, 12, 500)
    values[:, COLUMNS.index("liveness")] = np.nan
    scaler = AudioScaler().fit(values)
    low, high, gone = values[:1].copy(), values[:1].copy(), values[:1].copy()
    energy = COLUMNS.index("energy")
    low[0, energy], high[0, energy], gone[0, energy] = -9.0, 9.0, np.nan
    filled = [scaler.transform(v)[0, scaler.columns("energy")] for v in (low, high, gone)]
    assert filled[0].sum() == 1.0  # known, below every bin
    assert (filled[1] == 1.0).all()
    assert (filled[2] == 0.0).all()
    assert scaler.transform(values)[:, scaler.columns("key")].sum(axis=1).tolist() == [2.0] * 500
    assert scaler.transform(values).shape == (500, scaler.width)


def test_values_out_of_bounds_count_as_missing() -> None:
    vector = feature_vector({"energy": 1.5, "tempo": 0.0, "valence": 0.3, "loudness": float("nan"), "year": 99999})
    assert [name for name, value in zip(COLUMNS, vector, strict=True) if not np.isnan(value)] == ["valence"]


def test_a_track_without_labels_teaches_nothing() -> None:
    logits = tf.Variable([[1.0, 2.0], [3.0, -1.0]])
    with tf.GradientTape() as tape:
        loss = mean_loss(tf.constant([[0.0, 1.0], [0.0, 0.0]]), logits)
    gradient = tape.gradient(loss, logits).numpy()
    assert (gradient[1] == 0).all()
    assert (gradient[0] != 0).all()


def test_scores_agree_with_scikit_learn_and_with_the_definition() -> None:
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet(np.ones(6), 400)
    answers = rng.integers(0, 5, 400)
    scores = score(probabilities, answers)
    guesses = probabilities.argmax(axis=1)
    assert scores.macro_f1 == pytest.approx(f1_score(answers, guesses, average="macro"))
    assert scores.top1 == pytest.approx((guesses == answers).mean())
    assert scores.top1 < scores.top3 < 1.0
    assert calibration_error(np.array([0.9, 0.9, 0.1, 0.1]), np.array([True, True, False, False])) == pytest.approx(0.1)


def test_the_pool_of_experts_sums_to_one_and_weights_decide() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(6), (4, 2)).astype(np.float32)
    first = combine(probabilities, np.repeat(np.float32([[1.0, 0.0]]), 4, axis=0))
    np.testing.assert_allclose(first, probabilities[:, 0], atol=1e-6)
    softer = combine(probabilities, np.repeat(np.float32([[0.5, 0.0]]), 4, axis=0))
    np.testing.assert_allclose(softer.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_array_equal(softer.argmax(axis=1), first.argmax(axis=1))
    assert (softer.max(axis=1) < first.max(axis=1)).all()


def test_a_sigmoid_fitted_to_scores_gives_the_shares_behind_them() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(-4.0, 2.0, (400, 50))
    wanted = rng.random(scores.shape) < 1.0 / (1.0 + np.exp(-(1.5 * scores + 2.0)))
    scale, shift = platt(scores, wanted)
    assert scale == pytest.approx(1.5, abs=0.15)
    assert shift == pytest.approx(2.0, abs=0.4)


def test_average_precision_is_scikit_learns() -> None:
    rng = np.random.default_rng(2)
    probabilities, wanted = rng.random((40, 30)), rng.random((40, 30)) < 0.2
    wanted[0], wanted[1:, 0] = False, True
    found = average_precision(probabilities, wanted)
    assert np.isnan(found[0])
    assert np.nanmean(found) == pytest.approx(average_precision_score(wanted[1:], probabilities[1:], average="samples"))


def test_average_precision_counts_only_microgenres_that_are_asked_often_enough() -> None:
    wanted = np.zeros((30, 2), bool)
    wanted[:15, 0] = wanted[:3, 1] = True
    probabilities = np.where(wanted, 0.9, 0.1).astype(np.float32)
    probabilities[:, 1] = 0.0  # the rare one is not found at all
    scores = score_micro(probabilities, wanted)
    assert scores.macro == 1.0
    assert scores.samples == pytest.approx((12 * 1.0 + 3 * 1.0) / 15, abs=0.1)
    assert scores.micro < 1.0
    assert scores.ece == pytest.approx(0.1, abs=0.01)


def test_what_nothing_is_asked_of_has_no_figure(tmp_path: Path) -> None:
    wanted = np.zeros((3, 2), bool)
    wanted[:, 0] = True  # fewer tracks than the mean over microgenres counts
    scores = score_micro(np.where(wanted, 0.9, 0.1).astype(np.float32), wanted)
    assert (scores.macro, scores.samples, scores.micro) == (None, 1.0, 1.0)
    assert "| one | - | 1.000 | 1.000 |" in format_table({"one": scores}, MICRO_HEADINGS)
    written = write_scores(tmp_path, split="test", table=[{"model": "one", "auc": float("nan"), "f1": 0.5}])
    assert json.loads(written.read_text(), parse_constant=pytest.fail)["table"] == [{"model": "one", "f1": 0.5}]


def test_the_nearest_tracks_lend_their_labels() -> None:
    rng = np.random.default_rng(1)
    side = np.repeat([0, 1], 150)
    numbers = (rng.normal(0, 0.1, (300, 2)) + side[:, None] * 4.0).astype(np.float32)
    nothing = np.zeros((300, 2), np.float32)
    wanted = csr_matrix(np.eye(2, dtype=np.float32)[side])
    queries = np.array([[0.0, 0.0], [4.0, 4.0]], np.float32)
    shares, _ = nearest_labels([numbers, nothing, queries, nothing[:2]], wanted, np.arange(2), np.eye(2, dtype=bool))
    np.testing.assert_allclose(shares, np.eye(2), atol=1e-6)


def test_the_shipped_records_do_what_serves() -> None:
    folder = artefacts.active("genre")
    scaler, settings = AudioScaler.load(folder / "scaler.json"), json.loads((folder / "genre.json").read_text())
    record, labels = (joblib.load(artefacts.verified(folder / f"{name}.joblib")) for name in ("scaler", "labels"))
    assert labels.transform(settings["genres"]).tolist() == list(range(len(settings["genres"])))
    rng = np.random.default_rng(1)
    values = np.array([[rng.uniform(*BOUNDS[name]) for name in COLUMNS] for _ in range(200)])
    of_categories = [COLUMNS.index(name) for name in CATEGORIES]
    values[:, of_categories] = values[:, of_categories].round()
    values[rng.random(values.shape) < 0.3] = np.nan
    np.testing.assert_allclose(record.transform(values), scaler.transform(values), atol=1e-6)
