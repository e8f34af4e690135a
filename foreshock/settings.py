"""All settings, from file < environment < flags, with the origin of each value.

The file is `foreshock.toml`; an environment variable is FORESHOCK_SECTION__NAME
(`FORESHOCK_ALERTS__SLACK_WEBHOOK`); a flag is `--set section.name=value`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from foreshock.errors import SettingsError

ENV_PREFIX = "FORESHOCK_"
DEFAULT_FILE = Path("foreshock.toml")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BusSettings(_Section):
    """The channels between the stages."""

    kind: str = Field("sqlite", pattern="^(sqlite|memory)$", description="which bus")
    partitions: int = Field(1, ge=1, le=64, description="partitions of the scalable channels")
    retention_hours: float = Field(72.0, gt=0, description="how long handled messages stay")


class IngestSettings(_Section):
    """Sources and fetching."""

    feeds: Path | None = Field(None, description="feeds.toml; none: the curated list that ships")
    poll_seconds: float = Field(60.0, ge=1, description="default pause between polls of a source")
    timeout_seconds: float = Field(20.0, gt=0, description="per request")
    max_bytes: int = Field(10_000_000, ge=1_000, description="largest response that is read")
    user_agent: str = Field("Foreshock/0.1 (+news sentiment monitor)", description="sent on fetch")
    allow_private_addresses: bool = Field(
        False, description="fetch from private and loopback addresses too (tests, intranets)"
    )
    old_after_minutes: float = Field(
        120.0, gt=0, description="published longer before it was seen: stored, not counted"
    )
    languages: tuple[str, ...] = Field(("en",), description="languages that the model reads")


class ClassifierSettings(_Section):
    """The model that scores items."""

    model: str = Field("default", description="the shipped model, or a model folder")
    device: str = Field("auto", pattern="^(auto|cpu|cuda)$", description="where it runs")
    batch_items: int = Field(512, ge=1, description="most items in one poll")
    deadline_ms: int = Field(50, ge=0, description="longest wait to fill a batch")
    negative_at: float = Field(0.5, gt=0, lt=1, description="p(negative) that counts as negative")
    topic_at: float = Field(0.3, gt=0, lt=1, description="p(topic) at which an item has the topic")


class StreamSettings(_Section):
    """Panes and windows."""

    pane_seconds: int = Field(60, ge=1, description="width of a pane")
    window_minutes: int = Field(60, ge=1, description="length of a window")


class DetectorSettings(_Section):
    """When a window is a spike. Defaults are explained in docs/detection.md."""

    theta: float = Field(3.0, gt=0, description="surprise at which a known key fires")
    theta_terms: float = Field(3.0, gt=0, description="surprise at which a term fires")
    min_stories: int = Field(5, ge=1, description="least negative stories of a known key")
    min_stories_terms: int = Field(4, ge=1, description="least negative stories of a term")
    min_publishers: int = Field(2, ge=1, description="least publishers (1 where there is one)")
    terms: bool = Field(True, description="watch emerging terms too")
    learn_hours: float = Field(24.0, ge=0, description="how long a new watch only learns")


class SmtpSettings(_Section):
    """Email. Sent where `host` and `to` are set."""

    host: str = Field("", description="SMTP server")
    port: int = Field(587, ge=1, le=65535, description="its port")
    starttls: bool = Field(True, description="encrypt before logging in")
    username: str = Field("", description="login name; empty: no login")
    password: SecretStr = Field(SecretStr(""), description="login password")
    sender: str = Field("foreshock@localhost", description="From")
    to: tuple[str, ...] = Field((), description="recipients")


class AlertSettings(_Section):
    """Who is told, and how."""

    console: bool = Field(True, description="print alerts where foreshock runs")
    slack_webhook: SecretStr = Field(SecretStr(""), description="Slack incoming-webhook url")
    webhook: SecretStr = Field(SecretStr(""), description="any url that takes the alert as JSON")
    smtp: SmtpSettings = SmtpSettings()  # type: ignore[call-arg]
    dashboard_url: str = Field("http://127.0.0.1:8050", description="linked from messages")
    evidence_headlines: int = Field(5, ge=1, le=50, description="headlines in a message")
    max_attempts: int = Field(12, ge=1, description="tries before a message is given up, visibly")
    grouping_minutes: float = Field(
        60.0, ge=0, description="a key that spikes again this soon joins its last alert"
    )
    evidence_tries: int = Field(
        60, ge=1, description="looks for all headlines before an alert goes on with some of them"
    )
    messages_per_minute: int = Field(30, ge=1, description="most messages through one notifier")
    timeout_seconds: float = Field(10.0, gt=0, description="longest wait for a mail or web server")


class DashboardSettings(_Section):
    """The web page."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8050, ge=0, le=65535, description="port; 0: any free one")
    refresh_seconds: float = Field(1.0, ge=0.2, description="pause between refreshes")
    stale_after_seconds: float = Field(15.0, gt=0, description="silence after which it says so")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="where runs, scores and state are kept")
    watch: str = Field("main", min_length=1, description="the watch of sources that name none")
    bus: BusSettings = BusSettings()  # type: ignore[call-arg]
    ingest: IngestSettings = IngestSettings()  # type: ignore[call-arg]
    classifier: ClassifierSettings = ClassifierSettings()  # type: ignore[call-arg]
    stream: StreamSettings = StreamSettings()  # type: ignore[call-arg]
    detector: DetectorSettings = DetectorSettings()  # type: ignore[call-arg]
    alerts: AlertSettings = AlertSettings()  # type: ignore[call-arg]
    dashboard: DashboardSettings = DashboardSettings()  # type: ignore[call-arg]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # everything arrives through load_settings, which knows where each value came from
        return (init_settings,)


