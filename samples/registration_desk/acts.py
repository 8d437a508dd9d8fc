"""The acts of the tale, in their order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from certsvc.client import Endorsement
from registration_desk import counter, office
from registration_desk.outbox import Delivery, deliver_due, letters
from registration_desk.stages import State
from registration_desk.tale import (
    CONTRACT,
    DAYS_LEFT,
    PURPOSE,
    Scene,
    delivered,
    file_and_approve,
    picture,
    refused_second_copy,
    send_twice,
    service_is_killed,
    show,
    soon_over,
    wait_for_next_instant,
)

SPECIALTY: Final = "建筑工程"
_REGISTERING: Final = {
    "employer": "e1",
    "specialty": SPECIALTY,
    "qualification": "样本资格证书第1号",
    **CONTRACT,
}


def play(scene: Scene) -> None:
    """Play all acts; the first step that goes otherwise ends it."""
    registering(scene)
    copying(scene)
    bidding(scene)
    moving(scene)
    renewing(scene)
    ending(scene)


def registering(scene: Scene) -> None:
    """From the application to the first certificate."""
    step, today = scene.teller.step, datetime.now(office.BEIJING).date()
    with step("apply", "申请初始注册", "Applying for initial registration", "record_event(initial)") as told:
        number = file_and_approve(scene, told, "initial", _REGISTERING, granted_on=soon_over(today))
        letter = delivered(scene, told, number)
        holder = scene.book.holder("p1")
        told.expect("registered", holder is not None, True)
        scene.number = holder[0] if holder else ""
        registration = scene.desk.registration(scene.number)
        told.expect("status", registration.status, "ACTIVE")
        show(scene, told, registration)
        send_twice(scene, told, letter)
    with step(
        "original", "生成证书原件", "The original", "issue_original, download, original_picture"
    ) as told:
        original = scene.desk.issue_original(scene.number)
        for fmt in ("pdf", "ofd"):
            scene.keep(told, f"original.{fmt}", scene.desk.download(original.files[fmt]))
        picture(scene, told, "原件，仅供查看", "The original, for viewing only")
        told.facts["code"] = original.code
        told.say(f"PDF 与 OFD 已签章，核验码 {original.code}", f"PDF and OFD, sealed; code {original.code}")
    with step(
        "refused", "同一人再次申请初始注册", "The same person applies once more", "record_event(initial)"
    ) as told:
        number = file_and_approve(scene, told, "initial", _REGISTERING)
        deliver_due(scene.book, scene.desk)
        letter, application = letters(scene.book, number)[-1], scene.book.application(number)
        told.expect("delivery", f"{letter.state} {letter.code}", f"{Delivery.REFUSED} REGISTRATION_EXISTS")
        told.expect("returned", application.state is State.RETURNED, True)
        told.say(f"证照服务拒绝，申请退回：{application.reason}", f"refused, returned: {application.reason}")


def copying(scene: Scene) -> None:
    """One endorsed copy, and no second one that day."""
    step = scene.teller.step
    with step("endorse", "申请加注件", "An endorsed copy", "endorse(…, idempotency_key)") as told:
        first = counter.endorse(scene.book, scene.desk, scene.number, PURPOSE, "story-first")
        scene.copy = scene.desk.download(first.files["pdf"])
        scene.keep(told, "endorsed.pdf", scene.copy)
        scene.keep(told, "endorsed.ofd", scene.desk.download(first.files["ofd"]))
        told.expect("warning", [one.code for one in first.warnings], ["SPECIALTY_LT_180D"])
        sentence = first.warnings[0].message
        told.facts["warning sentence"] = sentence
        told.say(
            f"用途“{first.purpose}”，使用有效期 {first.use_from} – {first.use_until}",
            f"for “{first.purpose}”, usable {first.use_from} – {first.use_until}",
        )
        told.say(f"提示：{sentence}", f"with the official warning: {sentence}")
    with step("second", "同一天再申请一份", "A second one the same day", "endorse(…, another key)") as told:

        def another(order: str) -> Endorsement:
            return counter.endorse(scene.book, scene.desk, scene.number, "另一样本工程", order)

        refusal = refused_second_copy(another, first, told)
        told.expect("code", refusal.code, "ENDORSED_TODAY")
        told.facts["sentence"] = refusal.detail
        told.say(
            f"{refusal.status} {refusal.code}：{refusal.detail}",
            f"{refusal.status} {refusal.code}: {refusal.detail}",
        )


def bidding(scene: Scene) -> None:
    """The platform verifies what the bidder sent in."""
    step = scene.teller.step
    scene.bid_opening = wait_for_next_instant()
    with step(
        "verify", "开标：平台核验", "Bids are opened: the platform verifies", "verify_file(…, as_of)"
    ) as told:
        report = scene.platform.verify_file(scene.copy, as_of=scene.bid_opening, specialty=SPECIALTY)
        told.expect("verdict", str(report.verdict), "VALID")
        told.facts["as_of"] = scene.bid_opening.isoformat()
        told.say(
            f"结论 {report.verdict}，状态 {report.status}",
            f"verdict {report.verdict}, status {report.status}",
        )
        ofd = scene.platform.verify_file(scene.files / "endorsed.ofd", as_of=scene.bid_opening)
        told.expect("OFD", str(ofd.verdict), "VALID")
    with step(
        "altered", "另一份文件被改了一个字节", "Another file with one byte changed", "verify_file(…, upload)"
    ) as told:
        spoilt = bytearray(scene.copy)
        spoilt[len(spoilt) // 3] ^= 1
        scene.keep(told, "altered.pdf", bytes(spoilt))
        report = scene.platform.verify_file(bytes(spoilt), upload=True)
        told.expect("verdict", f"{report.verdict} {report.status}", "INVALID ALTERED")
        told.say(
            f"结论 {report.verdict}：{report.status}，不予接受", f"verdict {report.verdict}: {report.status}"
        )
    with step("feed", "平台订阅变更", "The platform begins to follow changes", "changes(cursor)") as told:
        counter.follow(scene.book, scene.platform)
        told.say("记下游标，以后只看新的变更", "the cursor is kept: only what is new from here on")


def moving(scene: Scene) -> None:
    """Another employer, while the service dies."""
    step = scene.teller.step
    with step(
        "killed", "变更聘用企业，途中服务中断", "Another employer, and the service dies", "record_event"
    ) as told:
        number = file_and_approve(scene, told, "change_employer", {"employer": "e2", **CONTRACT})
        service_is_killed(scene, told, number)
        delivered(scene, told, number)
        registration = scene.desk.registration(scene.number)
        told.expect("employer", registration.employer.name, "样本第二建设有限公司")
        told.expect(
            "changes recorded",
            [one.type for one in scene.desk.history(scene.number)].count("change_employer"),
            1,
        )
        show(scene, told, registration)
        picture(scene, told, "变更后的原件", "The original after the change")
    with step("superseded", "旧加注件再核验", "The old copy, verified again", "verify_file, changes") as told:
        report = scene.platform.verify_file(scene.copy)
        told.expect("verdict", f"{report.verdict} {report.status}", "INVALID SUPERSEDED")
        told.expect("changed", list(report.changed_fields), ["employer", "employer_uscc"])
        told.say(f"{report.status}：聘用企业已变", f"{report.status}: the employer changed")
        fresh = counter.follow(scene.book, scene.platform)
        told.expect(
            "feed",
            [f"{status} {changed}" for _, status, changed in fresh],
            ["SUPERSEDED employer,employer_uscc"],
        )
        told.say("变更订阅也通知了平台，无需再问", "the change feed told the platform too, unasked")


def renewing(scene: Scene) -> None:
    """The warning, the renewal, and a fresh file."""
    step = scene.teller.step
    with step("expiring", "即将到期", "Running out", "expiring(180)") as told:
        soon = [(one.registration_number, one.days_left) for one in scene.desk.expiring()]
        left = dict(soon).get(scene.number, -1)
        # One less where midnight has passed since the beginning.
        told.expect("days left", left if left == DAYS_LEFT - 1 else DAYS_LEFT, left)
        told.say(
            f"{SPECIALTY}剩 {left} 天，列入不足180天名单", f"{SPECIALTY} has {left} days left: on the list"
        )
    with step("renew", "延续注册", "Renewal", "record_event(renew)") as told:
        delivered(scene, told, file_and_approve(scene, told, "renew", {"specialty": SPECIALTY, **CONTRACT}))
        registration = scene.desk.registration(scene.number)
        told.expect("warnings", len(registration.warnings), 0)
        show(scene, told, registration)
    with step("reissue", "证书更换", "Exchange of the certificate", "record_event(reissue)") as told:
        before = scene.desk.registration(scene.number).certificate
        delivered(scene, told, file_and_approve(scene, told, "reissue", {"reason": "样本：更换文件"}))
        after = scene.desk.registration(scene.number).certificate
        told.expect("version unchanged", after.version == before.version, True)
        told.say(f"内容不变，仍是第 {after.version} 版", f"the same content, still version {after.version}")


def ending(scene: Scene) -> None:
    """Cancelled now, and still valid then."""
    step = scene.teller.step
    with step("cancel", "注销", "Cancellation", "record_event(cancel)") as told:
        delivered(scene, told, file_and_approve(scene, told, "cancel", {"reason": "样本：本人申请"}))
        told.expect("status", scene.desk.registration(scene.number).status, "CANCELLED")
        report = scene.platform.verify_file(scene.copy)
        told.expect("verdict", f"{report.verdict} {report.status}", "INVALID CANCELLED")
        told.say(f"加注件现在：{report.status}", f"the copy now: {report.status}")
    with step(
        "past", "以开标之时为准再问一次", "Asked again as of the opening", "verify_file(…, as_of)"
    ) as told:
        assert scene.bid_opening is not None
        report = scene.platform.verify_file(scene.copy, as_of=scene.bid_opening)
        told.expect("verdict", f"{report.verdict} then, {report.state_now} now", "VALID then, CANCELLED now")
        told.say("开标之时有效，现已注销：当时的评标不受影响", "valid then, cancelled now: the award stands")
        fresh = counter.follow(scene.book, scene.platform)
        told.expect("feed", any(status == "CANCELLED" for _, status, _ in fresh), True)
    with step("history", "操作轨迹", "What happened to it", "history") as told:
        types = [one.type for one in scene.desk.history(scene.number)]
        told.expect("events", types, ["initial", "change_employer", "renew", "reissue", "cancel"])
        told.say(" → ".join(types), " → ".join(types))
        told.facts["ended_at"] = datetime.now(UTC).isoformat(timespec="seconds")
