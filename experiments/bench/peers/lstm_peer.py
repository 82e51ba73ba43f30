"""PyTorch LSTM of the size of ours (hidden 32): one for all traces, direct to any step ahead, pinball loss on all levels.

The encoder reads the last 48 steps; a small decoder, the same for every step ahead, gets the encoder's state, what is
known of the step itself (time of day and week, load at the same time yesterday and last week), and a learned vector of
the trace (as DeepAR has it, Salinas et al. 2020). Loads are divided by their mean over the last day. Trained once, on
what came before each trace's first issue time, with early stopping on the newest 15 % of that.
"""

import os

import numpy as np
import torch
from torch import nn

from peer import Trace, serve

HIDDEN = 32
WINDOW = 48
EMBEDDING = 8
DECODER = 64
BATCH = 128
STEPS_AHEAD = 8  # steps ahead drawn for each window of a batch
MOST_BATCHES = 3_000
CHECK_EVERY = 150
PATIENCE = 6
RATE = 3e-3
VALIDATION = 0.15
MOST_HISTORY = 20_160
DAY_SECONDS = 86_400

torch.set_num_threads(1)
_trained = {}


class Load:
    """A trace's load with gaps drawn straight, its clock, and what scales it."""

    def __init__(self, trace, origin):
        self.values = origin.filled(MOST_HISTORY)
        first = len(origin.raw) - len(self.values)
        self.start_seconds = origin.start_seconds + first * trace.step_seconds
        self.step_seconds = trace.step_seconds
        self.seasons = trace.seasons
        self.reach = trace.reach
        self.scale_steps = max(WINDOW, trace.seasons[0] if trace.seasons else 0)
        self.sums = np.concatenate([[0.0], np.cumsum(np.abs(self.values))])
        self.least_scale = max(0.05 * float(np.mean(np.abs(self.values))), 1e-9)

    def scale(self, at):
        low = np.maximum(0, at - self.scale_steps)
        return np.maximum((self.sums[at] - self.sums[low]) / np.maximum(1, at - low), self.least_scale)

    def clock(self, steps):
        seconds = self.start_seconds + steps * self.step_seconds
        day, week = 2 * np.pi * seconds / DAY_SECONDS, 2 * np.pi * seconds / (7 * DAY_SECONDS)
        known = 1.0 if self.seasons else 0.0
        return np.stack([known * np.sin(day), known * np.cos(day), known * np.sin(week), known * np.cos(week)], -1)

    def season_ago(self, index, target, at):
        """The load a season before `target` (seasons enough to be known at `at`), and whether there is one."""
        if index >= len(self.seasons):
            return np.zeros(target.shape), np.zeros(target.shape)
        season = self.seasons[index]
        place = target - season * np.ceil((target - at + 1) / season).astype(int)
        known = place >= 0
        return np.where(known, self.values[np.maximum(place, 0)], 0.0), known.astype(float)

    def encoder_input(self, at, scale):
        steps = at[:, None] + np.arange(-WINDOW, 0)[None, :]
        value = self.values[np.maximum(steps, 0)] * (steps >= 0)
        before, known = self.season_ago(0, steps, at[:, None] - WINDOW)
        return np.concatenate(
            [np.stack([value / scale[:, None], before / scale[:, None], known], -1), self.clock(steps)], -1
        )

    def decoder_input(self, at, ahead, scale):
        target = at[:, None] + ahead
        parts = []
        for index in range(2):
            value, known = self.season_ago(index, target, at[:, None])
            parts += [value / scale[:, None], known]
        last = self.values[np.maximum(at - 1, 0)] / scale
        parts += [np.broadcast_to(last[:, None], target.shape), np.log1p(ahead) / 7.0]
        return np.concatenate([np.stack(parts, -1), self.clock(target)], -1)


