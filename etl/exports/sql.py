"""Writes tracks to any database that SQLAlchemy supports, in the schema of :mod:`etl.exports.sql_schema`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Table, and_, bindparam, create_engine, delete, select
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from etl.exports.sql_schema import ARTIST_TRACK, METADATA, Record, records
from store.domain import Track
from store.errors import TastemapError

# How many tracks one transaction writes. After a kill, repeating the command writes the rest.
_TRACKS_AT_ONCE = 500


class SqlProblem(TastemapError):  # noqa: N818 - a fault of the address or of the database, shown to the operator
    """The database cannot be written; ``hint`` says what to do. Neither text contains a password."""

    code = "sql"


def export_tracks(tracks: Iterable[Track], url: str, show: Callable[[int], None] = lambda done: None) -> int:
    """Write ``tracks`` to the database at ``url`` and return their number; ``show`` is called with the number so far.

    Missing tables are created. Existing rows are updated, so that writing is idempotent. Other tracks in the database
    are not changed.

    Raises SqlProblem if the address is invalid, its driver is not installed, or the database refuses.
    """
    address = _address(url)
    remaining, done = iter(tracks), 0
    with _faults_shown(address), _opened(address) as engine:
        METADATA.create_all(engine)
        while batch := list(islice(remaining, _TRACKS_AT_ONCE)):
            with engine.begin() as connection:
                _write(connection, batch)
            done += len(batch)
            show(done)
    return done


def _address(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError as fault:
        raise SqlProblem("This is not the address of a database.", "Write one like sqlite:///music.db.") from fault


@contextmanager
def _opened(address: URL) -> Iterator[Engine]:
    engine = create_engine(address)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _faults_shown(address: URL) -> Iterator[None]:
    shown = address.render_as_string(hide_password=True)
    try:
        yield
    except (ModuleNotFoundError, NoSuchModuleError) as fault:
        hint = (
            "Install it into .venv, or name another: mariadb+pymysql:// needs PyMySQL, postgresql+psycopg:// psycopg."
        )
        raise SqlProblem(f"There is no driver for {shown} here: {fault}.", hint) from fault
    except SQLAlchemyError as fault:
        reason = str(getattr(fault, "orig", None) or fault).strip()
        raise SqlProblem(
            f"{shown} refused: {reason:.300}.", "Check the address and the permission to write."
        ) from fault


def _write(connection: Connection, batch: Sequence[Track]) -> None:
    found = records(batch)
    # Delete the old artists first: a track may have fewer artists now.
    connection.execute(delete(ARTIST_TRACK).where(ARTIST_TRACK.c.track_id.in_([track.id for track in batch])))
    for table, rows in found.items():
        if rows:
            upsert = _upsert(table, connection.dialect.name)
            if upsert is None:
                update_or_insert(connection, table, rows)
            else:
                connection.execute(upsert, rows)


def _upsert(table: Table, dialect: str) -> Executable | None:
    """Return the dialect's statement that inserts a row or updates the one with the same key; None if it has none."""
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if not column.primary_key]
    if dialect in {"mysql", "mariadb"}:
        row = mysql.insert(table)
        # Without another column, a key is set to itself, because MySQL requires an update.
        return row.on_duplicate_key_update({name: row.inserted[name] for name in others or keys[:1]})
    if dialect in {"sqlite", "postgresql"}:
        upsert: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
        if not others:
            return upsert.on_conflict_do_nothing(index_elements=keys)
        return upsert.on_conflict_do_update(index_elements=keys, set_={name: upsert.excluded[name] for name in others})
    return None


def update_or_insert(connection: Connection, table: Table, rows: Sequence[Record]) -> None:
    """Do an upsert in SQL that every database understands; ``rows`` have distinct keys."""
    keys = list(table.primary_key)
    some = select(*keys).where(keys[0].in_({row[keys[0].name] for row in rows}))
    known = {tuple(row) for row in connection.execute(some)}
    there = [tuple(row[key.name] for key in keys) in known for row in rows]
    new = [row for row, is_there in zip(rows, there, strict=True) if not is_there]
    old = [row for row, is_there in zip(rows, there, strict=True) if is_there]
    if new:
        connection.execute(table.insert(), new)
    if old and len(keys) < len(table.columns):
        same = and_(*(key == bindparam(f"the_{key.name}") for key in keys))
        connection.execute(
            table.update().where(same), [row | {f"the_{key.name}": row[key.name] for key in keys} for row in old]
        )
