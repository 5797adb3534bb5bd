"""Runs from the file to the summary, in the store and in the catalogue."""

import csv
import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etl.imports.rows.entries import playlist_name
from jobs.behind import catalogue_is_behind
from jobs.finishing import finish, sweep_uploads
from jobs.queue import create_upload_run, safe_name, spawn_worker
from jobs.worker import execute
from store.catalogue.catalogue import Catalogue
from store.database import PAGE_ITEMS, Database
from store.domain import MAX_PEOPLE, MAX_PERSON_ID, Track, playlist_id
from store.locks import locked
from store.runs import ENDED, ImportProblem, Progress, Run, Skipped, upload_folder
from tests.etl.imports import files

ROOT = Path(__file__).resolve().parents[3]


def queue(database: Database, path: Path, owner: str | None = None) -> str:
    run = Run(name=path.name, owner=owner, source=str(path), bytes_total=path.stat().st_size)
    database.put_run(run)
    return run.id


def do(database: Database, var: Path, path: Path, owner: str | None = None) -> Run:
    run_id = queue(database, path, owner)
    execute(database, var, run_id)
    run = database.get_run(run_id)
    assert run
    assert run.state in ENDED
    return run


def write(tmp_path: Path, content: str, name: str = "my_list.csv") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return path


def upload(database: Database, var: Path, content: bytes, name: str = "list.csv") -> Run:
    return create_upload_run(database, var, "me", name, io.BytesIO(content), 10_000_000)


def test_a_playlist_arrives_whole(database: Database, tmp_path: Path) -> None:
    count = PAGE_ITEMS + 20
    rows = [*(files.net_row(n) for n in range(count)), files.net_row(3), files.net_row(9999, Track_Name="")]
    path = write(tmp_path, files.text([files.NET, *rows]))
    run = do(database, tmp_path / "var", path)
    assert (run.state, run.kind, run.phase, run.error) == ("done", "playlist", "done", None)
    assert (run.requested, run.stored, run.known) == (count + 2, count, 1)
    assert run.skipped == {"no title (the track was withdrawn)": 1}
    assert run.skipped_examples == (Skipped(line=count + 3, reason="no title (the track was withdrawn)"),)
    assert run.bytes_done == run.bytes_total == path.stat().st_size
    assert run.finished_at >= run.started_at
    playlist = database.playlist(run.playlist_id)
    assert playlist is not None
    assert (playlist.name, playlist.item_count, playlist.complete) == ("my list", count + 1, True)
    assert sum(playlist.contributors.values()) == count + 1
    items = database.playlist_items(playlist.id, 0, 2000)
    assert [item.position for item in items] == list(range(count + 1))
    assert items[-1].track_id == files.spotify_id(3)
    assert len(database.get_tracks({item.track_id for item in items})) == count
    assert database.counts() == {"tracks": count, "playlists": 1}


def test_a_table_of_a_browser_is_a_playlist_and_the_summary_says_how_it_was_read(
    database: Database, tmp_path: Path
) -> None:
    rows = "Titel;Künstler;Dauer;Danceability\nLanterns;Ada Fern;3:42;0,5\nTin Roof;Ada Fern;long;0,5\n"
    # The headings that tell a table are English, as public tables write them.
    table = write(tmp_path, rows.replace("Titel;Künstler", "track_name;artists"), "table.csv")
    run = do(database, tmp_path / "var", table, "me")
    assert (run.state, run.kind, run.stored) == ("done", "playlist", 2)
    assert run.columns == {
        "title": "track_name",
        "artists": "artists",
        "length": "Dauer",
        "danceability": "Danceability",
    }
    assert run.unread == {"Dauer": 1}
    assert list(run.notes) == []
    legacy = tmp_path / "legacy.csv"
    legacy.write_bytes(rows.encode("cp1252"))
    assert "not in Unicode" in do(database, tmp_path / "var", legacy, "me").notes[0]


def test_what_was_imported_is_found_in_the_catalogue(database: Database, tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "var" / "catalogue")
    path = write(tmp_path, files.text([files.NET, files.net_row(5, Track_Name="Telegraph Road")]))
    do(database, tmp_path / "var", path)
    snapshot = catalogue.current()
    assert len(snapshot) == 1
    assert snapshot.find(files.spotify_id(5)) is not None
    assert snapshot.search("telegraph")


def test_the_same_file_again_is_all_known_and_one_playlist(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, files.playlist(30))
    first = do(database, tmp_path / "var", path, "me")
    again = do(database, tmp_path / "var", path, "me")
    theirs = do(database, tmp_path / "var", path, "you")
    assert (again.stored, again.known) == (0, 30)
    assert again.playlist_id == first.playlist_id == playlist_id("me", first.sha256)
    assert theirs.playlist_id != first.playlist_id
    assert len(database.playlists("me")) == 1


