"""What wording.toml of a certificate type may say: the words printed on every certificate of the type."""

from __future__ import annotations

from datetime import date

from pydantic import model_validator

from certsvc.page.layout import Table


class Wording(Table):
    """wording.toml."""

    use_window: str
    viewing_only: str
    name: str
    sex: str
    birth_date: str
    registration_number: str
    employer: str
    specialties: str
    validity: str
    purpose: str
    signature: str
    hand_signature: str
    signed_on: str
    signed_on_blank: str
    caption: str
    host: str
    code: str
    offline: str
    """Under the second symbol."""
    advice: tuple[str, str]
    issued_on: str
    licence_id: str
    specimen: str
    viewing: str
    seal: str
    seal_specimen: str
    day: str
    """Pattern of a day with {year}, {month} and {day}."""
    until: str
    """Between the two days of a period."""

    @model_validator(mode="after")
    def _check_day(self) -> Wording:
        try:
            self.show_day(date(2026, 1, 2))
        except (KeyError, IndexError, ValueError) as fault:
            raise ValueError("day takes only {year}, {month} and {day}") from fault
        return self

    def show_day(self, day: date) -> str:
        """Write *day* as it is printed."""
        return self.day.format(year=f"{day.year:04d}", month=f"{day.month:02d}", day=f"{day.day:02d}")

    def show_period(self, first: date, last: date) -> str:
        """Write a period, both days included, as it is printed."""
        return f"{self.show_day(first)}{self.until}{self.show_day(last)}"
