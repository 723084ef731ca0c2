"""How properties are tested: derandomised by default, so that a run today says what it says tomorrow.

``--hypothesis-profile=dev`` draws fewer and new examples, ``deep`` many.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci", derandomize=True, max_examples=100, deadline=None, suppress_health_check=_SLOW
)
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=_SLOW)
settings.register_profile("deep", max_examples=5000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile("ci")