def test_a_track_table_goes_into_the_catalogue(database: Database, tmp_path: Path) -> None:
    headings = [
        "track_id",
        "artists",
        "album_name",
        "track_name",
        "popularity",
        "danceability",
        "energy",
        "track_genre",
    ]
    rows = [[files.spotify_id(n), "A;B", "C", f"Title {n}", "50", "0.5", "0.6", "rock"] for n in range(40)]
    run = do(database, tmp_path / "var", write(tmp_path, files.text([headings, *rows]), "table.csv"))
    assert (run.state, run.kind, run.requested, run.stored) == ("done", "table", 40, 40)
    assert run.playlist_id is None
    assert len(Catalogue(tmp_path / "var" / "catalogue").current()) == 40
    assert database.counts()["tracks"] == 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty"),
        ("\x89PNG" + "x" * 100, "not_a_playlist"),
        ("title,author\nUlysses,Joyce\n", "not_a_playlist"),
        (files.text([files.NET]), "no_rows"),
        (files.text([files.NET, files.net_row(1, Track_Name="")]), "no_tracks"),
        (files.playlist(2 * PAGE_ITEMS) + '"never closed' + "\na,b" * 300, "malformed"),
    ],
)
def test_a_file_that_cannot_be_imported_leaves_nothing(
    database: Database, tmp_path: Path, content: str, code: str
) -> None:
    run = upload(database, tmp_path, content.encode())
    assert execute(database, tmp_path, run.id) == "failed"
    failed = database.get_run(run.id)
    assert failed
    assert failed.error["code"] == code
    assert failed.error["message"]
    assert failed.error["hint"]
    assert database.playlists("me") == []
    assert list(database.all_tracks()) == []
    assert not upload_folder(tmp_path, run.id).exists()


def test_an_upload_is_kept_until_it_is_done(database: Database, tmp_path: Path) -> None:
    run = upload(database, tmp_path, files.playlist(3).encode(), "C:\\fakepath\\..\\my list.csv")
    assert (run.name, run.state, run.requested) == ("my list.csv", "queued", 0)
    assert (upload_folder(tmp_path, run.id) / "my list.csv").is_file()
    assert execute(database, tmp_path, run.id) == "done"
    assert not upload_folder(tmp_path, run.id).exists()
    assert [one.name for one in database.playlists("me")] == ["my list"]


def test_an_upload_that_is_too_large_leaves_nothing(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ImportProblem) as caught:
        create_upload_run(database, tmp_path, "me", "big.csv", io.BytesIO(b"x" * 3_000_000), 2_000_000)
    assert caught.value.code == "too_large"
    assert list((tmp_path / "uploads").iterdir()) == []
    assert database.unfinished_runs() == []


def test_uploads_that_nobody_will_read_are_swept(database: Database, tmp_path: Path) -> None:
    waiting = upload(database, tmp_path, files.playlist(1).encode())
    ended = upload(database, tmp_path, files.playlist(1).encode())
    database.update_run(ended.id, state="done")
    for name, age in (("cut-off", 2 * 24 * 3600), ("arriving", 60)):
        upload_folder(tmp_path, name).mkdir()
        os.utime(upload_folder(tmp_path, name), (time.time() - age, time.time() - age))
    sweep_uploads(database, tmp_path)
    assert {folder.name for folder in (tmp_path / "uploads").iterdir()} == {waiting.id, "arriving"}


@pytest.mark.parametrize("name", ["", "..", "/", "a/../..", "\x00\x1f", "  . "])
def test_names_from_browsers_are_made_safe(name: str) -> None:
    assert safe_name(name) == "upload.csv"


def test_names_of_playlists_are_for_people() -> None:
    assert playlist_name("my_summer_list.csv") == "my summer list"
    assert playlist_name("a.b.CSV.gz") == "a.b"
    assert playlist_name(".csv") == "Playlist"


def test_progress_only_grows(database: Database, tmp_path: Path) -> None:
    seen: list[Progress] = []
    run_id = queue(database, write(tmp_path, files.playlist(3 * PAGE_ITEMS)))
    execute(database, tmp_path / "var", run_id, seen.append)
    storing = [progress for progress in seen if progress.phase.startswith("storing")]
    assert [progress.requested for progress in storing][:3] == [PAGE_ITEMS, 2 * PAGE_ITEMS, 3 * PAGE_ITEMS]
    assert all(progress.done <= (progress.total or 0) for progress in storing)


def test_a_run_that_another_process_does_is_left_to_it(database: Database, tmp_path: Path) -> None:
    run_id = queue(database, write(tmp_path, files.playlist(3)))
    with locked(tmp_path / "runs" / f"{run_id}.lock"):
        assert execute(database, tmp_path, run_id) == "running"
    run = database.get_run(run_id)
    assert run
    assert run.state == "queued"
    assert execute(database, tmp_path, run_id) == "done"


