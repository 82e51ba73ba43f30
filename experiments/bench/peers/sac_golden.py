"""What two updates of soft actor–critic come to in PyTorch, in doubles: the golden values of agents/learning/sac-update.test.ts.

`python sac_golden.py > agents/learning/sac-update.fixture.ts`, with the Python of install-learners.sh, then Biome. Weights, batch
and noise are waves that the test makes too; what follows is written down as the paper has it (Haarnoja et al. 2018), with
PyTorch's own distributions, gradients and Adam.
"""

import json

import torch
from torch.distributions import Normal, TransformedDistribution
from torch.distributions.transforms import TanhTransform

ROWS, SEEN, HIDDEN = 5, 2, 4
RATE, DISCOUNT, SHARE, TARGET_ENTROPY = 0.01, 0.9, 0.25, -1.0


def wave(length, phase, scale=1.0):
    return scale * torch.sin(phase + 1.7 * torch.arange(length, dtype=torch.float64))


def network(inputs, outputs, phase):
    """Weights in the order of agents/learning/network.ts: matrix [inputs][outputs], then biases, layer by layer."""
    return wave((inputs + 1) * HIDDEN + (HIDDEN + 1) * outputs, phase, 0.8).requires_grad_()


def forward(weights, table, outputs):
    inputs = table.shape[1]
    first = inputs * HIDDEN
    second = first + HIDDEN
    third = second + HIDDEN * outputs
    hidden = torch.tanh(table @ weights[:first].view(inputs, HIDDEN) + weights[first:second])
    return hidden @ weights[second:third].view(HIDDEN, outputs) + weights[third:]


def draw(weights, seen, noise):
    mean, log = forward(weights, seen, 2).split(1, dim=1)
    deviation = log.clamp(-20, 2).exp()
    policy = TransformedDistribution(Normal(mean, deviation), [TanhTransform(cache_size=1)])
    action = torch.tanh(mean + deviation * noise[:, None])
    # the transform's own inverse loses what tanh rounds away, so that the number before it is handed over
    before = mean + deviation * noise[:, None]
    log_probability = policy.base_dist.log_prob(before) - TanhTransform().log_abs_det_jacobian(before, action)
    return action, log_probability[:, 0]


actor = network(SEEN, 2, 0.3)
critics = [network(SEEN + 1, 1, 1.1), network(SEEN + 1, 1, 2.3)]
targets = [network(SEEN + 1, 1, 0.7).detach(), network(SEEN + 1, 1, 2.9).detach()]
log_alpha = torch.tensor([-0.5], dtype=torch.float64, requires_grad=True)
of_actor = torch.optim.Adam([actor], lr=RATE)
of_critics = torch.optim.Adam(critics, lr=RATE)
of_alpha = torch.optim.Adam([log_alpha], lr=RATE)

updates = []
for turn in range(2):
    seen = wave(ROWS * SEEN, 0.5 + turn).view(ROWS, SEEN)
    following = wave(ROWS * SEEN, 1.5 + turn).view(ROWS, SEEN)
    actions = wave(ROWS, 2.5 + turn, 0.9).view(ROWS, 1)
    rewards = wave(ROWS, 3.5 + turn, 2)
    terminated = torch.tensor([0, 1, 0, 0, 1], dtype=torch.float64)
    alpha = log_alpha.exp().detach()
    with torch.no_grad():
        action, likelihood = draw(actor, following, wave(ROWS, 4.5 + turn, 1.5))
        pairs = torch.cat([following, action], dim=1)
        worth = torch.minimum(*(forward(target, pairs, 1)[:, 0] for target in targets)) - alpha * likelihood
        goals = rewards + DISCOUNT * (1 - terminated) * worth
    pairs = torch.cat([seen, actions], dim=1)
    critic_loss = sum(0.5 * torch.nn.functional.mse_loss(forward(one, pairs, 1)[:, 0], goals) for one in critics)
    of_critics.zero_grad()
    critic_loss.backward()
    of_critics.step()
    action, likelihood = draw(actor, seen, wave(ROWS, 5.5 + turn, 1.5))
    pairs = torch.cat([seen, action], dim=1)
    worth = torch.minimum(*(forward(one, pairs, 1)[:, 0] for one in critics))
    actor_loss = (alpha * likelihood - worth).mean()
    of_actor.zero_grad()
    actor_loss.backward()
    of_actor.step()
    alpha_loss = -(log_alpha * (likelihood.detach() + TARGET_ENTROPY)).mean()
    of_alpha.zero_grad()
    alpha_loss.backward()
    of_alpha.step()
    for target, critic in zip(targets, critics):
        target += SHARE * (critic.detach() - target)
    updates.append(
        {
            "criticLoss": critic_loss.item(),
            "actorLoss": actor_loss.item(),
            "entropy": -likelihood.mean().item(),
            "entropyWeight": alpha.item(),
        }
    )

golden = {
    "updates": updates,
    "actor": actor.tolist(),
    "critics": [one.tolist() for one in critics],
    "targets": [one.tolist() for one in targets],
    "entropy": log_alpha.tolist(),
}
print(f"/** Made by experiments/bench/peers/sac_golden.py, PyTorch {torch.__version__}; not by hand. */")
print(f"export const GOLDEN = {json.dumps(golden)}")
