"""Trains a learner of Stable-Baselines3 on one of Gymnasium's environments, and says what it then earns.

One line of JSON in for each task ({"algorithm", "environment", "count", "steps", "seed", "episodes", "arguments"}), one out
({"version", "returns", "seconds", "wallSeconds"}): returns of `episodes` episodes played with what it knows best, none where
that is 0, and the processor and wall time that training took. One thread. "lin_0.001" among the arguments is a rate that
falls to 0, as in the zoo's files.
"""

import json
import sys
import time

import stable_baselines3
import torch
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy


def value_of(argument):
    if isinstance(argument, str) and argument.startswith("lin_"):
        most = float(argument[len("lin_"):])
        return lambda left: left * most
    return argument


def play(task):
    environments = make_vec_env(task["environment"], n_envs=task["count"], seed=task["seed"])
    arguments = {name: value_of(value) for name, value in task["arguments"].items()}
    algorithm = getattr(stable_baselines3, task["algorithm"])
    model = algorithm("MlpPolicy", environments, seed=task["seed"], device="cpu", **arguments)
    begun, begun_wall = time.process_time(), time.perf_counter()
    model.learn(task["steps"])
    seconds, wall_seconds = time.process_time() - begun, time.perf_counter() - begun_wall
    returns = []
    if task["episodes"] > 0:
        judges = make_vec_env(task["environment"], n_envs=1, seed=task["seed"] + 10_000)
        returns, _ = evaluate_policy(
            model, judges, n_eval_episodes=task["episodes"], deterministic=True, return_episode_rewards=True
        )
    return {
        "version": f"Stable-Baselines3 {stable_baselines3.__version__}, torch {torch.__version__}",
        "returns": [float(value) for value in returns],
        "seconds": seconds,
        "wallSeconds": wall_seconds,
    }


torch.set_num_threads(1)
for line in sys.stdin:
    print(json.dumps(play(json.loads(line))), flush=True)
