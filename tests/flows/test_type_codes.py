"""Where a type's code comes from, and that nothing is issued under a made-up one."""

from __future__ import annotations

from pathlib import Path

import pytest

from certsvc.errors import InvalidFieldError, SettingsError, TemplateError
from certsvc.issuing.discretion import BodyDigest
from certsvc.issuing.draft import Drafter
from certsvc.issuing.record import Recorder
from certsvc.wiring.loading import load_kinds, sample_coded
from tests.flows.test_second_type import SECOND, issuer_of, templates_with
from tests.world import SECOND_NUMBER, World, settings_in

OTHER_CODE = "91990000MA0000015Q002"


def test_type_codes_come_from_the_setting_the_policy_or_theissuer_of(tmp_path: Path, dev_keys: Path) -> None:
    """In this order; two types never share one, and a name nobody has is refused."""

    def codes(**changes: str) -> dict[str, str]:
        kinds = load_kinds(settings_in(tmp_path, dev_keys, **changes))
        assert all(
            kind.with_offline is None or kind.with_offline.policy == kind.policy for kind in kinds.values()
        )
        return {name: kind.policy.type_code for name, kind in kinds.items()}

    assert codes() == {"constructor-1": "11990000000000019A001", SECOND: "11990000000000019A002"}
    assert codes(type_code=OTHER_CODE)["constructor-1"] == OTHER_CODE
    assert codes(type_codes=f"{SECOND} = {OTHER_CODE}")[SECOND] == OTHER_CODE
    with pytest.raises(TemplateError, match="one type code"):
        codes(type_codes=f"{SECOND}=11990000000000019A001")
    with pytest.raises(SettingsError, match="constructor-9"):
        codes(type_codes=f"constructor-9={OTHER_CODE}")
    for wrong in (SECOND, f"{SECOND}=1", f"={OTHER_CODE}"):
        with pytest.raises(SettingsError, match="CERTSVC_TYPE_CODES"):
            codes(type_codes=wrong)


def test_two_folders_of_one_type_are_refused(tmp_path: Path, dev_keys: Path) -> None:
    """One of them would silently be the other's rules."""
    templates = templates_with(tmp_path, certificate_type='"constructor-1"')

    with pytest.raises(TemplateError, match="constructor-2 and constructor-1 are both constructor-1"):
        load_kinds(settings_in(tmp_path / "var", dev_keys, templates_dir=str(templates)))


def test_production_issues_no_type_with_a_made_up_code(world: World) -> None:
    """The first class goes on; of the second nothing is recorded before it has a code of its own."""
    services = world.services
    production = world.settings.model_copy(update={"env": "production", "type_code": OTHER_CODE})
    kinds = load_kinds(production)
    recorder = Recorder(
        registry=services.registry,
        kinds=kinds,
        drafter=Drafter(services.fonts),
        issuer=issuer_of(world),
        clock=world.clock,
        body_digest=BodyDigest(services.keystore.registry_secret),
        not_issued=sample_coded(production, kinds),
    )

    with pytest.raises(InvalidFieldError) as refused:
        recorder.record(world.initial_body(SECOND_NUMBER, certificate_type=SECOND))
    assert refused.value.faults[0].pointer == "/certificate_type"
    assert "CERTSVC_TYPE_CODES" in refused.value.faults[0].en
    recorder.record(world.initial_body())

    coded = production.model_copy(update={"type_codes": f"{SECOND}={OTHER_CODE[:-1]}9"})
    assert sample_coded(coded, load_kinds(coded)) == frozenset()
    assert sample_coded(world.settings, kinds) == frozenset()
