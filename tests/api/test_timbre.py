"""Analyses dropped in, the timbre map and sound-alikes over HTTP."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from etl.imports.recognise import recognise
from etl.imports.rows.entries import AnalysisFile
from jobs.worker import execute
from store.database import Database
from store.domain import Track
from store.facts import analysed, timbre_of
from store.runs import ImportProblem, Run
from tests.ml.timbre_world import analysis, timbre

SPOTIFY_ID = "0a1B2c3D4e5F6g7H8i9J0k"
UNTITLED = f"Untitled analysis {SPOTIFY_ID[:6]}…"


def bring(database: Database, folder: Path, name: str, content: Any, owner: str | None = None) -> Run:
    """Import a file as the command line does, or as ``owner``'s browser would."""
    path = folder / name
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    run = Run(name=name, owner=owner, source=str(path), bytes_total=len(text))
    database.put_run(run)
    execute(database, folder, run.id)
    return database.get_run(run.id)


def test_without_analyses_it_says_what_to_do(empty_client: FlaskClient) -> None:
    answer = empty_client.get("/api/timbre/map").get_json()
    assert answer["tracks"] == []
    assert "No audio analysis" in answer["notice"]["message"]
    assert "extended access" in answer["notice"]["hint"]
    assert answer["scores"]["served"]["halves @1"][0] > 0
    alike = empty_client.get("/api/timbre/alike?track_id=x")
    assert (alike.status_code, alike.get_json()["error"]["code"]) == (404, "no_analyses")
    for query in ("", "?track_id=", "?track_id=x&limit=0", "?track_id=x&limit=51", "?track_id=x&other=1"):
        assert empty_client.get(f"/api/timbre/alike{query}").status_code == 422


def test_files_become_a_map_and_sound_alikes(empty_client: FlaskClient, database: Database, tmp_path: Path) -> None:
    half = analysis(1, 320)
    half["segments"] = half["segments"][:150]
    bring(database, tmp_path, "First song.json", analysis(1, 320))
    bring(database, tmp_path, "First song again.json", half)
    bring(database, tmp_path, "Second.json.gz", analysis(2, title="Kelp", artist="Ostrich Cartel"))
    assert bring(database, tmp_path, f"{SPOTIFY_ID}.json", analysis(3)).state == "done"
    bring(database, tmp_path, "Jingle.json", analysis(4, 20))

    answer = empty_client.get("/api/timbre/map").get_json()
    assert (answer["analysed"], answer["too_short"], answer["notice"]) == (5, 1, None)
    by_title = {row["title"]: row for row in answer["tracks"]}
    assert set(by_title) == {"First song", "First song again", "Kelp", UNTITLED}
    assert answer["untitled"] == 1
    assert by_title["Kelp"]["artists"] == ["Ostrich Cartel"]
    assert all(isinstance(row[key], float) for row in answer["tracks"] for key in "xy")

    first = by_title["First song"]["id"]
    found = empty_client.get("/api/timbre/alike", query_string={"track_id": first, "limit": 2}).get_json()
    assert found["track"]["title"] == "First song"
    assert found["alike"][0]["title"] == "First song again"
    assert len(found["alike"]) == 2
    assert 1 >= found["alike"][0]["score"] >= found["alike"][1]["score"] >= -1

    asked = {"track_id": first, "method": "timbre"}
    picks = empty_client.get("/recommend", query_string=asked).get_json()
    assert [track["id"] for track in picks["tracks"]][:2] == [track["id"] for track in found["alike"]]
    assert all("Alike in timbre" in track["reasons"][0] for track in picks["tracks"])
    gone = empty_client.get("/recommend", query_string=asked | {"exclude": found["alike"][0]["id"]}).get_json()
    assert gone["tracks"] == picks["tracks"][1:]
    assert empty_client.get("/api/status").get_json()["analysed"] is True

    # One that nobody has named has a page of its own, where its analysis answers.
    page = empty_client.get("/genre-predict", query_string={"track_id": SPOTIFY_ID}).get_json()
    assert (page["match"]["kind"], page["genre"], page["track"]["title"]) == ("analysis", None, UNTITLED)
    goes_with = empty_client.get("/recommend", query_string={"track_id": SPOTIFY_ID}).get_json()
    assert goes_with["method"] == "timbre"
    assert {track["title"] for track in goes_with["tracks"]} == set(by_title) - {UNTITLED}
    assert empty_client.get("/genre-predict", query_string={"track_id": SPOTIFY_ID[::-1]}).status_code == 404

    # A playlist that names the track gives the map its name.
    database.put_tracks([Track(id=SPOTIFY_ID, title="Copper Rain", artists=("Nadia Verholt",))])
    titles = {row["title"] for row in empty_client.get("/api/timbre/map").get_json()["tracks"]}
    assert "Copper Rain" in titles
    assert UNTITLED not in titles
    short = next(name for name in analysed(database) if name not in {row["id"] for row in answer["tracks"]})
    for name, why in ((short, "fewer than"), ("nothing", "not analysed")):
        refused = empty_client.get("/api/timbre/alike", query_string={"track_id": name})
        assert refused.status_code == 404
        assert why in refused.get_json()["error"]["message"]


def test_what_is_stored_is_what_was_in_the_file(database: Database, tmp_path: Path) -> None:
    sound = analysis(7, 50)
    for segment in sound["segments"]:
        del segment["duration"]  # as the Million Song Dataset has it
    run = bring(database, tmp_path, f"{SPOTIFY_ID}.json", sound)
    assert (run.kind, run.requested, run.stored) == ("analysis", 1, 1)
    kept = timbre_of(database, SPOTIFY_ID)
    assert kept is not None
    assert (kept == timbre(7, 50)).all()
    assert database.get_track(SPOTIFY_ID) is None  # the file does not name it


def test_what_a_browser_drops_is_no_analysis_for_everybody(database: Database, tmp_path: Path) -> None:
    def length() -> int | None:
        kept = timbre_of(database, SPOTIFY_ID)
        return None if kept is None else len(kept)

    bring(database, tmp_path, f"{SPOTIFY_ID}.json", analysis(1, 60))
    run = bring(database, tmp_path, f"{SPOTIFY_ID}.json", analysis(2, 70), owner="somebody")
    assert run.error["code"] == "operator_only"
    assert length() == 60
    bring(database, tmp_path, f"{SPOTIFY_ID}.json", analysis(2, 70))
    assert length() == 70


@pytest.mark.parametrize(
    "segment",
    [
        {"start": 0.0, "timbre": [1.0] * 11, "pitches": [0.5] * 12},
        {"start": 0.0, "timbre": [1.0] * 11 + ["loud"], "pitches": [0.5] * 12},
        {"start": 0.0, "timbre": [1e300] * 12, "pitches": [0.5] * 12},
        {"start": 0.0, "timbre": [1.0] * 12},
        {"timbre": [1.0] * 12, "pitches": [0.5] * 12},
        "a segment",
    ],
)
def test_damaged_segments_are_refused(tmp_path: Path, segment: Any) -> None:
    from etl.imports.analysis import read_analysis

    path = tmp_path / "Broken.json"
    whole = analysis(1, 3)
    path.write_text(json.dumps({**whole, "segments": [*whole["segments"], segment]}))
    found = recognise(path)
    assert isinstance(found, AnalysisFile)
    with pytest.raises(ImportProblem, match="an invalid segment"):
        read_analysis(found.document, path.name)
