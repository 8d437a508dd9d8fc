"""The XMP packet: PDF/A identification, the dates of the Info dictionary again, the e-licence metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

from certsvc.page.model import DocumentFacts

PRODUCER: Final = "certsvc"
NAMESPACE: Final = "urn:certsvc:e-licence:1#"
"""Namespace of the e-licence properties; PDF/A wants each property of an own namespace declared."""
PREFIX: Final = "elicence"
RECEIPT_NAMESPACE: Final = "urn:certsvc:receipt:1#"
"""Namespace of the signed receipt a verification report carries."""
RECEIPT_PREFIX: Final = "receipt"
PACKET_ID: Final = "W5M0MpCehiHzreSzNTczkc9d"
"""The constant every XMP packet begins with."""


def packet(facts: DocumentFacts) -> bytes:
    """Return the packet, UTF-8, the same for the same facts."""
    form = _form(tuple([name for name, _ in facts.metadata]), bool(facts.receipt))
    texts = [facts.title, *[value for _, value in facts.metadata]]
    if facts.receipt:
        texts.append(facts.receipt)
    # Most packets have nothing to escape, and one look tells.
    together = "".join(texts)
    if "&" in together or "<" in together or ">" in together:
        texts = list(map(escape, texts))
    moment = facts.created_at.encode("utf-8")
    title, *values = [text.encode("utf-8") for text in texts]
    return form % (title, moment, moment, moment, *values)


@lru_cache(maxsize=32)
def _form(names: tuple[str, ...], receipt: bool) -> bytes:
    """Return the packet of all facts with properties of these names; title, instants, values are open."""
    # A namespace without properties is one PDF/A knows nothing of.
    spaces = [(PREFIX, NAMESPACE)] if names else []
    spaces += [(RECEIPT_PREFIX, RECEIPT_NAMESPACE)] if receipt else []
    own = "".join(f' xmlns:{prefix}="{namespace}"' for prefix, namespace in spaces)
    lines = [
        f'<?xpacket begin="\ufeff" id="{PACKET_ID}"?>',
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">',
        '<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"',
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
        f' xmlns:pdf="http://ns.adobe.com/pdf/1.3/"{own}>',
        "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>",
        '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title>',
        "<xmp:CreateDate>%s</xmp:CreateDate>",
        "<xmp:ModifyDate>%s</xmp:ModifyDate>",
        "<xmp:MetadataDate>%s</xmp:MetadataDate>",
        f"<xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool><pdf:Producer>{PRODUCER}</pdf:Producer>",
        *[f"<{PREFIX}:{name}>%s</{PREFIX}:{name}>" for name in names],
    ]
    if receipt:
        lines.append(f"<{RECEIPT_PREFIX}:jws>%s</{RECEIPT_PREFIX}:jws>")
    return "\n".join([*lines, *_declared(names, receipt)]).encode("utf-8")


def _declared(names: Sequence[str], receipt: bool) -> Iterator[str]:
    yield "</rdf:Description>"
    if names:
        named = [(name, f"GB/T 36903 {name}") for name in names]
        yield from _schema("E-licence metadata by the short names of GB/T 36903", NAMESPACE, PREFIX, named)
    if receipt:
        told = [("jws", "Signed receipt of the verification, a compact JWS (RFC 7515)")]
        yield from _schema("Verification receipt", RECEIPT_NAMESPACE, RECEIPT_PREFIX, told)
    yield '</rdf:RDF></x:xmpmeta>\n<?xpacket end="r"?>'


def _schema(title: str, namespace: str, prefix: str, properties: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Declare every property of a namespace of ours, once; *properties* are names with what they mean."""
    yield '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
    yield ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"'
    yield ' xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
    yield '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
    yield f"<pdfaSchema:schema>{title}</pdfaSchema:schema>"
    yield f"<pdfaSchema:namespaceURI>{namespace}</pdfaSchema:namespaceURI>"
    yield f"<pdfaSchema:prefix>{prefix}</pdfaSchema:prefix>"
    yield "<pdfaSchema:property><rdf:Seq>"
    for name, meaning in properties:
        yield f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        yield "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        yield "<pdfaProperty:category>external</pdfaProperty:category>"
        yield f"<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
    yield "</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"
