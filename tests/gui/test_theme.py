"""The look: SCREENS' table of colours, readable everywhere, switched live; fonts that need nothing of the machine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontMetricsF, QPalette, QRawFont
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from vaccinator_app.cli.resources import font_files
from vaccinator_app.gui import fonts
from vaccinator_app.gui.theme import Mode, Size, contrast, mix
from vaccinator_app.gui.widgets.chip import RECORD_LOOKS, STEP_LOOKS, VISIT_LOOKS
from vaccinator_app.gui.widgets.icons import Icons
from vaccinator_app.gui.widgets.kit import Kit

GUI = Path(__file__).parents[2] / "vaccinator_app" / "gui"
WORDS = ("text", "quiet", "accent", "confirmed", "attention", "stop")
READABLE, VISIBLE = 4.5, 3.0
TABLE: dict[str, dict[str, str]] = {
    "light": {
        "ground": "#F6F7F9",
        "surface": "#FFFFFF",
        "text": "#1A1F27",
        "quiet": "#566173",
        "line": "#D5DAE2",
        "accent": "#1B5FAA",
        "confirmed": "#1E7B45",
        "attention": "#8F5600",
        "stop": "#B3261E",
    },
    "dark": {
        "ground": "#14181E",
        "surface": "#1D232B",
        "text": "#EEF1F5",
        "quiet": "#A9B4C2",
        "line": "#39424F",
        "accent": "#7DB4F0",
        "confirmed": "#6FCF97",
        "attention": "#F2B84B",
        "stop": "#FF8A80",
    },
}


def test_the_colours_are_those_of_the_table(resources: Path) -> None:
    given = json.loads((resources / "styles" / "tokens.json").read_text("utf-8"))

    assert {mode: given[mode] for mode in TABLE} == TABLE


def test_contrast_is_computed_as_wcag_says() -> None:
    black, white, grey = QColor(0, 0, 0), QColor(255, 255, 255), QColor(0x76, 0x76, 0x76)

    assert contrast(black, white) == pytest.approx(21)
    assert contrast(white, black) == pytest.approx(21)
    assert contrast(grey, white) == pytest.approx(4.54, abs=0.01)
    assert contrast(grey, grey) == 1


def test_a_mixture_is_weighed_by_its_part() -> None:
    mixed = mix(QColor(200, 100, 0), QColor(100, 100, 100), 25)

    assert (mixed.red(), mixed.green(), mixed.blue()) == (125, 100, 75)


@pytest.mark.parametrize("mode", Mode)
def test_every_word_is_readable_on_every_ground_it_stands_on(kit: Kit, qapp: QApplication, mode: Mode) -> None:
    kit.theme.apply(qapp, mode)
    pairs = list(product(WORDS, ("ground", "surface", "hover")))
    pairs += [(word, f"{word}-tint") for word in WORDS]
    pairs += [("on-accent", fill) for fill in ("accent", "accent-hover", "accent-down")]
    pairs += [("on-selected", "selected"), ("quiet-on-selected", "selected")]
    if mode is not Mode.CONTRAST:
        pairs += [(word, "selected") for word in WORDS]

    unreadable = {
        (word, ground): round(contrast(kit.theme.color(word), kit.theme.color(ground)), 2)
        for word, ground in pairs
        if contrast(kit.theme.color(word), kit.theme.color(ground)) < READABLE
    }

    assert not unreadable


@pytest.mark.parametrize("mode", Mode)
def test_every_rule_of_the_stylesheet_sets_readable_words(
    kit: Kit, qapp: QApplication, resources: Path, mode: Mode
) -> None:
    kit.theme.apply(qapp, mode)
    sheet = (resources / "styles" / "desk.qss").read_text("utf-8")
    pairs = []
    for block in re.findall(r"\{([^{}]*(?:\$\{[a-z-]+\}[^{}]*)*)\}", sheet):
        ground = re.search(r"(?:^|[\s;])(?:selection-)?background(?:-color)?: \$\{([a-z-]+)\}", block)
        for word in re.findall(r"(?:^|[\s;])(?:placeholder-text-)?color: \$\{([a-z-]+)\}", block):
            if ground:
                pairs.append((word, ground[1]))

    assert len(pairs) > 10
    assert [p for p in pairs if contrast(kit.theme.color(p[0]), kit.theme.color(p[1])) < READABLE] == []


@pytest.mark.parametrize("mode", Mode)
def test_edges_of_fields_and_focus_rings_are_visible(kit: Kit, qapp: QApplication, mode: Mode) -> None:
    kit.theme.apply(qapp, mode)

    for edge, ground in product(("edge", "accent"), ("surface", "ground")):
        assert contrast(kit.theme.color(edge), kit.theme.color(ground)) >= VISIBLE, (edge, ground)


@pytest.mark.parametrize("mode", Mode)
def test_placeholder_and_disabled_words_are_readable_on_a_real_field(
    kit: Kit, qapp: QApplication, qtbot: QtBot, mode: Mode
) -> None:
    kit.theme.apply(qapp, mode)
    field = QLineEdit()
    qtbot.addWidget(field)
    field.ensurePolished()
    surface, ground = kit.theme.color("surface"), kit.theme.color("ground")

    hint = field.palette().color(QPalette.ColorRole.PlaceholderText)
    disabled = field.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text)

    assert hint.alpha() == 255
    assert contrast(hint, surface) >= READABLE
    assert contrast(disabled, ground) >= READABLE
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.ButtonText):
        assert qapp.palette().color(QPalette.ColorGroup.Disabled, role) == kit.theme.color("quiet")


def test_no_colour_stands_in_code_or_stylesheet(resources: Path) -> None:
    texts = [*GUI.rglob("*.py"), *(resources / "styles").glob("*.qss"), *(resources / "icons").glob("*.svg")]
    colour = re.compile(r"""#[0-9A-Fa-f]{3,8}\b|rgba?\(|QColor\(["'\d]|GlobalColor\.(?!transparent)""")

    assert [(path.name, found) for path in texts for found in colour.findall(path.read_text("utf-8"))] == []


