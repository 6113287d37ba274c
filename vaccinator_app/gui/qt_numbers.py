"""Numbers of Qt's own enumerations, for what stands on the unlock screen (DESIGN 10).

The first name that is asked of ``Qt`` gives Python two thousand names of enumerations, a tenth of the start. What is
drawn or heard before somebody unlocks therefore goes by numbers, and sets them as properties; behind the door there is
no need of it. A test holds each number to its name.
"""

ENTER = (0x01000004, 0x01000005)
"""``Qt.Key``: Return, and Enter of the number pad."""
UP = 0x01000013
DOWN = 0x01000015

NO_CONTEXT_MENU = 0
"""``Qt.ContextMenuPolicy``, property ``contextMenuPolicy``."""
SCROLL_BAR_OFF = 1
"""``Qt.ScrollBarPolicy``, property ``horizontalScrollBarPolicy``."""
PLAIN_TEXT = 0
"""``Qt.TextFormat``, property ``textFormat``."""
LIGHT = 1
DARK = 2
"""``Qt.ColorScheme``, property ``colorScheme``."""
RIGHT_MIDDLE = 0x0002 | 0x0080
"""``Qt.AlignmentFlag``, where a painter takes numbers."""
