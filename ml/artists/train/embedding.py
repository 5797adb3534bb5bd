"""Fits the artist embedding: from playlists, and from genres and sound for artists in few or no playlists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from sklearn.linear_model import Ridge
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from ml.artists.model import ArtistEmbedding
from ml.artists.names import KeyIndex, NameTable
from ml.artists.train.data import ArtistData, training_lists
from ml.artists.train.kinship import kinship, regions_of
from ml.artists.train.partners import partners
from ml.taxonomy.model import Taxonomy

Floats = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, chosen on the ``valid`` playlists; the defaults are those of the shipped version."""

    dimensions: int = 48
    list_dimensions: int = 96  # dimensions of the vectors from lists, before genres and sound are added
    longest_list: int = 300  # longer lists are libraries: their pairs say little and cost the square of the length
    length_discount: float = 0.5  # a list of n artists counts n ** -this for each of them
    context_smoothing: float = 0.75  # Levy, Goldberg and Dagan (2015): popular artists are weighted down less
    shift: float = 1.0  # nats; pairs of less mutual information are ignored as chance
    genre_dimensions: int = 96
    sound_weight: float = 0.3
    genre_block: float = 0.5
    sound_block: float = 0.2
    evidence: float = 1.0  # number of lists that weigh as much as genres and sound together
    popularity_share: float = 0.3  # share of popularity in the prior; the rest is the number of lists
    genres_kept: int = 4
    genre_evidence: float = 0.5  # fewest tracks (a guest's count less) from which an artist has a genre
    partners_kept: int = 32
    partner_shrinkage: float = 20.0  # lists added to either's count, so that two lists shared by chance weigh little
    fewest_lists: int = 2  # least lists for an artist without a track to get a vector


