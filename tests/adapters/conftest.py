"""The conformance suite is shipped with the package; its assertions explain themselves like those of a test file."""

import pytest

pytest.register_assert_rewrite("connector.testing.ats_suite")
