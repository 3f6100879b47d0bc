"""The network in PyTorch. Attention is plain matrices on a CPU, where that is faster, and fused elsewhere."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.shape import Shape


class Norm(nn.Module):
    """Root-mean-square norm, computed in 32 bits."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon) * self.weight).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions on the two halves of each head; the exporter permutes rows to llama.cpp's pairs."""
    left, right = x.chunk(2, dim=-1)
    return torch.cat((left * cos - right * sin, right * cos + left * sin), dim=-1).to(x.dtype)


class Block(nn.Module):
    """Attention, then feed-forward, each behind a norm and added to the stream."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.attention_norm = Norm(shape.hidden, shape.norm_epsilon)
        self.query = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.key = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.value = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.output = nn.Linear(shape.hidden, shape.hidden, bias=False)
        self.feed_norm = Norm(shape.hidden, shape.norm_epsilon)
        self.gate = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.up = nn.Linear(shape.hidden, shape.feed_forward, bias=False)
        self.down = nn.Linear(shape.feed_forward, shape.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, bias: Tensor) -> Tensor:
        rows, length, hidden = x.shape
        size = hidden // self.heads
        normed = self.attention_norm(x)

        def split(layer: nn.Linear) -> Tensor:
            return layer(normed).view(rows, length, self.heads, size).transpose(1, 2)

        query, key, value = rotate(split(self.query), cos, sin), rotate(split(self.key), cos, sin), split(self.value)
        if query.is_cuda:
            mixed = functional.scaled_dot_product_attention(query, key, value, bias.to(query.dtype))
        else:
            scores = (query @ key.transpose(-1, -2)) * size**-0.5 + bias
            mixed = scores.softmax(-1).to(value.dtype) @ value
        x = x + self._dropped(self.output(mixed.transpose(1, 2).reshape(rows, length, hidden)))
        normed = self.feed_norm(x)
        return x + self._dropped(self.down(functional.silu(self.gate(normed)) * self.up(normed)))

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.dropout, self.training) if self.dropout else x


class Network(nn.Module):
    """Tokens in, hidden states out; `logits` applies the shared embedding to the states that matter."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.blocks = nn.ModuleList(Block(shape, dropout) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden, shape.norm_epsilon)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                residual = name.endswith(("output.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / ((2 * shape.layers) ** 0.5 if residual else 1.0))

    def forward(self, tokens: Tensor, positions: Tensor, documents: Tensor) -> Tensor:
        """`documents` numbers the dialogue of every token: attention never crosses from one to another."""
        size, device = self.shape.head_size, tokens.device
        turns = self.shape.rope_base ** (-torch.arange(0, size, 2, dtype=torch.float32, device=device) / size)
        angles = (positions.float().unsqueeze(-1) * turns).unsqueeze(1)
        x = self.embedding(tokens)
        length = tokens.shape[1]
        earlier = torch.ones(length, length, dtype=torch.bool, device=device).tril()
        allowed = earlier & (documents.unsqueeze(2) == documents.unsqueeze(1))
        bias = torch.zeros(allowed.shape, device=device).masked_fill(~allowed, -1e4).unsqueeze(1)
        cos, sin = angles.cos(), angles.sin()
        if torch.is_autocast_enabled("cpu"):
            x, cos, sin, bias = x.bfloat16(), cos.bfloat16(), sin.bfloat16(), bias.bfloat16()
        for block in self.blocks:
            x = block(x, cos, sin, bias)
        return self.norm(x)

    def logits(self, states: Tensor) -> Tensor:
        return functional.linear(states, self.embedding.weight.to(states.dtype)).float()