def test_a_switch_reaches_windows_already_open(kit: Kit, qapp: QApplication, qtbot: QtBot) -> None:
    label = QLabel("x")
    qtbot.addWidget(label)
    label.show()
    light = label.grab().toImage().pixelColor(0, 0)

    with qtbot.waitSignal(kit.theme.changed):
        kit.theme.apply(qapp, Mode.DARK)
    dark = label.grab().toImage().pixelColor(0, 0)

    assert light == kit.theme._mixed({k: QColor(v) for k, v in TABLE["light"].items()})["ground"]
    assert dark == QColor(TABLE["dark"]["ground"])


def test_native_parts_follow_by_palette(kit: Kit, qapp: QApplication) -> None:
    kit.theme.apply(qapp, Mode.DARK)

    palette = qapp.palette()
    assert palette.color(QPalette.ColorRole.Window) == QColor(TABLE["dark"]["ground"])
    assert palette.color(QPalette.ColorRole.Base) == QColor(TABLE["dark"]["surface"])
    assert palette.color(QPalette.ColorRole.Highlight) == QColor(TABLE["dark"]["accent"])


def test_high_contrast_takes_the_colours_of_the_system(kit: Kit, qapp: QApplication) -> None:
    kit.theme.apply(qapp, Mode.DARK)
    kit.theme.apply(qapp, Mode.CONTRAST)
    surface, words = kit.theme.color("surface"), {kit.theme.color(word).name() for word in WORDS}
    qapp.setPalette(QPalette())
    system = qapp.palette()

    assert surface == system.color(QPalette.ColorRole.Base)
    assert words == {system.color(QPalette.ColorRole.Text).name()}
    assert surface != QColor(TABLE["dark"]["surface"])


def test_a_colour_nobody_named_is_an_error(kit: Kit) -> None:
    with pytest.raises(KeyError):
        kit.theme.color("mauve")


def test_words_come_in_four_sizes_and_a_quarter_larger(kit: Kit, qapp: QApplication) -> None:
    assert [kit.theme.font(size).pixelSize() for size in Size] == [16, 19, 24, 32]

    kit.theme.apply(qapp, Mode.LIGHT, large=True)

    assert [kit.theme.font(size).pixelSize() for size in Size] == [20, 23, 30, 40]
    assert kit.theme.row == 45
    assert qapp.font().pixelSize() == 20


@pytest.mark.parametrize("make", [QPushButton, QLineEdit])
def test_targets_are_large_enough_and_do_not_jump_with_the_focus(
    kit: Kit, qtbot: QtBot, make: type[QPushButton | QLineEdit]
) -> None:
    widget = make()
    qtbot.addWidget(widget)
    widget.show()
    resting = widget.sizeHint()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)

    assert resting.height() >= 32
    assert widget.sizeHint() == resting
    assert (kit.theme.row, kit.theme.step, kit.theme.radius) == (36, 8, 6)


@pytest.mark.parametrize("kind", ["", "primary", "plain"])
def test_the_focus_shows_on_every_kind_of_button(kit: Kit, qtbot: QtBot, kind: str) -> None:
    from vaccinator_app.domain.message import Message
    from vaccinator_app.gui.widgets.buttons import Button, PrimaryButton

    what = Message.of("chip.now")
    button = PrimaryButton(kit, what) if kind == "primary" else Button(kit, what, plain=kind == "plain")
    qtbot.addWidget(button)
    button.show()
    button.clearFocus()
    resting = button.grab().toImage()
    button.setFocus()
    qtbot.waitUntil(button.hasFocus)

    assert button.grab().toImage() != resting


def test_a_strong_word_is_heavier_on_the_fonts_own_axis(kit: Kit) -> None:
    plain, strong = QFontMetricsF(kit.theme.font()), QFontMetricsF(kit.theme.font(strong=True))

    for word in ("Sunita Kumari", "सुनीता कुमारी"):
        assert strong.horizontalAdvance(word) > plain.horizontalAdvance(word) * 1.02