class ArtistModel:
    """Embeds artists by shared lists, genres and sound.

    The shifted positive pointwise mutual information of shared lists is factorised (O. Levy and Y. Goldberg, "Neural
    word embedding as implicit matrix factorization", 2014). A ridge regression predicts these vectors from genres and
    sound. An artist's vector is the weighted mean of both: the fewer lists, the more the prediction weighs.

    Attributes
    ----------
    places_ : np.ndarray
        (n, d) unit rows by code of the data; zeros where nothing is known.
    lists_ : np.ndarray
        (n,) number of training lists.
    prior_ : np.ndarray
        (n,) 0 to 1, how well known an artist is.
    members_ : scipy.sparse.csr_matrix
        (lists, n) weight of each artist in each training list.
    """

    def __init__(self, settings: Settings | None = None, seed: int = 1) -> None:
        self.settings = settings or Settings()
        self.seed = seed

    def fit(self, data: ArtistData, content: Floats | None = None) -> ArtistModel:
        """Learn from the ``train`` lists and from genres and sound of all artists.

        ``content`` are the artists' :func:`content_features` if another fit has already made them.
        """
        self.members_ = member_matrix(training_lists(data.listings), len(data.keys))
        self.lists_ = count_lists(self.members_)
        self.prior_ = self._prior(data)
        content = content_features(data, self.settings, self.seed) if content is None else content
        listed = self._from_lists()
        expected = self._from_content(content, data.tracks > 0, listed)
        places = normalize(self._short_lists()[:, None] * listed + self.settings.evidence * expected)
        self.places_ = self._reduced(places, content)
        return self

    def _reduced(self, places: Floats, content: Floats) -> Floats:
        """Return (n, dimensions) unit rows: the truncated SVD of vectors from lists, genres and sound side by side."""
        genres, sound = np.split(content[:, : -len(FLAGS)], [self.settings.genre_dimensions], axis=1)
        blocks = normalize(
            np.hstack([places, self.settings.genre_block * genres, self.settings.sound_block * normalize(sound)])
        )
        left, strength, _ = randomized_svd(blocks, self.settings.dimensions, n_iter=3, random_state=self.seed)
        return normalize(left * strength)

    def _prior(self, data: ArtistData) -> Floats:
        share = self.settings.popularity_share
        lists = np.log1p(self.lists_) / max(np.log1p(self.lists_.max()), 1e-9)
        return (1 - share) * lists + share * np.nan_to_num(data.popularity) / 100.0

    def _short(self) -> sp.csr_matrix:
        lengths = np.asarray((self.members_ > 0).sum(axis=1)).ravel()
        return self.members_[lengths <= self.settings.longest_list]

    def _short_lists(self) -> Floats:
        return count_lists(self._short())

    def _from_lists(self) -> Floats:
        """Return (n, d) unit places by shared lists; zeros for artists in no list."""
        short, known = self._short(), np.flatnonzero(self._short_lists())
        information = shifted_information(short[:, known], self.settings)
        k = min(self.settings.list_dimensions, len(known) - 1)
        left, strength, _ = randomized_svd(information, k, n_iter=3, random_state=self.seed)
        places = np.zeros((short.shape[1], self.settings.list_dimensions))
        places[known, :k] = normalize(left * np.sqrt(strength))
        return places

    def _from_content(self, content: Floats, known: npt.NDArray[np.bool_], listed: Floats) -> Floats:
        """Return (n, d) unit places predicted from genres and sound; zeros for artists not ``known`` by a track."""
        sure = (self._short_lists() >= self.settings.fewest_lists) & known
        ridge = Ridge(alpha=1.0).fit(content[sure], listed[sure], sample_weight=np.log1p(self._short_lists()[sure]))
        return normalize(ridge.predict(content)) * known[:, None]

    def export(self, data: ArtistData, version: str, taxonomy: Taxonomy | None = None) -> ArtistEmbedding:
        """Return the embedding as it is served: artists with a vector, best known first, in eight bits.

        ``taxonomy`` gives the families of genres; by default it is the active one.
        """
        settings, taxonomy = self.settings, taxonomy or Taxonomy.active()
        placed = ((data.tracks > 0) | (self.lists_ >= settings.fewest_lists)) & (np.abs(self.places_).sum(axis=1) > 0)
        order = np.flatnonzero(placed)
        self.order_ = order = order[np.argsort(-self.prior_[order], kind="stable")]
        number = np.full(len(placed), -1)
        number[order] = np.arange(len(order))
        keys = KeyIndex.build(_key_numbers(data, number))
        names = NameTable.pack([data.names[code] for code in order.tolist()])
        genre_names, genres = top_genres(data, order, settings)
        most = np.asarray(data.genres[order].max(axis=1).todense()).ravel()
        kin = kinship(self.places_[order], genres, most, genre_names, taxonomy)
        arrays: dict[str, npt.NDArray[Any]] = {
            "vectors": quantise(self.places_[order]),
            "prior": self.prior_[order].astype(np.float16),
            "genres": genres,
            "name_text": names.text,
            "name_start": names.start,
            "key_text": keys.keys.text,
            "key_start": keys.keys.start,
            "key_artist": keys.artist,
            "kinship": kin,
            **self._partners(order, kin[:, : len(taxonomy.families)] / 255),
        }
        return ArtistEmbedding(version, arrays, genre_names, taxonomy.families, regions_of(taxonomy))

    def _partners(self, order: npt.NDArray[np.intp], families: Floats) -> dict[str, npt.NDArray[Any]]:
        settings, held = self.settings, (self._short()[:, order] > 0).astype(np.float32).tocsr()
        return partners(
            held,
            families,
            kept=settings.partners_kept,
            shrinkage=settings.partner_shrinkage,
            fewest=settings.fewest_lists,
        )


def member_matrix(lists: Sequence[Mapping[int, float]], artists: int) -> sp.csr_matrix:
    """Return (lists, artists): the weight of each artist in each list."""
    columns = [artist for weights_of in lists for artist in weights_of]
    weights = [weight for weights_of in lists for weight in weights_of.values()]
    rows = np.repeat(np.arange(len(lists)), [len(weights_of) for weights_of in lists])
    return sp.csr_matrix((weights, (rows, columns)), shape=(len(lists), artists), dtype=float)


