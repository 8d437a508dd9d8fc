"""One holder with everything there is of him, and a bystander; then the holder is to be erased."""

from __future__ import annotations

import base64
import shutil
from datetime import date
from pathlib import Path

from tests.factories import FixedClock
from tests.images import a_photo
from tests.web.site import Site
from tests.world import JSON, NUMBER, World, settings_in

NAME, NEW_NAME = "樣本删去", "样本改名"
OTHER, OTHER_NAME = "京1112020202200077", "样本旁人"
BORN = date(1983, 11, 29)
PURPOSE = "某项目投标独此一份"
PHOTO = a_photo()


class Case:
    """A site with the holder's registration, which was cancelled."""

    def __init__(self, folder: Path, keys: Path, *, cancelled: bool = True, **settings: str) -> None:
        """Record and issue; *keys* is copied, as the list of erasures stands beside them."""
        shutil.copytree(keys, folder / "keys")
        self.clock = FixedClock()
        self.batch = ""
        """Id of a batch that a copy of the holder's came out of."""
        self.world = World(settings_in(folder / "data", folder / "keys", **settings), self.clock)
        self.site = Site(self.world)
        self.body = self.world.initial_body(name=NAME, birth_date=BORN, order=3)
        self.world.record(self.body)
        self.world.initial(OTHER, name=OTHER_NAME, birth_date=date(1979, 2, 3), order=4)
        self.original: JSON = self.world.original()
        self.copy: JSON = self.world.endorse(purpose=PURPOSE)
        self.file = self.world.file(self.copy)
        self.others_copy: JSON = self.world.endorse(OTHER)
        self.world.jump(days=1)
        self.world.record(self.world.event("amend_holder", holder={"name": NEW_NAME}))
        self.world.jump(days=1)
        self.before = self.clock.now()
        if cancelled:
            self.world.jump(days=1)
            self.cancel()

    def cancel(self) -> None:
        """End the registration now."""
        self.world.record(self.world.event("cancel", reason={"code": "HOLDER_REQUEST", "text": "本人申请"}))

    def wait(self, days: int) -> None:
        """Let time pass."""
        self.world.jump(days=days)

    def erase(self, *, override: bool = False) -> None:
        """Erase the holder."""
        self.world.services.eraser.erase(NUMBER, "保存期满", override=override)

    @property
    def database(self) -> Path:
        """The register's file."""
        return self.world.settings.data_dir / "registry.db"

    def left(self) -> dict[str, bytes]:
        """Return every file of the instance: register, its log, packs, keys; not what fonts are cut to."""
        folder = self.world.settings.data_dir.parent
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "cache" not in path.parts
        }


def traces() -> list[bytes]:
    """Return what must be found nowhere: of the name, birth date, purpose and photo."""
    words = [NAME, NEW_NAME, PURPOSE, BORN.isoformat(), f"{BORN:%Y%m%d}"]
    found = [word.encode() for word in words] + [word.encode("utf-16-be") for word in words[:3]]
    return [*found, PHOTO[100:160], base64.b64encode(PHOTO[99:159])]
