"""The default backend: transformers' BERT in torch, on the processor or a CUDA device.

On the processor every micro-batch runs on one thread, several at a time. That is faster than one
batch on several threads, and the sums of a row are then the same whatever batch it is in (matrix
products of at least 16 tokens), so equal texts get equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np

from classifier.batching import padded_length
from classifier.compute_dtype import has_fast_bf16
from classifier.joint_model import build_joint_model
from classifier.model_folder import ModelConfig
from foreshock.errors import ModelError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

_CPU_BATCH_TOKENS: Final = 1024
_CUDA_BATCH_TOKENS: Final = 32_768


class TorchBackend:
    """Implements `backends.base.Backend`."""

    def __init__(
        self, config: ModelConfig, weights: Mapping[str, torch.Tensor], device: str = "auto"
    ) -> None:
        """Build the network of a config and fill it.

        device: "auto" (CUDA where there is one), "cpu", "cuda" or "cuda:<n>". Raises ModelError for
        an absent device and for weights that do not fit the config.
        """
        import torch

        self._device = _chosen_device(device)
        on_cpu = self._device.type == "cpu"
        self._dtype = torch.bfloat16 if has_fast_bf16(self._device.type) else torch.float32
        self._model = _filled_model(config, weights).to(self._device, self._dtype).eval()
        self._workers = torch.get_num_threads() if on_cpu else 1
        self._pool = ThreadPoolExecutor(
            self._workers,
            thread_name_prefix="classifier",
            initializer=_use_one_thread if on_cpu else None,
        )

    @property
    def batch_tokens(self) -> int:
        """Padded tokens that a batch should hold at most."""
        return _CPU_BATCH_TOKENS if self._device.type == "cpu" else _CUDA_BATCH_TOKENS

    def describe(self) -> str:
        """Return, for example, "torch 2.13.0, cpu, float32, 2 workers"."""
        import torch

        device = self._device.type
        if device == "cuda":
            device = f"cuda ({torch.cuda.get_device_name(self._device)})"
        workers = f", {self._workers} workers" if self._device.type == "cpu" else ""
        return f"torch {torch.__version__}, {device}, {_name(self._dtype)}{workers}"

    def logits(
        self, batches: Sequence[Sequence[Sequence[int]]]
    ) -> list[Mapping[str, NDArray[np.float32]]]:
        """Return {task: float32 [rows, labels]} for each batch; see `Backend.logits`."""
        try:
            return list(self._pool.map(self._forward, batches))
        except RuntimeError as error:  # torch maps allocation and kernel failures to this
            first_line = str(error).partition("\n")[0]
            raise ModelError(f"{self.describe()}: the forward pass failed: {first_line}") from error

    def _forward(self, rows: Sequence[Sequence[int]]) -> Mapping[str, NDArray[np.float32]]:
        import torch

        length = padded_length(max(map(len, rows)))
        ids = np.zeros((len(rows), length), dtype=np.int64)
        mask = np.zeros((len(rows), length), dtype=np.int64)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = row
            mask[number, : len(row)] = 1
        with torch.inference_mode():
            outputs = self._model(
                torch.from_numpy(ids).to(self._device), torch.from_numpy(mask).to(self._device)
            )
            return {task: logits.float().cpu().numpy() for task, logits in outputs.items()}


def _use_one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # of this worker thread


def _chosen_device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ModelError(f"expected a device such as cpu or cuda, found {name!r}") from error
    if device.type not in ("cpu", "cuda"):
        raise ModelError(f"expected a device such as cpu or cuda, found {name!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelError("device cuda was asked for, but this machine has none", hint="use cpu")
    return device


def _filled_model(config: ModelConfig, weights: Mapping[str, torch.Tensor]) -> torch.nn.Module:
    import torch

    model = build_joint_model(
        config.encoder, {task: len(head.labels) for task, head in config.heads.items()}
    )
    try:
        model.load_state_dict({name: value.to(torch.float32) for name, value in weights.items()})
    except RuntimeError as error:
        raise ModelError(
            f"the weights of {config.model_version} do not fit its config: "
            f"{str(error).splitlines()[1].strip() if chr(10) in str(error) else error}"
        ) from error
    return model


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
