"""One normal form for names: what is left out, what is kept, and when two ids are the same recording."""

import pytest

from store.text import normalise, plain_title, recording_key, split_artists


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("Beyoncé", "beyonce"),
        ("Sigur Rós", "sigur ros"),
        ("Motörhead", "motorhead"),
        ("Mø", "mo"),
        ("AC/DC", "ac dc"),
        ("Don't / Ain’t", "dont aint"),
        ("P!nk", "pink"),
        ("A$AP Rocky", "asap rocky"),
        ("Simon & Garfunkel", "simon and garfunkel"),
        ("!!!", "!!!"),
        ("東京事変", "東京事変"),
        ("ガンダム", "ガンダム"),
        ("हिन्दी", "हिन्दी"),
        ("สวัสดี", "สวัสดี"),
        ("Ёлка", "елка"),
        ("", ""),
    ],
)
def test_normalise(name: str, normal: str) -> None:
    assert normalise(name) == normal
    assert normalise(normal) == normal


@pytest.mark.parametrize(
    "edition",
    [
        "Heroes - Remastered 2011",
        "Heroes - 2017 Remaster",
        "Heroes - 2017 - Remaster",
        "Heroes (2017 Remastered Version)",
        "Heroes (feat. Somebody Else)",
        "Heroes (with Somebody)",
        "Heroes ft. Somebody - Single Version",
        "Heroes [Mono] - Radio Edit",
    ],
)
def test_editions_and_guests_are_the_same_recording(edition: str) -> None:
    assert plain_title(edition) == "Heroes"
    assert recording_key(edition, "David Bowie") == recording_key("Héroes", "DAVID BOWIE")


@pytest.mark.parametrize(
    "title", ["Heroes - Live", "Heroes with You", "Heroes (Acoustic)", "Heroes - Paul Kalkbrenner Remix"]
)
def test_another_performance_is_another_recording(title: str) -> None:
    assert recording_key(title, "David Bowie") != recording_key("Heroes", "David Bowie")


@pytest.mark.parametrize("title", ["feat. me", "Remastered", "(Remastered)", "-", "Clean"])
def test_a_title_never_becomes_empty(title: str) -> None:
    assert plain_title(title)


def test_split_artists() -> None:
    assert split_artists("Paul Kalkbrenner, Pig&Dan") == ("Paul Kalkbrenner", "Pig&Dan")
    assert split_artists("Tyler\\, The Creator, Kali Uchis") == ("Tyler, The Creator", "Kali Uchis")
    assert split_artists("Earth, Wind & Fire;Chic") == ("Earth, Wind & Fire", "Chic")
    assert split_artists("Tyler, The Creator, Kali Uchis") == ("Tyler, The Creator", "Kali Uchis")
    assert split_artists("Frank Ocean, Earth, Wind & Fire") == ("Frank Ocean", "Earth, Wind & Fire")
    assert split_artists("Crosby, Stills, Nash & Young") == ("Crosby, Stills, Nash & Young",)
    assert split_artists("Drake, The Weeknd") == ("Drake", "The Weeknd")
    assert split_artists("Steven Tyler, The Creator") == ("Steven Tyler", "The Creator")
    assert split_artists(" ") == ()
