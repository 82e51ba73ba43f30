"""Puts the environments before the judges of their field, and fails with the first objection. Warnings are objections.

Gymnasium's check_env on a single service, PettingZoo's parallel_api_test and parallel_seed_test on several agents, and
the vector against as many single ones. Run: `python check.py`, with the packages of install.sh.
"""

import json
import warnings

import gymnasium
import numpy as np
import pettingzoo
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

import forescale_env

SMALL = {"historyDays": 2, "episodeTicks": 20}
PARALLEL = [
    {"kind": "multi-agent"},
    {"kind": "multi-agent", "budget": {"perHour": 0.9}},
    {"kind": "hierarchical", "directive": "shares"},
    {"kind": "hierarchical", "directive": "price", "actions": "target"},
    {"kind": "hierarchical", "directive": "strategy", "actions": "continuous"},
]


def check_singles():
    for actions in ("delta", "target", "continuous"):
        for from_zero in (False, True):
            config = {**SMALL, "actions": actions, "actionsFromZero": from_zero}
            env = gymnasium.make("forescale/SingleService-v0", config=config)
            check_env(env.unwrapped)
            env.close()
            tell("check_env", config)


def check_parallels():
    for kind in PARALLEL:
        config = {**SMALL, **kind}
        env = forescale_env.make_parallel(**config)
        parallel_api_test(env, num_cycles=50)
        parallel_seed_test(lambda: forescale_env.make_parallel(**config), num_cycles=30)
        env.reset(seed=1)
        assert env.state().shape == (sum(env.observation_space(a).shape[0] for a in env.agents),)
        env.close()
        tell("parallel_api_test, parallel_seed_test", config)


def check_vector(count=5, steps=50):
    """Gymnasium's own SyncVectorEnv over single environments is the reference, autoresets included."""
    config = {**SMALL, "actions": "target"}
    ours = gymnasium.make_vec("forescale/SingleService-v0", count, "vector_entry_point", config=config)
    reference = gymnasium.vector.SyncVectorEnv([lambda: forescale_env.make(**config)] * count)
    assert ours.metadata["autoreset_mode"] == reference.metadata["autoreset_mode"]
    assert ours.observation_space == reference.observation_space and ours.action_space == reference.action_space
    assert same(ours.reset(seed=7), reference.reset(seed=7))
    ours.action_space.seed(7)
    ends = 0
    for _ in range(steps):
        actions = ours.action_space.sample()
        mine, theirs = ours.step(actions), reference.step(actions)
        assert same(mine, theirs), (mine, theirs)
        ends += mine[3].sum()
    assert ends == count * (steps // (SMALL["episodeTicks"] + 1))
    ours.close()
    reference.close()
    tell("SyncVectorEnv agrees", {**config, "count": count})


def same(mine, theirs):
    *mine, my_infos = mine
    *theirs, their_infos = theirs
    return all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True)) and all(
        np.allclose(my_infos[name], column) for name, column in their_infos.items()
    )


def check_refusals():
    env = forescale_env.make(**SMALL)
    env.reset(seed=1)
    for wrong, field in ((lambda: env.step(5), "action"), (lambda: forescale_env.make(episodeTicks=0), "episodeTicks")):
        try:
            wrong()
        except forescale_env.Refused as refused:
            assert field in refused.errors[0]["field"] and refused.errors[0]["allowed"], refused.errors
        else:
            raise AssertionError(f"a wrong {field} was not refused")
    env.close()
    tell("refusals name their field", SMALL)


def tell(check, config):
    print(json.dumps({"check": check, "config": config}), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("error")
    print(json.dumps({"gymnasium": gymnasium.__version__, "pettingzoo": pettingzoo.__version__}), flush=True)
    check_singles()
    check_parallels()
    check_vector()
    check_refusals()
