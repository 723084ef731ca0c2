"""Pictures: the engine that comes along, what replaces it, and the limit on time."""

from __future__ import annotations

import re
import stat
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import attrs
import pytest
from drawn import all_drawings

import helixc
from helixc.emit.drawings import Drawing, draw
from helixc.emit.engine import EmbeddedEngine
from helixc.emit.rendering import RenderError, TooSlowError
from helixc.emit.svg import SvgWriter, SystemDot

# Three thousand nodes in a tangle: no engine lays this out in half a second.
TANGLE = (
    "digraph {"
    + "".join(
        f"a{i} -> a{(i * 7 + 3) % 3000}; a{i} -> a{(i * 13 + 5) % 3000};" for i in range(3000)
    )
    + "}"
)
SAMPLE = tuple({drawing.stem: drawing for drawing in all_drawings()}.values())


@attrs.frozen
class Fake:
    """A renderer that answers as it is told."""

    answer: str | RenderError
    name: str = "fake"

    def render(self, dot: str, seconds: float) -> str:
        if isinstance(self.answer, RenderError):
            raise self.answer
        return self.answer


@pytest.fixture(scope="module")
def writer() -> SvgWriter:
    return SvgWriter([EmbeddedEngine()])


@pytest.mark.parametrize("drawing", SAMPLE, ids=lambda d: d.stem)
def test_every_drawing_becomes_a_picture_without_anything_installed(
    writer: SvgWriter, drawing: Drawing
) -> None:
    picture = writer.picture(drawing.stem, drawing.dot)
    assert picture.note is None
    assert picture.svg is not None
    root = ET.fromstring(picture.svg)
    kinds = [element.get("class") for element in root.iter("{http://www.w3.org/2000/svg}g")]
    assert kinds.count("node") == drawing.nodes
    assert kinds.count("edge") == drawing.edges


def test_the_same_drawing_gives_the_same_picture(writer: SvgWriter) -> None:
    assert writer.picture("a", SAMPLE[0].dot) == writer.picture("a", SAMPLE[0].dot)


def test_a_layout_that_takes_too_long_is_stopped_and_the_engine_still_works() -> None:
    engine = EmbeddedEngine()
    assert "<svg" in engine.render("digraph { a -> b }", 60)
    with pytest.raises(TooSlowError, match=r"more than 0\.5 s"):
        engine.render(TANGLE, 0.5)
    assert "<svg" in engine.render("digraph { a -> b }", 60)


def test_text_that_is_no_dot_is_an_error_with_the_reason() -> None:
    with pytest.raises(RenderError, match="parse"):
        EmbeddedEngine().render("digraph {", 60)


def test_the_next_renderer_takes_over_where_one_cannot() -> None:
    writer = SvgWriter([Fake(RenderError("broken")), Fake("<svg/>")])
    assert writer.picture("a", "digraph {}").svg == "<svg/>"


def test_without_any_renderer_the_note_says_what_was_tried_and_what_would_help() -> None:
    writer = SvgWriter([Fake(RenderError("broken"), "one"), SystemDot("no-such-program")])
    picture = writer.picture("mha", "digraph {}")
    assert picture.svg is None
    assert picture.note is not None
    assert picture.note.code == "HX0903"
    assert "mha is written as .dot alone" in picture.note.message
    assert "one: broken; system no-such-program: not installed" in picture.note.message
    assert any("dot -Tsvg" in way for way in picture.note.legal)


def test_after_a_layout_that_was_too_slow_no_other_engine_is_tried() -> None:
    picture = SvgWriter([Fake(TooSlowError(60)), Fake("<svg/>")]).picture("a", "digraph {}")
    assert picture.svg is None
    assert picture.note is not None
    assert picture.note.code == "HX0012"
    assert "more than 60 s" in picture.note.message


def script(folder: Path, text: str) -> str:
    """A program that stands in for an installed ``dot``."""
    path = folder / "dot.py"
    path.write_text(f"#!{sys.executable}\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IEXEC)
    return str(path)


def test_an_installed_program_is_given_the_text_and_its_output_is_the_picture(
    tmp_path: Path,
) -> None:
    program = script(tmp_path, "import sys; print(sys.argv[1], sys.stdin.read())")
    assert SystemDot(program).render("digraph {}", 60).split() == ["-Tsvg", "digraph", "{}"]


def test_an_installed_program_that_fails_or_hangs_is_left(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="exit status 3"):
        SystemDot(script(tmp_path, "raise SystemExit(3)")).render("digraph {}", 60)
    with pytest.raises(TooSlowError):
        SystemDot(script(tmp_path, "import time; time.sleep(60)")).render("digraph {}", 0.2)


PLACE = re.compile(r"<title>panel (\d+) GPU (\d+)</title>.*?<text[^>]* x=\"([-\d.]+)\"", re.DOTALL)


@pytest.mark.parametrize("plan", ["published", "two_level"])
def test_panels_stand_below_each_other_with_gpus_in_order(plan: str) -> None:
    program = helixc.compile("examples/helix_16.hx", plan=plan).spmd
    (patterns,) = (d for d in draw(program)[0] if d.stem.endswith("patterns"))
    svg = SvgWriter().picture(patterns.stem, patterns.dot).svg
    panels: dict[str, list[tuple[float, int]]] = {}
    for panel, gpu, x in PLACE.findall(svg or ""):
        panels.setdefault(panel, []).append((float(x), int(gpu)))
    assert panels
    rows = [sorted(panel) for panel in panels.values()]
    assert all([gpu for _, gpu in row] == [*range(16)] for row in rows)
    widest = max(row[-1][0] - row[0][0] for row in rows)
    assert max(row[-1][0] for row in rows) - min(row[0][0] for row in rows) < 1.5 * widest
