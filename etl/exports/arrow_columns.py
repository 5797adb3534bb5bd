"""Makes Arrow arrays of Python values without ``pyarrow.array``.

``pyarrow.array`` loads pandas to check for its types. That takes 45 MB, which a web process would keep, and half a
second. Here arrays are made of buffers, in the layout of https://arrow.apache.org/docs/format/Columnar.html.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_NUMBERS = {pa.int32(): np.int32, pa.int64(): np.int64, pa.float64(): np.float64}


def column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return ``values``, which may contain None, as an array of ``kind``.

    Kinds are int32, int64, float64, boolean, string, timestamps in milliseconds (from aware times), and lists.
    """
    validity = _bits([value is not None for value in values])
    if pa.types.is_list(kind):
        flat = list(chain.from_iterable(value or () for value in values))
        offsets = _offsets([len(value or ()) for value in values])
        return pa.Array.from_buffers(kind, len(values), [validity, offsets], children=[column(flat, kind.value_type)])
    if pa.types.is_string(kind):
        encoded = [(value or "").encode() for value in values]
        offsets = _offsets([len(text) for text in encoded])
        return pa.Array.from_buffers(kind, len(values), [validity, offsets, pa.py_buffer(b"".join(encoded))])
    if pa.types.is_boolean(kind):
        return pa.Array.from_buffers(kind, len(values), [validity, _bits([bool(value) for value in values])])
    if pa.types.is_timestamp(kind):
        numbers = np.array([0 if value is None else (value - _EPOCH) // _MILLISECOND for value in values], np.int64)
    else:
        numbers = np.array([0 if value is None else value for value in values], _NUMBERS[kind])
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(numbers)])


def _bits(flags: Sequence[bool]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.array(flags, bool), bitorder="little"))


def _offsets(lengths: Sequence[int]) -> pa.Buffer:
    return pa.py_buffer(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
