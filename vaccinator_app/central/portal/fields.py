"""Which field of a form a refusal is about, so that it is said beside it."""

from __future__ import annotations

_FIELDS = {
    "mobile": ("mobile_shape",),
    "answer": ("captcha_wrong", "captcha_over"),
    "otp": ("otp_wrong",),
    "name": ("name_control", "name_empty", "name_too_long", "person_differs"),
    "year_of_birth": ("year_is_date", "year_shape", "year_range"),
    "gender": ("gender_unknown",),
    "photo_id_type": ("photo_id_unknown",),
    "photo_id_number": ("photo_id_number", "photo_id_elsewhere"),
    "slot": ("slot_missing", "slot_shape", "slot_unknown", "slot_full", "date_shape", "date_past"),
    "card": ("card_missing", "card_unreadable", "card_picture"),
}
_FIELD = {code: field for field, codes in _FIELDS.items() for code in codes}


def field_of(code: str) -> str | None:
    """The name of the field, or None when it is about no single one."""
    return _FIELD.get(code)
