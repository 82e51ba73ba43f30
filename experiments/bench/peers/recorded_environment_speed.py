"""How many steps a second a Gymnasium environment of gym-hpa's kind takes: the least processor time of several runs.

gym-hpa itself (Santos, Wauters, Volckaert and De Turck, "gym-hpa: efficient auto-scaling via reinforcement learning for
complex microservice-based applications in Kubernetes", NOMS 2023) is not on PyPI and its repository grants no licence, so
this is written anew from its design: two deployments; an action names one and a change of its replicas; what is measured
next is a recorded row drawn among those with the same replicas now and before; desired replicas follow HPA's rule; the
reward counts deployments that have them.

Twice: "arrays" holds the rows in numpy arrays and writes nothing, as fast as a careful author would have it; "frame" does
in a step what gym-hpa does: it differences the recorded counts in a pandas frame, filters it, draws a row, and appends a
line to a CSV file.

One line of JSON in ({"kind", "steps", "runs", "seed"}), one out ({"version", "stepsPerSecond", "reward"}).
"""

import csv
import json
import math
import os
import sys
import tempfile
import time

import gymnasium
import numpy as np

MOST_PODS = 8
ROWS = 1000
CHANGES = [0, 1, 2, 3, 4, 5, 6, 7, -1, -2, -3, -4, -5, -6, -7]
CPU_TARGET_M = 187
MEMORY_TARGET_MIB = 187
EPISODE_STEPS = 25
METRICS = ["cpu", "memory", "traffic_in", "traffic_out"]


class RecordedScaling(gymnasium.Env):
    def __init__(self, seed):
        chance = np.random.default_rng(seed)
        self.pods = chance.integers(1, MOST_PODS + 1, (2, ROWS))
        self.before = chance.integers(1, MOST_PODS + 1, (2, ROWS))
        # cpu, memory, traffic in, traffic out
        self.metrics = chance.integers(1, 2000, (2, ROWS, 4)).astype(np.float32)
        self.action_space = gymnasium.spaces.MultiDiscrete([2, len(CHANGES)])
        self.observation_space = gymnasium.spaces.Box(0, 20_000, (12,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        self.now = [1, 1]
        self.last = [1, 1]
        self.desired = [1, 1]
        self.measured = [self.metrics[0, 0], self.metrics[1, 0]]
        return self._observation(), {}

    def _observation(self):
        rows = []
        for i in range(2):
            rows += [self.now[i], self.desired[i], *self.measured[i]]
        return np.array(rows, np.float32)

    def _measure(self):
        for i in range(2):
            rows = np.flatnonzero((self.pods[i] == self.now[i]) & (self.before[i] == self.last[i]))
            if len(rows) == 0:
                rows = np.flatnonzero(self.pods[i] == self.now[i])
            self.measured[i] = self.metrics[i, rows[self.np_random.integers(len(rows))]]

    def _desire(self, i):
        cpu, memory = float(self.measured[i][0]), float(self.measured[i][1])
        wanted = math.ceil(0.7 * math.ceil(cpu / CPU_TARGET_M) + 0.3 * math.ceil(memory / MEMORY_TARGET_MIB))
        self.desired[i] = min(MOST_PODS, max(1, wanted))

    def step(self, action):
        chosen, change = int(action[0]), CHANGES[int(action[1])]
        self.last = list(self.now)
        wanted = self.now[chosen] + change
        allowed = 1 <= wanted <= MOST_PODS
        if allowed:
            self.now[chosen] = wanted
        self._measure()
        for i in range(2):
            self._desire(i)
        reward = sum(self.now[i] == self.desired[i] for i in range(2)) if allowed else -1
        self.steps += 1
        return self._observation(), float(reward), self.steps == EPISODE_STEPS, False, {}


class RecordedInFrame(RecordedScaling):
    """Rows of both deployments side by side, one after the other in time; a row is drawn for both."""

    def __init__(self, seed, file):
        import pandas

        super().__init__(seed)
        self.file = file
        columns = {}
        for i in range(2):
            columns[f"{i}_pods"] = self.pods[i]
            for metric, name in enumerate(METRICS):
                columns[f"{i}_{name}"] = self.metrics[i, :, metric]
        self.frame = pandas.DataFrame(columns)

    def _measure(self):
        frame = self.frame
        for i in range(2):
            frame[f"{i}_change"] = frame[f"{i}_pods"].diff()
        for i in range(2):
            same = frame.loc[frame[f"{i}_pods"] == self.now[i]]
            rows = same.loc[same[f"{i}_change"] == self.now[i] - self.last[i]]
            if len(rows) == 0:
                rows = same
        row = rows.sample(random_state=self.np_random)
        self.measured = [[row[f"{i}_{name}"].values[0] for name in METRICS] for i in range(2)]

    def step(self, action):
        answer = super().step(action)
        with open(self.file, "a", newline="") as file:
            csv.writer(file).writerow([time.strftime("%Y-%m-%d %H:%M:%S"), *answer[0].tolist()])
        return answer


def run(task, seed, file):
    environment = RecordedScaling(seed) if task["kind"] == "arrays" else RecordedInFrame(seed, file)
    actions = np.random.default_rng(seed).integers(0, [2, len(CHANGES)], (task["steps"], 2))
    environment.reset(seed=seed)
    total = 0.0
    started = time.process_time()
    for action in actions:
        _, reward, ended, _, _ = environment.step(action)
        total += reward
        if ended:
            environment.reset()
    return time.process_time() - started, total


task = json.loads(sys.stdin.readline())
with tempfile.TemporaryDirectory() as folder:
    file = os.path.join(folder, "observations.csv")
    results = [run(task, task["seed"] + i, file) for i in range(task["runs"])]
seconds = min(seconds for seconds, _ in results)
print(json.dumps({
    "version": gymnasium.__version__,
    "stepsPerSecond": task["steps"] / seconds,
    "reward": results[0][1],
}))
