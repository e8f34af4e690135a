"""Training on a few rows with a tiny encoder: it learns, reports, and goes on where it stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.averaging import average_weights
from classifier.corpora import NO_LABEL, Example, TrainingCorpora
from classifier.model_folder import load_weights, read_config
from classifier.scorer import load_scorer
from classifier.training import TrainingProgress, TrainingReport, train
from foreshock.errors import ModelError


def _corpora() -> TrainingCorpora:
    sentiment = [
        Example(f"{word} {thing} {number}", label, NO_LABEL, 1.0, origin)
        for origin in ("sentfin", "tweets")
        for word, label in (("falls", 0), ("holds", 1), ("rises", 2))
        for thing in ("profit", "revenue")
        for number in range(2)
    ]
    topics = [
        Example(f"{word} {number}", NO_LABEL, label, 1.0, "topics")
        for word, label in (("fed rates", 1), ("crude oil", 6))
        for number in range(3)
    ]
    return TrainingCorpora(dict.fromkeys(("train", "dev", "test"), sentiment + topics))


def _train(
    base: Path, out: Path, *, epochs: int = 2, runs: int = 1, resume: Path | None = None
) -> tuple[TrainingReport, list[TrainingProgress]]:
    seen: list[TrainingProgress] = []
    report = train(
        Path("unused"),
        out,
        epochs=epochs,
        lr=5e-3,
        batch_tokens=64,
        runs=runs,
        on_progress=seen.append,
        resume=resume,
        base_dir=base,
        corpora=_corpora(),
    )
    return report, seen


def test_a_trained_model_has_learned_and_can_be_loaded(tiny_base: Path, tmp_path: Path) -> None:
    report, _ = _train(tiny_base, tmp_path / "out", epochs=8)
    assert report.dev_macro_f1["sentfin"] > 0.8
    scorer = load_scorer(report.out_dir, device="cpu")
    assert scorer.model_version == report.model_version
    falls, rises = scorer.score(["falls profit 1", "rises profit 1"])
    assert falls.polarity_micro < rises.polarity_micro


def test_progress_is_told_in_order(tiny_base: Path, tmp_path: Path) -> None:
    report, seen = _train(tiny_base, tmp_path / "out")
    assert [(p.epoch, p.epochs) for p in seen if p.kind == "epoch"] == [(1, 2), (2, 2)]
    assert all(1 <= p.step <= p.steps for p in seen)
    assert set(seen[-1].dev_macro_f1) == {"sentfin", "tweets", "topics"}
    assert len(report.history) == 2
    assert 1 <= report.best_epoch <= 2


def test_the_config_says_how_the_model_was_made(tiny_base: Path, tmp_path: Path) -> None:
    report, _ = _train(tiny_base, tmp_path / "out")
    training = read_config(report.out_dir).training
    assert training["seeds"] == [13]
    assert training["epochs"] == 2
    assert training["rows"]["train"] == {"sentfin": 12, "tweets": 12, "topics": 6}


def test_training_again_gives_the_same_bytes(tiny_base: Path, tmp_path: Path) -> None:
    first, _ = _train(tiny_base, tmp_path / "one")
    second, _ = _train(tiny_base, tmp_path / "two")
    assert first.model_version == second.model_version


def test_a_stopped_training_goes_on_to_the_same_model(tiny_base: Path, tmp_path: Path) -> None:
    whole, _ = _train(tiny_base, tmp_path / "whole", epochs=3)

    def stop(progress: TrainingProgress) -> None:
        if progress.kind == "epoch" and progress.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            Path("unused"),
            tmp_path / "stopped",
            epochs=3,
            lr=5e-3,
            batch_tokens=64,
            on_progress=stop,
            resume=tmp_path / "state",
            base_dir=tiny_base,
            corpora=_corpora(),
        )
    resumed, seen = _train(tiny_base, tmp_path / "stopped", epochs=3, resume=tmp_path / "state")
    assert {p.epoch for p in seen} == {3}
    assert resumed.model_version == whole.model_version
    assert resumed.history == whole.history


def test_a_finished_training_resumed_is_just_written_again(tiny_base: Path, tmp_path: Path) -> None:
    first, _ = _train(tiny_base, tmp_path / "out", resume=tmp_path / "state")
    again, seen = _train(tiny_base, tmp_path / "out", resume=tmp_path / "state")
    assert seen == []
    assert again.model_version == first.model_version


def test_a_broken_state_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    _train(tiny_base, tmp_path / "out", resume=tmp_path / "state")
    for path in (tmp_path / "state").rglob("state.safetensors"):
        path.write_bytes(b"no tensors")
    with pytest.raises(ModelError, match="not a state of this training"):
        _train(tiny_base, tmp_path / "out", resume=tmp_path / "state")


def test_several_runs_keep_the_best_of_each_and_their_mean(tiny_base: Path, tmp_path: Path) -> None:
    report, seen = _train(tiny_base, tmp_path / "out", runs=2)
    assert {(p.run, p.runs) for p in seen} == {(1, 2), (2, 2)}
    assert len(report.history) == 4
    assert read_config(report.out_dir).training["seeds"] in ([13], [14], [13, 14])


def test_the_mean_of_a_model_and_itself_is_that_model(tiny_folder: Path) -> None:
    weights = load_weights(tiny_folder, read_config(tiny_folder))
    mean = average_weights([tiny_folder, tiny_folder])
    assert all((mean[name] == value.float()).all() for name, value in weights.items())


def test_the_mean_of_no_models_is_refused() -> None:
    with pytest.raises(ModelError, match="at least one"):
        average_weights([])


def test_a_folder_without_a_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a BERT checkpoint"):
        _train(tmp_path, tmp_path / "out")
