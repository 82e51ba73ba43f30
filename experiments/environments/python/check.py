"""Puts the environments before the judges of their field, and fails with the first objection. Warnings are objections.

Gymnasium's check_env on a single service, PettingZoo's parallel_api_test and parallel_seed_test on several agents, and
the vectors against as many single ones. Run: `python check.py`, with the packages of install.sh.
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


def check_parallel_vector(count=3, steps=45):
    """PettingZoo has no vector; as many single environments, each reset in the step after its end, are the reference."""
    config = {**SMALL, "kind": "hierarchical", "directive": "shares"}
    ours = forescale_env.make_parallel_vec(count, **config)
    singles = [forescale_env.make_parallel(**config) for _ in range(count)]
    observations, _ = ours.reset(seed=7)
    for i, single in enumerate(singles):
        first, _ = single.reset(seed=7 + i)
        assert all(np.array_equal(observations[agent][i], one) for agent, one in first.items())
    for seed, space in enumerate(ours.action_spaces.values()):
        space.seed(seed)
    ends = 0
    for _ in range(steps):
        actions = {agent: [space.sample() for _ in singles] for agent, space in ours.action_spaces.items()}
        observations, rewards, terminated, truncated, infos = ours.step(actions)
        assert not terminated.any()
        for i, single in enumerate(singles):
            if single.agents:
                theirs, paid, _, over, told = single.step({agent: column[i] for agent, column in actions.items()})
                assert all(rewards[agent][i] == one for agent, one in paid.items())
                assert all(truncated[i] == one for one in over.values())
            else:
                theirs, told = single.reset()
                assert not truncated[i] and all(column[i] == 0 for column in rewards.values())
            assert all(np.array_equal(observations[agent][i], one) for agent, one in theirs.items())
            assert all(infos[agent][name][i] == one for agent, info in told.items() for name, one in info.items())
        ends += truncated.sum()
    assert ends == count * (steps // (SMALL["episodeTicks"] + 1))
    ours.close()
    for single in singles:
        single.close()
    tell("a vector of several agents is as many single ones", {**config, "count": count})


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
    check_parallel_vector()
    check_refusals()
