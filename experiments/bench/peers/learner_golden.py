"""What two updates of each learner come to in PyTorch, in doubles: the golden values of agents/learning/golden.test.ts.

`python learner_golden.py > agents/learning/golden.fixture.ts`, with the Python of install-learners.sh, then Biome. Weights,
batches and noise are waves that the test makes too; what follows is written down as the papers have it, with PyTorch's own
distributions, losses, gradients, clipping and Adam.
"""

import json

import torch
from torch.distributions import Categorical, Normal
from torch.distributions.transforms import TanhTransform
from torch.nn.functional import mse_loss, smooth_l1_loss

ROWS, SEEN, HIDDEN, ACTIONS = 5, 2, 4, 3
RATE, DISCOUNT, SHARE = 0.01, 0.9, 0.25
TERMINATED = torch.tensor([0, 1, 0, 0, 1], dtype=torch.float64)


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


def step(optimiser, loss, clipped=None):
    """The norm of the gradients where they are clipped: (parameters, most)."""
    optimiser.zero_grad()
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(*clipped).item() if clipped else None
    optimiser.step()
    return norm


def sac():
    """Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications", algorithm 1."""

    def draw(seen, noise):
        mean, log = forward(actor, seen, 2).split(1, dim=1)
        deviation = log.clamp(-20, 2).exp()
        before = mean + deviation * noise[:, None]
        action = torch.tanh(before)
        squashed = TanhTransform().log_abs_det_jacobian(before, action)
        return action, (Normal(mean, deviation).log_prob(before) - squashed)[:, 0]

    actor = network(SEEN, 2, 0.3)
    critics = [network(SEEN + 1, 1, 1.1), network(SEEN + 1, 1, 2.3)]
    targets = [network(SEEN + 1, 1, 0.7).detach(), network(SEEN + 1, 1, 2.9).detach()]
    log_alpha = torch.tensor([-0.5], dtype=torch.float64, requires_grad=True)
    of_actor, of_critics, of_alpha = (torch.optim.Adam(what, lr=RATE) for what in ([actor], critics, [log_alpha]))
    updates = []
    for turn in range(2):
        seen = wave(ROWS * SEEN, 0.5 + turn).view(ROWS, SEEN)
        following = wave(ROWS * SEEN, 1.5 + turn).view(ROWS, SEEN)
        actions = wave(ROWS, 2.5 + turn, 0.9).view(ROWS, 1)
        rewards = wave(ROWS, 3.5 + turn, 2)
        alpha = log_alpha.exp().detach()
        with torch.no_grad():
            action, likelihood = draw(following, wave(ROWS, 4.5 + turn, 1.5))
            pairs = torch.cat([following, action], dim=1)
            worth = torch.minimum(*(forward(target, pairs, 1)[:, 0] for target in targets)) - alpha * likelihood
            goals = rewards + DISCOUNT * (1 - TERMINATED) * worth
        pairs = torch.cat([seen, actions], dim=1)
        critic_loss = sum(0.5 * mse_loss(forward(one, pairs, 1)[:, 0], goals) for one in critics)
        step(of_critics, critic_loss)
        action, likelihood = draw(seen, wave(ROWS, 5.5 + turn, 1.5))
        pairs = torch.cat([seen, action], dim=1)
        worth = torch.minimum(*(forward(one, pairs, 1)[:, 0] for one in critics))
        actor_loss = (alpha * likelihood - worth).mean()
        step(of_actor, actor_loss)
        # entropy is to be minus the action's size
        step(of_alpha, -(log_alpha * (likelihood.detach() - 1)).mean())
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
    return {
        "updates": updates,
        "actor": actor.tolist(),
        "critics": [one.tolist() for one in critics],
        "targets": [one.tolist() for one in targets],
        "entropy": log_alpha.tolist(),
    }