def test_figures_stand_under_each_other(kit: Kit) -> None:
    metrics = QFontMetricsF(kit.theme.font())

    assert len({metrics.horizontalAdvance(figure) for figure in "0123456789"}) == 1


def test_the_line_box_suits_the_language(kit: Kit) -> None:
    kit.words.set_language("hi")
    hindi = kit.theme.font()
    kit.words.set_language("en")
    english = kit.theme.font()

    assert hindi.families() == ["Noto Sans Devanagari", "Noto Sans"]
    assert english.families() == ["Noto Sans", "Noto Sans Devanagari"]
    assert QFontMetricsF(hindi).descent() > QFontMetricsF(english).descent()


def test_an_unreadable_font_is_one_sentence(tmp_path: Path, qapp: QApplication) -> None:
    broken = tmp_path / "Broken.ttf"
    broken.write_bytes(b"no font")

    with pytest.raises(fonts.FontUnreadable, match=r"Broken\.ttf cannot be read"):
        fonts.load([broken])


def test_the_fonts_draw_every_character_of_the_catalogues(resources: Path, qapp: QApplication) -> None:
    texts = "".join((resources / "translations" / f"{name}.json").read_text("utf-8") for name in ("en", "hi"))
    raw = [QRawFont(str(path), 16) for path in font_files()]

    missing = {c for c in texts if c.isprintable() and not any(font.supportsCharacter(ord(c)) for font in raw)}

    assert missing == set()


_ON_A_BARE_MACHINE = """
import sys
from pathlib import Path
from PySide6.QtGui import QFontDatabase, QTextLayout
from PySide6.QtWidgets import QApplication
from vaccinator_app.cli.resources import font_files, resources_folder
from vaccinator_app.gui.theme import Mode
from vaccinator_app.gui.widgets.kit import Kit

app = QApplication([])
before = set(QFontDatabase.families())
kit = Kit.load(resources_folder(), font_files(), language=sys.argv[1])
kit.theme.apply(app, Mode.LIGHT)
layout = QTextLayout("श्रीमती सुनीता द्ध्र्य ट्ठू हूँ र्कि १२३४ Sunita", app.font())
layout.beginLayout()
layout.createLine()
layout.endLayout()
runs = layout.glyphRuns()
print(sorted(before - {"Monospace", "Sans Serif", "Serif"}))
print(sorted({run.rawFont().familyName() for run in runs}))
print(sum(1 for run in runs for glyph in run.glyphIndexes() if glyph == 0))
"""


@pytest.mark.parametrize(("language", "family"), [("en", "Noto Sans"), ("hi", "Noto Sans Devanagari")])
def test_hindi_is_drawn_on_a_machine_without_a_font(tmp_path: Path, language: str, family: str) -> None:
    empty = tmp_path / "fonts"
    empty.mkdir()
    settings = tmp_path / "fonts.conf"
    settings.write_text(f"<fontconfig><dir>{empty}</dir><cachedir>{tmp_path}</cachedir></fontconfig>", "utf-8")
    environment = {
        "FONTCONFIG_FILE": str(settings),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(GUI.parents[1]),
        "HOME": str(tmp_path),
    }

    run = subprocess.run(
        [sys.executable, "-c", _ON_A_BARE_MACHINE, language],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    system, used, missing = run.stdout.splitlines()
    assert system == "[]"
    assert used == str([family])
    assert missing == "0"


@pytest.mark.parametrize("ratio", [1, 2])
def test_every_icon_is_drawn_in_the_colour_asked_for(kit: Kit, resources: Path, qapp: QApplication, ratio: int) -> None:
    names = sorted(path.stem for path in (resources / "icons").glob("*.svg"))
    icons = Icons(resources, kit.theme)

    assert len(names) >= 26
    for name in names:
        image = icons.icon(name, "stop").pixmap(icons.button_size, ratio).toImage()
        inked = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())
                 if image.pixelColor(x, y).alpha() == 255}  # fmt: skip
        assert image.size() == icons.button_size * ratio
        assert inked == {kit.theme.color("stop").name()}, name


def test_every_state_has_an_icon_a_word_and_a_colour(kit: Kit, resources: Path) -> None:
    for look in (*VISIT_LOOKS.values(), *STEP_LOOKS.values(), *RECORD_LOOKS.values()):
        assert (resources / "icons" / f"{look.icon}.svg").is_file()
        assert look.tone in WORDS
        assert kit.words.t(look.key)
    for looks in (VISIT_LOOKS, STEP_LOOKS, RECORD_LOOKS):
        assert len({(look.icon, kit.words.t(look.key)) for look in looks.values()}) == len(looks)


def test_icons_are_tinted_again_after_a_switch(kit: Kit, qapp: QApplication) -> None:
    def ink() -> set[str]:
        image = kit.icons.icon("stop", "stop").pixmap(kit.icons.button_size).toImage()
        colours = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
        return {colour.name() for colour in colours if colour.alpha() == 255}

    light = ink()
    kit.theme.apply(qapp, Mode.DARK)

    assert light == {TABLE["light"]["stop"].lower()}
    assert ink() == {TABLE["dark"]["stop"].lower()}