def test_a_playlist_deleted_while_it_arrives_stays_deleted(database: Database, tmp_path: Path) -> None:
    run_id = queue(database, write(tmp_path, files.playlist(3 * PAGE_ITEMS)))

    def delete(progress: Progress) -> None:
        for playlist in database.playlists(None):
            database.delete_playlist(playlist.id)

    assert execute(database, tmp_path / "var", run_id, delete) == "failed"
    run = database.get_run(run_id)
    assert run
    assert run.error["code"] == "deleted"
    assert database.playlists(None) == []
    assert database.playlist_items(run.playlist_id, 0, 3 * PAGE_ITEMS) == []


def test_a_file_that_changed_since_the_cut_is_taken_from_its_start(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, files.playlist(3 * PAGE_ITEMS))
    run_id = queue(database, path)

    def stop(progress: Progress) -> None:
        if progress.requested:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(database, tmp_path / "var", run_id, stop)
    write(tmp_path, files.playlist(10, start=PAGE_ITEMS))
    execute(database, tmp_path / "var", run_id)
    run = database.get_run(run_id)
    assert run
    assert (run.state, run.requested) == ("done", 10)
    assert [one.item_count for one in database.playlists(None)] == [10]


def test_a_file_that_is_gone_fails_its_run(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path, files.playlist(1))
    run_id = queue(database, path)
    path.unlink()
    assert execute(database, tmp_path / "var", run_id) == "failed"


def test_many_runs_are_brought_into_the_catalogue_at_once(database: Database, tmp_path: Path) -> None:
    runs = [queue(database, write(tmp_path, files.playlist(5, n * 5), f"{n}.csv")) for n in range(3)]
    for run_id in runs:
        assert execute(database, tmp_path / "var", run_id, build=False) == "running"
    finish(database, tmp_path / "var", runs)
    assert all(database.get_run(run_id).state == "done" for run_id in runs)
    assert len(Catalogue(tmp_path / "var" / "catalogue").current()) == 15


# -- the command line and the process that the web starts -----------------------------------------------------


