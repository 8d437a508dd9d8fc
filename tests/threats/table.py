"""What will be tried against the service, what stands against it, and the tests that would notice its absence.

docs/threats.md is this table for readers; ``python -m tests.threats.table`` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "threats.md"

_HEAD: Final = """# Threats

What people will try, what stands against it, and the tests that hold it. Each test named here exists and runs in
`make test`; those with a number of cases run a seeded part there and all with `make faults`. Made from
`tests/threats/table.py` by `python -m tests.threats.table`; a test keeps the two equal.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threat:
    """One row."""

    attempt: str
    against: str
    held_by: tuple[str, ...]
    """Tests, as ``folder/file.py::test``, below ``tests/``."""


FORGERY: Final = (
    Threat(
        attempt="A PDF that grew after sealing: pages added by an update, a filled form, metadata, stray bytes",
        against="one signature over the whole file, our own shape to the byte, and a digest that is on record",
        held_by=(
            "sealing/test_attacks.py::test_what_grew_after_sealing_is_altered",
            "sealing/test_attacks.py::test_a_second_signature_with_our_own_key_is_altered",
            "flows/test_issued_pdf.py::test_certificate_that_grew_is_altered",
        ),
    ),
    Threat(
        attempt="A PDF prepared before sealing so that it shows something else later",
        against="no script, form, layer, attachment, annotation or unused object passes the lint of issued files",
        held_by=(
            "sealing/test_lint_pdf.py::test_forbidden_content_in_the_catalog_is_found",
            "sealing/test_lint_pdf.py::test_forbidden_content_on_the_page_is_found",
            "sealing/test_lint_pdf.py::test_an_unused_object_is_found",
            "sealing/test_lint_pdf.py::test_plants_in_object_streams_are_found",
            "sealing/test_lint_ofd.py::test_a_plant_is_found",
        ),
    ),
    Threat(
        attempt="A signature over less than it seems: numbers of its range moved, its container edited",
        against="the range is the whole file but the hole, and the hole is exactly the container",
        held_by=(
            "sealing/test_attacks.py::test_each_byte_range_number_counts",
            "sealing/test_attacks.py::test_a_dropped_key_is_altered",
            "sealing/test_attacks.py::test_each_hex_digit_of_the_container_counts",
            "sealing/test_check_pdf.py::test_bytes_overwritten_anywhere_never_raise",
        ),
    ),
    Threat(
        attempt="A file without a signature, or with ours taken out, shown to a program that then says nothing",
        against="no signature is an answer of its own, and never a good one",
        held_by=(
            "sealing/test_check_pdf.py::test_an_unsigned_file_has_no_signature",
            "sealing/test_check_pdf.py::test_a_stripped_signature_is_no_signature",
            "sealing/test_ofd_attacks.py::test_a_seal_taken_out_or_damaged_is_told",
            "sealing/test_ofd_strangers.py::test_an_unsealed_draft_of_ours_has_no_signature",
        ),
    ),
    Threat(
        attempt="An OFD with parts the seal does not list, another document in front, or a changed template",
        against="the sealed list names every file of the package, and a reader's way leads through listed ones",
        held_by=(
            "sealing/test_ofd_attacks.py::test_a_changed_part_is_altered_and_named",
            "sealing/test_ofd_attacks.py::test_a_package_of_another_shape_is_altered",
            "sealing/test_ofd_attacks.py::test_what_our_key_signed_and_we_never_issue_is_not_intact",
            "sealing/test_ofd_drill.py::test_mutations_are_never_intact_and_never_raise",
            "cli/test_samples.py::test_no_bad_sample_is_valid_and_every_asked_for_defect_is_there",
        ),
    ),
    Threat(
        attempt="A ZIP that two programs read differently: hidden, doubled, overlapping or oddly named entries",
        against="entries and directory tile the file; plain names, unique in any case; stored or deflated",
        held_by=(
            "sealing/test_ofd_attacks.py::test_every_attack_has_its_expected_finding",
            "sealing/test_ofd_drill.py::test_each_bit_of_a_header_counts",
            "verification/test_ofd_files.py::test_bytes_around_an_ofd_do_not_hide_it",
            "verification/test_ofd_files.py::test_the_parts_of_two_copies_make_no_third",
        ),
    ),
    Threat(
        attempt="A file that is a photo of a genuine symbol to us and a forged document to other programs",
        against="what may open as a document is judged as one",
        held_by=(
            "threats/test_two_faces.py::test_a_picture_with_a_package_behind_it_is_no_photo",
            "threats/test_two_faces.py::test_a_picture_with_a_pdf_in_its_comment_is_no_photo",
            "verification/test_ofd_files.py::test_what_is_also_a_pdf_is_read_as_one",
        ),
    ),
    Threat(
        attempt="Another seal, or a certification authority of one's own with our names, serials and identifiers",
        against="certificate and seal are pinned byte by byte; names and chains prove nothing",
        held_by=(
            "sealing/test_check_pdf.py::test_100_lookalikes_are_not_ours",
            "sealing/test_ofd_attacks.py::test_100_lookalike_seals_are_not_ours",
            "sealing/test_ofd_attacks.py::test_what_a_stranger_sealed_is_not_ours",
            "readers/test_openssl.py::test_seal_of_ours_does_not_stand_under_another_root",
        ),
    ),
    Threat(
        attempt="The symbol of one certificate on the face of another",
        against="a file is known by its bytes; a symbol alone shows the record to compare, never the word genuine",
        held_by=(
            "threats/test_swapped_symbols.py::test_a_swapped_symbol_is_always_altered",
            "verification/test_photos.py::test_a_symbol_of_another_certificate_is_never_called_genuine",
            "verification/test_scans.py::test_a_swapped_symbol_on_a_scan_shows_whose_it_is",
            "web/test_public.py::test_record_is_never_called_genuine",
        ),
    ),
    Threat(
        attempt="An address that looks like ours: other alphabets, user names, ports, backslashes, punycode",
        against="an address is ours to the letter or it is named foreign, or a look-alike",
        held_by=(
            "qr/test_payload.py::test_a_link_that_is_not_exactly_ours_is_foreign",
            "qr/test_payload.py::test_a_host_that_looks_like_ours_is_named_a_lookalike",
            "verification/test_photos.py::test_a_photo_of_another_symbol_says_what_is_wrong",
            "verification/test_offline.py::test_a_text_of_another_host_is_not_ours_whatever_is_signed_in_it",
        ),
    ),
    Threat(
        attempt="An old, superseded or revoked copy, which is genuine in every byte",
        against="its state is looked up at each question; offline the date of the list is said",
        held_by=(
            "flows/test_as_of.py::test_each_form_tells_the_day_that_was_asked_for",
            "flows/test_as_of.py::test_a_revocation_counts_for_every_day",
            "web/test_well_known.py::test_a_change_shows_within_a_minute_in_every_worker",
            "verification/test_offline.py::test_a_list_is_relied_on_for_a_day",
        ),
    ),
    Threat(
        attempt="A file made with a stolen key of ours",
        against="what was issued before the theft stays good; what the register does not know is not ours",
        held_by=(
            "threats/test_stolen_key.py::test_what_a_thief_sealed_is_not_ours",
            "threats/test_stolen_key.py::test_a_theft_accuses_nobody_while_the_register_is_away",
            "flows/test_keys.py::test_compromise_counts_from_its_instant",
            "sealing/test_live_keys.py::test_a_compromise_acts_in_an_open_keystore",
        ),
    ),
    Threat(
        attempt="The moment when the register is away, to have a forgery called unclear or a good file forged",
        against="what the bytes show is said as always; the rest is that it cannot be told now",
        held_by=(
            "flows/test_database_stopped.py::test_postgresql_stops_under_a_server",
            "flows/test_database_stopped.py::test_an_sqlite_file_that_is_not_there",
        ),
    ),
)

