"""How properties are tested: derandomised by default, so that a run today says what it says tomorrow.

``--hypothesis-profile=dev`` draws fewer and new examples, ``deep`` many.  ``--update`` rewrites what the
golden files expect.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

# Comparisons with other people's models need what is too large for every environment: `helixc[oracles]`.
collect_ignore = [] if find_spec("transformers") else ["torch_oracles"]

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci", derandomize=True, max_examples=100, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("deep", max_examples=5000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that rewrites golden files."""
    parser.addoption("--update", action="store_true", help="rewrite what the golden files expect")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are rewritten."""
    return bool(request.config.getoption("--update"))
