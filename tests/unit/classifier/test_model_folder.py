"""A folder that is not exactly what its config says is refused, and says why."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classifier.labels import SENTIMENTS, TOPICS
from classifier.model_folder import (
    CONFIG_FILE,
    DEFAULT_MODEL_DIR,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    HeadConfig,
    load_weights,
    read_config,
    save_model_folder,
)
from classifier.scorer import load_scorer
from foreshock.errors import ModelError


def _edit(folder: Path, **changes: Any) -> None:
    config = msgspec.json.decode((folder / CONFIG_FILE).read_bytes())
    (folder / CONFIG_FILE).write_bytes(msgspec.json.encode({**config, **changes}))


def _flip_last_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_the_shipped_folder_is_whole_and_small() -> None:
    config = read_config(DEFAULT_MODEL_DIR)
    assert config.heads["sentiment"].labels == SENTIMENTS
    assert config.heads["topic"].labels == TOPICS
    assert config.model_version == f"{config.name}+{config.weights_sha256[:8]}"
    files = {path.name: path.stat().st_size for path in DEFAULT_MODEL_DIR.iterdir()}
    assert set(files) == {CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE}
    assert files[WEIGHTS_FILE] < 50_000_000


def test_the_shipped_weights_are_float16_and_match_their_hash() -> None:
    weights = load_weights(DEFAULT_MODEL_DIR, read_config(DEFAULT_MODEL_DIR))
    assert {str(value.dtype) for value in weights.values()} == {"torch.float16"}


def test_a_saved_folder_loads(tiny_folder: Path) -> None:
    config = read_config(tiny_folder)
    assert config.max_tokens == 64
    assert load_scorer(tiny_folder, device="cpu").model_version == config.model_version


@pytest.mark.parametrize("file_name", [WEIGHTS_FILE, TOKENIZER_FILE])
def test_a_changed_file_is_refused(tiny_folder: Path, file_name: str) -> None:
    _flip_last_byte(tiny_folder / file_name)
    with pytest.raises(ModelError, match=f"{file_name}: expected SHA-256"):
        load_scorer(tiny_folder, device="cpu")


@pytest.mark.parametrize("file_name", [WEIGHTS_FILE, TOKENIZER_FILE, CONFIG_FILE])
def test_a_missing_file_is_refused(tiny_folder: Path, file_name: str) -> None:
    (tiny_folder / file_name).unlink()
    with pytest.raises(ModelError, match=file_name):
        load_scorer(tiny_folder, device="cpu")


def test_a_pickle_is_refused_even_with_a_matching_hash(tiny_folder: Path) -> None:
    content = pickle.dumps({"weights": [1.0]})
    (tiny_folder / WEIGHTS_FILE).write_bytes(content)
    _edit(tiny_folder, weights_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ModelError, match="not a safetensors file"):
        load_scorer(tiny_folder, device="cpu")


def test_labels_in_another_order_are_refused(tiny_folder: Path) -> None:
    heads = msgspec.to_builtins(read_config(tiny_folder).heads)
    heads["sentiment"]["labels"] = ["positive", "neutral", "negative"]
    _edit(tiny_folder, heads=heads)
    with pytest.raises(ModelError, match="found positive, neutral, negative"):
        read_config(tiny_folder)


def test_a_missing_head_is_refused(tiny_folder: Path) -> None:
    heads = msgspec.to_builtins(read_config(tiny_folder).heads)
    del heads["topic"]
    _edit(tiny_folder, heads=heads)
    with pytest.raises(ModelError, match="expected a topic head"):
        read_config(tiny_folder)


@pytest.mark.parametrize("changes", [{"temperature": 0.0}, {"bias": [1.0]}])
def test_impossible_calibration_is_refused(tiny_folder: Path, changes: dict[str, Any]) -> None:
    heads = msgspec.to_builtins(read_config(tiny_folder).heads)
    heads["sentiment"] |= changes
    _edit(tiny_folder, heads=heads)
    with pytest.raises(ModelError, match="sentiment"):
        read_config(tiny_folder)


def test_another_format_is_refused(tiny_folder: Path) -> None:
    _edit(tiny_folder, format=2)
    with pytest.raises(ModelError, match="expected format 1, found 2"):
        read_config(tiny_folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff"])
def test_a_config_of_another_make_is_refused(tiny_folder: Path, content: bytes) -> None:
    (tiny_folder / CONFIG_FILE).write_bytes(content)
    with pytest.raises(ModelError, match="not a Foreshock model config"):
        read_config(tiny_folder)


def test_weights_of_other_sizes_are_refused(tiny_folder: Path) -> None:
    _edit(tiny_folder, encoder={**read_config(tiny_folder).encoder, "hidden_size": 32})
    with pytest.raises(ModelError, match="do not fit"):
        load_scorer(tiny_folder, device="cpu")


def test_saving_replaces_a_model_and_nothing_else(tiny_folder: Path, tmp_path: Path) -> None:
    config = read_config(tiny_folder)
    parts: dict[str, Any] = {
        "name": "again",
        "encoder": config.encoder,
        "heads": {"sentiment": HeadConfig(SENTIMENTS, 1.0), "topic": HeadConfig(TOPICS, 1.0)},
        "max_tokens": 64,
        "weights": load_weights(tiny_folder, config),
        "tokenizer_json": (tiny_folder / TOKENIZER_FILE).read_bytes(),
        "training": {},
    }
    again = save_model_folder(tiny_folder, **parts)
    assert read_config(tiny_folder) == again
    assert again.weights_sha256 == config.weights_sha256
    other = tmp_path / "letters"
    other.mkdir()
    (other / "letter.txt").write_text("dear")
    with pytest.raises(ModelError, match="holds other files"):
        save_model_folder(other, **parts)
    assert [path.name for path in other.iterdir()] == ["letter.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letters", "tiny"]
