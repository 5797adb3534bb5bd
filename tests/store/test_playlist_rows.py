"""Rows that are added to a stored playlist, and taken out again."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.database import PAGE_ITEMS, Database
from store.domain import Person, Playlist, PlaylistItem
from store.errors import StoreDown
from store.playlists import rows
from store.playlists.rows import add_rows, change_rows, remove_rows
from store.runs import now

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def stored(database: Database, count: int) -> Playlist:
    rows = [PlaylistItem(position=n, track_id=f"t{n}", added_by="ann", added_at=NOW) for n in range(count)]
    for page, at in enumerate(range(0, count, PAGE_ITEMS)):
        database.put_page("p", page, rows[at : at + PAGE_ITEMS])
    people = {"ann": Person(name="Ann")}
    playlist = Playlist(id="p", name="P", item_count=count, contributors={"ann": count}, people=people, complete=True)
    database.put_playlist(playlist)
    return playlist


def read(database: Database) -> tuple[Playlist, list[str]]:
    playlist = database.playlist("p")
    assert playlist
    rows = database.playlist_items("p", limit=playlist.item_count)
    assert [row.position for row in rows] == list(range(playlist.item_count))
    return playlist, [row.track_id for row in rows]


def test_rows_go_to_the_end_over_pages_and_come_out_of_any_page(database: Database) -> None:
    playlist = stored(database, PAGE_ITEMS - 1)
    new = [PlaylistItem(position=0, track_id=f"n{n}", added_by="ben", added_at=NOW) for n in range(3)]
    for _again in range(2):
        add_rows(database, playlist, [*new, PlaylistItem(position=0, track_id="t0")])
        playlist, ids = read(database)
        assert ids[PAGE_ITEMS - 2 :] == [f"t{PAGE_ITEMS - 2}", "n0", "n1", "n2"]
    assert playlist.contributors == {"ann": PAGE_ITEMS - 1, "ben": 3}
    assert playlist.people == {"ann": Person(name="Ann")}
    for _again in range(2):
        remove_rows(database, playlist, {("t1", NOW), ("n2", NOW), ("t2", datetime(2020, 1, 1, tzinfo=UTC))})
        playlist, ids = read(database)
        assert ids[:3] == ["t0", "t2", "t3"], "a row of another time stays"
        assert ids[-2:] == ["n0", "n1"]
        assert len(ids) == PAGE_ITEMS
    assert database.playlist_items("p", start=PAGE_ITEMS) == [], "the last page is gone"


@pytest.mark.parametrize("writes", range(6))
def test_a_kill_while_a_row_moves_loses_none(database: Database, writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    playlist = stored(database, 3 * PAGE_ITEMS)
    put_page = Database.put_page

    def dies(*page: Any) -> None:
        nonlocal writes
        if not writes:
            raise KeyboardInterrupt
        writes -= 1
        put_page(*page)

    monkeypatch.setattr(Database, "put_page", dies)
    with suppress(KeyboardInterrupt):
        change_rows(
            database,
            playlist,
            lambda rows: [rows[-1], *rows],
            lambda rows: rows[:-1],
        )
    kept = [row.track_id for row in rows.all_rows(database, playlist)]
    assert {*kept} == {f"t{n}" for n in range(3 * PAGE_ITEMS)}


def test_a_playlist_that_is_deleted_meanwhile_stays_deleted(database: Database) -> None:
    playlist = stored(database, 2)
    database.delete_playlist("p")
    add_rows(database, playlist, [PlaylistItem(position=0, track_id="n")])
    assert database.playlist("p") is None
    assert database.playlist_items("p") == [], "no rows are left behind"


def test_changes_at_the_same_time_lose_no_row(database: Database) -> None:
    """Each was acknowledged, and most were overwritten by those that had read the rows before them."""
    playlist = Playlist(id="many", name="x", owner="me", complete=True)
    database.put_playlist(playlist)
    added = [f"a{number}" for number in range(12)]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda id_: add_rows(database, playlist, [PlaylistItem(position=0, track_id=id_)]), added))
    stored = database.playlist("many")
    assert stored
    assert stored.item_count == 12
    assert {row.track_id for row in database.playlist_items("many")} == set(added)
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda id_: remove_rows(database, stored, {(id_, None)}), added[:8]))
    assert {row.track_id for row in database.playlist_items("many")} == set(added[8:])


@pytest.mark.parametrize("ends_in", [timedelta(seconds=-1), timedelta(days=1)], ids=["over", "clock set back"])
def test_the_lease_of_a_killed_process_ends(
    database: Database, ends_in: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.put_playlist(Playlist(id="killed", name="x", owner="me", complete=True))
    database.change_document("playlists", "killed", {"changing": "gone", "changing_until": now() + ends_in})
    playlist = database.playlist("killed")
    assert playlist
    add_rows(database, playlist, [PlaylistItem(position=0, track_id="t")])
    document = database.get_document("playlists", "killed")
    assert document
    assert (document["item_count"], "changing" in document) == (1, False)
    database.change_document("playlists", "killed", {"changing": "held", "changing_until": now() + rows._LEASE / 2})
    monkeypatch.setattr(rows, "_WAIT_SECONDS", 0.0)
    with pytest.raises(StoreDown):
        add_rows(database, playlist, [PlaylistItem(position=0, track_id="u")])


def test_a_long_change_keeps_its_lease_and_one_that_lost_it_writes_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist = stored(database, 6 * PAGE_ITEMS)
    clock, put_page = [NOW], Database.put_page
    foreign: list[bool] = []

    def slow(self: Database, name: str, page: int, items: Any) -> None:
        put_page(self, name, page, items)
        clock[0] += rows._LEASE / 3
        foreign.append(rows._lease(self, "p", "another"))

    monkeypatch.setattr(rows, "now", lambda: clock[0])
    monkeypatch.setattr(Database, "put_page", slow)
    change_rows(database, playlist, lambda before: before[1:])
    assert foreign == [False] * 6

    def lost(self: Database, name: str, page: int, items: Any) -> None:
        foreign.append(True)
        put_page(self, name, page, items)
        clock[0] += 3 * rows._LEASE  # a machine that slept
        assert rows._lease(self, "p", "another")

    foreign.clear()
    monkeypatch.setattr(Database, "put_page", lost)
    with pytest.raises(StoreDown, match="meanwhile"):
        change_rows(database, playlist, lambda before: before[1:])
    assert foreign == [True]
    assert database.get_document("playlists", "p")["changing"] == "another"