def etl(uri: str, var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"MONGODB_URI": uri, "TASTEMAP_VAR": str(var)}
    command = [sys.executable, "-m", "etl", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_the_command_line_takes_files_folders_and_patterns(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    for n in range(3):
        write(folder, files.playlist(4, start=n * 2), f"list [{n}].csv")
    (folder / "notes.md").write_text("not for import")
    done = etl(
        database_uri, tmp_path / "var", "import", str(folder), str(folder / "*[[]0].csv"), str(folder / "list [1].csv")
    )
    assert done.returncode == 0, done.stderr
    assert "3 files" in done.stdout
    assert done.stdout.splitlines()[-1].split()[-4:] == ["12", "8", "4", "0"]
    nothing = etl(database_uri, tmp_path / "var", "resume")
    assert "No run was interrupted" in nothing.stdout
    missing = etl(database_uri, tmp_path / "var", "import", str(folder / "absent.csv"))
    assert missing.returncode == 1
    assert "no such file" in missing.stderr
    assert etl(database_uri, tmp_path / "var", "delete", database.playlists(None)[0].id).returncode == 0
    assert len(database.playlists(None)) == 2


def test_a_failure_is_told_with_its_way_out(database: Database, database_uri: str, tmp_path: Path) -> None:
    path = write(tmp_path, "title,author\nUlysses,Joyce\n")
    done = etl(database_uri, tmp_path / "var", "import", str(path))
    assert done.returncode == 1
    assert "failed:" in done.stdout
    assert "--columns" in done.stdout


def test_the_worker_that_the_web_starts_does_every_queued_run(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    runs = []
    for n in range(3):
        runs.append(upload(database, tmp_path, files.playlist(5, start=n).encode()).id)
        spawn_worker(tmp_path, database_uri)
    until = time.monotonic() + 60
    while any(database.get_run(run).state not in ENDED for run in runs):
        assert time.monotonic() < until, (tmp_path / "log" / "import.log").read_text()
        time.sleep(0.1)
    assert [database.get_run(run).state for run in runs] == ["done"] * 3


def test_a_catalogue_that_is_lost_or_outdated_is_built_again(
    database: Database, database_uri: str, tmp_path: Path
) -> None:
    assert not catalogue_is_behind(database, tmp_path)
    upload(database, tmp_path, files.playlist(5).encode())
    assert etl(database_uri, tmp_path, "work").returncode == 0
    whole = Catalogue(tmp_path / "catalogue").current("me")
    assert not catalogue_is_behind(database, tmp_path)
    for lose in (lambda: shutil.rmtree(tmp_path / "catalogue"), lambda: damage(tmp_path / "catalogue")):
        lose()
        assert catalogue_is_behind(database, tmp_path)
        assert etl(database_uri, tmp_path, "work").returncode == 0
        assert len(Catalogue(tmp_path / "catalogue").current("me")) == len(whole) == 5


def damage(catalogue: Path) -> None:
    for described in catalogue.glob("**/segments/*/format.json"):
        described.write_text(described.read_text().replace('"format":', '"format": 9'))


def test_bringing_the_same_again_builds_no_catalogue(database: Database, tmp_path: Path) -> None:
    table = "id,name,artists,popularity,danceability,energy\nt1,One,A,10,0.5,0.5\nt2,Two,B,20,0.4,0.6\n"
    paths = [write(tmp_path, files.playlist(5)), write(tmp_path, table, "table.csv")]
    for path in paths:
        assert do(database, tmp_path / "var", path).stored > 0
    built = Catalogue(tmp_path / "var" / "catalogue").current()
    assert len(built) == 7
    for path in (*paths, write(tmp_path, table, "the same.csv")):
        assert do(database, tmp_path / "var", path).stored == 0
    assert Catalogue(tmp_path / "var" / "catalogue").current().generation == built.generation
    # What knows more of a known track does change it, and so does what was stored by another way.
    richer = files.text([files.NET, files.net_row(3, Genres="polka")])
    database.put_tracks([Track(id="looked-up", title="Up", artists=("C",))])
    do(database, tmp_path / "var", write(tmp_path, richer, "richer.csv"))
    assert len(Catalogue(tmp_path / "var" / "catalogue").current()) == 8


def test_a_cancelled_import_leaves_nothing_half(database: Database, tmp_path: Path) -> None:
    run_id = queue(database, write(tmp_path, files.playlist(3 * PAGE_ITEMS)))

    def cancel(progress: Progress) -> None:
        if progress.requested:
            database.cancel_run(run_id)

    assert execute(database, tmp_path / "var", run_id, cancel) == "cancelled"
    assert database.playlists(None) == []
    assert database.unfinished_runs() == []
    run = database.get_run(run_id)
    assert run
    assert (run.state, run.error) == ("cancelled", None)


@pytest.mark.shared
def test_all_real_files_are_imported(database: Database, tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "exportify"
    with (folder / "index.csv").open(newline="") as index:
        listed = list(csv.DictReader(index))
    runs = {one["file"]: queue(database, folder / one["file"]) for one in listed}
    for run_id in runs.values():
        execute(database, tmp_path / "var", run_id, build=False)
    finish(database, tmp_path / "var", list(runs.values()))
    for expected in listed:
        run = database.get_run(runs[expected["file"]])
        assert run
        playlist = database.playlist(run.playlist_id)
        assert playlist
        assert run.state == "done"
        assert run.requested == int(expected["rows"])
        assert playlist.item_count == run.stored + run.known == run.requested - sum(run.skipped.values())
        assert len(playlist.contributors) == int(expected["contributors"])
    tracks = sum(1 for _ in database.all_tracks())
    assert tracks == database.counts()["tracks"] == len(Catalogue(tmp_path / "var" / "catalogue").current())


def test_a_catalogue_that_cannot_be_built_ends_the_run(database: Database, tmp_path: Path) -> None:
    (tmp_path / "catalogue").write_text("a file where the folder should be")
    run = upload(database, tmp_path, files.playlist(3).encode())
    assert execute(database, tmp_path, run.id) == "failed"
    failed = database.get_run(run.id)
    assert failed
    assert failed.error["code"] == "catalogue"
    assert [one.complete for one in database.playlists("me")] == [True]  # what is stored stays stored


def test_a_file_with_too_many_people_or_plays_keeps_its_rows(database: Database, tmp_path: Path) -> None:
    people = MAX_PEOPLE + 2
    rows = [f"Song {n},Band,{n:0300d}x,{10**n if n < 25 else 1}" for n in range(people)]
    rows += [f"Song {n},Band,{'0' * MAX_PERSON_ID},1" for n in range(2)]
    path = write(tmp_path, "\n".join(["title,artist,added by,plays", *rows]))
    run = do(database, tmp_path / "var", path, owner="me")
    assert (run.state, run.stored) == ("done", people)
    assert run.unread["plays"] == 25 - 10
    [playlist] = [each for each in database.playlists("me") if each.owner == "me"]
    assert playlist.item_count == people + 2
    assert playlist.contributors == {"0" * MAX_PERSON_ID: people + 2}
    rows = [f"Song {n},Band,u{n}" for n in range(people)]
    run = do(database, tmp_path / "var", write(tmp_path, "\n".join(["title,artist,added by", *rows])), owner="you")
    assert run.unread == {f"added by, beyond {MAX_PEOPLE} people": 2}
    [playlist] = [each for each in database.playlists("you") if each.owner == "you"]
    assert (playlist.item_count, len(playlist.contributors)) == (people, MAX_PEOPLE)
