"""Every diagnostic code with its title; a code is stable, its wording is not.

00xx files and limits, 01xx syntax, 02xx names, 03xx shapes, 04xx hardware and units, 05xx plans,
06xx communication, 07xx price and memory, 08xx proof, 09xx drawings.
"""

from __future__ import annotations

from collections.abc import Mapping

CODES: Mapping[str, str] = {
    # 00xx files and limits
    "HX0001": "file not found or not readable",
    "HX0002": "file too large",
    "HX0003": "file is not UTF-8 text",
    "HX0004": "nested too deep",
    "HX0005": "too many statements",
    "HX0006": "number too large",
    "HX0007": "too many files",
    "HX0008": "import leaves the folder",
    "HX0009": "imports go in a circle",
    "HX0010": "newer language than known",
    "HX0011": "too many GPUs",
    "HX0012": "drawing takes too long",
    "HX0013": "output not writable",
    "HX0014": "output would replace a file of somebody else",
    # 01xx syntax
    "HX0101": "something else expected here",
    "HX0102": "unknown statement",
    "HX0103": "brackets do not match",
    "HX0104": "line goes on by mistake",
    "HX0105": "statement begins with an operator",
    "HX0106": "something stands after `over`",
    "HX0107": "keyword used as a name",
    "HX0108": "statement in the wrong place",
    "HX0109": "something is missing",
    "HX0110": "character without a meaning",
    "HX0111": "comparisons in a chain",
    "HX0112": "line breaks in the wrong place",
    # 02xx names
    # 03xx shapes
    "HX0350": "value not defined once, before it is read",
    "HX0351": "type differs from what the operator yields",
    "HX0352": "size missing or impossible",
    "HX0353": "output not defined",
    "HX0354": "scopes do not form a tree",
    "HX0355": "plan speaks of something that is not there",
    # 04xx hardware and units
    "HX0401": "unknown unit",
    "HX0402": "quantities of different kinds",
    "HX0403": "no number of sensible size",
    "HX0404": "division by zero",
    "HX0405": "not a number known when compiling",
    "HX0406": "unknown number",
    "HX0410": "unknown hardware",
    "HX0411": "hardware declared twice",
    "HX0412": "unknown field of hardware",
    "HX0413": "missing field of hardware",
    "HX0414": "field of the wrong kind",
    "HX0415": "field or level given twice",
    "HX0416": "field out of range",
    "HX0417": "hardware from two imports",
    "HX0418": "level without members",
    # 05xx plans
    "HX0501": "mesh line missing or misplaced",
    "HX0502": "mesh axis declared twice",
    "HX0503": "mesh axis without a legal size",
    "HX0504": "mesh larger than the cluster",
    "HX0505": "mesh smaller than the cluster",
    "HX0506": "unknown mesh axis",
    "HX0507": "mesh axis named twice in a line",
    "HX0508": "unknown place in a plan",
    "HX0509": "no such turn or call",
    "HX0510": "unknown dimension in a plan",
    "HX0511": "one axis for two dimensions of a value",
    "HX0512": "unknown way",
    "HX0513": "not supported yet in a plan",
    "HX0514": "dimension named twice in a line",
    "HX0515": "unknown thing to keep",
    "HX0516": "line in the wrong kind of block",
    # 06xx communication
    "HX0650": "unknown mesh axis or dimension in a layout",
    "HX0651": "mesh axis used twice in a layout",
    "HX0652": "split does not divide the dimension",
    "HX0653": "layout not written in its one proper form",
    "HX0654": "operands do not lie where the operator needs them",
    "HX0655": "step impossible on this layout",
    "HX0656": "partial value never combined",
    "HX0657": "change of layout without steps",
    "HX0658": "carried value changes its layout",
    # 07xx price and memory
    "HX0701": "does not fit into the memory of a GPU",
    # 08xx proof
    # 09xx drawings
    "HX0901": "more tasks than are expanded at once",
    "HX0902": "drawing folded: equal GPUs or layers stand for each other",
    "HX0903": "no picture: the drawing is written as .dot alone",
    "HX0904": "GPUs or layers to draw that do not exist",
    "HX0905": "not a drawing that can be read",
    "HX0906": "facts missing in a drawing, or not readable",
    "HX0907": "cycle in a drawing",
    "HX0908": "label and attributes of a node disagree",
    "HX0909": "an edge and its ends disagree",
    "HX0910": "an operator's result does not follow from its inputs",
    "HX0911": "a collective's members, dimensions or bytes are inconsistent",
    "HX0912": "an input without an edge, or a GPU left out",
}
