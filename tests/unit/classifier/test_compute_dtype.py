"""The dtype follows what the hardware has."""

from __future__ import annotations

import pytest

from classifier.compute_dtype import has_fast_bf16


@pytest.mark.parametrize("tiles", [True, False])
def test_a_processor_computes_in_bfloat16_when_it_has_tiles(
    tiles: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    assert has_fast_bf16("cpu") is tiles


def test_an_unknown_device_computes_in_float32() -> None:
    assert has_fast_bf16("mps") is False