HOSTILE: Final = (
    Threat(
        attempt="Entities, external parts and endless nesting in XML",
        against="a DOCTYPE is refused unread; depth, nodes and bytes have limits",
        held_by=(
            "ofd/test_xml.py::test_doctype_is_refused_before_anything_in_it_is_read",
            "ofd/test_xml.py::test_depth_has_a_limit",
            "ofd/test_xml.py::test_nodes_have_a_limit",
            "verification/test_hostile_files.py::test_a_child_never_asks_the_kernel_for_a_socket",
        ),
    ),
    Threat(
        attempt="Bombs in ZIPs, streams and pictures, and bytes that crash a decoder",
        against="sizes are judged before memory is asked for; a child with little memory and time reads the rest",
        held_by=(
            "verification/test_hostile_files.py::test_every_hostile_file_gets_its_answer_in_time",
            "verification/test_hostile_files.py::test_the_next_caller_notices_nothing",
            "verification/test_pool.py::test_a_child_killed_at_work_is_a_crash",
            "verification/test_pool.py::test_hung_and_stopped_children_are_killed_in_time",
            "web/test_bad_ofd.py::test_every_bad_ofd_is_answered_in_time_and_leaves_nothing",
            "photo/test_bombs.py::test_a_claimed_size_is_refused_before_a_pixel_is_decoded",
        ),
    ),
    Threat(
        attempt="Names that are markup, commands, invisible or nowhere to be drawn",
        against="text is checked at the door, escaped for each format, and read back from the file before sealing",
        held_by=(
            "conformance/test_naughty.py::test_no_text_in_an_event_breaks_anything",
            "conformance/test_naughty.py::test_no_text_as_purpose_or_key_breaks_a_copy",
            "conformance/test_naughty.py::test_no_text_of_the_public_breaks_a_page",
            "conformance/test_naughty.py::test_register_holds_nothing_nobody_sees",
            "threats/test_characters.py::test_no_character_that_is_taken_is_a_defect_later",
            "threats/test_characters.py::test_one_half_of_a_pair_prints_without_the_other",
        ),
    ),
    Threat(
        attempt="Addresses inside files that point at our inner network",
        against="verification fetches nothing, and the child that reads a file can open no socket",
        held_by=(
            "verification/test_hostile_files.py::test_no_file_makes_us_connect",
            "verification/test_hostile_files.py::test_a_child_knows_no_secret_and_no_socket",
            "verification/test_offline_files.py::test_nothing_is_fetched",
        ),
    ),
)

