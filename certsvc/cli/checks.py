"""``template``: checks somebody makes before changing a certificate type."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from certsvc.cli.place import load_place
from certsvc.cli.show import as_json, out_folder, print_facts, print_json, write_out

PREVIEW_DPI: Final = 110


@click.group("template")
def template() -> None:
    """Certificate types: folders of data."""


@template.command("check")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@as_json
def template_check(folder: Path, json_: bool) -> None:
    """Read the certificate type in DIR and tell what it says, or what is wrong with it."""
    from certsvc.page.certificate_type import load_certificate_type

    policy = load_certificate_type(folder).policy
    facts = {
        "certificate_type": policy.certificate_type,
        "title": policy.title,
        "usage_days": policy.usage_days,
        "warn_below_days": policy.warn_below_days,
        "validity_years": policy.validity_years,
        "age_limit": policy.age_limit,
        "offline_qr": policy.offline_qr,
        "specialties": list(policy.specialty_names),
    }
    if json_:
        print_json(facts)
    else:
        print_facts(facts | {"specialties": " ".join(policy.specialty_names)})


@template.command("preview")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@out_folder
def template_preview(folder: Path, out: Path) -> None:
    """Draw the faces of the certificate type in DIR, with its own placeholder data and no seal.

    The original, the endorsed copy, and where layout.toml has a place for it the copy with the second symbol.
    """
    from dataclasses import replace

    from certsvc.domain.endorsement import CopyKind
    from certsvc.page.certificate_type import load_certificate_type
    from certsvc.page.compose import compose
    from certsvc.page.fonts import FontChain
    from certsvc.page.model import DocumentFacts
    from certsvc.page.sample import sample_subject
    from certsvc.qr.encode import encode, encode_link
    from certsvc.qr.payload import offline_link, verify_url
    from certsvc.qr.token import new_token
    from certsvc.rendering.pdf_reference import ReferenceRenderer
    from certsvc.rendering.png import preview

    settings = load_place()
    kind = load_certificate_type(folder)
    fonts = FontChain.load(settings.templates_dir / "fonts", settings.data_dir / "cache")
    # The compiled path draws the stamp too, as the appearance of a signature there is none of here.
    renderer = ReferenceRenderer(fonts)
    modules = encode(verify_url(settings.public_url, new_token()))
    faces = {str(copy_kind): sample_subject(kind, modules, copy_kind) for copy_kind in CopyKind}
    if kind.with_offline is not None:
        # As many digits as a usual code has; a preview signs nothing.
        code = encode_link(offline_link(settings.public_url, new_token()), "1234567890" * 90)
        faces["offline"] = replace(faces[str(CopyKind.ENDORSEMENT)], offline=code)
    for face, subject in faces.items():
        facts = DocumentFacts(
            title=kind.policy.title,
            document_id=f"preview-{face}",
            created_at=f"{subject.copy.day.isoformat()}T00:00:00Z",
            metadata=(),
        )
        pdf = renderer.render(compose(kind, subject, fonts), facts)
        name = f"{kind.policy.certificate_type}-{face}"
        click.echo(write_out(out, f"{name}.pdf", pdf))
        click.echo(write_out(out, f"{name}.png", preview(pdf, PREVIEW_DPI)))
