"""What a person brings is theirs: shown to them and by their links, repaired by them, gone with their playlists."""

import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from etl.task import Reporter, Task, silent
from etl.whole_playlists import delete as run_deletion
from jobs.worker import execute
from services import runs
from services.playlists import playlists
from store.catalogue.catalogue import OWN, Catalogue, owner_root
from store.catalogue.publishing import build_lock, hidden_mark, publish
from store.database import Database
from store.domain import Track
from store.locks import locked
from store.runs import Cancelled, Run
from tests.api.test_playlists import ended, send

HEADINGS = (
    "Track URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,Explicit,Added By,Added At,"
    "Genres,Record Label,Danceability,Energy,Key,Loudness,Mode,Speechiness,Acousticness,Instrumentalness,Liveness,"
    "Valence,Tempo,Time Signature\n"
)
ID = "000000000000000000000{}"


def exportify(*titles: str, artist: str = "Nadia Verholt", energy: float = 0.4) -> str:
    rows = (
        f"spotify:track:{ID.format(number)},{title},Kites,{artist},2001,20000{number},40,false,ann,"
        f"2024-01-01T00:00:00Z,,X,0.5,{energy},1,-9,1,0.05,0.1,0,0.1,0.5,100,4\n"
        for number, title in enumerate(titles, start=1)
    )
    return HEADINGS + "".join(rows)


def bring(client: FlaskClient, content: str | bytes, name: str = "kites.csv") -> str:
    run = ended(client, send(client, content, name)["id"])
    assert run["state"] == "done", run
    return run["playlist_id"]


def titles(client: FlaskClient, playlist: str) -> list[str]:
    return [row["title"] for row in client.get(f"/data?playlist={playlist}").json["tracks"]]


def found(client: FlaskClient, words: str) -> list[str]:
    return [track["title"] for track in client.get(f"/api/search?q={words}").json["tracks"]]


@pytest.fixture
def mine(empty_client: FlaskClient) -> FlaskClient:
    return empty_client


@pytest.fixture
def other(mine: FlaskClient) -> FlaskClient:
    """Another browser of the same installation."""
    return mine.application.test_client()


def test_what_a_stranger_says_of_a_track_is_not_what_a_true_file_shows(mine: FlaskClient, other: FlaskClient) -> None:
    bring(other, exportify("False One", "False Two", artist="Nobody", energy=0.99))
    playlist = bring(mine, exportify("Slow Kites", "Gravel Choir"))
    rows = mine.get(f"/data?playlist={playlist}").json["tracks"]
    shown = [(row["title"], row["artists"], row["features"]["energy"]) for row in rows]
    assert shown == [("Slow Kites", ["Nadia Verholt"], 0.4), ("Gravel Choir", ["Nadia Verholt"], 0.4)]
    assert "Slow Kites" in mine.get(f"/api/playlists/{playlist}/export?format=csv").text
    answer = mine.get(f"/genre-predict?track_id={ID.format(1)}").json
    assert answer["track"]["title"] == "Slow Kites"
    assert other.get(f"/genre-predict?track_id={ID.format(1)}").json["track"]["title"] == "False One"


def test_a_later_better_file_of_the_same_owner_repairs_an_earlier_one(mine: FlaskClient) -> None:
    misread = exportify("Žluťoučký kůň", "Čistý vzduch").encode().decode("cp1252", "replace")
    playlist = bring(mine, misread, "misread.csv")
    again = bring(mine, exportify("Žluťoučký kůň", "Čistý vzduch"), "true.csv")
    assert titles(mine, again) == titles(mine, playlist) == ["Žluťoučký kůň", "Čistý vzduch"]
    assert found(mine, "žluťoučký") == ["Žluťoučký kůň"]


