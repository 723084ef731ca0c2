"""The collectives of a block are those that the literature states, whatever the attention."""

from __future__ import annotations

import pytest

from docs.made_parallelism import ATTENTIONS, PARALLELISMS, combination

# For multi-head attention, where papers count.
STATED = {
    "tensor": "2 all-reduce",
    "tensor and sequence": "2 all-gather, 2 reduce-scatter",
    "two-level": "2 all-reduce, 4 all-to-all",
    "Ulysses": "4 all-to-all",
    "context, gathered": "2 all-gather",
    "context, ring": "2 permute",
    "data": "none",
    "experts": "2 all-to-all",
    "data x experts x tensor": "2 all-reduce, 2 all-to-all",
}
SENSELESS = {
    ("context, ring", "cross"),
    ("keys at decode", "multi-head"),
    ("keys at decode", "cross"),
}


@pytest.mark.parametrize("way", STATED)
def test_collectives_are_those_that_are_stated(way: str) -> None:
    assert combination(way, "multi-head") == f"proved: {STATED[way]}"


@pytest.mark.parametrize("way", PARALLELISMS)
def test_every_way_to_split_is_proved_with_every_attention(way: str) -> None:
    for attention in ATTENTIONS:
        found = combination(way, attention)
        assert found.startswith("proved: ") != ((way, attention) in SENSELESS), (attention, found)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_heads_fewer_than_gpus_are_no_obstacle(attention: str) -> None:
    assert combination("tensor", attention) == "proved: 2 all-reduce"
