"""The network: one BERT encoder, mean pooling, one linear head per task.

Used by training and by the torch backend. torch and transformers are imported inside functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: What a BERT is built from; `model_folder` stores these under "encoder".
ENCODER_FIELDS = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
    "layer_norm_eps",
    "hidden_act",
)


def build_joint_model(
    encoder: Mapping[str, Any],
    heads: Mapping[str, int],
    *,
    dropout: float = 0.0,
) -> torch.nn.Module:
    """Return an untrained joint model on the CPU in float32.

    encoder: the sizes named by `ENCODER_FIELDS`; heads: task -> number of labels.
    Its forward takes input_ids and attention_mask (int64 [rows, tokens]) and returns
    {task: float logits [rows, labels]}.

    Source: Devlin et al., BERT, 2019 (encoder); Reimers and Gurevych, Sentence-BERT, 2019 (mean
    pooling, as the starting checkpoint was trained).
    """
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        **{name: encoder[name] for name in ENCODER_FIELDS},
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )

    class JointModel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = BertModel(config, add_pooling_layer=False)
            self.dropout = torch.nn.Dropout(dropout)
            self.heads = torch.nn.ModuleDict(
                {task: torch.nn.Linear(config.hidden_size, size) for task, size in heads.items()}
            )

        def forward(
            self, input_ids: torch.Tensor, attention_mask: torch.Tensor
        ) -> dict[str, torch.Tensor]:
            hidden = self.encoder(
                input_ids=input_ids, attention_mask=attention_mask
            ).last_hidden_state
            keep = attention_mask.unsqueeze(-1).to(hidden.dtype)
            share = keep / keep.sum(1, keepdim=True).clamp(min=1.0)
            if self.training:
                pooled = self.dropout((hidden * share).sum(1))
                return {task: head(pooled) for task, head in self.heads.items()}
            # A head is linear, so it may come before the mean. Products over all tokens are large
            # enough for their sums not to depend on the batch; over a few rows they are not.
            return {task: (head(hidden) * share).sum(1) for task, head in self.heads.items()}

    return JointModel()