def test_private_titles_are_found_by_their_owner_alone_and_leave_with_the_playlist(
    mine: FlaskClient, other: FlaskClient
) -> None:
    playlist = bring(mine, "#EXTM3U\n#EXTINF:200,Ann Private - Demo For Mother\n/home/ann/demo.mp3\n", "own.m3u")
    elsewhere = bring(mine, exportify("Slow Kites"))
    track = mine.get(f"/data?playlist={playlist}").json["tracks"][0]["id"]
    assert found(mine, "demo for mother") == ["Demo For Mother"]
    for stranger in (other, mine.application.test_client()):
        stranger.get("/api/playlists")
        assert found(stranger, "demo for mother") == []
        assert stranger.get(f"/genre-predict?track_id={track}").status_code == 404
        assert stranger.get(f"/api/tracks/{track}/trail").status_code == 404
        assert titles(stranger, playlist) == ["Demo For Mother"], "the link of a playlist shares its rows"
        shared = [
            stranger.get(f"/genre-predict?track_id={track}&playlist={playlist}"),
            stranger.get(f"/api/tracks/{track}/trail?playlist={playlist}"),
        ]
        assert [answer.json["track"]["title"] for answer in shared] == ["Demo For Mother"] * 2
        assert stranger.get(f"/genre-predict?track_id={track}&playlist={elsewhere}").status_code == 404
    # Not even from what was kept in memory of the owner's answer.
    assert mine.get(f"/genre-predict?track_id={track}").status_code == 200
    assert other.get(f"/genre-predict?track_id={track}").status_code == 404
    assert mine.delete(f"/api/playlists/{playlist}").status_code == 204
    assert found(mine, "demo for mother") == []
    assert mine.get(f"/genre-predict?track_id={track}").status_code == 404
    assert other.get(f"/genre-predict?track_id={track}&playlist={playlist}").status_code == 404


def test_a_track_stays_while_another_playlist_of_its_owner_holds_it(mine: FlaskClient) -> None:
    first = bring(mine, exportify("Slow Kites", "Gravel Choir"))
    second = bring(mine, exportify("Slow Kites"), "one.csv")
    assert mine.delete(f"/api/playlists/{first}").status_code == 204
    assert (found(mine, "slow kites"), found(mine, "gravel choir")) == (["Slow Kites"], [])
    assert titles(mine, second) == ["Slow Kites"]


class _KilledError(Exception):
    pass


