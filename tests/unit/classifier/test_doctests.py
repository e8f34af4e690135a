"""The examples in the docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name", ["augmentation", "batching", "calibration", "labels", "preprocess", "world_headlines"]
)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"classifier.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
