"""The root command with every command under it."""

from __future__ import annotations

import click

from certsvc.cli.audit import audit
from certsvc.cli.backup import backup, restore
from certsvc.cli.batch import batch
from certsvc.cli.clients import client
from certsvc.cli.demo import demo
from certsvc.cli.doctor import doctor
from certsvc.cli.erase import erase
from certsvc.cli.exits import Program
from certsvc.cli.holder import holder_link
from certsvc.cli.keys import keys
from certsvc.cli.log import log
from certsvc.cli.operator import operator
from certsvc.cli.photo import photo
from certsvc.cli.receipt import verify_receipt
from certsvc.cli.record import record
from certsvc.cli.register import endorse, expiring, issue, recover
from certsvc.cli.samples import samples
from certsvc.cli.serve import serve
from certsvc.cli.setup import init
from certsvc.cli.template import template
from certsvc.cli.timestamps import timestamps
from certsvc.cli.trust import trust
from certsvc.cli.verify import verify
from certsvc.cli.witness import witness
from certsvc.cli.worker import worker


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def program() -> None:
    """Issue and verify electronic registration certificates (建造师电子注册证书).

    Exit codes: 0 success, 1 refused or not valid, 2 usage, 3 cannot tell. Settings: docs/operating.md.
    """


for _command in (
    init,
    serve,
    keys,
    client,
    operator,
    record,
    issue,
    endorse,
    verify,
    verify_receipt,
    holder_link,
    expiring,
    erase,
    recover,
    audit,
    doctor,
    photo,
    template,
    demo,
    samples,
    trust,
    timestamps,
    batch,
    worker,
    backup,
    restore,
    log,
    witness,
):
    program.add_command(_command)
