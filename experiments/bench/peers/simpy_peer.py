"""How many requests of an M/M/c queue SimPy simulates in a second: the least processor time of several runs.

One line of JSON in for each task ({"servers", "utilization", "serviceSeconds", "requests", "runs", "seed"}), one out
({"version", "requests", "seconds", "waitingSeconds"}). Written as SimPy's own documentation has it (examples "Bank Renege"
and "Carwash"): one process for the arrivals, one for each request, one Resource for the places. Chance is Python's own.
"""

import json
import random
import sys
import time

import simpy


def served(env, places, service_seconds, waits, chance):
    came = env.now
    with places.request() as place:
        yield place
        waits[0] += env.now - came
        yield env.timeout(chance.expovariate(1 / service_seconds))


def arrivals(env, places, task, waits, chance):
    rate = task["utilization"] * task["servers"] / task["serviceSeconds"]
    for _ in range(task["requests"]):
        yield env.timeout(chance.expovariate(rate))
        env.process(served(env, places, task["serviceSeconds"], waits, chance))


def simulate(task, run):
    chance = random.Random(task["seed"] + run)
    env = simpy.Environment()
    places = simpy.Resource(env, capacity=task["servers"])
    waits = [0.0]
    env.process(arrivals(env, places, task, waits, chance))
    started = time.process_time()
    env.run()
    return time.process_time() - started, waits[0] / task["requests"]


if __name__ == "__main__":
    for line in sys.stdin:
        task = json.loads(line)
        runs = [simulate(task, run) for run in range(task["runs"])]
        answer = {
            "version": simpy.__version__,
            "requests": task["requests"],
            "seconds": min(seconds for seconds, _ in runs),
            "waitingSeconds": sum(waiting for _, waiting in runs) / len(runs),
        }
        print(json.dumps(answer), flush=True)