PRIVACY: Final = (
    Threat(
        attempt="Trying one number after another to learn who is registered",
        against="a number needs its name; no answer differs, in words or in work; tries are limited for all workers",
        held_by=(
            "web/test_limits_uniform.py::test_sequential_numbers_give_away_nobody",
            "web/test_limits_uniform.py::test_wrong_name_and_unknown_number_are_one_answer",
            "web/test_limits_uniform.py::test_number_and_name_take_the_same_statements_right_wrong_or_unknown",
            "web/test_limits.py::test_workers_with_one_store_share_one_budget",
            "web/test_limits.py::test_public_guessing_ends_in_429",
        ),
    ),
    Threat(
        attempt="Reading identity numbers out of logs, errors, addresses, files or a stolen database",
        against="they are encrypted in one column, found by a keyed index, and watched for in everything we say",
        held_by=(
            "privacy/test_canary.py::test_no_answer_holds_the_number",
            "privacy/test_canary.py::test_nothing_said_holds_the_number",
            "privacy/test_canary.py::test_no_file_left_behind_holds_the_number",
            "privacy/test_canary.py::test_number_opens_in_its_column_alone",
            "registry/test_privacy.py::test_no_column_of_any_database_holds_an_id_number",
            "cli/test_program.py::test_logs_carry_no_personal_data",
        ),
    ),
    Threat(
        attempt="Markup in pages, commands in logs and terminals, guessed types, pages kept by a proxy",
        against="escaping by default, a policy with a nonce, fixed types, attachments, nothing personal is cached",
        held_by=(
            "web/test_headers.py::test_every_route_is_hardened",
            "web/test_headers.py::test_nonce_is_new_for_every_answer",
            "web/test_hostile.py::test_no_text_typed_by_the_public_breaks_the_server_or_becomes_markup",
            "web/test_flow.py::test_file_comes_as_an_attachment_under_its_digest",
            "flows/test_discretion.py::test_what_others_wrote_cannot_command_a_terminal",
        ),
    ),
    Threat(
        attempt="Bodies without a length, nested a thousand deep, or with one key twice",
        against="each is refused with a code of its own before anything is recorded",
        held_by=(
            "web/test_body.py::test_chunked_body_without_length_is_411",
            "web/test_server.py::test_chunked_body_is_refused_on_the_wire",
            "web/test_body.py::test_nesting_is_limited",
            "web/test_body.py::test_json_that_parsers_disagree_about_is_malformed",
        ),
    ),
    Threat(
        attempt="Uploads that arrive a few bytes at a time",
        against="more threads than slow clients; a proxy in front sets the least speed (operating.md)",
        held_by=(
            "threats/test_slow_uploads.py::test_slow_uploads_keep_nobody_waiting",
            "web/test_server.py::test_slow_clients_do_not_stop_the_others",
        ),
    ),
)

TABLE: Final = {
    "Forgery and files": FORGERY,
    "Hostile input": HOSTILE,
    "Privacy and abuse": PRIVACY,
}


def page() -> str:
    """Write the table for readers."""
    return "\n".join((_HEAD, *(line for title, rows in TABLE.items() for line in _section(title, rows))))


def _section(title: str, rows: tuple[Threat, ...]) -> Iterator[str]:
    yield f"## {title}\n\n| attempt | what stands against it | held by |\n|---|---|---|"
    for row in rows:
        tests = "<br>".join(
            f"[{name.partition('::')[2]}](../tests/{name.partition('::')[0]})" for name in row.held_by
        )
        yield f"| {row.attempt} | {row.against} | {tests} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