def count_lists(members: sp.csr_matrix) -> npt.NDArray[np.int64]:
    """Return (artists,): the number of lists that hold each."""
    return np.asarray((members > 0).sum(axis=0)).ravel()


def shifted_information(members: sp.csr_matrix, settings: Settings) -> sp.csr_matrix:
    """Return (n, n) pointwise mutual information, in nats, of being in one list, less the shift; only above 0.

    ``members`` is (lists, n) and every column has an entry.
    """
    lengths = np.asarray((members > 0).sum(axis=1)).ravel()
    weighted = sp.diags(np.maximum(lengths, 1.0) ** -settings.length_discount) @ members
    shared = (weighted.T @ weighted).tocsr()
    shared.setdiag(0)
    shared = shared.tocoo()
    total = np.maximum(np.asarray(shared.sum(axis=1)).ravel(), 1e-12)
    context = total**settings.context_smoothing
    context *= total.sum() / context.sum()
    seen = shared.data > 0
    row, column, data = shared.row[seen], shared.col[seen], shared.data[seen]
    information = np.log(data * total.sum() / (total[row] * context[column])) - settings.shift
    kept = information > 0
    return sp.csr_matrix((information[kept], (row[kept], column[kept])), shape=shared.shape)


FLAGS = ("genres known", "tracks known", "popularity")


def content_features(data: ArtistData, settings: Settings, seed: int) -> Floats:
    """Return (n, k): genres by TF-IDF and truncated SVD (unit rows), mean sound, and the :data:`FLAGS`."""
    known = np.asarray(data.genres.sum(axis=1)).ravel() > 0
    weights = tf_idf(data.genres)
    k = min(settings.genre_dimensions, min(weights.shape) - 1)
    left, strength, _ = randomized_svd(weights, k, n_iter=3, random_state=seed)
    sound = np.nan_to_num(data.sound / np.nanstd(data.sound, axis=0)) * settings.sound_weight
    genres = np.zeros((len(known), settings.genre_dimensions))
    genres[:, :k] = normalize(left * strength) * known[:, None]
    flags = np.column_stack([known, data.tracks > 0, np.nan_to_num(data.popularity) / 100.0])
    return np.hstack([genres, sound, flags])


def tf_idf(counts: sp.csr_matrix) -> sp.csr_matrix:
    """Return (n, g) unit rows of log counts, a genre weighing the more the fewer artists have it."""
    rarity = np.log(counts.shape[0] / np.maximum(1, np.asarray((counts > 0).sum(axis=0)).ravel()))
    weights = counts.copy()
    weights.data = np.log1p(weights.data)
    return normalize(weights @ sp.diags(rarity)).tocsr()


def quantise(rows: Floats) -> npt.NDArray[np.int8]:
    """Return the rows in eight bits, each scaled by its largest value; directions are kept within 1 %."""
    return np.round(rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-9) * 127).astype(np.int8)


def top_genres(
    data: ArtistData, order: npt.NDArray[np.intp], settings: Settings
) -> tuple[list[str], npt.NDArray[np.int16]]:
    """Return the names of all genres and (len(order), kept) each artist's most frequent ones, -1 for none.

    A genre with less than a fifth of the tracks of the artist's most frequent one is left out.
    """
    found = np.full((len(order), settings.genres_kept), -1, np.int16)
    counts = data.genres[order]
    for row in range(len(order)):
        start, end = counts.indptr[row : row + 2]
        columns, values = counts.indices[start:end], counts.data[start:end]
        best = np.lexsort((columns, -values))[: settings.genres_kept]
        best = best[values[best] >= max(settings.genre_evidence, 0.2 * values.max(initial=0.0))]
        found[row, : len(best)] = columns[best]
    return list(data.genre_names), found


def _key_numbers(data: ArtistData, number: npt.NDArray[np.intp]) -> dict[str, int]:
    codes = {**data.aliases, **{key: code for code, key in enumerate(data.keys)}}
    return {key: int(number[code]) for key, code in codes.items() if number[code] >= 0}