def test_a_large_deletion_hides_at_once_and_goes_on_after_any_kill(
    mine: FlaskClient, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bring(mine, exportify("Slow Kites", "Gravel Choir"))
    second = bring(mine, exportify("Slow Kites"), "one.csv")
    owner = database.get_document("playlists", first)["owner"]
    monkeypatch.setattr(playlists, "_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(runs, "spawn_worker", lambda *_: None)
    # A build that has read the rows before they are hidden is not published after that.
    stale = hidden_mark(owner_root(tmp_path / "catalogue", owner))
    assert mine.delete(f"/api/playlists/{first}").status_code == 204
    publish(owner_root(tmp_path / "catalogue", owner), "own", "own-read-before", stale)
    assert found(mine, "gravel choir") == []
    assert mine.get(f"/data?playlist={first}").status_code == 404
    [deletion] = [run for run in database.unfinished_runs() if run.kind == "delete"]
    report = Reporter(database, deletion.id, silent)
    task = Task(database=database, var=tmp_path, run=deletion, report=report, engine=None)  # type: ignore[arg-type]
    assert mine.delete(f"/api/runs/{deletion.id}").json["error"]["code"] == "deleting"
    whole = database.delete_documents
    for write in range(3):

        def dying(*args: Any, last: list[int] = [write]) -> None:  # noqa: B006 - it counts down
            if not last[0]:
                raise _KilledError
            last[0] -= 1
            whole(*args)

        monkeypatch.setattr(database, "delete_documents", dying)
        with pytest.raises(_KilledError):
            run_deletion(task)
    monkeypatch.setattr(database, "delete_documents", whole)
    assert execute(database, tmp_path, deletion.id) == "done"
    assert (found(mine, "slow kites"), found(mine, "gravel choir")) == (["Slow Kites"], [])
    assert titles(mine, second) == ["Slow Kites"]
    assert set(database.own_tracks([ID.format(1), ID.format(2)], owner)) == {ID.format(1)}
    assert database.get_documents("playlist_pages", [f"{first}:0"]) == {}
    # The same file again is a playlist again, and no deletion of before takes it away.
    assert bring(mine, exportify("Slow Kites", "Gravel Choir")) == first
    with pytest.raises(Cancelled):  # it has ended
        run_deletion(task)
    assert titles(mine, first) == ["Slow Kites", "Gravel Choir"]


def test_a_deletion_beside_another_one_is_left_to_a_run(
    mine: FlaskClient, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist = bring(mine, exportify("Slow Kites"))
    owner = database.get_document("playlists", playlist)["owner"]
    monkeypatch.setattr(runs, "spawn_worker", lambda *_: None)
    answers: list[int] = []
    deleting = threading.Thread(target=lambda: answers.append(mine.delete(f"/api/playlists/{playlist}").status_code))
    with locked(build_lock(owner_root(tmp_path / "catalogue", owner), OWN)):
        deleting.start()
        deleting.join(60)
        assert answers == [204]
        assert found(mine, "slow kites") == []
    [deletion] = [run for run in database.unfinished_runs() if run.kind == "delete"]
    assert execute(database, tmp_path, deletion.id) == "done"
    assert database.own_tracks([ID.format(1)], owner) == {}


def test_with_many_rows_what_is_added_is_indexed_by_a_run(
    mine: FlaskClient, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(mine, exportify("Slow Kites"))
    of_operator(database, tmp_path, exportify("Slow Kites", "Gravel Choir", "Low Tide"), "theirs.csv")
    monkeypatch.setattr(playlists, "_ROWS_AT_ONCE", 1)
    monkeypatch.setattr(runs, "spawn_worker", lambda *_: None)

    def saved(number: int) -> list[Run]:
        body = {"name": "Saved", "tracks": [{"id": ID.format(number)}]}
        assert mine.post("/api/playlists", json=body).status_code == 201
        return [run for run in database.unfinished_runs() if run.kind == "index"]

    [first] = saved(2)
    owner = first.owner
    assert owner is not None

    def indexed() -> set[str]:
        own = Catalogue(owner_root(tmp_path / "catalogue", owner)).current()
        return set(own.tracks([ID.format(2), ID.format(3)], OWN))

    assert indexed() == set()
    database.update_run(first.id, state="running")
    [second] = [run for run in saved(3) if run.id != first.id]
    assert len(saved(3)) == 2
    for run in (first, second):
        assert execute(database, tmp_path, run.id) == "done"
    assert indexed() == {ID.format(2), ID.format(3)}


def test_gaps_of_what_a_person_brings_are_filled_from_the_shared_layer(
    mine: FlaskClient, database: Database, tmp_path: Path
) -> None:
    table = "id,name,artists,album,popularity,energy,danceability,valence,tempo\n"
    table += f"{ID.format(1)},Slow Kites - Remaster,Nadia Verholt,Kites,77,0.7,0.6,0.5,120\n"
    of_operator(database, tmp_path, table, "table.csv")
    playlist = bring(mine, f"#EXTM3U\n#EXTINF:200,Nadia Verholt - Slow Kites\nspotify:track:{ID.format(1)}\n", "l.m3u")
    (row,) = mine.get(f"/data?playlist={playlist}").json["tracks"]
    assert (row["title"], row["popularity"], row["features"]["energy"]) == ("Slow Kites", 77.0, 0.7)


def of_operator(database: Database, var: Path, content: str, name: str) -> str | None:
    path = var / name
    path.write_text(content)
    run = Run(name=name, source=str(path))
    database.put_run(run)
    assert execute(database, var, run.id) == "done"
    done = database.get_run(run.id)
    return done.playlist_id if done else None


def test_what_the_command_line_imports_is_the_installations_and_its_lists_are_the_operators(
    configured: Callable[..., FlaskClient], database: Database, database_uri: str, tmp_path: Path
) -> None:
    playlist = of_operator(database, tmp_path, exportify("Slow Kites"), "kites.csv")
    stranger = configured(tmp_path, database_uri, behind_proxy=True, operator_key="sesame")
    operator = stranger.application.test_client()
    assert operator.post("/api/operator", json={"key": "sesame"}).status_code == 200
    alone = configured(tmp_path, database_uri)
    requests = [
        ("get", f"/data?playlist={playlist}", None),
        ("get", f"/api/playlists/{playlist}/export?format=csv", None),
        ("put", f"/api/playlists/{playlist}/people", {"people": {"ann": {"name": "Ann"}}}),
        ("get", f"/api/playlists/{playlist}/who-added", None),
    ]
    for method, path, body in requests:
        assert getattr(stranger, method)(path, json=body).status_code == 404, path
        assert getattr(operator, method)(path, json=body).status_code == 200, path
        assert getattr(alone, method)(path, json=body).status_code == 200, path
    assert stranger.get("/api/playlists").json["playlists"] == []
    for client in (operator, alone):
        assert [one["id"] for one in client.get("/api/playlists").json["playlists"]] == [playlist]
    assert found(stranger, "slow kites") == ["Slow Kites"], "its tracks are the shared layer's"


def test_tracks_of_people_are_not_in_the_shared_collection(mine: FlaskClient, database: Database) -> None:
    bring(mine, exportify("Slow Kites"))
    assert list(database.all_tracks()) == []
    (owner,) = {row["owner"] for row in database.documents_where("playlists", {})}
    assert [track.title for track in database.all_tracks(owner)] == ["Slow Kites"]
    database.put_tracks([Track(id=ID.format(1), title="Shared", artists=("X",))])
    assert database.get_tracks([ID.format(1)])[ID.format(1)].title == "Shared"
    assert database.get_tracks([ID.format(1)], owner)[ID.format(1)].title == "Slow Kites"


def test_a_playlist_is_given_to_the_installation_by_an_act_of_its_operator_alone(
    configured: Callable[..., FlaskClient], database_uri: str, tmp_path: Path
) -> None:
    operator = configured(tmp_path, database_uri, behind_proxy=True, operator_key="sesame")
    stranger = operator.application.test_client()
    theirs = bring(stranger, exportify("False One"))
    assert stranger.post(f"/api/playlists/{theirs}/give").status_code == 403
    assert operator.post("/api/operator", json={"key": "sesame"}).status_code == 200
    assert operator.post(f"/api/playlists/{theirs}/give").status_code == 403
    mine = bring(operator, exportify("Slow Kites", "Gravel Choir"))
    assert found(stranger, "gravel choir") == []
    run = operator.post(f"/api/playlists/{mine}/give").json["run"]
    assert ended(operator, run["id"])["state"] == "done"
    assert found(stranger, "gravel choir") == found(operator, "gravel choir") == ["Gravel Choir"]
    (shared,) = [one for one in stranger.get("/api/playlists").json["playlists"] if one["id"] == mine]
    assert (shared["shared"], shared["mine"], shared["nameable"], shared["sharable"]) == (True, False, False, False)
    assert titles(stranger, mine) == ["Slow Kites", "Gravel Choir"]
    assert titles(stranger, theirs) == ["False One"], "what is shared does not name what one has brought"
    assert stranger.put(f"/api/playlists/{mine}/shared", json={"shared": False}).status_code == 403
    assert operator.put(f"/api/playlists/{mine}/shared", json={"shared": False}).status_code == 200
    assert stranger.get(f"/data?playlist={mine}").status_code == 404


def test_a_slice_of_playlists_that_all_models_learn_from_is_the_operators_to_bring(
    configured: Callable[..., FlaskClient], database_uri: str, tmp_path: Path
) -> None:
    row = {"pos": 0, "track_uri": f"spotify:track:{ID.format(1)}x"[:36], "track_name": "One", "artist_name": "A"}
    playlists = [{"pid": 1, "name": "Kites", "tracks": [row]}]
    content = json.dumps({"info": {"slice": "0-999"}, "playlists": playlists})
    stranger = configured(tmp_path, database_uri, behind_proxy=True, operator_key="sesame")
    run = ended(stranger, send(stranger, content, "mpd.slice.0-999.json")["id"])
    assert (run["state"], run["error"]["code"]) == ("failed", "operator_only")
    assert stranger.get("/api/datasets").json["slices"] == 0
    operator = stranger.application.test_client()
    assert operator.post("/api/operator", json={"key": "sesame"}).status_code == 200
    run = ended(operator, send(operator, content, "mpd.slice.0-999.json")["id"])
    assert (run["error"]["code"], operator.get("/api/datasets").json["slices"]) == ("not_given", 0)
    given = {"file": (io.BytesIO(content.encode()), "mpd.slice.0-999.json"), "options": '{"read_as": "shared"}'}
    assert ended(operator, operator.post("/api/uploads", data=given).json["run"]["id"])["state"] == "done"
    assert operator.get("/api/datasets").json["slices"] == 1
