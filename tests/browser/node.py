"""Our scripts without a browser, run by the Node.js that playwright brings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Final

from playwright._impl._driver import compute_driver_executable

from tests.tools import ROOT, need_libatomic

WEB: Final = ROOT / "templates" / "web"
_SCRIPT: Final = """
import {{ readFileSync }} from "node:fs";
import * as ours from {module};
const cases = JSON.parse(readFileSync(0, "utf8"));
const answer = {answer};
const answers = [];
for (const one of cases) answers.push(await answer(one));
const plain = (_, value) => value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
process.stdout.write(JSON.stringify(answers, plain));
"""


def ask_node(module: str, answer: str, cases: Sequence[object]) -> list[Any]:
    """Return what a JavaScript function answers to each case.

    Args:
        module: a file of templates/web; its exports are ``ours``.
        answer: an expression, e.g. ``async one => ours.readText(one.text, one.url)``.
        cases: JSON values.
    """
    need_libatomic()
    node, _ = compute_driver_executable()
    script = _SCRIPT.format(module=json.dumps(str(WEB / module)), answer=answer)
    done = subprocess.run(
        [node, "--input-type=module", "-e", script],
        input=json.dumps(cases).encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    answers: list[Any] = json.loads(done.stdout)
    assert len(answers) == len(cases)
    return answers


def findings_of(report: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return the findings of a report from JavaScript as tuples."""
    return [(one["check"], one["result"], one["code"], one["detail"]) for one in report["findings"]]
