"""The index of the audio files: a track finds its file."""

import tracemalloc

import numpy as np

from store.audio.files import AudioFile, AudioIndex
from store.domain import Track


def _file(number: int) -> AudioFile:
    return AudioFile(
        root="/music", path=f"{number}.flac", size=1, modified_ns=1, track_id=f"t{number}", keys=(f"track:t{number}",)
    )


def test_finding_a_file_copies_no_keys() -> None:
    """Every track of every answer is looked up; with 100,000 files each look-up converted all keys into floats."""
    files = [_file(number) for number in range(300)]
    index = AudioIndex.of(files)
    keys = np.arange(2**64 - 100_000, 2**64, dtype=np.uint64)  # behind all others
    large = AudioIndex(np.append(index._keys, keys), index._at, index._ids, index._durations)
    tracks = [Track(id=f"t{number}", title=f"Song {number}", artists=("Singer",)) for number in range(300)]
    tracemalloc.start()
    found = [large.find(track) for track in tracks]
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [file.id for file in files]
    assert most < keys.nbytes
