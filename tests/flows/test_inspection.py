"""What may be handed out, or found and called issued after a crash: files sealed today and before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from certsvc.domain.endorsement import CopyKind
from certsvc.issuing.inspection import Inspector
from certsvc.sealing.port import Signer
from tests.factories import a_copy
from tests.sealing.compiled import a_compiled_pdf
from tests.sealing.samples import a_sealed_pdf
from tests.world import World

SHAPES: dict[str, Callable[[Signer], bytes]] = {"in one pass": a_compiled_pdf, "in an update": a_sealed_pdf}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pdf_of_either_shape_is_the_file_of_its_copy(shape: str, world: World) -> None:
    """An instance that crashed before it was upgraded has files of the older shape to recover."""
    keystore = world.services.keystore
    signer: Signer = keystore.signer("p256")
    inspector = Inspector(keystore.pinned, keystore.pinned_seals)
    copy = replace(a_copy(CopyKind.ENDORSEMENT), key_id=signer.key_id)
    content = SHAPES[shape](signer)

    assert inspector.fault(copy, "pdf", content) is None
    assert inspector.fault(replace(copy, key_id="another"), "pdf", content) is not None
    assert inspector.fault(copy, "pdf", content + b"\n") is not None
