"""Arrays made of buffers are those that Arrow itself would make."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.exports.arrow_columns import column
from tests.etl.exports.lists import moments

ROOT = Path(__file__).resolve().parents[3]
_names = st.text(st.characters(exclude_categories=["Cs"]))
KINDS = {
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(allow_nan=False),
    pa.bool_(): st.booleans(),
    pa.string(): _names,
    pa.timestamp("ms", tz="UTC"): moments,
    pa.list_(pa.string()): st.lists(st.none() | _names).map(tuple),
}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(data=st.data())
def test_any_values_become_the_same_array(kind: pa.DataType, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.none() | KINDS[kind], max_size=20))
    made = column(values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(values, kind))


def test_no_export_loads_pandas() -> None:
    """The web process serves exports, and has no room for pandas."""
    check = (
        "import sys\n"
        "from etl.exports.formats import FORMATS\n"
        "from etl.exports.rows import ExportRow\n"
        "from store.domain import Playlist, PlaylistItem, Track\n"
        "row = ExportRow(item=PlaylistItem(position=0, track_id='a'), track=Track(id='a', title='T', artists=('A',)))\n"
        "for one in FORMATS.values():\n"
        "    assert b'T' in b''.join(one.write(Playlist(id='p', name='P', item_count=1), iter([[row]])))\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
