"""Names in lists: enough to find a person, not enough to read a list of them (DESIGN 9.4)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaccinator_app.domain.people import masked_name


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("Sunita Kumari", "Sunita K•"),
        ("Sunita", "Sunita"),
        ("Sunita Kumari Devi", "Sunita K• D•"),
        ("  Sunita \t Kumari\n", "Sunita K•"),
        ("", ""),
        ("   ", ""),
        ("Mohd. Irfan", "Mohd. I•"),
        ("सुनीता कुमारी", "सुनीता कु•"),
        ("रमेश किशोर", "रमेश कि•"),
        ("राम श्रीवास्तव", "राम श्री•"),
        ("सीता क्षितिज", "सीता क्षि•"),
        ("आ स्त्री", "आ स्त्री•"),
        ("राम क्‍षेत्र", "राम क्‍षे•"),
        ("అనిల్ క్రిష్ణ", "అనిల్ క్రి•"),
        ("José E\u0301lite", "José E\u0301•"),
        ("محمد علي", "محمد ع•"),
        ("🙂 😀😀", "🙂 😀•"),
        ('Singh, Harpreet "Harry"', "Singh, H• H•"),
    ],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@given(st.text(max_size=40))
def test_any_name_is_masked(name: str) -> None:
    words = name.split()
    masked = masked_name(name).split(" ")
    assert len(masked) == max(1, len(words))
    assert masked[0] == (words[0] if words else "")
    for word, shown in zip(words[1:], masked[1:], strict=True):
        assert shown.endswith("•")
        assert shown[:-1] in word
        assert shown != "•"


@given(st.lists(st.text("कखगघशसतरक्षािीुेौं़्", min_size=1, max_size=8), min_size=2, max_size=3))
def test_no_syllable_is_torn(words: list[str]) -> None:
    """What follows the part that is shown starts neither with a mark nor behind a virama."""
    for word, shown in zip(words[1:], masked_name(" ".join(words)).split(" ")[1:], strict=True):
        kept, rest = shown[:-1], word[len(shown) - 1 :]
        assert not rest or not unicodedata.category(rest[0]).startswith("M")
        assert not rest or unicodedata.combining(kept[-1]) != 9


@given(st.text("abcdefghij", min_size=2, max_size=20), st.text("abcdefghij", min_size=2, max_size=20))
def test_a_surname_shows_one_letter(first: str, last: str) -> None:
    assert masked_name(f"{first} {last}") == f"{first} {last[0]}•"
