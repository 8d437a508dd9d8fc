"""Only our own links are followed; whatever merely looks like one is named for what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certsvc.errors import SettingsError
from certsvc.qr.payload import QRClue, page_url, read_payload, verify_url
from certsvc.qr.token import new_token

OURS = "https://verify.registry.example"
HOST = "verify.registry.example"
TOKEN = "0123456789ABCDEFGHJKMNPQRS"
PUNY_VERIFY = "v\u0435rify".encode("idna").decode()
PUNY_REGISTRY = "regi\u0455try".encode("idna").decode()
QR_ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")

FOREIGN = [
    f"https://evil.example/V/{TOKEN}",
    f"https://example/V/{TOKEN}",
    f"https://registry.example/V/{TOKEN}",
    f"https://www.{HOST}/V/{TOKEN}",
    f"https://{HOST}.evil.example/V/{TOKEN}",
    f"https://evil.example/{HOST}/V/{TOKEN}",
    f"https://evil.example/?u={OURS}/V/{TOKEN}",
    f"https://evil.example/#{OURS}/V/{TOKEN}",
    # scheme
    f"http://{HOST}/V/{TOKEN}",
    f"ftp://{HOST}/V/{TOKEN}",
    f"file://{HOST}/V/{TOKEN}",
    f"//{HOST}/V/{TOKEN}",
    f"https:{HOST}/V/{TOKEN}",
    f"https:/{HOST}/V/{TOKEN}",
    f"https:///{HOST}/V/{TOKEN}",
    f"{HOST}/V/{TOKEN}",
    f"{HOST}:443/V/{TOKEN}",
    f"view-source:{OURS}/V/{TOKEN}",
    "javascript:alert(1)",
    f"javascript://{HOST}/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    # userinfo
    f"https://{HOST}@evil.example/V/{TOKEN}",
    f"https://{HOST}:443@evil.example/V/{TOKEN}",
    f"https://user@{HOST}/V/{TOKEN}",
    f"https://user:pass@{HOST}/V/{TOKEN}",
    f"https://@{HOST}/V/{TOKEN}",
    f"https://{HOST}%2F@evil.example/V/{TOKEN}",
    # port
    f"https://{HOST}:8443/V/{TOKEN}",
    f"https://{HOST}:80/V/{TOKEN}",
    f"https://{HOST}:0443/V/{TOKEN}",
    f"https://{HOST}:/V/{TOKEN}",
    f"https://{HOST}:65979/V/{TOKEN}",
    f"https://{HOST}:443:443/V/{TOKEN}",
    # backslash
    f"https:\\\\{HOST}\\V\\{TOKEN}",
    f"https://{HOST}\\V\\{TOKEN}",
    f"https://evil.example\\@{HOST}/V/{TOKEN}",
    f"https://evil.example\\.{HOST}/V/{TOKEN}",
    # dots, blanks and control characters
    f"https://{HOST}./V/{TOKEN}",
    f"https://.{HOST}/V/{TOKEN}",
    f"\t{OURS}/V/{TOKEN}",
    f"ht\ttps://{HOST}/V/{TOKEN}",
    f"{OURS}/V\n/{TOKEN}",
    f"{OURS}/V/{TOKEN}\x00",
    # another path, or none
    OURS,
    f"{OURS}/",
    f"{OURS}/verify",
    f"{OURS}/V/{TOKEN}/",
    f"{OURS}/V/{TOKEN}/x",
    f"{OURS}//V/{TOKEN}",
    f"{OURS}/x/../V/{TOKEN}",
    f"{OURS}?/V/{TOKEN}",
    f"{OURS}/%56/{TOKEN}",
    f"{OURS}/V/{TOKEN}%00",
    f"{OURS}/V/\uff10{TOKEN[1:]}",
    # punycode that shows nothing like us, and an address
    f"https://xn--fiqs8s.example/V/{TOKEN}",
    f"https://xn--0000000000000000.example/V/{TOKEN}",
    f"https://127.0.0.1/V/{TOKEN}",
    f"https://[::1]/V/{TOKEN}",
    f"https://{'a' * 4000}/V/{TOKEN}",
]

LOOKALIKE = [
    # other alphabets
    f"https://v\u0435rify.registry.example/V/{TOKEN}",
    f"https://verify.r\u0435gistry.\u0435x\u0430mpl\u0435/V/{TOKEN}",
    f"https://verif\u0443.registry.example/V/{TOKEN}",
    f"https://verify.regi\u0455try.example/V/{TOKEN}",
    f"https://\u03bderify.registry.example/V/{TOKEN}",
    f"https://verify.registry.examp\u04cfe/V/{TOKEN}",
    f"https://verify.reg\u0131stry.example/V/{TOKEN}",
    # marks and invisible characters
    f"https://ver\u00edfy.registry.example/V/{TOKEN}",
    f"https://verify.regist\u0323ry.example/V/{TOKEN}",
    f"https://ver\u200bify.registry.example/V/{TOKEN}",
    f"https://ver\u00adify.registry.example/V/{TOKEN}",
    f"https://ver\tify.registry.example/V/{TOKEN}",
    f"{OURS} /V/{TOKEN}",
    # full width and other dots and slashes
    f"https://\uff56erify.registry.example/V/{TOKEN}",
    f"https://verify\u3002registry\u3002example/V/{TOKEN}",
    f"https://verify\uff0eregistry.example/V/{TOKEN}",
    f"https://{HOST}\u2215V\u2215{TOKEN}.evil.example/",
    f"https://{HOST}\u2044x.evil.example/V/{TOKEN}",
    # the same in punycode
    f"https://{PUNY_VERIFY}.registry.example/V/{TOKEN}",
    f"https://verify.{PUNY_REGISTRY}.example/V/{TOKEN}",
    # plain ASCII
    f"https://ver1fy.registry.example/V/{TOKEN}",
    f"https://verlfy.registry.example/V/{TOKEN}",
    f"https://verify.regi5try.example/V/{TOKEN}",
    f"https://verify.registry.exarnple/V/{TOKEN}",
    f"https://vverify.registry.example/V/{TOKEN}",
    f"https://verify-registry.example/V/{TOKEN}",
    f"https://verify.regsitry.example/V/{TOKEN}",
    f"https://verify.registri.example/V/{TOKEN}",
    f"https://verify.registry.exampel/V/{TOKEN}",
    f"https://verify.registrys.example:8443/V/{TOKEN}",
    f"https://user@ver1fy.registry.example/V/{TOKEN}",
    f"ver1fy.registry.example/V/{TOKEN}",
]

MALFORMED = [
    "",
    TOKEN,
    "0123-4567-89AB",
    "hello world",
    "注册编号 京1112006200800001",
    "name: somebody",
    f"{OURS}/V/{TOKEN[:-1]}",
    f"{OURS}/V/{TOKEN}0",
    f"{OURS}/V/{TOKEN[:-1]}U",
    f"{OURS}/c/0",
    # our link with more behind it
    f"{OURS}/V/{TOKEN}?next=//evil.example",
    f"{OURS}/V/{TOKEN}?from=timeline#x",
    f"{OURS}/V/{TOKEN}#x",
]


def test_the_written_text_is_read_back() -> None:
    """What we print must lead back to the same record."""
    token = new_token()

    assert read_payload(verify_url(OURS, token), OURS) == QRClue(token=token)
    assert read_payload(page_url(OURS, token), OURS) == QRClue(token=token)


@pytest.mark.parametrize("public_url", [OURS, OURS + "/", "HTTP://127.0.0.1:8000", "http://localhost:8000"])
def test_the_symbol_text_fits_alphanumeric_mode(public_url: str) -> None:
    """Upper case only: one lower-case letter would cost two versions of symbol size."""
    text = verify_url(public_url, TOKEN)

    assert set(text) <= QR_ALPHANUMERIC
    assert text.endswith(f"/V/{TOKEN}") and text.count("//") == 1
    assert read_payload(text, public_url) == QRClue(token=TOKEN)


@pytest.mark.parametrize(
    "text",
    [
        f"{OURS}/V/{TOKEN}",
        f"{OURS}/v/{TOKEN.lower()}",
        f"HTTPS://VERIFY.REGISTRY.EXAMPLE/c/{TOKEN}",
        f"{OURS}:443/C/{TOKEN}",
        f"{OURS}/V/{TOKEN.replace('0', 'O').replace('1', 'i')}",
        f"  {OURS}/V/{TOKEN}\r\n",
        f"{OURS}/V/{TOKEN}?from=timeline",
        f"{OURS}/v/{TOKEN}?from=singlemessage&isappinstalled=0",
        f"{OURS}/v/{TOKEN}?",
    ],
)
def test_case_pasted_blanks_and_what_chats_add_do_not_matter(text: str) -> None:
    """Scanners change case, people paste a line end, chat programs mark a link passed on: all harmless."""
    assert read_payload(text, OURS) == QRClue(token=TOKEN)


@pytest.mark.parametrize("text", FOREIGN)
def test_a_link_that_is_not_exactly_ours_is_foreign(text: str) -> None:
    """More than 19,000 buyers trusted a look-alike site behind a genuine-looking QR code."""
    assert read_payload(text, OURS) == QRClue(fault="FOREIGN_DOMAIN")


@pytest.mark.parametrize("text", LOOKALIKE)
def test_a_host_that_looks_like_ours_is_named_a_lookalike(text: str) -> None:
    """A person would take the host for ours, so the report must say that it is not."""
    assert read_payload(text, OURS) == QRClue(fault="HOMOGLYPH_DOMAIN")


@pytest.mark.parametrize("text", MALFORMED)
def test_no_link_or_a_damaged_token_is_malformed(text: str) -> None:
    """Neither leads anywhere else, so nobody is accused of anything."""
    assert read_payload(text, OURS) == QRClue(fault="MALFORMED_QR")


@given(st.text(max_size=200))
def test_any_text_ends_in_a_token_or_a_fault(text: str) -> None:
    """A scanned text is written by strangers: no text raises, and none is ours by chance."""
    for hostile in (text, "https://" + text, f"https://{HOST}{text}", f"https://{text}{HOST}/V/{TOKEN}"):
        clue = read_payload(hostile, OURS)
        assert (clue.token is None) != (clue.fault is None)
        assert clue.fault or hostile.strip(" \r\n").lower().startswith((OURS + "/", OURS + ":443/"))


def test_addresses_of_machines_differ_without_being_lookalikes() -> None:
    """During development the host is 127.0.0.1; its neighbour is a stranger, l27.0.0.1 a disguise."""
    local = "http://127.0.0.1:8000"

    assert read_payload(f"http://127.0.0.2:8000/V/{TOKEN}", local).fault == "FOREIGN_DOMAIN"
    assert read_payload(f"http://l27.0.0.1:8000/V/{TOKEN}", local).fault == "HOMOGLYPH_DOMAIN"
    assert read_payload(f"http://127.0.0.1/V/{TOKEN}", local).fault == "FOREIGN_DOMAIN"


@pytest.mark.parametrize(
    "public_url",
    [
        "",
        "verify.example",
        "ftp://verify.example",
        "https://",
        "https://verify.example/path",
        "https://verify.example?x",
        "https://user@verify.example",
        "https://verify.example:0",
        "https://verify.example:65536",
        "https://ver_ify.example",
        "https://verify..example",
        "https://-verify.example",
        "https://注册.example",
        "https://[::1]:8000",
    ],
)
def test_a_public_url_the_symbol_cannot_carry_is_a_wrong_setting(public_url: str) -> None:
    """Better refused at the first symbol than printed on paper in a form no phone opens."""
    with pytest.raises(SettingsError):
        verify_url(public_url, TOKEN)
