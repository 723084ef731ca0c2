"""Runs ``docs/notebook.ipynb`` in Jupyter and writes it anew: ``python docs/made_notebook.py``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("notebook.ipynb")
# What depends on the engine that lays out pictures, and on the order in which a processor adds.
_PICTURE = re.compile(r"(data:image/svg\+xml;base64,)[A-Za-z0-9+/=]+")
_ROUNDING = re.compile(r"\b\d(\.\d+)?e-1\d\b")


def executed() -> dict[str, Any]:
    """The notebook with the outputs that its cells have now, run from the top; a cell that fails raises."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(NOTEBOOK.parent)}},
    )
    client.execute()
    notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
    return json.loads(nbformat.writes(notebook))


def outputs(notebook: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """What each code cell shows, without what may differ from machine to machine."""
    return [
        json.loads(_ROUNDING.sub("...", _PICTURE.sub(r"\1...", json.dumps(cell["outputs"]))))
        for cell in notebook["cells"]
        if cell["cell_type"] == "code"
    ]


if __name__ == "__main__":
    NOTEBOOK.write_text(json.dumps(executed(), indent=1) + "\n", encoding="utf-8", newline="\n")
    print(NOTEBOOK)
