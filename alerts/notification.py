"""What a notifier is given: an alert, the change that is told, and its number.

It is the body of an outbox row: written by `alerts.stage`, read by `alerts.outbox` and notifiers.
"""

from __future__ import annotations

import msgspec

from alerts.rules import Change
from foreshock.errors import CodecError
from foreshock.records import Alert


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One message to people. `name` is unique within the alert (`firing`, `update-2`), `sequence`
    numbers the alert's messages from 1, `simulated` says that its times are not real.
    """

    alert: Alert
    change: Change
    name: str
    sequence: int
    simulated: bool = False

    @property
    def message_key(self) -> str:
        """Return what is equal for repeated deliveries of this message and for no other."""
        return f"{self.alert.alert_id}:{self.name}"


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Notification)


def encode_notification(notification: Notification) -> bytes:
    """Return the body of an outbox row."""
    return _encoder.encode(notification)


def decode_notification(body: bytes) -> Notification:
    """Return the notification in an outbox row. Raises CodecError if it is none."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CodecError(f"expected a notification, found other bytes: {error}") from error
