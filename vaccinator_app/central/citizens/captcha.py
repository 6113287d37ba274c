"""A picture or a sound that tells people from programs before a message is sent for them (DESIGN 8.2).

Six digits: every phone has keys for them, they are typed in any script, and who reads only Hindi knows them. 0 and 1
are left out, which look like other signs. A program that reads pictures gets through: what holds against those are the
limits (``limits``); the captcha makes each try cost something.

The answer is kept sealed beside central's key, since picture and sound are drawn when they are fetched, by whichever
worker is asked. Pure arithmetic of a few hundredths of a second (picture) to half a second (sound): never call
``picture`` or ``sound`` on the event loop.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from captcha.audio import AudioCaptcha
from captcha.image import ImageCaptcha
from sqlalchemy import Connection, delete, insert, select

from vaccinator_app.central.citizens.limits import Bounds, Limits, home_of
from vaccinator_app.central.clock import Clock
from vaccinator_app.central.database import Database
from vaccinator_app.central.errors import Refused
from vaccinator_app.central.keyring.keys import Keys
from vaccinator_app.central.rows import may_be_id
from vaccinator_app.central.schema import captchas
from vaccinator_app.domain.digits import ascii_digits

LIFE = timedelta(minutes=5)
SIGNS = "23456789"
LENGTH = 6
_WIDTH, _HEIGHT = 260, 90
_FIELD = "captcha_answer"


def draw() -> str:
    """Six signs, every choice as likely as any other."""
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


@dataclass(frozen=True, slots=True)
class Captcha:
    """One question: its name, to be sent back with the answer, and the addresses of its picture and its sound."""

    captcha: str
    png: str
    wav: str


class Captchas:
    """Asks and checks. ``choose`` makes an answer; whoever tests it hands in answers that it knows."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        clock: Clock,
        bounds: Bounds | None = None,
        *,
        choose: Callable[[], str] = draw,
    ) -> None:
        self._database = database
        self._cupboard = keys.cupboard
        self._clock = clock
        self._choose = choose
        self._limits = Limits(database, keys, clock, bounds)
        self._voice = AudioCaptcha()

    def fresh(self, *, address: str) -> Captcha:
        """A new question, good for five minutes and one answer. Raises ``Refused`` (429) for too many an address."""
        self._limits.take(("captchas_address", home_of(address)))
        name = secrets.token_hex(16)
        sealed = self._cupboard.lock(self._choose().encode(), _FIELD, name)
        with self._database.write() as connection:
            connection.execute(insert(captchas).values(captcha=name, answer=sealed, expires_at=self._clock() + LIFE))
        return Captcha(name, png=f"/captcha/{name}.png", wav=f"/captcha/{name}.wav")

    def picture(self, captcha: str) -> bytes:
        """The question as a PNG picture, drawn anew. Raises ``Refused``: 404, 429."""
        answer = self._answer(captcha)
        return ImageCaptcha(_WIDTH, _HEIGHT).generate(answer).getvalue()

    def sound(self, captcha: str) -> bytes:
        """The question read aloud in English over some noise: WAV, 8 kHz, about 15 s. Raises ``Refused``: 404, 429."""
        answer = self._answer(captcha)
        return bytes(self._voice.generate(answer))

    def check(self, connection: Connection, captcha: str, answer: str) -> bool:
        """Whether ``answer`` is right. Let the transaction end before anything is refused: it uses the question up,
        whatever the outcome."""
        if not may_be_id(captcha):
            return False
        used_up = delete(captchas).where(captchas.c.captcha == captcha)
        row = connection.execute(used_up.returning(captchas.c.answer, captchas.c.expires_at)).one_or_none()
        if row is None or self._clock() >= row.expires_at:
            return False
        right = self._cupboard.unlock(row.answer, _FIELD, captcha)
        typed = ascii_digits("".join(answer.split())) or ""
        return hmac.compare_digest(right, typed.encode())

    def require(self, captcha: str, answer: str) -> None:
        """Use the question up in a transaction of its own. Raises ``Refused`` (422) unless ``answer`` is right."""
        with self._database.write() as connection:
            right = self.check(connection, captcha, answer)
        if not right:
            raise Refused("captcha_wrong", 422, "These are not the digits of the picture. Here is another one.")

    def _answer(self, captcha: str) -> str:
        row = None
        if may_be_id(captcha):
            with self._database.read() as connection:
                row = connection.execute(select(captchas).where(captchas.c.captcha == captcha)).one_or_none()
        if row is None or self._clock() >= row.expires_at:
            raise Refused("captcha_over", 404, "This picture is no longer good. Load the page again.")
        # Many drawings of one answer could be laid over each other until it shows.
        self._limits.take(("captcha_drawn", captcha))
        return self._cupboard.unlock(row.answer, _FIELD, captcha).decode()
