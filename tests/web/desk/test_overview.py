"""The register as a whole at the desk: what runs out, batches, look-ups, keys and health."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from threading import Event

import pytest

from certsvc.access.overview import Month
from certsvc.access.roles import ROLES
from certsvc.issuing.counter import Operation
from certsvc.registry.port_batches import BatchState, Engine
from certsvc.web.desk.expiring import bars
from tests.web.desk.person import Person, at_the_desk
from tests.web.site import Site
from tests.world import NUMBER


@pytest.fixture
def person(site: Site) -> Person:
    """Somebody with every role."""
    return at_the_desk(site, ROLES, "赵操作")


def test_what_runs_out_stands_in_its_month_and_in_the_list(site: Site, person: Person) -> None:
    """Both sides of the border: 179 days left is in, 180 is not."""
    world = site.world
    for order, left in enumerate((0, 179, 180), 1):
        day_after = world.today + timedelta(days=left + 1)
        granted = day_after.replace(year=day_after.year - 3)
        world.initial(f"京11120202022{order:05d}", order=order, granted_on=granted)
    ends = {f"京11120202022{order:05d}": world.services.enquiry for order in (1, 2, 3)}
    listed = {
        str(item["registration_number"])
        for item in csv.DictReader(io.StringIO(person.get("/desk/expiring.csv").data.decode("utf-8-sig")))
    }
    page = person.get("/desk/expiring").text
    shown = {number for number in ends if number in page}

    assert shown == listed
    assert "京1112020202200001" in listed and "京1112020202200003" not in listed
    assert f"共 {len(listed)} 项" in page
    assert sum(month.count for month in world.services.doors.overview.months(180)) == len(listed)


def test_the_chart_leaves_no_month_out() -> None:
    """A gap would look like a shorter year."""
    months = [Month(first=date(2026, month, 1), count=count) for month, count in ((11, 2), (12, 0))]
    drawn = bars(months, "zh")
    assert [(bar.label, bar.height, bar.ending) for bar in drawn] == [("26-11", 120, 2), ("26-12", 0, 0)]
    assert drawn[0].title == "2026年11月：2 项"


def test_a_batch_shows_how_far_it_is_and_why_items_failed(site: Site, person: Person) -> None:
    """In words; its progress as JSON for its page; cancelled by who may."""
    site.world.initial()
    services = site.world.services
    lines = [
        {"item_id": "good", "op": "endorse", "registration_number": NUMBER, "purpose": "投标"},
        {
            "item_id": "nobody",
            "op": "endorse",
            "registration_number": "京1112020202299999",
            "purpose": "投标",
        },
    ]
    batch = services.batches.plan(
        io.BytesIO("\n".join(map(json.dumps, lines)).encode()),
        client_id="tests",
        engine=Engine.LOCAL,
        operations=list(Operation),
    )
    at = f"/desk/batches/{batch.batch_id}"
    assert "进行中" in person.get(at).text and "data-progress" in person.get(at).text
    services.batches.runner("w").work(batch.batch_id, Event())

    page = person.get(at).text
    assert "已完成" in page and "第 2 行" in page and "查询不到" in page and "data-progress" not in page
    told = person.get(f"{at}/progress").get_json()
    assert (told["settled"], told["total"], told["share"], told["over"]) == (2, 2, 100, True)
    assert batch.batch_id in person.get("/desk/batches").text
    assert person.get("/desk/batches/nobody").status_code == 404


def test_cancelling_a_batch_begins_nothing_more_and_is_in_the_history(site: Site, person: Person) -> None:
    """Who did it and why is asked for first, and kept; the same form sent again is one action."""
    site.world.initial()
    services = site.world.services
    line = {"item_id": "a", "op": "original", "registration_number": NUMBER}
    batch = services.batches.plan(
        io.BytesIO(json.dumps(line).encode()),
        client_id="tests",
        engine=Engine.LOCAL,
        operations=list(Operation),
    )
    at = f"/desk/batches/{batch.batch_id}"
    asked = person.post(f"{at}/cancel")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', asked.text))
    assert asked.status_code == 200 and "事由" in asked.text
    form = {"action_id": hidden["action_id"], "reason": "清单有误"}
    assert person.post(f"{at}/cancel", {**form, "reason": " "}).status_code == 422
    assert services.batches.get(batch.batch_id).state is not BatchState.CANCELLED
    assert person.get(f"/desk/actions/{hidden['action_id']}").status_code == 404, "nothing was begun"

    for _ in range(2):
        assert person.post(f"{at}/cancel", form).status_code == 303
    assert services.batches.get(batch.batch_id).state is BatchState.CANCELLED
    assert "已取消" in person.get(at).text
    [kept] = services.doors.actions.latest(target_id=batch.batch_id)
    assert (kept.operator, kept.action, kept.target_kind) == ("赵操作", "batch_cancel", "batch")
    assert (kept.reason, kept.outcome) == ("清单有误", "DONE")
    page = person.get(f"/desk/actions?number={batch.batch_id}").text
    assert "取消批次" in page and "清单有误" in page
    assert person.post("/desk/batches/nobody/cancel", form).status_code == 404


def test_look_ups_are_counted_by_caller_and_way(site: Site, person: Person) -> None:
    """What an auditor looks for: one certificate looked at very often in one hour."""
    copy = site.issued()
    for _ in range(3):
        site.client.get(f"/v/{copy['token']}", headers={"Accept": "text/html"})
    site.post("/api/v1/verifications", {"code": copy["code"]})
    site.world.services.lookups.take_turn(lambda _: False)

    page = person.get("/desk/lookups").text

    assert NUMBER in page and "二维码 3" in page and "核验码 1" in page
    assert site.client.get("/v/" + "0" * 26).status_code == 404
    assert "查无结果" in person.get("/desk/lookups?days=7").text


def test_health_tells_each_part_and_each_key(site: Site, person: Person) -> None:
    """And says which part does not work, with what to do."""
    page = person.get("/desk/health").text
    assert "各部分均正常" in page and "使用中" in page
    keystore = site.world.services.keystore
    assert all(key.key_id in page for key in keystore.keys)
