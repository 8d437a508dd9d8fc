"""What one may apply for (业务类型), what each application must say, and which event it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from registration_desk.people import EMPLOYERS, PEOPLE, SAMPLE, SPECIALTIES
from registration_desk.words import Words

JSON = dict[str, object]


class ApplicationError(Exception):
    """An application that does not say what it must; ``faults`` by field."""

    def __init__(self, faults: Mapping[str, Words]) -> None:
        """Take one sentence for each field."""
        super().__init__(", ".join(sorted(faults)))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """One kind of application."""

    kind: str
    """Also the type of the event (docs/api.md)."""
    title: Words
    fields: tuple[str, ...]
    """Each must be filled in."""
    about: Words


LABELS: Final[Mapping[str, Words]] = {
    "employer": Words("聘用企业", "Employer"),
    "specialty": Words("注册专业", "Specialty"),
    "contract_from": Words("劳动合同开始", "Contract from"),
    "contract_to": Words("劳动合同截止", "Contract until"),
    "qualification": Words("资格证书编号", "Qualification certificate"),
    "new_name": Words("更正后的姓名", "Corrected name"),
    "new_employer_name": Words("企业现名称", "The company's new name"),
    "reason": Words("原因", "Reason"),
}
_CONTRACT: Final = ("contract_from", "contract_to")

BUSINESSES: Final[Mapping[str, Business]] = {
    one.kind: one
    for one in (
        Business(
            kind="initial",
            title=Words("初始注册", "Initial registration"),
            fields=("employer", "specialty", *_CONTRACT, "qualification"),
            about=Words("第一次注册。", "Registering for the first time."),
        ),
        Business(
            kind="add_specialty",
            title=Words("增项注册", "Adding a specialty"),
            fields=("specialty", *_CONTRACT),
            about=Words("再加一个专业。", "One more specialty."),
        ),
        Business(
            kind="renew",
            title=Words("延续注册", "Renewal"),
            fields=("specialty", *_CONTRACT),
            about=Words("有效期从准予之日重新起算。", "Validity starts anew on the day of granting."),
        ),
        Business(
            kind="change_employer",
            title=Words("变更注册", "Change of employer"),
            fields=("employer", *_CONTRACT),
            about=Words("换到另一家企业执业。", "Practising with another company."),
        ),
        Business(
            kind="amend_employer",
            title=Words("企业信息修改", "Company data"),
            fields=("new_employer_name",),
            about=Words("企业未换，名称变了。", "The same company under a new name."),
        ),
        Business(
            kind="amend_holder",
            title=Words("个人信息修改", "Personal data"),
            fields=("new_name",),
            about=Words("更正姓名，重新采集照片与签名。", "A corrected name, with new photo and signature."),
        ),
        Business(
            kind="re_register",
            title=Words("重新注册", "Registering anew"),
            fields=("employer", "specialty", *_CONTRACT, "qualification"),
            about=Words("原注册终止以后再次注册。", "After the former registration has ended."),
        ),
        Business(
            kind="cancel",
            title=Words("注销", "Cancellation"),
            fields=("reason",),
            about=Words("注册自此终止，不能恢复。", "The registration ends and cannot be restored."),
        ),
        Business(
            kind="reissue",
            title=Words("证书更换", "Exchange of the certificate"),
            fields=("reason",),
            about=Words("内容不变，重新生成文件。", "The same content in a fresh file."),
        ),
    )
}
_REGISTERING: Final = frozenset({"initial", "re_register"})
_MISSING: Final = Words("此项必填。", "Please fill this in.")
_LONGEST: Final = 100
"""Characters of anything typed."""


def check(kind: str, person: str, said: Mapping[str, str]) -> None:
    """Refuse an application that lacks something or says what cannot be.

    Raises:
        ApplicationError: with a sentence for each such field.
    """
    if kind not in BUSINESSES:
        raise ApplicationError({"kind": Words("请选择业务类型。", "Please choose what to apply for.")})
    faults: dict[str, Words] = {}
    if person not in PEOPLE:
        faults["person"] = Words("请选择申请人。", "Please choose who applies.")
    for name in BUSINESSES[kind].fields:
        value = said.get(name, "")
        if not value.strip():
            faults[name] = _MISSING
        elif (fault := _fault(name, value)) is not None:
            faults[name] = fault
    if not faults and _CONTRACT[0] in BUSINESSES[kind].fields and said[_CONTRACT[1]] <= said[_CONTRACT[0]]:
        faults[_CONTRACT[1]] = Words("截止日须晚于开始日。", "It must end after it begins.")
    if faults:
        raise ApplicationError(faults)


def _fault(name: str, value: str) -> Words | None:
    """Say what is wrong with one value; None when nothing is."""
    choices = {"employer": EMPLOYERS, "specialty": SPECIALTIES}.get(name)
    if choices is not None and value not in choices:
        return Words("请从列表中选择。", "Please choose from the list.")
    if name in _CONTRACT and not _is_day(value):
        return Words("请填写日期，如 2026-12-31。", "Please give a day, such as 2026-12-31.")
    if len(value) > _LONGEST:
        return Words(f"最多 {_LONGEST} 个字。", f"At most {_LONGEST} characters.")
    if any(not (char.isprintable() or char.isspace()) for char in value):
        # The service would call the whole letter malformed, and nothing of this person came through any more.
        return Words(
            "含有不可见的字符，请重新输入。", "It holds characters nobody can see; please type it again."
        )
    if name in {"new_name", "new_employer_name"} and SAMPLE not in value:
        return Words(
            "这里只演示虚构的人和企业：名称须含“样本”。", "Only made-up names here: it must contain 样本."
        )
    return None


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def event_of(
    kind: str, person: str, said: Mapping[str, str], *, employer: str, granted_on: date, new_number: str = ""
) -> JSON:
    """Return the parts of the event an approved application becomes, without number, instant and source_id.

    Nor is the ID number in it, which is put in when it is sent (``with_identity``): it lies in no file here.

    Args:
        kind: of BUSINESSES, checked.
        person: of PEOPLE.
        said: what was filled in, checked.
        employer: key of the present employer, for company data.
        granted_on: the day the ministry grants it.
        new_number: of a new registration; only re_register takes one.
    """
    who = PEOPLE[person]
    event: JSON = {"type": kind}
    if kind in _REGISTERING:
        shown = {name: value for name, value in who.holder.items() if name != "id_number"}
        event |= {"holder": {**shown, **who.pictures}, "qualification": {"number": said["qualification"]}}
        if new_number:
            event["new_registration_number"] = new_number
    if "specialty" in BUSINESSES[kind].fields:
        event["specialties"] = [{"name": said["specialty"], "granted_on": granted_on.isoformat()}]
    if "employer" in BUSINESSES[kind].fields:
        chosen = EMPLOYERS[said["employer"]]
        event["employer"] = {"name": chosen.name, "uscc": chosen.uscc}
    if kind == "amend_employer":
        event["employer"] = {"name": said["new_employer_name"].strip(), "uscc": EMPLOYERS[employer].uscc}
    if kind == "amend_holder":
        event["holder"] = {"name": said["new_name"].strip(), **who.pictures}
    if kind == "cancel":
        event["reason"] = {"code": "ON_REQUEST", "text": said["reason"].strip()}
    return event


def with_identity(event: JSON, person: str) -> JSON:
    """Return the event with the ID number where it names a holder who begins."""
    holder = event.get("holder")
    if not isinstance(holder, dict) or "id_type" not in holder:
        return event
    return {**event, "holder": {**holder, "id_number": PEOPLE[person].holder["id_number"]}}
