"""A shipped scorer, loaded once, and a tiny model of the same make for what must be cheap."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.joint_model import build_joint_model
from classifier.labels import SENTIMENTS, TOPICS
from classifier.model_folder import (
    DEFAULT_MODEL_DIR,
    TOKENIZER_FILE,
    HeadConfig,
    save_model_folder,
)
from classifier.scorer import Scorer, load_scorer

TINY_ENCODER: dict[str, int | float | str] = {
    "vocab_size": 30_522,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 128,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_act": "gelu",
}


@pytest.fixture(scope="session")
def shipped() -> Scorer:
    """The model that comes with the program."""
    return load_scorer(device="cpu")


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """A valid model folder with random weights."""
    import torch

    torch.manual_seed(7)
    folder = tmp_path / "tiny"
    model = build_joint_model(TINY_ENCODER, {"sentiment": 3, "topic": 20})
    save_model_folder(
        folder,
        name="tiny",
        encoder=TINY_ENCODER,
        heads={"sentiment": HeadConfig(SENTIMENTS, 1.5), "topic": HeadConfig(TOPICS, 1.0)},
        max_tokens=64,
        weights=model.state_dict(),
        tokenizer_json=(DEFAULT_MODEL_DIR / TOKENIZER_FILE).read_bytes(),
        training={"epochs": 0},
    )
    return folder


@pytest.fixture
def tiny_base(tmp_path: Path) -> Path:
    """A checkpoint to start training from: a tiny BERT as transformers would store it."""
    import msgspec
    import safetensors.torch
    import torch

    torch.manual_seed(7)
    folder = tmp_path / "base"
    folder.mkdir()
    model = build_joint_model(TINY_ENCODER, {"sentiment": 3, "topic": 20})
    weights = {
        name.removeprefix("encoder."): value
        for name, value in model.state_dict().items()
        if name.startswith("encoder.")
    }
    safetensors.torch.save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_bytes(msgspec.json.encode(TINY_ENCODER))
    (folder / TOKENIZER_FILE).write_bytes((DEFAULT_MODEL_DIR / TOKENIZER_FILE).read_bytes())
    return folder
