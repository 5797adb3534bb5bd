"""Small files of every other kind that can be imported, written by the tests themselves."""

import json
import plistlib
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.etl.imports.files import spotify_id

PRIVATE = {
    "ip_addr": "203.0.113.77",
    "ip_addr_decrypted": "203.0.113.78",
    "user_agent_decrypted": "SecretBrowser/9.9",
    "platform": "SecretPhone 12",
    "conn_country": "XQ",
    "username": "secretname",
}


def uri(number: int) -> str:
    return f"spotify:track:{spotify_id(number)}"


def account_item(number: int, added: str = "2024-08-17") -> dict[str, Any]:
    track = {
        "trackName": f"Song {number}",
        "artistName": f"Band {number % 7}",
        "albumName": f"Album {number % 5}",
        "trackUri": uri(number),
    }
    return {"track": track, "episode": None, "audiobook": None, "localTrack": None, "addedDate": added}


def account_playlists(*playlists: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "playlists": [
            {"name": name, "lastModifiedDate": "2024-08-17", "collaborators": [], "items": items}
            for name, items in playlists
        ]
    }


EPISODE = {"track": None, "episode": {"episodeName": "Talk", "showName": "Show"}, "addedDate": "2024-01-01"}
LOCAL = {
    "track": None,
    "localTrack": {"trackName": "Home Demo", "artistName": "Us", "albumName": "Tapes", "uri": "spotify:local:x"},
    "addedDate": "2024-01-02",
}


def library(count: int) -> dict[str, Any]:
    tracks = [
        {"artist": f"Band {n % 7}", "album": f"Album {n % 5}", "track": f"Song {n}", "uri": uri(n)}
        for n in range(count)
    ]
    return {"tracks": tracks, "albums": [], "shows": [], "episodes": [], "bannedTracks": [], "artists": []}


def play(number: int, ts: str, ms_played: int = 200_000, **changes: Any) -> dict[str, Any]:
    return {
        "ts": ts,
        **PRIVATE,
        "ms_played": ms_played,
        "master_metadata_track_name": f"Song {number}",
        "master_metadata_album_artist_name": f"Band {number % 7}",
        "master_metadata_album_album_name": f"Album {number % 5}",
        "spotify_track_uri": uri(number),
        "episode_name": None,
        "spotify_episode_uri": None,
        "reason_start": "clickrow",
        "incognito_mode": False,
        **changes,
    }


EPISODE_PLAY = play(0, "2023-01-01T00:00:00Z") | {
    "master_metadata_track_name": None,
    "spotify_track_uri": None,
    "episode_name": "Talk",
    "spotify_episode_uri": "spotify:episode:1",
}


def listen(number: int, listened_at: int = 1_700_000_000, **more: Any) -> dict[str, Any]:
    return {
        "listened_at": listened_at,
        "inserted_at": 1_700_000_010.0,
        "track_metadata": {
            "track_name": f"Song {number}",
            "artist_name": f"Band {number % 7}",
            "release_name": f"Album {number % 5}",
            "recording_msid": "00000000-0000-0000-0000-000000000000",
            "mbid_mapping": None,
            "additional_info": more,
        },
    }


def jsonl(*values: Any) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


def jspf(title: str, *tracks: dict[str, Any]) -> dict[str, Any]:
    return {"playlist": {"title": title, "creator": "somebody", "track": list(tracks)}}


def apple_track(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "Track ID": number,
        "Name": f"Song {number}",
        "Artist": f"Band {number % 7}",
        "Album": f"Album {number % 5}",
        "Genre": "Alternative",
        "Total Time": 180_000 + number,
        "Year": 1999,
        "Date Added": datetime(2020, 5, 6, 7, 8, 9),
        "Play Count": number,
        "Location": "file:///Users/somebody/secret/song.mp3",
        **changes,
    }


def apple_library(tracks: list[dict[str, Any]], *playlists: dict[str, Any]) -> bytes:
    document = {
        "Major Version": 1,
        "Tracks": {str(track["Track ID"]): track for track in tracks},
        "Playlists": list(playlists),
    }
    return plistlib.dumps(document)


def apple_playlist(name: str, *numbers: int, **marks: Any) -> dict[str, Any]:
    return {"Name": name, "Playlist Items": [{"Track ID": number} for number in numbers], **marks}


def slice_playlist(pid: int, *numbers: int, **changes: Any) -> dict[str, Any]:
    tracks = [
        {
            "pos": place,
            "artist_name": f"Band {number % 7}",
            "track_uri": uri(number),
            "artist_uri": "spotify:artist:0000000000000000000000",
            "track_name": f'Song {number} "}}, {{" \\ é',
            "album_uri": "spotify:album:0000000000000000000000",
            "duration_ms": 200_000 + number,
            "album_name": f"Album {number % 5}",
        }
        for place, number in enumerate(numbers)
    ]
    return {
        "name": f"list {pid}",
        "collaborative": "false",
        "pid": pid,
        "modified_at": 1_493_424_000,
        "num_tracks": len(tracks),
        "num_followers": 2,
        "tracks": tracks,
        "num_edits": 3,
        **changes,
    }


def mpd_slice(*playlists: dict[str, Any], indent: int | None = 4) -> str:
    info = {"generated_on": "2017-12-03 08:41:42.057563", "slice": "0-999", "version": "v1"}
    return json.dumps({"info": info, "playlists": list(playlists)}, indent=indent)


def zipped(path: Path, members: dict[str, Any], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip of members by name; what is neither text nor bytes is written as JSON."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content if isinstance(content, (str, bytes)) else json.dumps(content))
    return path


# The headings are TuneMyMusic's own; the tracks are invented.
TUNE_MY_MUSIC = """Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id
"Lanterns, Unlit","Ada Fern, The Hollow Pines",Low Water,Evenings,Playlist,ZZINV2600101,0000000000000000000001
Tin Roof,Ada Fern,Low Water,Evenings,Playlist,not one,
,Ada Fern,,Evenings,Artist,,
The Hollow Pines - Salt and Cedar,,,Liked videos,Favorite,,
Tin Roof,Ada Fern,Low Water,Liked videos,Favorite,,
"""
