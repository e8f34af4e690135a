"""Say whether a device computes in bfloat16 faster than in float32.

By what the hardware has, not by a timing: a timing could differ from run to run, and with it the
last digits of scores. Used by training and the torch backend.
"""

from __future__ import annotations


def has_fast_bf16(device_type: str) -> bool:
    """Return True for CUDA with bfloat16 units and for processors with AMX tiles.

    Processors with only the AVX-512 bfloat16 instructions are slower in bfloat16: on two cores of
    such a Xeon, matrix products reached 143 GFLOPS in bfloat16 and 225 in float32.
    """
    import torch

    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device_type == "cpu" and bool(torch.cpu._is_amx_tile_supported())
