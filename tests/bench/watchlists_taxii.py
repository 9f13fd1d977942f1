"""A TAXII 2.1 pair of the package registry: medallion as it comes, with its memory back end, and taxii2-client.

The collection holds the indicators that the product exports of the same entries; wallets and relationships are left
out, so that an entry is one object. The client only reads them into a dict: no store, no check. The server compares
each object of a collection with each of its manifest, so that its rate falls with the size of the collection: what
counts is the collection at which it does best, of those that are tried.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

from comity.handling import Handling
from comity.watchlists import entry_id

from agents.sync.exporters import stix
from agents.sync.exporters.rows import ListHead, Row, place
from tests.bench.figures import Number
from tests.bench.processes import Process
from tests.bench.setting import Setting
from tests.bench.watchlists_wallets import BEGAN_MS, entries

PAGE: Final = 1_000
COLLECTION: Final = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
ROOT: Final = "bench"
USER: Final = "bench"
_MEDIA: Final = "application/stix+json;version=2.1"


def rate_of_taxii(setting: Setting) -> list[Number]:
    """Returns objects a second at the best collection first, then at each."""
    rates = {count: _rate(setting, count) for count in setting.size.taxii}
    best = max(rates, key=lambda count: rates[count])
    setting.say(f"TAXII: {rates[best]:,.0f} objects/s of a collection of {best:,}")
    return [
        Number("taxii_objects_per_s", rates[best], f"TAXII pair, objects/s, collection of {best:,}"),
        *(
            Number(f"taxii_{count}_objects_per_s", rate, f"TAXII pair, objects/s, collection of {count:,}")
            for count, rate in rates.items()
            if count != best
        ),
    ]


def _rate(setting: Setting, count: int) -> float:
    folder = setting.folder / f"taxii-{count}"
    folder.mkdir()
    objects = _objects(count)
    (folder / "data.json").write_text(json.dumps(_data(objects)), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(_config(folder / "data.json")), encoding="utf-8")
    config, log = str(folder / "config.json"), setting.folder / "taxii.log"
    with Process("tests.bench.watchlists_taxii_server", config, log=log) as server:
        return count / _sync(server.line(), {one["id"] for one in objects})


def _sync(port: str, wanted: set[str]) -> float:
    """Reads a collection to its end; returns the seconds."""
    from taxii2client.v21 import Collection, as_pages

    address = f"http://127.0.0.1:{port}/{ROOT}/collections/{COLLECTION}/"
    collection = _reached(lambda: Collection(address, user=USER, password=USER))
    held: dict[str, Any] = {}
    began = time.perf_counter()
    for page in as_pages(collection.get_objects, per_request=PAGE):
        held |= {one["id"]: one for one in page["objects"]}
    seconds = time.perf_counter() - began
    if held.keys() != wanted:
        raise RuntimeError("the TAXII client has other objects than the collection")
    return seconds


def _reached(make: Any) -> Any:
    """Connects, again while the server does not listen yet."""
    import requests

    end = time.monotonic() + 30
    while True:
        try:
            found = make()
            found.title  # noqa: B018 # asks the server
        except requests.exceptions.ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return found


def _objects(count: int) -> list[dict[str, Any]]:
    """Returns the indicators of the first entries, as the product exports them."""
    handling = Handling()
    head = ListHead("owner", "owner/desk", bytes(16), "Wallets", handling, 1, 1, BEGAN_MS)
    rows = [Row(head, entry_id(entry), entry, handling, *place(entry)) for entry in entries(0, count)]
    bundle = json.loads("".join(stix.write([(head, rows)], name="bench")))
    return [one for one in bundle["objects"] if one["type"] == "indicator"]


def _data(objects: list[dict[str, Any]]) -> dict[str, Any]:
    manifest = [
        {"id": one["id"], "date_added": one["modified"], "version": one["modified"], "media_type": _MEDIA}
        for one in objects
    ]
    collection = {
        "id": COLLECTION,
        "title": "Wallets",
        "can_read": True,
        "can_write": False,
        "media_types": [_MEDIA],
        "objects": objects,
        "manifest": manifest,
    }
    information = {
        "title": ROOT,
        "versions": ["application/taxii+json;version=2.1"],
        "max_content_length": 9_765_625,
    }
    return {
        "/discovery": {"title": ROOT, "default": f"http://127.0.0.1/{ROOT}/", "api_roots": []},
        ROOT: {"information": information, "status": [], "collections": [collection]},
    }


def _config(data: Path) -> dict[str, Any]:
    backend = {
        "module": "medallion.backends.memory_backend",
        "module_class": "MemoryBackend",
        "filename": str(data),
    }
    return {"backend": backend, "users": {USER: USER}, "taxii": {"max_page_size": PAGE}}
