"""Figures: each is documented, each documented one exists, and they tell what they say."""

from __future__ import annotations

import re

from tests.tools import ROOT
from tests.web.site import Site, path_of
from tests.world import NUMBER


def figures_of(site: Site) -> dict[str, float]:
    """Ask for all figures; by name with labels."""
    lines = [line for line in site.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_every_figure_is_documented_and_every_documented_one_exists(site: Site) -> None:
    """After something of each kind happened."""
    site.world.initial()
    site.endorse()
    site.world.services.sequencer.advance()
    for _ in range(25):
        site.client.post("/verify", data={"code": "0" * 12})
    table = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8").split("## What to watch")[1]
    documented = set(re.findall(r"^\| `(certsvc_[a-z_]+)", table.split("\n## ")[0], flags=re.MULTILINE))

    told = {re.sub(r"_(bucket|count|sum|created)$", "", name.partition("{")[0]) for name in figures_of(site)}
    # The client library's own instants of when a counter began.
    told -= {name.removesuffix("_total") for name in told if name.endswith("_total")}
    assert told == documented


def test_refusals_are_counted_by_kind(site: Site) -> None:
    """Twenty codes in a burst, then refusals."""
    before = figures_of(site).get('certsvc_limit_refusals_total{kind="code"}', 0)
    for _ in range(23):
        site.client.post("/verify", data={"code": "0" * 12})

    assert figures_of(site)['certsvc_limit_refusals_total{kind="code"}'] == before + 3


def test_what_waits_is_told_and_gone_once_done(site: Site) -> None:
    """Entries of the log, and the age of its newest checkpoint."""
    site.world.initial()
    assert site.post(path_of(NUMBER, "original"), None).status_code == 201
    waiting = figures_of(site)
    assert waiting["certsvc_log_entries_waiting"] >= 2
    assert "certsvc_log_checkpoint_age_seconds" not in waiting
    site.world.services.sequencer.advance()
    site.world.jump(seconds=90)

    after = figures_of(site)
    assert (after["certsvc_log_entries_waiting"], after["certsvc_log_checkpoint_age_seconds"]) == (0, 90)


def test_days_left_of_each_use(site: Site) -> None:
    """They fall by one a day, and to nothing where the last key runs out."""
    before = figures_of(site)
    site.world.jump(days=10)

    after = figures_of(site)
    names = [name for name in after if name.startswith("certsvc_key_days_left")]
    held = {key.use for key in site.world.services.keystore.keys}
    assert set(names) == {f'certsvc_key_days_left{{use="{use}"}}' for use in held}
    for name in names:
        assert round(before[name] - after[name], 6) == 10
