"""What makes a detector and what does not."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from foreshock.errors import DetectorError
from foreshock.settings import DetectorSettings
from stream.config import DetectorConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"theta": 0.0}, "theta"),
        ({"theta_terms": -1.0}, "theta_terms"),
        ({"theta": float("nan")}, "theta"),
        ({"min_stories": 0}, "min_stories"),
        ({"min_publishers": 0}, "min_publishers"),
        ({"pane_ms": 0}, "pane_ms"),
        ({"learn_hours": -1.0}, "learn_hours"),
        ({"learn_hours": float("inf")}, "learn_hours"),
        ({"window_ms": 90_000}, "a window of whole panes, found 90000 ms of 60000 ms"),
    ],
)
def test_bad_values_are_named(changes: dict[str, float], message: str) -> None:
    with pytest.raises(DetectorError, match=message):
        DetectorConfig(**changes)  # type: ignore[arg-type]


def test_every_setting_of_the_detector_has_its_field_and_default() -> None:
    settings = DetectorSettings().model_dump()  # type: ignore[call-arg]
    config = DetectorConfig()

    assert settings == {name: getattr(config, name) for name in settings}


def test_the_hash_tells_any_two_configurations_apart() -> None:
    config = DetectorConfig()
    changed = {
        field.name: replace(
            config,
            **{
                field.name: not getattr(config, field.name)
                if field.name == "terms"
                else getattr(config, field.name) * 2
            },
        )
        if field.name != "pane_ms"
        else replace(config, pane_ms=30_000)
        for field in fields(config)
    }

    hashes = {each.theta_hash for each in changed.values()}
    assert len(hashes) == len(changed)
    assert config.theta_hash not in hashes
    assert DetectorConfig().theta_hash == config.theta_hash
