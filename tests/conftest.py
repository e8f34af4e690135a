"""What every test may use. Nothing here skips: what is missing makes the run fail."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import settings

# how long an example takes says more of the machine than of the code
settings.register_profile("foreshock", deadline=None)
settings.load_profile("foreshock")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a real Chromium; the tests fail without one."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path is not None:
            return path
    raise AssertionError("the browser tests need Chromium: apt-get install chromium")
