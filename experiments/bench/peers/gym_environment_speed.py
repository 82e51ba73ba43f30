"""How fast a Gymnasium environment of the same model steps in Python: the same figures as ours on the plain plant.

Reads one task a line (experiments/bench/simulator/environments.ts), answers with the rewards' sum over one episode at
`start`, which must be ours, and with the least time a step. With "client" it drives ours over the protocol instead.
"""

import json
import math
import sys
import time

import gymnasium
import numpy as np

TURNS = 3
HIGH = np.array([1, 10, 10, 1, 10, 1, 1, 1, 10, 10, 10, 10, 1, 1], np.float32)
LOW = np.array([0] * 12 + [-1, -1], np.float32)


class PlainEnv(gymnasium.Env):
    """One service, actions −1, 0, +1: what a careful author would write, on scalars, one array a step."""

    metadata = {"render_modes": []}

    def __init__(self, task):
        self.task = task
        self.observation_space = gymnasium.spaces.Box(LOW, HIGH, dtype=np.float32)
        self.action_space = gymnasium.spaces.Discrete(3, start=-1)
        self.load = task["load"]
        self.forecasts = task["forecasts"]
        self.seconds = task["tickMs"] / 1000
        self.most = task["maxReplicas"] * task["capacityPerReplica"]
        self.usual_requests = task["meanRps"] * self.seconds
        replicas = max(1.0, task["meanRps"] / task["capacityPerReplica"])
        self.usual_cost = replicas * task["price"] * self.seconds / 3600

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        first, last = self.task["firstStart"], self.task["lastStart"]
        start = (options or {}).get("start")
        self.start = int(self.np_random.integers(first, last + 1)) if start is None else start
        self.tick = 0
        self.ready, self.starting = self.task["minReplicas"], 0
        self.requested = self.ready
        self.measured = (math.nan, math.nan, 0.0, 0.0, self.load[self.start - 1])
        return self._observation(), {"tick": 0}

    def step(self, action):
        task = self.task
        asked = min(max(self.requested + int(action), task["minReplicas"]), task["maxReplicas"])
        serving = min(self.ready + self.starting, asked)
        self.requested, self.ready, self.starting = asked, serving, asked - serving
        load = self.load[self.start + self.tick]
        capacity = self.ready * task["placesPerSecond"]
        arrivals = math.floor(load * self.seconds + 0.5)
        violations = math.floor(max(0.0, load - capacity) * self.seconds + 0.5)
        failures = violations // 2
        cost = (self.ready + self.starting) * self.seconds / 3600 * task["price"]
        late = max(0, violations - failures)
        parts = (20 * late / self.usual_requests, cost / self.usual_cost, 40 * failures / self.usual_requests)
        self.tick += 1
        share = 1 / arrivals if arrivals > 0 else 0.0
        utilization = min(1.0, load / capacity) if capacity > 0 else 0.0
        self.measured = (utilization, task["latency"], failures * share, violations * share, arrivals / self.seconds)
        info = {
            "tick": self.tick, "start": self.start, "requested": asked, "ready": self.ready, "starting": self.starting,
            "arrivals": arrivals, "violations": violations, "failures": failures, "cost": cost,
            "latencyPart": parts[0], "costPart": parts[1], "failuresPart": parts[2],
        }
        return self._observation(), -sum(parts), False, self.tick >= task["episodeTicks"], info

    def _observation(self):
        task = self.task
        most = task["maxReplicas"]
        utilization, latency, errors, violations, load = self.measured
        at = self.start + self.tick
        row = self.forecasts[3 * at : 3 * at + 3]
        angle = 2 * math.pi * ((task["startMs"] + at * task["tickMs"]) % 86_400_000) / 86_400_000
        return np.array(
            [
                within(utilization, 1), within(latency / task["sloLatency"], 10), 0.0, self.ready / most,
                self.starting / most, self.requested / most, errors, violations, within(load / self.most, 10),
                within(row[0] / self.most, 10), within(row[1] / self.most, 10), within(row[2] / self.most, 10),
                math.sin(angle), math.cos(angle),
            ],
            np.float32,
        )


def within(value, most):
    return min(value, most) if value > 0 else 0.0


def whole_episode(env, start):
    """Sums of rewards and of all that was seen."""
    observation, _ = env.reset(options={"start": start})
    rewards, seen, step, over = 0.0, float(observation.sum(dtype=np.float64)), 0, False
    while not over:
        observation, reward, _, over, _ = env.step(step % 3 - 1)
        rewards += reward
        seen += float(observation.sum(dtype=np.float64))
        step += 1
    return rewards, seen


def single_us(env, steps):
    env.reset(seed=1)
    least = math.inf
    for _ in range(TURNS):
        started = time.perf_counter()
        for step in range(steps):
            if env.step(step % 3 - 1)[3]:
                env.reset()
        least = min(least, time.perf_counter() - started)
    return least / steps * 1e6


def vector_us(envs, steps):
    envs.reset(seed=1)
    actions = [np.array([(step + i) % 3 - 1 for i in range(envs.num_envs)]) for step in range(3)]
    rounds = max(1, steps // envs.num_envs)
    least = math.inf
    for _ in range(TURNS):
        started = time.perf_counter()
        for step in range(rounds):
            envs.step(actions[step % 3])
        least = min(least, time.perf_counter() - started)
    return least / (rounds * envs.num_envs) * 1e6


def answer(task):
    if "client" in task:
        sys.path.insert(0, task["client"])
        import forescale_env

        envs = forescale_env.make_vec(task["count"], **task["config"])
        return {"vectorUs": vector_us(envs, task["steps"])}
    rewards, seen = whole_episode(PlainEnv(task), task["firstStart"])
    envs = gymnasium.vector.SyncVectorEnv([lambda: PlainEnv(task)] * task["count"])
    return {
        "name": f"Gymnasium {gymnasium.__version__}, Python {sys.version.split()[0]}",
        "rewards": rewards,
        "seen": seen,
        "singleUs": single_us(PlainEnv(task), task["steps"]),
        "vectorUs": vector_us(envs, task["steps"]),
    }


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
