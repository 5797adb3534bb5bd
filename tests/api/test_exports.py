"""Playlists as downloads: the file, its type and its name, and what is answered where there is none."""

import re
from dataclasses import replace
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from etl.exports.formats import FORMATS
from etl.exports.rows import ExportRow
from store.database import PAGE_ITEMS, Database
from store.domain import Person, PlaylistItem
from tests.api.conftest import TRACKS
from tests.etl.exports import lists
from tests.etl.exports.lists import ODD, many, written

PUBLIC = [replace(row, item=replace(row.item, file=None)) for row in ODD]


@pytest.mark.parametrize("name", FORMATS)
def test_a_playlist_is_downloaded_by_whoever_knows_its_id(
    empty_client: FlaskClient, database: Database, name: str
) -> None:
    playlist = lists.store(database, ODD)
    answer = empty_client.get(f"/api/playlists/{playlist.id}/export?format={name}")
    assert answer.status_code == 200
    assert answer.data == written(FORMATS[name], PUBLIC), "without the paths of somebody's files"
    assert answer.content_type == FORMATS[name].media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="Our list{FORMATS[name].ending}"'


def test_a_file_to_share_names_nobody(empty_client: FlaskClient, database: Database) -> None:
    playlist = lists.store(database, ODD)
    ids = sorted({row.item.added_by for row in ODD if row.item.added_by})
    assert any(len(one) > 3 for one in ids)
    people = {name: Person(name="Wanda", colour="#0072b2") for name in ids}
    counts = {name: sum(row.item.added_by == name for row in ODD) for name in ids}
    database.put_playlist(replace(playlist, people=people, contributors=counts))
    for name in FORMATS:
        address = f"/api/playlists/{playlist.id}/export?format={name}"
        shared = empty_client.get(f"{address}&names=false").data
        assert not [told for told in ("Wanda", *ids) if len(told) > 3 and told.encode() in shared], name
    document = empty_client.get(f"/api/playlists/{playlist.id}/export?format=json&names=false").get_json()
    whole = empty_client.get(f"/api/playlists/{playlist.id}/export?format=json").get_json()
    groups = [{row["added_by"]: [] for row in one["items"]} for one in (document, whole)]
    for found, one in zip(groups, (document, whole), strict=True):
        for row in one["items"]:
            found[row["added_by"]].append(row["position"])
    assert sorted(map(tuple, groups[0].values())) == sorted(map(tuple, groups[1].values())), "who added what stays"
    assert all("T00:00:00" in row["added_at"] for row in document["items"] if row["added_at"])


@pytest.mark.parametrize("name", FORMATS)
def test_the_paths_of_files_leave_with_a_playlist_of_the_operator(
    empty_client: FlaskClient, database: Database, name: str
) -> None:
    playlist = lists.store(database, ODD)
    database.put_playlist(replace(playlist, owner=None))
    answer = empty_client.get(f"/api/playlists/{playlist.id}/export?format={name}")
    assert answer.data == written(FORMATS[name], ODD)


@pytest.mark.parametrize("name", FORMATS)
def test_features_of_the_catalogue_leave_with_the_playlist(client: FlaskClient, database: Database, name: str) -> None:
    """Every export holds what the page shows: a track that came without features has those of the catalogue."""
    (known,) = (track for track in TRACKS if track.id == "metal1")
    row = ExportRow(item=PlaylistItem(position=0, track_id=known.id), track=replace(known, features=None))
    playlist = lists.store(database, [row])
    (shown,) = client.get(f"/data?playlist={playlist.id}").json["tracks"]
    assert known.features is not None
    features = replace(known.features, values={name: float(value) for name, value in known.features.values.items()})
    assert shown["features"] == features.values
    answer = client.get(f"/api/playlists/{playlist.id}/export?format={name}")
    assert answer.data == written(FORMATS[name], [replace(row, track=replace(known, features=features))])


def test_a_download_is_streamed(empty_client: FlaskClient, database: Database) -> None:
    rows = many(PAGE_ITEMS * 3)
    playlist = lists.store(database, rows)
    answer = empty_client.get(f"/api/playlists/{playlist.id}/export?format=csv")
    assert answer.content_length is None
    assert len(list(answer.iter_encoded())) == 4, "the headings, and a block for every page"


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Été 🎸", "Ete.csv"),
        ("日本語", "playlist.csv"),
        ("a\r\nSet-Cookie: x=1", "a Set-Cookie x=1.csv"),
        ('"; filename="evil.exe', "; filename= evil.exe.csv"),
    ],
)
def test_any_name_makes_a_safe_file_name(empty_client: FlaskClient, database: Database, name: str, plain: str) -> None:
    playlist = lists.store(database, ODD, name=name)
    answer = empty_client.get(f"/api/playlists/{playlist.id}/export?format=csv")
    header = answer.headers["Content-Disposition"]
    assert header.isascii()
    assert "Set-Cookie" not in answer.headers
    assert re.search(r'filename="?([^"]*?)"?(; filename\*|$)', header), header
    kind, parameters = parse_options_header(header)
    assert kind == "attachment"
    if "filename*" in header:
        encoded = re.search(r"filename\*=UTF-8''(\S+)$", header)
        assert encoded is not None
        assert unquote(encoded[1]) == f"{name}.csv"
        assert f"filename={plain}" in header.replace('"', "")
    else:
        assert parameters["filename"] == plain


def test_an_empty_playlist_has_a_file_too(empty_client: FlaskClient, database: Database) -> None:
    playlist = lists.store(database, [])
    for name, one in FORMATS.items():
        answer = empty_client.get(f"/api/playlists/{playlist.id}/export?format={name}")
        assert answer.data == written(one, [])


@pytest.mark.parametrize("query", ["?format=xls", "", "?format="])
def test_another_format_is_answered_with_the_list(empty_client: FlaskClient, database: Database, query: str) -> None:
    playlist = lists.store(database, ODD)
    answer = empty_client.get(f"/api/playlists/{playlist.id}/export{query}")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "invalid_value")
    if query:
        (said,) = answer.json["error"]["fields"]["format"]
        assert all(name in said for name in FORMATS)


def test_a_playlist_that_is_not_there_is_not_found(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/api/playlists/nosuch/export?format=csv")
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")


def test_rows_that_are_lost_are_an_error_and_not_a_short_file(empty_client: FlaskClient, database: Database) -> None:
    playlist = lists.store(database, ODD)
    database.put_page(playlist.id, 0, [])
    for name in FORMATS:
        answer = empty_client.get(f"/api/playlists/{playlist.id}/export?format={name}")
        assert (answer.status_code, answer.json["error"]["code"]) == (503, "store_down"), name
        assert "Content-Disposition" not in answer.headers


def test_the_formats_are_listed(empty_client: FlaskClient) -> None:
    found = empty_client.get("/api/exports").json["formats"]
    assert [one["name"] for one in found] == list(FORMATS)
    assert all(one["label"] and one["purpose"] and one["media_type"] for one in found)


def test_exports_are_described(empty_client: FlaskClient) -> None:
    described = empty_client.get("/api/openapi.json").json["paths"]["/api/playlists/{playlist_id}/export"]["get"]
    (parameter,) = [parameter for parameter in described["parameters"] if parameter["name"] == "format"]
    assert parameter["schema"]["enum"] == list(FORMATS)