def dqn(double, duelling):
    """Mnih et al. 2015 with Huber's loss; van Hasselt et al. 2016; Wang et al. 2016, equation 9; weights of Schaul et al. 2016."""

    def values(weights, seen):
        if not duelling:
            return forward(weights, seen, ACTIONS)
        outputs = forward(weights, seen, ACTIONS + 1)
        advantages = outputs[:, 1:]
        return outputs[:, :1] + advantages - advantages.mean(dim=1, keepdim=True)

    outputs = ACTIONS + 1 if duelling else ACTIONS
    online, target = network(SEEN, outputs, 0.3), network(SEEN, outputs, 1.9).detach()
    optimiser = torch.optim.Adam([online], lr=RATE)
    updates = []
    for turn in range(2):
        seen = wave(ROWS * SEEN, 0.5 + turn).view(ROWS, SEEN)
        following = wave(ROWS * SEEN, 1.5 + turn).view(ROWS, SEEN)
        actions = torch.tensor([0, 2, 1, 1, 0])
        rewards = wave(ROWS, 3.5 + turn, 3)
        weights = 0.6 + wave(ROWS, 6.5 + turn, 0.4)
        with torch.no_grad():
            theirs = values(target, following)
            best = (values(online, following) if double else theirs).argmax(dim=1, keepdim=True)
            goals = rewards + DISCOUNT * (1 - TERMINATED) * theirs.gather(1, best)[:, 0]
        taken = values(online, seen).gather(1, actions[:, None])[:, 0]
        loss = (weights * smooth_l1_loss(taken, goals, reduction="none")).mean()
        norm = step(optimiser, loss, ([online], 0.5))
        updates.append({"loss": loss.item(), "value": taken.mean().item(), "gradientNorm": norm})
    return {"double": double, "duelling": duelling, "updates": updates, "network": online.tolist()}


def ppo(continuous):
    """Schulman et al. 2017, equations 7 and 9, with the details of Huang et al. 2022; one batch, twice."""
    size = 2
    policy = network(SEEN, size if continuous else ACTIONS, 0.3)
    critic = network(SEEN, 1, 1.1)
    log_deviation = torch.tensor([-0.3, 0.2], dtype=torch.float64, requires_grad=True)
    learned = [policy, critic, log_deviation]
    optimiser = torch.optim.Adam(learned, lr=RATE, eps=1e-5)

    def distribution(seen):
        if continuous:
            return Normal(forward(policy, seen, size), log_deviation.exp())
        return Categorical(logits=forward(policy, seen, ACTIONS))

    seen = wave(ROWS * SEEN, 0.5).view(ROWS, SEEN)
    actions = wave(ROWS * size, 2.5, 0.9).view(ROWS, size) if continuous else torch.tensor([0, 2, 1, 1, 0])
    before = wave(ROWS, 7.5, 0.3) - (2.5 if continuous else 1.1)
    advantages, returns = wave(ROWS, 8.5, 2), wave(ROWS, 9.5, 1.5)
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    sums = {"policyLoss": 0.0, "valueLoss": 0.0, "entropy": 0.0, "gradientNorm": 0.0}
    for _ in range(2):
        policy_now = distribution(seen)
        likelihood, entropy = policy_now.log_prob(actions), policy_now.entropy()
        if continuous:
            likelihood, entropy = likelihood.sum(dim=1), entropy.sum(dim=1)
        ratio = (likelihood - before).exp()
        policy_loss = -torch.minimum(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
        value_loss = mse_loss(forward(critic, seen, 1)[:, 0], returns)
        loss = policy_loss + 0.5 * value_loss - 0.1 * entropy.mean()
        norm = step(optimiser, loss, (learned, 0.5))
        for name, value in zip(sums, (policy_loss.item(), value_loss.item(), entropy.mean().item(), norm)):
            sums[name] += value / 2
    return {
        "continuous": continuous,
        "figures": sums,
        "policy": policy.tolist(),
        "critic": critic.tolist(),
        "logDeviation": log_deviation.tolist() if continuous else [],
    }


flags = (False, True)
golden = {
    "sac": sac(),
    "dqn": [dqn(double, duelling) for double in flags for duelling in flags],
    "ppo": [ppo(continuous) for continuous in flags],
}
print(f"/** Made by experiments/bench/peers/learner_golden.py, PyTorch {torch.__version__}; not by hand. */")
print(f"export const GOLDEN = {json.dumps(golden)}")
