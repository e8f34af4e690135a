"""A model as a folder: config.json, tokenizer.json, model.safetensors. Read, write, verify.

Nothing in a folder is code, nothing is fetched, pickles are refused. The config names the labels
in their order and the SHA-256 of both other files; a folder that does not match is refused, so a
score can always be traced to the bytes that made it. Used by training and the backends.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from classifier.labels import SENTIMENTS, TOPICS
from foreshock.errors import ModelError

if TYPE_CHECKING:
    import torch

FORMAT: Final = 1
CONFIG_FILE: Final = "config.json"
WEIGHTS_FILE: Final = "model.safetensors"
TOKENIZER_FILE: Final = "tokenizer.json"
DEFAULT_MODEL_DIR: Final = Path(__file__).parent / "model"


class HeadConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One task of the model: its labels in output order, and how its logits are calibrated.

    Logits are moved by `bias` (one number a label; empty for none), then divided by `temperature`
    (> 0).
    """

    labels: tuple[str, ...]
    temperature: float
    bias: tuple[float, ...] = ()


class ModelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """config.json. `encoder` holds the sizes of the BERT; hashes are SHA-256, hexadecimal."""

    format: int
    name: str
    model_version: str
    encoder: dict[str, int | float | str]
    heads: dict[str, HeadConfig]
    max_tokens: int
    weights_sha256: str
    tokenizer_sha256: str
    training: dict[str, Any]


def read_config(folder: Path) -> ModelConfig:
    """Read and check a folder's config.

    Raises ModelError when it is missing, malformed, of another format, or when its labels are not
    those of `classifier.labels` in their order.
    """
    path = folder / CONFIG_FILE
    try:
        config = msgspec.json.decode(path.read_bytes(), type=ModelConfig)
    except OSError as error:
        raise ModelError(
            f"{folder} is not a model folder: {CONFIG_FILE} cannot be read",
            hint=f"a model folder holds {CONFIG_FILE}, {TOKENIZER_FILE} and {WEIGHTS_FILE}",
        ) from error
    except msgspec.DecodeError as error:
        raise ModelError(f"{path}: not a Foreshock model config: {error}") from error
    if config.format != FORMAT:
        raise ModelError(f"{path}: expected format {FORMAT}, found {config.format}")
    for task, expected in (("sentiment", SENTIMENTS), ("topic", TOPICS)):
        head = config.heads.get(task)
        if head is None:
            raise ModelError(f"{path}: expected a {task} head, found {sorted(config.heads)}")
        if head.labels != expected:
            raise ModelError(
                f"{path}: the {task} labels are not in this program's order: "
                f"expected {', '.join(expected)}; found {', '.join(head.labels)}"
            )
        if not 0.01 <= head.temperature <= 100:
            raise ModelError(f"{path}: {task} temperature {head.temperature} is out of range")
        if len(head.bias) not in (0, len(expected)):
            raise ModelError(f"{path}: expected a bias for each {task} label, or none")
    return config


def read_verified(folder: Path, file_name: str, sha256: str) -> bytes:
    """Return a file's bytes when they have the expected SHA-256; ModelError otherwise."""
    path = folder / file_name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{folder} lacks {file_name}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{path}: expected SHA-256 {sha256[:16]}…, found {found[:16]}…",
            hint="the file is not the one that the config was written for; fetch the model again",
        )
    return content


def load_weights(folder: Path, config: ModelConfig) -> dict[str, torch.Tensor]:
    """Return the verified weights as stored (float16). ModelError for a wrong hash or format."""
    import safetensors.torch
    from safetensors import SafetensorError

    content = read_verified(folder, WEIGHTS_FILE, config.weights_sha256)
    try:
        return safetensors.torch.load(content)
    except SafetensorError as error:
        raise ModelError(f"{folder / WEIGHTS_FILE}: not a safetensors file: {error}") from error


def save_model_folder(
    folder: Path,
    *,
    name: str,
    encoder: Mapping[str, int | float | str],
    heads: Mapping[str, HeadConfig],
    max_tokens: int,
    weights: Mapping[str, torch.Tensor],
    tokenizer_json: bytes,
    training: Mapping[str, Any],
) -> ModelConfig:
    """Write a model folder and return its config; the weights are stored in float16.

    The folder appears whole: it is written beside its place and then moved there. An existing
    folder is replaced only when it is itself a model folder (or empty); else ModelError.
    """
    import safetensors.torch
    import torch

    stored = {key: tensor.to(torch.float16).contiguous() for key, tensor in weights.items()}
    content = safetensors.torch.save(stored, metadata={"format": "pt"})
    weights_sha256 = hashlib.sha256(content).hexdigest()
    config = ModelConfig(
        format=FORMAT,
        name=name,
        model_version=f"{name}+{weights_sha256[:8]}",
        encoder=dict(encoder),
        heads=dict(heads),
        max_tokens=max_tokens,
        weights_sha256=weights_sha256,
        tokenizer_sha256=hashlib.sha256(tokenizer_json).hexdigest(),
        training=dict(training),
    )
    _replace_folder(
        folder,
        {
            CONFIG_FILE: msgspec.json.format(msgspec.json.encode(config), indent=2) + b"\n",
            TOKENIZER_FILE: tokenizer_json,
            WEIGHTS_FILE: content,
        },
    )
    return config


def _replace_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    known = {*files, "__pycache__"}
    if folder.exists() and {path.name for path in folder.iterdir()} - known:
        raise ModelError(f"{folder} holds other files than a model's; choose another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh.chmod(0o755)
        for file_name, content in files.items():
            (fresh / file_name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