class Network(nn.Module):
    def __init__(self, traces, levels):
        super().__init__()
        self.encoder = nn.LSTM(7, HIDDEN, batch_first=True)
        self.trace = nn.Embedding(traces, EMBEDDING)
        self.decoder = nn.Sequential(
            nn.Linear(HIDDEN + EMBEDDING + 10, DECODER), nn.ReLU(), nn.Linear(DECODER, levels)
        )

    def forward(self, past, ahead, trace):
        _, (state, _) = self.encoder(past)
        context = torch.cat([state[-1], self.trace(trace)], -1)
        context = context[:, None, :].expand(-1, ahead.shape[1], -1)
        return self.decoder(torch.cat([context, ahead], -1))


def tensor(values):
    return torch.as_tensor(np.ascontiguousarray(values), dtype=torch.float32)


def pinball(quantiles, actual, levels):
    error = actual[..., None] - quantiles
    return torch.maximum(levels * error, (levels - 1) * error).mean()


def draw(loads, ids, random, first_share, last_share):
    """A batch of windows from a stretch of the traces' pasts, with what came at some steps ahead of each."""
    past, ahead, actual, traces = [], [], [], []
    per_trace = 8
    for i in random.choice(ids, BATCH // per_trace):
        load = loads[i]
        length = len(load.values)
        low = max(2, int(first_share * length))
        high = max(low + 1, int(last_share * length) - 1)
        at = random.integers(low, high, per_trace)
        most = np.minimum(load.reach, int(last_share * length) - at)
        # half over all steps of the horizon, half crowded at its beginning
        even = random.random((per_trace, STEPS_AHEAD)) * most[:, None]
        early = np.exp(random.random((per_trace, STEPS_AHEAD)) * np.log(most)[:, None]) - 1
        steps = np.floor(np.where(np.arange(STEPS_AHEAD) % 2 == 0, even, early)).astype(int)
        steps = np.minimum(steps, most[:, None] - 1)
        scale = load.scale(at)
        past.append(load.encoder_input(at, scale))
        ahead.append(load.decoder_input(at, steps, scale))
        actual.append(load.values[at[:, None] + steps] / scale[:, None])
        traces.append(np.full(per_trace, i))
    joined = [tensor(np.concatenate(x)) for x in (past, ahead, actual)]
    return (*joined, torch.as_tensor(np.concatenate(traces)))


def train(loads, levels):
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    ids = [i for i, load in enumerate(loads) if len(load.values) >= 2 * WINDOW]
    network = Network(len(loads), len(levels))
    at = torch.tensor(levels, dtype=torch.float32)
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    split = 1 - VALIDATION
    checks = [draw(loads, ids, random, split, 1.0) for _ in range(24)]
    best, best_state, waited = float("inf"), network.state_dict(), 0
    for batch in range(1, MOST_BATCHES + 1):
        past, ahead, actual, trace = draw(loads, ids, random, 0.0, split)
        loss = pinball(network(past, ahead, trace), actual, at)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if batch % CHECK_EVERY > 0:
            continue
        with torch.no_grad():
            held = float(np.mean([pinball(network(p, a, t), y, at).item() for p, a, y, t in checks]))
        if held < best:
            best, best_state, waited = held, {k: v.clone() for k, v in network.state_dict().items()}, 0
        else:
            waited += 1
            optimiser.param_groups[0]["lr"] *= 0.5
            if waited >= PATIENCE:
                break
    network.load_state_dict(best_state)
    return network


def forecast(_model, trace, levels, job, folder):
    key = os.path.abspath(folder)
    if key not in _trained:
        pasts = [Trace(folder, entry) for entry in job["traces"]]
        loads = [Load(past, past.origins[0]) for past in pasts]
        _trained[key] = ([past.id for past in pasts], train(loads, levels))
    names, network = _trained[key]
    which = torch.tensor([names.index(trace.id)])
    for origin in trace.origins:
        try:
            load = Load(trace, origin)
            at = np.array([len(load.values)])
            scale = load.scale(at)
            ahead = np.arange(trace.reach)[None, :]
            with torch.no_grad():
                answer = network(
                    tensor(load.encoder_input(at, scale)), tensor(load.decoder_input(at, ahead, scale)), which
                )
            yield (answer[0].numpy() * scale[0]).T
        except Exception as error:
            yield error


if __name__ == "__main__":
    serve(forecast)
