"""Settings: file < environment < flags, each with its origin; errors that name the culprit."""

from __future__ import annotations

from pathlib import Path

import pytest

from foreshock.errors import SettingsError
from foreshock.settings import load_settings


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_file_gives_way_to_environment_and_environment_to_flags(tmp_path: Path) -> None:
    file = write(tmp_path / "f.toml", "[detector]\ntheta = 1\nmin_stories = 2\nmin_publishers = 3")
    environment = {"FORESHOCK_DETECTOR__THETA": "4", "FORESHOCK_DETECTOR__MIN_STORIES": "5"}
    loaded = load_settings(file, ["detector.theta=6"], environment)
    detector = loaded.settings.detector
    assert (detector.theta, detector.min_stories, detector.min_publishers) == (6.0, 5, 3)
    assert loaded.origins == {
        "detector.theta": "--set",
        "detector.min_stories": "FORESHOCK_DETECTOR__MIN_STORIES",
        "detector.min_publishers": str(file),
    }


def test_every_setting_is_shown_with_a_description() -> None:
    shown = load_settings(environment={}).shown()
    assert len(shown) > 30
    assert [setting.name for setting in shown if not setting.description] == []
    assert {setting.origin for setting in shown} == {"default"}


def test_secrets_are_masked_and_empty_ones_stay_empty() -> None:
    loaded = load_settings(flags=["alerts.smtp.password=hunter2"], environment={})
    shown = {setting.name: setting.value for setting in loaded.shown()}
    assert shown["alerts.smtp.password"] == "********"
    assert shown["alerts.slack_webhook"] == ""
    assert "hunter2" not in repr(loaded.settings)


def test_lists_are_comma_separated_in_texts() -> None:
    environment = {"FORESHOCK_ALERTS__SMTP__TO": "a@example.com,b@example.com"}
    loaded = load_settings(environment=environment)
    assert loaded.settings.alerts.smtp.to == ("a@example.com", "b@example.com")


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("detector.thta=1", "detector.thta (from --set): no such setting"),
        ("detector.theta=-1", "detector.theta (from --set)"),
        ("detector=1", "detector (from --set)"),
        ("detector", "section.name=value"),
    ],
)
def test_a_bad_value_is_named_with_its_origin(flag: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(flags=[flag], environment={})
    assert said in str(caught.value)


def test_a_file_that_was_named_must_be_there_and_be_toml(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="found none"):
        load_settings(tmp_path / "absent.toml", environment={})
    with pytest.raises(SettingsError, match="not TOML"):
        load_settings(write(tmp_path / "bad.toml", "theta ="), environment={})


def test_the_detector_takes_exactly_the_settings_of_its_section() -> None:
    from foreshock.app.pipeline import detector_config

    settings = load_settings(flags=["stream.pane_seconds=30"], environment={}).settings
    config = detector_config(settings)
    assert (config.pane_ms, config.window_ms) == (30_000, 3_600_000)
    for name in type(settings.detector).model_fields:
        assert getattr(config, name) == getattr(settings.detector, name)
