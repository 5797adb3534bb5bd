"""When two sources mean one recording, and which differences make it another one."""

import pytest

from etl.identity import SAME, as_track, clean_isrc, identity_of, merge, same_recording, track_id
from etl.providers.base import Identity

ISRC, OTHER_ISRC = "USRC17607839", "USRC17607840"


def known(title: str, *artists: str, ms: int | None = 215_000, isrc: str = "", **ids: str) -> Identity:
    return Identity(title=title, artists=artists, duration_ms=ms, ids=ids | ({"isrc": isrc} if isrc else {}))


ORIGINAL = known("Copper Rain", "The Quiet Mechanics")


@pytest.mark.parametrize(
    "other",
    [
        known("Copper Rain", "The Quiet Mechanics", ms=217_000),
        known("COPPER RAIN", "Quiet Mechanics"),
        known("Copper Rain (feat. Nadia Verholt)", "The Quiet Mechanics", "Nadia Verholt"),
        known("Copper Rain", "The Quiet Mechanics & Nadia Verholt"),
        known("Copper Rain", "Nadia Verholt", "The Quiet Mechanics"),
        known("Copper Rain - Remastered 2011", "The Quiet Mechanics"),
        known("Copper Rain (Radio Edit)", "The Quiet Mechanics", ms=205_000),
        known("Copper Rain (From the Motion Picture Anvil)", "The Quiet Mechanics"),
        known("Copper Rain", "The Quiet Mechanics", ms=None),
        known("Coper Rain", "The Quiet Mechanics"),
        known("Copper Rain", "The Quiet Mechanics", isrc=ISRC),
    ],
)
def test_one_recording_in_the_words_of_several_sources(other: Identity) -> None:
    assert SAME <= same_recording(ORIGINAL, other) <= 1.0
    assert same_recording(ORIGINAL, other) == pytest.approx(same_recording(other, ORIGINAL))


@pytest.mark.parametrize(
    "other",
    [
        known("Copper Rain (Live)", "The Quiet Mechanics"),
        known("Copper Rain - Live at Harbour Hall", "The Quiet Mechanics"),
        known("Copper Rain (Ostrich Cartel Remix)", "The Quiet Mechanics"),
        known("Copper Rain - Acoustic", "The Quiet Mechanics"),
        known("Copper Rain (Karaoke Version)", "The Quiet Mechanics"),
        known("Copper Rain", "The Quiet Mechanics Tribute Band"),
        known("Copper Rain (Made Famous by The Quiet Mechanics)", "The Karaoke Channel"),
        known("Copper Rain", "Ostrich Cartel"),
        known("Copper Rain (Instrumental)", "The Quiet Mechanics"),
        known("Copper Rain - Sped Up", "The Quiet Mechanics", ms=180_000),
        known("Copper Rain, Pt. 2", "The Quiet Mechanics"),
        known("Copper Rain", "The Quiet Mechanics", ms=415_000),
        known("Copper Rust", "The Quiet Mechanics"),
        known("Copper Rain"),
        known("", "The Quiet Mechanics"),
    ],
)
def test_another_version_artist_length_or_piece_is_another_recording(other: Identity) -> None:
    assert same_recording(ORIGINAL, other) < SAME
    assert same_recording(other, ORIGINAL) < SAME


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Copper Rain (Live at Harbour Hall)", "Copper Rain - Live at Harbour Hall", True),
        ("Copper Rain (Live at Harbour Hall)", "Copper Rain - Live in Montreal", False),
        ("Copper Rain (Ostrich Cartel Remix)", "Copper Rain (Nadia Verholt Remix)", False),
        ("Copper Rain (Ostrich Cartel Remix)", "Copper Rain [Ostrich Cartel Remix]", True),
        ("Copper Rain, Pt. 1", "Copper Rain, Part I", True),
        ("Live and Let Rust", "Live and Let Rust", True),
        ("Anvil No. 5", "Anvil No. 6", False),
        ("7 Anvils - Remastered 2009", "7 Anvils", True),
    ],
)
def test_versions_are_compared_by_their_own_words(one: str, other: str, same: bool) -> None:
    assert (same_recording(known(one, "Kelp"), known(other, "Kelp")) >= SAME) is same


def test_an_equal_isrc_helps_where_the_names_agree_and_not_where_they_do_not() -> None:
    plain = known("Copper Rain", "The Quiet Mechanics", ms=190_000)
    doubtful = same_recording(ORIGINAL, plain)
    ours = known("Copper Rain", "The Quiet Mechanics", isrc=ISRC)
    assert same_recording(ours, known("Copper Rain", "The Quiet Mechanics", ms=190_000, isrc=ISRC)) > doubtful
    assert same_recording(ours, known("Rust Parade", "Iron Almond", isrc=ISRC)) < 0.3
    assert same_recording(ours, known("Copper Rain (Live)", "The Quiet Mechanics", isrc=ISRC)) < SAME
    assert same_recording(ours, known("Copper Rain", "The Quiet Mechanics", isrc=OTHER_ISRC)) >= SAME


def test_an_equal_id_of_a_recording_decides_and_one_of_an_album_does_not() -> None:
    assert same_recording(Identity(ids={"mbid": "a"}), Identity(title="x", ids={"mbid": "a"})) == 1.0
    assert same_recording(Identity(ids={"deezer_album": "1"}), Identity(title="x", ids={"deezer_album": "1"})) == 0.0
    assert same_recording(Identity(ids={"isrc": ISRC}), known("x", "y", isrc=ISRC)) >= SAME


def test_what_two_sources_know_is_put_together_and_the_first_is_right() -> None:
    one = Identity(title="Copper Rain", artists=("Kelp",), ids={"deezer": "1", "isrc": ISRC})
    other = Identity(
        title="Copper rain", artists=("KELP",), album="Smelter", year=1991, ids={"mbid": "m", "deezer": "2"}
    )
    assert merge(one, other) == Identity(
        title="Copper Rain",
        artists=("Kelp",),
        album="Smelter",
        year=1991,
        ids={"deezer": "1", "isrc": ISRC, "mbid": "m"},
    )


def test_a_track_has_spotifys_id_else_its_isrc_else_one_of_its_names() -> None:
    spotify = "4uLU6hMCjMI75M1A2tKUQC"
    assert track_id(known("a", "b", isrc=ISRC, spotify=spotify)) == spotify
    assert track_id(known("a", "b", isrc="us-rc1-76-07839", spotify="not one")) == f"isrc-{ISRC}"
    assert track_id(known("a", "b", isrc="nonsense")).startswith("local-")
    assert track_id(known("a", "b")) == track_id(known("A", "B"))


def test_a_track_of_ours_tells_the_ids_that_sources_know() -> None:
    track = as_track(known("a", "b", isrc=ISRC), "deezer")
    assert (track.id, track.isrc, track.source, track.duration_ms) == (f"isrc-{ISRC}", ISRC, "deezer", 215_000)
    assert identity_of(track) == known("a", "b", isrc=ISRC)
    assert identity_of(as_track(known("a", "b"), "itunes")).ids == {}


@pytest.mark.parametrize(
    ("text", "isrc"), [("us-rc1-76-07839", ISRC), (ISRC, ISRC), ("", None), (None, None), ("12", None), (7, None)]
)
def test_isrcs_have_one_form(text: object, isrc: str | None) -> None:
    assert clean_isrc(text) == isrc
