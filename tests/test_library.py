"""Of the library only what a program names is parsed, and nobody can tell but by the clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from helixc.ir.source import Hardware
from helixc.text.library import needed_part
from helixc.text.loader import load_path, load_text

EXAMPLES = Path(__file__).parent.parent / "examples"

LIBRARY = """# chips
gpu small {
  memory = 1 GB
}

gpu large { like = small }
gpu larger {
  like = large
}
link wire { latency = 1 us }
"""


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        ("", set()),
        ("cluster c { gpu small; level a = 2 via wire }", {"small", "wire"}),
        ("gpu mine { like = larger }", {"small", "large", "larger"}),
        ("gpu mine { like=\nlarge }", {"small", "large"}),
        ("gpu wire { memory = 1 GB } cluster c { gpu wire }", set()),
        (
            "cluster c { gpu small }\nplan p { mesh t = gpu\n shard x over t via all_gather }",
            {"small"},
        ),
        ("# every gpu of a node, via something\ncluster c { gpu small }", {"small"}),
        ("cluster c { level a = 2 * (\n1) via wire; level b = 1\n}", {"wire"}),
        ("cluster c { gpu smal }", {"small", "large", "larger", "wire"}),
    ],
)
def test_what_a_program_names_is_kept_with_what_that_is_like(program: str, kept: set[str]) -> None:
    part = needed_part(LIBRARY, [program])

    assert {name for name in ("small", "large", "larger", "wire") if f" {name} {{" in part} == kept
    assert part.count("\n") == LIBRARY.count("\n")
    lines = zip(part.splitlines(), LIBRARY.splitlines(), strict=True)
    assert all(here in ("", there) for here, there in lines)


LAYERS = """layer inner(x: [..]) -> [..] { return exp(x) }
# Calls inner (and, it says, outer).
layer outer(
  x: [.., d], over d
) -> [.., d] {
  return inner(x)
}

layer third(x: [..]) -> [..] {
  return x
}
"""


@pytest.mark.parametrize(
    ("program", "kept"),
    [
        ("model m { y = exp(x) ** max(2, 3) }", set()),
        ("model m { y = outer(x, over d) }", {"outer", "inner"}),
        ("layer inner(x: [..]) { return x }\nmodel m { y = third(inner(x)) }", {"third"}),
        ("gpu g { memory = datasheet(1 GB) }", set()),
        ("layer f(x: [..]) { return (x + 1) } # third(x)", set()),
        ("model m { y = outr(x) }", {"inner", "outer", "third"}),
    ],
)
def test_layers_that_a_program_calls_are_kept_with_what_they_call(
    program: str, kept: set[str]
) -> None:
    part = needed_part(LAYERS, [program])

    assert {name for name in ("inner", "outer", "third") if f"layer {name}(" in part} == kept
    assert part.count("\n") == LAYERS.count("\n")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.hx")), ids=lambda path: path.stem)
def test_of_what_an_example_does_not_name_nothing_is_parsed(path: Path) -> None:
    (file,) = (file for name, file in load_path(path).files if name == "std.hardware")
    named = {d.name.text for d in file.declarations if isinstance(d, Hardware)}

    assert 0 < len(named) < 8


def test_the_whole_text_of_the_library_stays_for_messages() -> None:
    sources = load_text(
        "import std.hardware\ncluster c { gpu b200; level a = 2 via nvlink5 }", "a.hx"
    )
    file = dict(sources.files)["std.hardware"]

    assert len(file.declarations) == 2
    assert "gpu a100_80g" in dict(sources.texts)["std.hardware"]