@dataclass(frozen=True)
class Shown:
    """One setting as `foreshock config show` prints it; secrets are masked."""

    name: str
    value: str
    origin: str
    description: str


@dataclass(frozen=True)
class LoadedSettings:
    """Settings in force and, by dotted name, where each value that is no default came from."""

    settings: Settings
    origins: Mapping[str, str]

    def shown(self) -> list[Shown]:
        """Return every setting with its value, origin and description, in declaration order."""
        return list(_show(self.settings, "", self.origins))


def load_settings(
    file: Path | None = None,
    flags: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> LoadedSettings:
    """Return the settings in force.

    `file`: a TOML file (default: foreshock.toml if it exists), `flags`: `section.name=value`
    texts, `environment`: default `os.environ`. Raises SettingsError naming the setting and where
    it was set.
    """
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, values in (
        _from_file(file),
        *_from_environment(os.environ if environment is None else environment),
        *_from_flags(flags),
    ):
        for name, value in _leaves(values, ""):
            _put(tree, name, value, origin)
            origins[name] = origin
    try:
        return LoadedSettings(Settings(**tree), origins)
    except ValidationError as error:
        raise SettingsError(
            "; ".join(_explain(detail, origins) for detail in error.errors()),
            hint="`foreshock config show` lists every setting and its default",
        ) from error


def _from_file(file: Path | None) -> tuple[str, dict[str, Any]]:
    path = file if file is not None else DEFAULT_FILE
    try:
        return str(path), tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        if file is None:
            return "default", {}
        raise SettingsError(f"expected a settings file at {path}, found none") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not TOML: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for variable in sorted(environment):
        if variable.startswith(ENV_PREFIX) and environment[variable] != "":
            name = variable.removeprefix(ENV_PREFIX).lower().replace("__", ".")
            yield variable, {name: _from_text(name, environment[variable])}


def _from_flags(flags: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for flag in flags:
        name, separator, value = flag.partition("=")
        if not separator:
            raise SettingsError(f"expected --set section.name=value, found {flag!r}")
        yield "--set", {name.strip(): _from_text(name.strip(), value)}


def _from_text(name: str, text: str) -> Any:
    return [part for part in text.split(",") if part] if _is_list(name) else text


def _is_list(name: str) -> bool:
    model: type[BaseModel] | None = Settings
    annotation: Any = None
    for part in name.split("."):
        if model is None or part not in model.model_fields:
            return False
        annotation = model.model_fields[part].annotation
        is_section = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        model = annotation if is_section else None
    return str(annotation).startswith("tuple[")


def _leaves(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _put(tree: dict[str, Any], name: str, value: Any, origin: str) -> None:
    *sections, leaf = name.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise SettingsError(f"{name} (from {origin}): {section} is a value, not a section")
    tree[leaf] = value


def _explain(detail: Any, origins: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    set_by = (o for n, o in origins.items() if n == name or n.startswith(name + "."))
    origin = next(set_by, "default")
    problem = "no such setting" if detail["type"] == "extra_forbidden" else detail["msg"]
    return f"{name} (from {origin}): {problem}"


def _show(model: BaseModel, prefix: str, origins: Mapping[str, str]) -> Iterator[Shown]:
    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _show(value, f"{prefix}{name}.", origins)
            continue
        if isinstance(value, SecretStr):
            text = "********" if value.get_secret_value() else ""
        elif isinstance(value, tuple):
            text = ",".join(str(part) for part in value)
        else:
            text = "" if value is None else str(value)
        full = f"{prefix}{name}"
        yield Shown(full, text, origins.get(full, "default"), info.description or "")
