"""The artists that are most often in one list with each artist."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

_PAIRS_AT_ONCE = 1_000_000


def partners(
    held: sp.csr_matrix, kin: npt.NDArray[np.floating], *, kept: int, shrinkage: float, fewest: int
) -> dict[str, npt.NDArray[Any]]:
    """Return each artist's closest partners, closest first, as a CSR: artists, lists that hold both, closeness.

    The closeness of two artists is the cosine of their lists; ``shrinkage`` lists are added to either's number, so that
    two lists shared by chance weigh little. Every list counts in full for two artists of one family of genres. For two
    artists of different families, a list counts as much as all its artists agree in family: a list of hits or a
    free-form radio show counts little.

    Parameters
    ----------
    held : scipy.sparse.csr_matrix
        (lists, n) of zeros and ones.
    kin : np.ndarray
        (n, f) unit rows, whose product is the agreement in families, 0 to 1.
    kept, fewest : int
        Partners of an artist, and the lists that must hold both. More than 255 lists count as 255.
    """
    together = (held.T @ held).tocsr()
    together.setdiag(0)
    together.data[together.data < fewest] = 0
    together.eliminate_zeros()
    coherent = _same_pairs((held.T @ (sp.diags(coherence(held, kin)) @ held)).tocsr(), together)
    agreement = _agreement(together, kin)
    counted = agreement * together.data + (1 - agreement) * coherent
    often = 1.0 / np.sqrt(np.asarray(held.sum(axis=0)).ravel() + shrinkage)
    start, artists, lists, closeness = [0], [], [], []
    for row in range(together.shape[0]):
        pairs = slice(*together.indptr[row : row + 2])
        others = together.indices[pairs]
        cosine = counted[pairs] * often[others] * often[row]
        best = np.lexsort((others, -cosine))[:kept]
        artists.append(others[best].astype(np.int32))
        lists.append(np.minimum(together.data[pairs][best], 255).astype(np.uint8))
        closeness.append(cosine[best].astype(np.float16))
        start.append(start[-1] + len(best))
    return {
        "together_start": np.array(start, np.uint32),
        "together_artist": np.concatenate(artists),
        "together_lists": np.concatenate(lists),
        "together_closeness": np.concatenate(closeness),
    }


def coherence(held: sp.csr_matrix, kin: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return (lists,) the mean agreement in families of two artists of a list, 0 to 1."""
    size = np.asarray(held.sum(axis=1)).ravel()
    own = held @ np.square(kin).sum(axis=1)
    return (np.square(held @ kin).sum(axis=1) - own) / np.maximum(size * (size - 1), 1.0)


def _agreement(pairs: sp.csr_matrix, kin: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    blocks = range(0, len(rows), _PAIRS_AT_ONCE)
    parts = [
        np.einsum("ij,ij->i", kin[rows[at : at + _PAIRS_AT_ONCE]], kin[pairs.indices[at : at + _PAIRS_AT_ONCE]])
        for at in blocks
    ]
    return np.minimum(np.concatenate(parts), 1.0) if parts else np.zeros(0)


def _same_pairs(values: sp.csr_matrix, pairs: sp.csr_matrix) -> npt.NDArray[np.floating]:
    """Return the values at the entries of ``pairs``, in its order."""
    rows = np.repeat(np.arange(pairs.shape[0]), np.diff(pairs.indptr))
    return np.asarray(values[rows, pairs.indices]).ravel()
