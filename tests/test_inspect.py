"""Inspection: sound drawings pass, and a drawing that was tampered with is found out."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

import pytest
from drawn import all_drawings
from hypothesis import given, settings
from hypothesis import strategies as st

from helixc import compile_text
from helixc.diagnostics import HelixError
from helixc.emit.drawings import draw
from helixc.inspect.cycle import find_cycle
from helixc.inspect.inspection import inspect_dot, to_json
from helixc.inspect.reader import DotEdge, read_dot

TEXTS = tuple(sorted({d.dot for d in all_drawings() if d.nodes < 80}))
FEW = settings(max_examples=40)
DRAWN = st.sampled_from([text for text in TEXTS if " -> " in text])

NODE = re.compile(r'^ *"(?P<id>[^"]+)" \[label="(?P<label>[^"]*)"(?P<rest>.*)\];$')
EDGE = re.compile(r'^  "(?P<source>[^"]+)" -> "(?P<target>[^"]+)" \[(?P<rest>value=.*)\];$')
SIZE = re.compile(r"(?<= )[0-9]+(?=[,\]\"])|(?<=\\ )[0-9]+(?=[,\]])")


def places(text: str, pattern: re.Pattern[str]) -> list[int]:
    return [n for n, line in enumerate(text.split("\n")) if pattern.match(line)]


def change(text: str, number: int, new: str | None) -> str:
    """The text with one line replaced, or dropped."""
    lines = text.split("\n")
    lines[number : number + 1] = [] if new is None else [new]
    return "\n".join(lines)


def reverse_edge(text: str, chance: random.Random) -> str:
    number = chance.choice(places(text, EDGE))
    edge = EDGE.match(text.split("\n")[number])
    return change(text, number, f'  "{edge["target"]}" -> "{edge["source"]}" [{edge["rest"]}];')


def drop_edge(text: str, chance: random.Random) -> str:
    return change(text, chance.choice(places(text, EDGE)), None)


def drop_edge_and_count_it(text: str, chance: random.Random) -> str:
    """As ``drop_edge``, the number of edges at the top adapted."""
    count = int(re.search(r'edges="(\d+)"', text)[1])
    return drop_edge(text, chance).replace(f'edges="{count}"', f'edges="{count - 1}"')


def redirect_edge(text: str, chance: random.Random) -> str:
    number = chance.choice(places(text, EDGE))
    edge = EDGE.match(text.split("\n")[number])
    names = [NODE.match(text.split("\n")[n])["id"] for n in places(text, NODE)]
    other = chance.choice([name for name in names if name not in {edge["target"], edge["source"]}])
    return change(text, number, f'  "{edge["source"]}" -> "{other}" [{edge["rest"]}];')


def _other_size(line: str, spans: list[tuple[int, int]], chance: random.Random) -> str:
    start, end = chance.choice(spans)
    return line[:start] + str(int(line[start:end]) + chance.randint(1, 9)) + line[end:]


def _sizes(line: str, start: int, end: int) -> list[tuple[int, int]]:
    return [match.span() for match in SIZE.finditer(line, start, end)]


def alter_shape_in_label(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    numbers = [
        n for n in places(text, NODE) if _sizes(lines[n], *NODE.match(lines[n]).span("label"))
    ]
    number = chance.choice(numbers)
    span = NODE.match(lines[number]).span("label")
    return change(text, number, _other_size(lines[number], _sizes(lines[number], *span), chance))


def alter_shape_in_attribute(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    pattern = re.compile(r'(?:in|out|dims)="[^"]*"')
    choices = [
        (n, spans)
        for n in (*places(text, NODE), *places(text, EDGE))
        if (spans := [s for m in pattern.finditer(lines[n]) for s in _sizes(lines[n], *m.span())])
    ]
    number, spans = chance.choice(choices)
    return change(text, number, _other_size(lines[number], spans, chance))


def alter_shape_everywhere_in_a_node(text: str, chance: random.Random) -> str:
    """Label and attributes of one node agree with each other, but not with the rest."""
    lines = text.split("\n")
    number = chance.choice([n for n in places(text, NODE) if re.search(r'"[^"]*\[.*\]"', lines[n])])
    name, size = chance.choice(
        sorted(set(re.findall(r"[\[ ]([a-z_.]+) (\d+)[,\]]", lines[number])))
    )
    spelled = rf"(?<![\w.])({re.escape(name)}(?:\\ | )){size}(?=[,\]])"
    return change(text, number, re.sub(spelled, rf"\g<1>{int(size) * 2}", lines[number]))


def move_to_another_gpu(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    number = chance.choice([n for n in places(text, NODE) if ' gpu="' in lines[n]])
    gpu = re.search(r' gpu="(\d+)"', lines[number])[1]
    new = lines[number].replace(f' gpu="{gpu}"', f' gpu="{int(gpu) + 1}"')
    both = new.replace(f"|GPU\\ {gpu}}}", f"|GPU\\ {int(gpu) + 1}}}")
    return change(text, number, chance.choice([new, both]))


def drop_member(text: str, chance: random.Random) -> str:
    """A collective forgets its last member, in its attribute or also in its label."""
    lines = text.split("\n")
    number = chance.choice([n for n in places(text, NODE) if ' gpus="' in lines[n]])
    old = re.search(r' gpus="([^"]*)"', lines[number])[1]
    *rest, last = old.split(", ")
    first, _, end = last.partition("-")
    shorter = (
        f"{first}-{int(end) - 1}" if end and int(end) - 1 > int(first) else first if end else ""
    )
    new = ", ".join([*rest, *([shorter] if shorter else [])])
    attribute = lines[number].replace(f' gpus="{old}"', f' gpus="{new}"')
    label = f"|GPUs\\ {old}".replace(", ", ",\\ ")
    both = attribute.replace(label, f"|GPUs\\ {new}".replace(", ", ",\\ "))
    return change(text, number, chance.choice([attribute, both]))


def drop_node(text: str, chance: random.Random) -> str:
    """A node is gone; its edges are too, or point into nowhere."""
    lines = text.split("\n")
    number = chance.choice(places(text, NODE))
    name = f'"{NODE.match(lines[number])["id"]}"'
    if chance.random() < 0.5:
        return change(text, number, None)
    return "\n".join(
        line
        for n, line in enumerate(lines)
        if n != number and f"{name} ->" not in line and f"-> {name}" not in line
    )


def drop_gpu(text: str, chance: random.Random) -> str:
    """Everything of one GPU is gone, and no line speaks of it."""
    gpu = chance.choice(sorted(set(re.findall(r' gpu="(\d+)"', text))))
    lines = text.split("\n")
    names = {
        f'"{NODE.match(lines[n])["id"]}"' for n in places(text, NODE) if f' gpu="{gpu}"' in lines[n]
    }
    return "\n".join(line for line in lines if not any(name in line for name in names))


def alter_bytes(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    number = chance.choice([n for n in places(text, NODE) if ' bytes="' in lines[n]])
    count = re.search(r' bytes="(\d+)"', lines[number])[1]
    return change(
        text, number, lines[number].replace(f'"{count}"', f'"{int(count) + chance.randint(1, 99)}"')
    )


def alter_kind(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    number = chance.choice([n for n in places(text, NODE) if ' op="gpu"' not in lines[n]])
    return change(text, number, re.sub(r' op="\w+"', ' op="gelu_tanh"', lines[number]))


def close_a_circle(text: str, chance: random.Random) -> str:
    number = chance.choice(places(text, EDGE))
    edge = EDGE.match(text.split("\n")[number])
    line = text.split("\n")[number]
    return change(
        text, number, f'{line}\n  "{edge["target"]}" -> "{edge["source"]}" [{edge["rest"]}];'
    )


TAMPERING: tuple[Callable[[str, random.Random], str], ...] = (
    reverse_edge,
    drop_edge,
    drop_edge_and_count_it,
    redirect_edge,
    alter_shape_in_label,
    alter_shape_in_attribute,
    alter_shape_everywhere_in_a_node,
    move_to_another_gpu,
    drop_node,
    drop_gpu,
    alter_kind,
    close_a_circle,
)
TAMPERING_WITH_COLLECTIVES = (drop_member, alter_bytes)


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda t: t.__name__)
@FEW
@given(DRAWN, st.randoms(use_true_random=False))
def test_whoever_tampers_with_a_drawing_is_found_out(
    tamper: Callable[[str, random.Random], str], text: str, chance: random.Random
) -> None:
    assert inspect_dot(text).ok
    changed = tamper(text, chance)
    assert changed != text
    assert not inspect_dot(changed).ok


@pytest.mark.parametrize("tamper", TAMPERING_WITH_COLLECTIVES, ids=lambda t: t.__name__)
@FEW
@given(
    st.sampled_from([text for text in TEXTS if ' bytes="' in text]),
    st.randoms(use_true_random=False),
)
def test_whoever_tampers_with_a_collective_is_found_out(
    tamper: Callable[[str, random.Random], str], text: str, chance: random.Random
) -> None:
    changed = tamper(text, chance)
    assert changed != text
    assert not inspect_dot(changed).ok


@FEW
@given(DRAWN, st.randoms(use_true_random=False))
def test_findings_about_a_reversed_edge_name_an_edge(text: str, chance: random.Random) -> None:
    found = inspect_dot(reverse_edge(text, chance)).findings
    assert any(" -> " in finding.message for finding in found)


def test_a_cycle_is_reported_in_the_order_of_its_arrows() -> None:
    edges = tuple(DotEdge(a, b, {}, 1) for a, b in ("ab", "bc", "cd", "db", "de"))
    cycle = find_cycle(tuple("abcde"), edges)
    assert sorted(cycle) == ["b", "c", "d"]
    assert all(
        (a, b) in {("b", "c"), ("c", "d"), ("d", "b")}
        for a, b in zip(cycle, (*cycle[1:], cycle[0]), strict=True)
    )
    assert find_cycle(tuple("abcde"), edges[:3]) == ()


# Values that come by edges beside what lies on the GPU, in either order.
HELD_BESIDE_READ = """
gpu chip { memory = 1 TB; bandwidth = 3 TB/s; bf16 = 600 TFLOP/s }
link wire { bandwidth = 450 GB/s; latency = 3 us }
model m {
  dim b = 8, d = 60, f = 24, g = f + d
  weight w: bf16[b, d]
  input x: bf16[b, f]
  state s: bf16[d, b]
  s = append(s, x * 2, at = 12, f -> d)
  output s
  front = concat(w, x * 2, d + f -> g)
  output front
  back = concat(x * 2, w, f + d -> g)
  output back
}
cluster box { gpu chip; level gpu = 2 via wire }
plan p for m on box { mesh t = 2; shard b over t }
"""


def test_what_reads_its_operands_each_in_its_own_way_passes() -> None:
    for drawing in draw(compile_text(HELD_BESIDE_READ).spmd)[0]:
        assert inspect_dot(drawing.dot, drawing.stem).findings == ()


def test_findings_stand_on_the_line_of_the_file_that_is_wrong() -> None:
    text = TEXTS[0]
    number = places(text, NODE)[3]
    line = text.split("\n")[number]
    changed = change(text, number, re.sub(r' op="\w+"', ' op="sigmoid"', line))
    assert number + 1 in {f.span.line for f in inspect_dot(changed).findings}


@pytest.mark.parametrize("text", TEXTS[:4])
def test_the_json_of_an_inspection_has_every_key_and_is_json(text: str) -> None:
    found = to_json(inspect_dot(text, "x.dot"))
    assert json.loads(json.dumps(found)) == found
    assert list(found) == [
        "schema", "file", "nodes", "edges", "acyclic", "cycle", "gpus", "operators",
        "collectives", "findings", "ok",
    ]  # fmt: skip
    assert (found["schema"], found["ok"], found["acyclic"]) == ("helixc.inspect/1", True, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "graph g { a -- b }",
        "digraph {",
        "digraph { a -> }",
        "digraph { a -- b }",
        "digraph { a [label=<<b>x</b>] }",
        'digraph { "a',
        "digraph { a [x=] }",
        "digraph {}}",
        "digraph { subgraph { " * 150,
        "digraph {} trailing",
        "digraph { a; b; a -> b }",
        "\x00",
    ],
)
def test_what_is_no_drawing_is_refused_with_a_line(text: str) -> None:
    with pytest.raises(HelixError) as caught:
        inspect_dot(text, "x.dot")
    (found,) = caught.value.diagnostics
    assert found.code == "HX0905"
    assert found.span.line >= 1


@pytest.mark.parametrize(
    "text",
    [
        "digraph g { a -> b -> c; }",
        "strict digraph { a:n -> b:s:e; c }",
        "digraph { {a b} -> {c; d} }",
        'digraph { "a" -> "b" + "c" [x=1, y="2"; z] }',
        "/* a */ digraph g { // b\n a -> b\n# c\n }",
        "digraph { node [shape=box] edge [color=red] rankdir=LR; a -> b }",
        "digraph { subgraph cluster_x { label=x; a } a -> b [label=<<b>x</b>>] }",
        "\ufeffdigraph { a -> b }\r\n",
    ],
)
def test_dot_in_any_spelling_is_read(text: str) -> None:
    assert read_dot(text, "x.dot").nodes


def test_edges_between_sets_of_nodes_are_all_pairs() -> None:
    edges = read_dot("digraph { {a b} -> {c; d} }", "").edges
    assert sorted((e.source, e.target) for e in edges) == [
        ("a", "c"),
        ("a", "d"),
        ("b", "c"),
        ("b", "d"),
    ]


def refusals(text: str) -> list[str]:
    """The codes with which a text is refused; nothing else may be raised."""
    try:
        inspect_dot(text)
    except HelixError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


@given(st.text(max_size=60) | st.text(alphabet='digraph {}[]<>"\\=-;,ab1 \n', max_size=60))
def test_no_text_makes_the_reader_fail_in_any_other_way(text: str) -> None:
    assert refusals(text) == ["HX0905"]
    assert refusals(f"digraph {{ {text} }}") == ["HX0905"]


@FEW
@given(
    DRAWN,
    st.integers(0, 10**6),
    st.text(alphabet='"[]{};, =->\\|ab19', max_size=4),
    st.integers(0, 6),
)
def test_damaged_drawings_are_read_or_refused_but_never_fail(
    text: str, position: int, inserted: str, removed: int
) -> None:
    position %= len(text)
    damaged = text[:position] + inserted + text[position + removed :]
    assert refusals(damaged) in ([], ["HX0905"])
