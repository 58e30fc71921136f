"""The conformance suite is shipped with the package; its assertions explain themselves like those of a test file."""

import pytest

for part in ("ats_suite_base", "ats_suite_values", "ats_suite_faults"):
    pytest.register_assert_rewrite(f"connector.testing.{part}")
