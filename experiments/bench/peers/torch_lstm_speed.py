"""How long PyTorch takes for one training batch of an LSTM or GRU with the head of ours, on one thread.

Reads one JSON object (sizes, see experiments/bench/neural.ts) and answers with the least of many batches, in
milliseconds: forward, pinball loss, backward, clipping of the gradient's norm, Adam.
"""

import json
import sys
import time

import torch
from torch import nn

WARM_UP = 5


class Network(nn.Module):
    def __init__(self, size):
        super().__init__()
        cell = nn.LSTM if size["cell"] == "lstm" else nn.GRU
        self.encoder = cell(size["inputs"], size["hidden"], batch_first=False)
        self.context = nn.Linear(size["hidden"], size["headHidden"], bias=False)
        self.knot = nn.Linear(size["knotFeatures"], size["headHidden"], bias=False)
        self.output = nn.Linear(size["headHidden"], len(size["levels"]), bias=False)
        self.skip = nn.Linear(size["knotFeatures"], len(size["levels"]), bias=False)
        self.median = len(size["levels"]) // 2

    def forward(self, past, knots, baseline):
        states, _ = self.encoder(past)
        context = self.context(states[-1])
        raw = self.output(torch.tanh(context[None] + self.knot(knots))) + self.skip(knots)
        middle = baseline[..., None] + raw[..., self.median : self.median + 1]
        width = nn.functional.softplus(raw)
        above = middle + torch.cumsum(width[..., self.median + 1 :], -1)
        below = middle - torch.flip(torch.cumsum(torch.flip(width[..., : self.median], [-1]), -1), [-1])
        return torch.cat([below, middle, above], -1)


def pinball(quantiles, target, levels):
    error = target[..., None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def measure(size):
    torch.manual_seed(1)
    torch.set_num_threads(1)
    network = Network(size)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    levels = torch.tensor(size["levels"])
    knots, batch = size["knots"], size["batch"]
    past = torch.randn(size["window"], batch, size["inputs"])
    ahead = torch.randn(knots, batch, size["knotFeatures"])
    baseline = torch.randn(knots, batch)
    target = torch.randn(knots, batch)
    times = []
    for run in range(WARM_UP + size["runs"]):
        started = time.perf_counter()
        optimiser.zero_grad()
        loss = pinball(network(past, ahead, baseline), target, levels)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if run >= WARM_UP:
            times.append((time.perf_counter() - started) * 1000)
    times.sort()
    return {"least": times[0], "name": f"PyTorch {torch.__version__} CPU, {blas()}"}


def blas():
    """Which library multiplies matrices: Debian's reference one is several times slower than OpenBLAS."""
    try:
        with open("/proc/self/maps") as maps:
            loaded = maps.read()
    except OSError:
        return "its own BLAS"
    if "openblas" in loaded:
        return "OpenBLAS"
    return "reference BLAS" if "/blas/libblas" in loaded else "its own BLAS"


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
