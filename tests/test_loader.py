"""Programs from files: what is read, what is refused, and where it is said."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from helixc import limits
from helixc.diagnostics import NOWHERE, Diagnostic, HelixError, Span
from helixc.text.loader import load_path, load_text


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder; the path of the one called main.hx."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder / "main.hx"


def refused(path: Path) -> tuple[Diagnostic, ...]:
    with pytest.raises(HelixError) as raised:
        load_path(path)
    return raised.value.diagnostics


def only(path: Path, code: str) -> Diagnostic:
    (finding,) = refused(path)
    assert finding.code == code
    return finding


# --- what is read


def test_imports_are_found_below_the_folder_of_the_main_file_whoever_asks(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        {
            "main.hx": "import blocks.mlp\nimport sizes\n",
            "blocks/mlp.hx": "import blocks.parts.norm\nimport sizes\n",
            "blocks/parts/norm.hx": "dim a = 1\n",
            "sizes.hx": "dim b = 2\n",
        },
    )
    sources = load_path(main)
    paths = [path for path, _ in sources.files]
    assert paths == ["", "blocks.mlp", "blocks.parts.norm", "sizes"]
    assert [path for path, _ in sources.texts] == paths
    assert [file.name for _, file in sources.files] == [
        main.as_posix(), *((tmp_path / n).as_posix() for n in (
            "blocks/mlp.hx", "blocks/parts/norm.hx", "sizes.hx"))
    ]  # fmt: skip


def test_the_library_is_read_from_the_package(tmp_path: Path) -> None:
    sources = load_path(write(tmp_path, {"main.hx": "import std.hardware\n"}))
    assert [(path, file.name) for path, file in sources.files][1:] == [
        ("std.hardware", "std/hardware.hx")
    ]


def test_a_folder_called_std_does_not_hide_the_library(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.hx": "import std.hardware", "std/hardware.hx": "plna"})
    assert len(load_path(main).files) == 2


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    main = tmp_path / "main.hx"
    main.write_bytes(codecs.BOM_UTF8 + b"dim a = 1\r\ndim b = 2\r\n")
    plain = write(tmp_path / "plain", {"main.hx": "dim a = 1\ndim b = 2\n"})
    assert load_path(main).files[0][1].declarations == load_path(plain).files[0][1].declarations
    assert load_path(main).texts == (("", "dim a = 1\ndim b = 2\n"),)


def test_loading_the_same_files_twice_gives_the_same_program(tmp_path: Path) -> None:
    main = write(
        tmp_path, {"main.hx": "import a\nimport b", "a.hx": "import b", "b.hx": "dim c = 1"}
    )
    assert load_path(main) == load_path(main)


def test_a_text_imports_from_the_folder_that_it_is_given(tmp_path: Path) -> None:
    write(tmp_path, {"sizes.hx": "dim a = 1"})
    assert len(load_text("import sizes", "-", tmp_path).files) == 2
    assert len(load_text("import std.hardware", "-").files) == 2
    with pytest.raises(HelixError, match="HX0001: a text without a folder cannot import `sizes`"):
        load_text("import sizes", "-")


# --- files that cannot be read


def test_a_main_file_that_does_not_exist_is_an_error_without_a_place(tmp_path: Path) -> None:
    finding = only(tmp_path / "nothing.hx", "HX0001")
    assert finding.span == NOWHERE
    assert "nothing.hx" in finding.message


def test_of_a_main_file_that_does_not_exist_the_nearest_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "model.hx").write_text("dim a = 1")
    finding = only(tmp_path / "modle.hx", "HX0001")
    assert finding.message.endswith("; did you mean `model.hx`?")
    finding = only(tmp_path, "HX0001")
    assert "a file is needed, as `" in finding.message
    assert finding.message.endswith("/model.hx`")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    only(tmp_path, "HX0001")


def test_a_name_that_no_file_can_have_is_an_error() -> None:
    only(Path("a\0b.hx"), "HX0001")
    only(Path("x" * 5000), "HX0001")
    with pytest.raises(HelixError, match="HX0001: there is no file"):
        load_text(f"import {'x' * 5000}.{'y' * 5000}", "-", Path())


def test_a_missing_import_is_an_error_at_the_import_that_says_what_was_meant(
    tmp_path: Path,
) -> None:
    main = write(tmp_path, {"main.hx": "dim a = 1\nimport layrs\n", "layers.hx": ""})
    finding = only(main, "HX0001")
    assert finding.span == Span(main.as_posix(), 2, 1, 2, 13)
    assert finding.message.endswith("`; did you mean `layers`?")


def test_a_missing_file_of_the_library_says_what_there_is(tmp_path: Path) -> None:
    finding = only(write(tmp_path, {"main.hx": "import std.hardwear"}), "HX0001")
    assert "did you mean `std.hardware`?" in finding.message
    assert "std.hardware" in finding.legal
    only(write(tmp_path, {"main.hx": "import std"}), "HX0001")


def test_a_file_that_is_too_large_is_an_error_that_names_the_limit(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.hx": "#" * limits.MAX_FILE_BYTES})
    load_path(main)
    finding = only(write(tmp_path, {"main.hx": "#" * (limits.MAX_FILE_BYTES + 1)}), "HX0002")
    assert str(limits.MAX_FILE_BYTES) in finding.message
    with pytest.raises(HelixError, match="HX0002"):
        load_text("#" * (limits.MAX_FILE_BYTES + 1), "-")


def test_bytes_that_are_no_text_are_an_error_at_their_place(tmp_path: Path) -> None:
    main = tmp_path / "main.hx"
    main.write_bytes("dim a = 1\ndim é".encode() + b"\xff = 1")
    finding = only(main, "HX0003")
    assert (finding.span.line, finding.span.column) == (2, 6)
    assert "0xff" in finding.message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_encodings_are_refused(tmp_path: Path, encoding: str) -> None:
    main = tmp_path / "main.hx"
    main.write_bytes("dim a = 1 # é\n".encode(encoding))
    assert refused(main)


def test_errors_of_all_files_come_at_once_with_the_texts_to_show_them(tmp_path: Path) -> None:
    main = write(
        tmp_path,
        {"main.hx": "import a\nimport nothing\ndim x 1", "a.hx": "import b", "b.hx": "dim y 2"},
    )
    with pytest.raises(HelixError) as raised:
        load_path(main)
    error = raised.value
    assert sorted(d.code for d in error.diagnostics) == ["HX0001", "HX0109", "HX0109"]
    assert {d.span.file for d in error.diagnostics} <= set(error.sources)
    assert error.sources[main.as_posix()].startswith("import a\n")


# --- imports that lead astray


@pytest.mark.parametrize(
    ("files", "way"),
    [
        ({"main.hx": "import main"}, "`the main file` imports `main`"),
        ({"main.hx": "import a", "a.hx": "import a"}, "`a` imports `a`"),
        (
            {"main.hx": "import a", "a.hx": "import main"},
            "`the main file` imports `a` imports `main`",
        ),
        (
            {"main.hx": "import a", "a.hx": "import b", "b.hx": "import a"},
            "`a` imports `b` imports `a`",
        ),
    ],
)
def test_imports_in_a_circle_are_an_error_that_shows_the_circle(
    tmp_path: Path, files: dict[str, str], way: str
) -> None:
    assert way in only(write(tmp_path, files), "HX0009").message


def test_importing_one_file_on_two_ways_is_no_circle(tmp_path: Path) -> None:
    files = {"main.hx": "import a\nimport b", "a.hx": "import c", "b.hx": "import c", "c.hx": ""}
    assert len(load_path(write(tmp_path, files)).files) == 4


def test_a_program_has_a_limited_number_of_files(tmp_path: Path) -> None:
    def files(number: int) -> dict[str, str]:
        imports = {f"f{n}.hx": f"import f{n + 1}" for n in range(1, number)}
        return {"main.hx": "import f1", **imports, f"f{number}.hx": ""}

    assert len(load_path(write(tmp_path / "many", files(63))).files) == limits.MAX_FILES
    finding = only(write(tmp_path / "more", files(64)), "HX0007")
    assert str(limits.MAX_FILES) in finding.message
    assert finding.span.file.endswith("f63.hx")


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"main.hx": "dim a = 1"})
    main = write(tmp_path / "inside", {"main.hx": "import link\nimport folder.main"})
    (main.parent / "link.hx").symlink_to(outside)
    (main.parent / "folder").symlink_to(outside.parent)
    assert [d.code for d in refused(main)] == ["HX0008", "HX0008"]


def test_a_link_that_stays_in_the_folder_is_followed(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.hx": "import link", "real.hx": "dim a = 1"})
    (tmp_path / "link.hx").symlink_to(tmp_path / "real.hx")
    assert len(load_path(main).files) == 2


def test_a_link_to_itself_is_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    main = write(tmp_path, {"main.hx": "import loop"})
    (tmp_path / "loop.hx").symlink_to(tmp_path / "loop.hx")
    only(main, "HX0001")
    only(tmp_path / "loop.hx", "HX0001")
