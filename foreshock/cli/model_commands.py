"""The model: `foreshock train` and `foreshock evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from foreshock.cli.options import AsJson


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("train", rich_help_panel="Model")(train)
    app.command("evaluate", rich_help_panel="Model")(evaluate)


def train(
    data: Annotated[
        Path,
        typer.Option(
            help="Folder with sentfin, twitter_sentiment, twitter_topic and splits (.csv.gz); "
            "docs/model.md says where each is published."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the new model.")],
    epochs: Annotated[int, typer.Option(min=1)] = 4,
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 8e-5,
    seed: Annotated[int, typer.Option()] = 13,
    batch_tokens: Annotated[int, typer.Option(min=64, help="Padded tokens in a batch.")] = 1024,
    resume: Annotated[
        Path | None, typer.Option(help="Folder that holds the state of a stopped run.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model and print a report per task.

    This is how the weights of the default model were made.
    """
    from foreshock.app.model import train_model

    typer.echo(
        train_model(
            data,
            out,
            epochs=epochs,
            lr=lr,
            seed=seed,
            batch_tokens=batch_tokens,
            resume=resume,
            as_json=as_json,
        )
    )


def evaluate(
    model: Annotated[str, typer.Argument(help="The shipped model, or a model folder.")] = "default",
    data: Annotated[Path, typer.Option(help="CSV (.gz too) with a text and a label column.")] = ...,  # type: ignore[assignment]
    text_column: Annotated[str, typer.Option()] = "text",
    label_column: Annotated[str, typer.Option()] = "label",
    task: Annotated[str, typer.Option(help="sentiment or topic.")] = "sentiment",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    as_json: AsJson = False,
) -> None:
    """Measure a model on a labelled file.

    Prints a classification report, macro-F1, accuracy, calibration error and texts per second.
    """
    from foreshock.app.model import evaluate_model, render

    report = evaluate_model(model, data, text_column, label_column, task, device)
    typer.echo(render(report, as_json=as_json))
