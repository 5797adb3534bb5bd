"""The playlist sets that were imported to learn from: too many playlists to open one by one."""

from dataclasses import asdict, dataclass

from apiflask import APIBlueprint

from api.current import services
from store.set_summaries import summaries

blueprint = APIBlueprint("datasets", __name__, tag="Status")
_SHOWN = 50


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A slice: ``rows`` of its playlists name ``tracks`` distinct tracks."""

    name: str
    playlists: int
    rows: int
    tracks: int
    imported_at: str


@dataclass(frozen=True, kw_only=True)
class DatasetsAnswer:
    """The number of slices, what they hold together, and the newest of them."""

    slices: int
    playlists: int
    rows: int
    imported_at: str | None
    datasets: list[Dataset]


@blueprint.get("/api/datasets")
def datasets() -> DatasetsAnswer:
    """How many slices of the Million Playlist Dataset there are, what they hold together, and the newest of them."""
    found = summaries(services().config.var / "playlists")
    return DatasetsAnswer(
        slices=len(found),
        playlists=sum(summary.playlists for summary in found),
        rows=sum(summary.rows for summary in found),
        imported_at=found[0].imported_at.isoformat() if found else None,
        datasets=[
            Dataset(**{**asdict(summary), "imported_at": summary.imported_at.isoformat()}) for summary in found[:_SHOWN]
        ],
    )
