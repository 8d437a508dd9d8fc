"""The page the story leaves: one file, pictures inside, links to the files beside it."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from registration_desk.office import BEIJING
from registration_desk.telling import Teller
from registration_desk.words import Words

HERE: Final = Path(__file__).resolve().parent
TITLE: Final = Words("一份证书的一生", "The life of one certificate")
LEAD: Final = Words(
    "从申请注册到注销：业务系统样例与证照服务之间真实发生的每一步。人和企业全部虚构，文件印有“样本”，没有任何效力。",
    "From application to cancellation: every step as it happened between the sample desk and the certificate "
    "service. Everybody is made up; each file says 样本 SPECIMEN and has no effect.",
)


def write_page(teller: Teller, where: Path, seconds: float) -> None:
    """Write the page to *where*."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
    )
    language = teller.language
    steps = [
        {
            "told": told,
            "title": told.title.spoken(language),
            "lines": [line.spoken(language) for line in told.lines],
            "pictures": [
                (caption, "data:image/png;base64," + base64.b64encode(content).decode("ascii"))
                for caption, content in told.pictures
            ],
        }
        for told in teller.steps
    ]
    page = environment.get_template("story.html").render(
        zh=language == "zh",
        title=TITLE.spoken(language),
        lead=LEAD.spoken(language),
        steps=steps,
        style=(HERE / "desk.css").read_text(encoding="utf-8"),
        done=sum(told.ok for told in teller.steps),
        seconds=seconds,
        at=f"{datetime.now(BEIJING):%Y-%m-%d %H:%M} {'北京时间' if language == 'zh' else 'Beijing'}",
    )
    where.write_text(page, encoding="utf-8")
