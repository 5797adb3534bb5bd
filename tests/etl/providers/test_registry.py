"""All sources together: what they declare and in which order they are asked."""

import pytest

from etl.providers.base import Identity, LookupQuery, Need
from etl.providers.registry import ORDER, PROVIDERS

KEYLESS = ("deezer", "itunes", "musicbrainz", "listenbrainz", "listenbrainz_labs", "acousticbrainz", "reccobeats")


def test_the_order_names_exactly_those_who_can() -> None:
    assert set(ORDER) == set(Need)
    for need, names in ORDER.items():
        assert len(set(names)) == len(names)
        assert set(names) == {name for name, provider in PROVIDERS.items() if need in provider.about.needs}


@pytest.mark.parametrize("name", KEYLESS)
def test_a_listener_is_told_what_to_know(name: str) -> None:
    about = PROVIDERS[name].about
    assert about.name == name
    assert about.base_url.startswith("https://")
    assert not any(setting.required or setting.secret for setting in about.settings)
    for text in (about.title, about.licence, about.terms, about.sends, about.home):
        assert text.strip()
    assert set(about.batches) <= about.needs


@pytest.mark.parametrize("name", KEYLESS)
def test_nobody_is_asked_without_what_he_must_know(name: str) -> None:
    provider = PROVIDERS[name]
    nothing = LookupQuery(identity=Identity(title="Glass Tide"), text="  ")
    # Ids that are none would spoil a whole batch, or lead elsewhere as parts of an address.
    wrong = LookupQuery(
        identity=Identity(
            ids={
                **dict.fromkeys(("isrc", "mbid", "spotify", "reccobeats"), "../../v1/me"),
                **dict.fromkeys(("deezer", "deezer_artist", "deezer_album", "itunes"), "1/../2"),
            }
        )
    )
    assert not any(provider.can(need, question) for need in Need for question in (nothing, wrong))


@pytest.mark.parametrize(
    ("name", "need", "namespace", "value"),
    [
        ("deezer", Need.TRACK, "isrc", "ZZTM10800000"),
        ("deezer", Need.SIMILAR, "deezer_artist", "27"),
        ("itunes", Need.GENRES, "itunes", "1288102536"),
        ("musicbrainz", Need.TRACK, "isrc", "ZZTM10800000"),
        ("listenbrainz", Need.GENRES, "mbid", "1c19fbb9-edce-49e1-a934-de6071dd7964"),
        ("listenbrainz_labs", Need.TRACK, "mbid", "1c19fbb9-edce-49e1-a934-de6071dd7964"),
        ("acousticbrainz", Need.FEATURES, "mbid", "1C19FBB9-EDCE-49E1-A934-DE6071DD7964"),
        ("reccobeats", Need.FEATURES, "spotify", "7ouMYWpwJ422jRcDASZB7P"),
        ("reccobeats", Need.FEATURES, "isrc", "ZZTM10800000"),
    ],
)
def test_one_id_that_fits_is_enough(name: str, need: Need, namespace: str, value: str) -> None:
    assert PROVIDERS[name].can(need, LookupQuery(identity=Identity(ids={namespace: value})))


def test_recommendations_need_more_than_an_isrc() -> None:
    question = LookupQuery(identity=Identity(ids={"isrc": "ZZTM10800000"}))
    assert PROVIDERS["reccobeats"].can(Need.FEATURES, question)
    assert not PROVIDERS["reccobeats"].can(Need.SIMILAR, question)
