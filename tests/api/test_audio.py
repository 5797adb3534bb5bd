"""Own music over HTTP: scanned, found from a playlist, played by ranges, and nothing beyond the folder is served."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from mutagen import id3
from waitress.buffers import ReadOnlyFileBasedBuffer
from werkzeug.test import create_environ

from tests.api.test_playlists import ended
from tests.music_files import PNG, tones, write_mp3, write_wav

LIST = "Title,Artist,Duration\nHarbour,Nadia Verholt,0:06\nNobody Has This,Nadia Verholt,3:10\n"
NAMES = {"TIT2": "Harbour", "TPE1": "Nadia Verholt"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files that can be played."""
    write_mp3(tmp_path / "music" / "harbour.mp3", cover=PNG, **NAMES)
    write_wav(tmp_path / "music" / "Nadia Verholt - Ebb.wav", tones(hz=300))
    return tmp_path / "music"


def scan(client: FlaskClient, folder: Path) -> dict:
    return ended(client, client.post("/api/library/scan", json={"folder": str(folder)}).json["run"]["id"])


def test_a_playlist_plays_the_file_by_ranges_and_strangers_hear_nothing(
    configured: Callable[..., FlaskClient], tmp_path: Path, folder: Path, database_uri: str
) -> None:
    client = configured(tmp_path / "var", database_uri)
    run = scan(client, folder)
    assert (run["state"], run["stored"]) == ("done", 2)
    library = client.get("/api/library").json
    assert [(one["path"], one["files"], one["analysed"]) for one in library["folders"]] == [(str(folder), 2, 2)]
    sent = client.post("/api/uploads", data={"file": (BytesIO(LIST.encode()), "mine.csv")}).json["run"]
    imported = ended(client, sent["id"])
    rows = client.get("/data", query_string={"playlist": imported["playlist_id"]}).json["tracks"]
    assert [row["audio_url"] is not None for row in rows] == [True, False]
    url = rows[0]["audio_url"]
    found = client.get("/api/search", query_string={"q": "harbour nadia"}).json["tracks"][0]
    assert found["audio_url"] == url

    # The list of one's own tracks.
    def listed(**query: object) -> list[str]:
        return [one["title"] for one in client.get("/api/library/tracks", query_string=query).json["tracks"]]

    assert listed() == ["Ebb", "Harbour"]
    assert listed(descending=True) == ["Harbour", "Ebb"]
    assert listed(q="nadia HARB") == ["Harbour"]
    assert listed(q="wav") == ["Ebb"]
    assert sorted(listed(sort="tempo")) == ["Ebb", "Harbour"]
    second = client.get("/api/library/tracks", query_string={"page": 2, "page_size": 1}).json
    assert (second["total"], second["found"], second["pages"]) == (2, 2, 2)
    [harbour] = second["tracks"]
    assert (harbour["path"], harbour["audio_url"]) == ("harbour.mp3", url)
    assert harbour["features"]["loudness"] < 0
    stranger = configured(tmp_path / "var", database_uri, operator_key="secret")
    assert stranger.get("/api/library/tracks").status_code == 403

    whole = client.get(url, buffered=True)
    contents = (folder / "harbour.mp3").read_bytes()
    assert (whole.status_code, whole.data, whole.mimetype) == (200, contents, "audio/mpeg")
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = client.get(url, buffered=True, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, contents[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(contents)}"
    assert client.get(url, buffered=True, headers={"Range": "bytes=-50"}).data == contents[-50:]
    assert client.get(url, buffered=True, headers={"Range": "bytes=200-"}).data == contents[200:]
    assert client.get(url, buffered=True, headers={"Range": f"bytes={len(contents)}-"}).status_code == 416
    assert client.head(url, buffered=True).headers["Content-Length"] == str(len(contents))
    assert client.get(url, buffered=True, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    cover = client.get(f"/api/covers/{found['id']}", buffered=True)
    assert (cover.status_code, cover.data, cover.mimetype) == (200, PNG, "image/png")
    assert client.get(f"/api/covers/{rows[1]['id']}", buffered=True).status_code == 204

    stranger = configured(tmp_path / "var", database_uri, operator_key="secret")
    assert stranger.get(url, buffered=True).status_code == 403
    assert stranger.get("/api/library").status_code == 403
    assert stranger.post("/api/library/scan", json={"folder": str(folder)}).status_code == 403
    shown = stranger.get("/api/search", query_string={"q": "harbour nadia"}).json["tracks"][0]
    assert (shown["title"], shown["audio_url"]) == ("Harbour", None)

    # What is in the file's place now is not what was scanned.
    secret = tmp_path / "secret.mp3"
    secret.write_bytes(contents)
    (folder / "harbour.mp3").write_bytes(contents[:-1])
    assert client.get(url, buffered=True).json["error"]["code"] == "changed"
    (folder / "harbour.mp3").unlink()
    assert client.get(url, buffered=True).status_code == 404
    (folder / "harbour.mp3").symlink_to(secret)
    assert client.get(url, buffered=True).status_code == 404
    assert client.get("/api/audio/..%2F..%2Fsecret.mp3", buffered=True).status_code == 404

    # A folder that is forgotten is not served, and what came from it alone goes.
    ebb = client.get("/api/search", query_string={"q": "ebb nadia"}).json["tracks"][0]
    ended(client, client.post("/api/library/forget", json={"folder": str(folder)}).json["run"]["id"])
    assert client.get("/api/library").json["folders"] == []
    assert client.get(ebb["audio_url"], buffered=True).status_code == 404
    left = client.get("/api/search", query_string={"q": "ebb nadia"}).json["tracks"]
    assert {track["id"] for track in left} == {row["id"] for row in rows}  # what the playlist holds stays


def test_ranges_are_those_of_the_rfc_and_none_is_copied(
    configured: Callable[..., FlaskClient], tmp_path: Path, folder: Path, database_uri: str
) -> None:
    client = configured(tmp_path / "var", database_uri)
    scan(client, folder)
    [track] = client.get("/api/library/tracks?q=harbour").json["tracks"]
    url, contents = track["audio_url"], (folder / "harbour.mp3").read_bytes()
    etag = client.head(url, buffered=True).headers["ETag"]

    def ask(**headers: str) -> tuple[int, bytes]:
        answer = client.get(url, buffered=True, headers={name.replace("_", "-"): headers[name] for name in headers})
        return answer.status_code, answer.data

    # RFC 9110, 14.1.2: the end of a file that is shorter is the file.
    assert ask(Range=f"bytes=-{2 * len(contents)}") == (206, contents)
    assert ask(Range=f"bytes=5-{9**99}") == (206, contents[5:])
    # 14.2: units that are not known, and more than one range, are as if not asked for; so is what is no range.
    many = ",".join(f"{at}-" for at in range(5_000))
    for ignored in ("items=0-5", "", "bytes=0-5,10-20", f"bytes={many}", "bytes=5-2", "bytes=-0"):
        assert ask(Range=ignored) == (200, contents), ignored
    none = client.get(url, headers={"Range": f"bytes={len(contents)}-"})
    assert (none.status_code, none.headers["Content-Range"]) == (416, f"bytes */{len(contents)}")
    # 13.2.2: what is said of the file as it was comes before the range, and no error brings the file.
    for more in ({}, {"Range": "bytes=0-5"}):
        refused = client.get(url, headers={"If-Match": '"another"'} | more)
        assert (refused.status_code, refused.json["error"]["code"]) == (412, "precondition_failed")
        assert ask(If_None_Match=etag, **more) == (304, b"")
    assert ask(If_Range=etag, Range="bytes=0-5") == (206, contents[:6])
    assert ask(If_Range='"another"', Range="bytes=0-5") == (200, contents)
    # The server takes what it sends from the file: blocks of a large range would wait on the disk, and hold a thread.
    asked = create_environ(url, headers={"Range": f"bytes=100-{len(contents)}", "Host": "localhost"})
    said: list[tuple[str, str]] = []
    part = client.application.wsgi_app(
        asked | {"wsgi.file_wrapper": ReadOnlyFileBasedBuffer}, lambda _status, headers: said.extend(headers)
    )
    assert isinstance(part, ReadOnlyFileBasedBuffer)
    assert part.prepare(int(dict(said)["Content-Length"])) == len(contents) - 100
    assert part.get() == contents[100:]
    part.close()


def test_a_list_of_paths_names_its_tracks_by_the_files(
    configured: Callable[..., FlaskClient], tmp_path: Path, folder: Path, database_uri: str
) -> None:
    client = configured(tmp_path / "var", database_uri, music=folder)
    assert client.get("/api/library").json["fixed"] is True
    refused = client.post("/api/library/scan", json={"folder": str(tmp_path)})
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "fixed_folder")
    scan(client, folder)
    listed = f"#EXTM3U\n{folder}/harbour.mp3\n".encode()
    sent = client.post("/api/uploads", data={"file": (BytesIO(listed), "paths.m3u8")}).json["run"]
    imported = ended(client, sent["id"])
    [row] = client.get("/data", query_string={"playlist": imported["playlist_id"]}).json["tracks"]
    assert (row["title"], row["artists"]) == ("Harbour", ["Nadia Verholt"])
    assert row["audio_url"]
    assert row["features"]["tempo"] == pytest.approx(120, rel=0.02)


def test_a_file_that_is_dropped_is_kept_for_the_operator_alone(
    configured: Callable[..., FlaskClient], tmp_path: Path, folder: Path, database_uri: str
) -> None:
    client = configured(tmp_path / "var", database_uri)
    contents = (folder / "harbour.mp3").read_bytes()
    sent = client.post("/api/uploads", data={"file": (BytesIO(contents), "harbour.mp3")}).json["run"]
    assert ended(client, sent["id"])["state"] == "done"
    found = client.get("/api/search", query_string={"q": "harbour nadia"}).json["tracks"][0]
    assert client.get(found["audio_url"], buffered=True).data == contents
    broken = client.post("/api/uploads", data={"file": (BytesIO(b"RIFFnothing"), "broken.wav")}).json["run"]
    failed = ended(client, broken["id"])
    assert (failed["state"], failed["error"]["code"]) == ("failed", "unreadable")
    assert json.dumps(str(tmp_path)) not in json.dumps(failed)
    stranger = configured(tmp_path / "var", database_uri, operator_key="secret")
    sent = stranger.post("/api/uploads", data={"file": (BytesIO(contents), "harbour.mp3")}).json["run"]
    assert ended(stranger, sent["id"])["error"]["code"] == "operator_only"
    assert len(list((tmp_path / "var" / "music").iterdir())) == 1


def test_tags_are_written_file_by_file_when_the_operator_asks_and_the_settings_allow_it(
    configured: Callable[..., FlaskClient], tmp_path: Path, folder: Path, database_uri: str
) -> None:
    path = folder / "harbour.mp3"
    contents = path.read_bytes()
    client = configured(tmp_path / "var", database_uri, write_tags=True)
    scan(client, folder)
    ended(client, client.post("/api/sound").json["run"]["id"])
    track = client.get("/api/search", query_string={"q": "harbour nadia"}).json["tracks"][0]
    url = f"/api/library/files/{track['audio_url'].rpartition('/')[2]}/tags"
    shown = client.get(url).json
    offered = {change["field"]: change["new"] for change in shown["changes"]}
    assert (shown["path"], offered["tempo"]) == ("harbour.mp3", "120")
    assert {*offered} == {"genre", "tempo", "key", "mood"}
    assert all(change["old"] == [] and change["reason"] for change in shown["changes"])
    asked = {"sha256": shown["sha256"], "write": {field: offered[field] for field in ("tempo", "key")}}

    # By default nothing is written, and never for another than the operator; nor what was not shown.
    assert path.read_bytes() == contents
    unset = configured(tmp_path / "var", database_uri)
    assert unset.get("/api/status").json["writes_tags"] is False
    refused = unset.put(url, json=asked)
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "tags_not_allowed")
    stranger = configured(tmp_path / "var", database_uri, write_tags=True, operator_key="secret")
    assert stranger.get("/api/status").json["writes_tags"] is False
    assert stranger.get(url).status_code == stranger.put(url, json=asked).status_code == 403
    for other in ({"sha256": "0" * 64}, {"write": asked["write"] | {"tempo": "121"}}):
        assert client.put(url, json=asked | other).json["error"]["code"] == "changed"
    assert path.read_bytes() == contents

    assert client.get("/api/status").json["writes_tags"] is True
    # The genre, which is not written, may have changed since: it is not compared.
    left = client.put(url, json=asked).json
    assert [change["field"] for change in left["changes"]] == ["genre", "mood"]
    tags = id3.ID3(path)
    assert (tags["TBPM"].text, tags["TKEY"].text) == (["120"], [offered["key"]])
    assert (tags["TIT2"].text, tags.getall("APIC")[0].data) == (["Harbour"], PNG)
    assert "TCON" not in tags
    assert client.get(track["audio_url"], buffered=True).data == path.read_bytes()
    again = scan(client, folder)
    assert (again["stored"], again["state"]) == (0, "done")  # what is known of its sound stands
    assert client.get("/api/sound").json["lacking"] == 0
    path.unlink()
    path.symlink_to(folder / "Nadia Verholt - Ebb.wav")
    assert client.get(url).status_code == 404
