"""Shapes that several messages share, checked wherever one is decoded (P.8.5).

Both sides keep numbers in signed 64-bit columns and times in zones: what would not fit there is refused here, since
a signed record that no database takes would otherwise be tried again for ever.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

MAX_NUMBER = 2**53 - 1
"""The largest whole number on the wire: exact in every language's JSON."""

Number = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]
Seq = Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]
PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
HybridPublicKey = Annotated[bytes, Meta(min_length=1216, max_length=1216)]
Nonce = Annotated[bytes, Meta(min_length=16, max_length=16)]
Moment = Annotated[datetime, Meta(tz=True)]
"""A time with its offset."""
