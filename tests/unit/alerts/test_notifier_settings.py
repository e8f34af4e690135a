"""Which notifiers the settings name, and what they refuse."""

from __future__ import annotations

import io
import logging

import pytest
from pydantic import SecretStr

from alerts.configure import notifiers_from
from alerts.notifiers.redaction import keep_out_of_log
from foreshock.errors import SettingsError
from foreshock.settings import load_settings

SECRET = "https://hooks.example/T0/B1/very-secret"


def alerts(*flags: str):
    return load_settings(flags=[f"alerts.{flag}" for flag in flags], environment={}).settings.alerts


def test_by_default_there_is_the_console():
    assert list(notifiers_from(alerts())) == ["console"]
    assert notifiers_from(alerts("console=false")) == {}


def test_what_is_set_is_made():
    settings = alerts(
        f"slack_webhook={SECRET}",
        "webhook=http://localhost:1/x",
        "smtp.host=mail.example",
        "smtp.to=a@example.org,b@example.org",
    )
    notifiers = notifiers_from(settings, io.StringIO())
    assert list(notifiers) == ["console", "slack", "smtp", "webhook"]
    assert all(name == notifier.name for name, notifier in notifiers.items())


def test_mail_needs_host_and_recipient():
    assert "smtp" not in notifiers_from(alerts("smtp.host=mail.example"))
    assert "smtp" not in notifiers_from(alerts("smtp.to=a@example.org"))


@pytest.mark.parametrize("flag", ["slack_webhook=hooks.example/secret", "webhook=ftp://secret/x"])
def test_an_address_that_is_none_is_refused_without_showing_it(flag):
    with pytest.raises(SettingsError) as caught:
        notifiers_from(alerts(flag))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("to", ["nobody", "a@b\r\nBcc: c@d", "a b@c d", "@x"])
def test_a_recipient_that_is_no_address_is_refused(to):
    with pytest.raises(SettingsError, match="recipient"):
        notifiers_from(alerts("smtp.host=mail.example", f"smtp.to={to}"))


def test_a_logged_address_is_masked():
    stream = io.StringIO()
    logger = logging.Logger("test-http-client")
    logging.root.manager.loggerDict[logger.name] = logger
    handler = logging.StreamHandler(stream)
    logger.addHandler(handler)
    keep_out_of_log(SecretStr(SECRET), logger.name)
    keep_out_of_log(SecretStr(SECRET), logger.name)
    logger.info("POST %s %d", SECRET, 200)
    logger.info("POST %s", "https://other.example")
    del logging.root.manager.loggerDict[logger.name]
    assert stream.getvalue() == "POST ******** 200\nPOST https://other.example\n"
    assert len(logger.filters) == 1
