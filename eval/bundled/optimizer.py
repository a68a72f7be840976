"""Muon for the weight matrices, AdamW for the rest: small models learn from far fewer tokens."""

from collections import defaultdict
from typing import Any

import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


class Muon(torch.optim.Optimizer):
    """Momentum whose step has all singular values near 1 (Jordan et al. 2024).

    Matrices of one shape are orthogonalised together, in float32: torch's own Muon does them one
    by one, which costs more than the rest of the step in models this small.
    """

    def __init__(
        self, matrices: list[torch.nn.Parameter], lr: float, momentum: float = 0.95
    ) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Take one step; matrices without a gradient stay as they are."""
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    shapes[matrix.shape].append(matrix)
            for shape, matrices in shapes.items():
                scale = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                blend = torch.stack([self._blend(m, group["momentum"]) for m in matrices])
                for matrix, update in zip(matrices, orthogonal(blend), strict=True):
                    matrix.add_(update, alpha=-scale)

    def _blend(self, matrix: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        state = self.state[matrix]
        assert matrix.grad is not None
        velocity = state.setdefault("velocity", torch.zeros_like(matrix))
        velocity.lerp_(matrix.grad, 1 - momentum)
        return matrix.grad.lerp(velocity, momentum)


def orthogonal(stack: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """Push the singular values of each matrix (stack x rows x columns) to about 1."""
    a, b, c = NEWTON_SCHULZ
    wide = stack.shape[-2] > stack.shape[-1]
    x = stack.mT if wide else stack
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if wide else x


def optimizers(
    model: torch.nn.Module, matrix_rate: float, other_rate: float
) -> list[torch.optim.Optimizer]:
    """One optimizer for the matrices inside the layers, one for embeddings, norms and the like."""
    matrices: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, weight in model.named_parameters():
        inside = weight.ndim == 2 and name.endswith("weight") and "embed" not in name
        (matrices if inside else others).append(weight)
    return [
        Muon(matrices, lr=matrix_rate),
        torch.optim.AdamW(others, lr=other_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True),
    ]
