"""Measure the recommenders of the chapter `films` in full: `python bench/films.py`, 25 minutes.

Writes book/films.json: for each order of the films and each seed what every recommender reaches.
The chapter shows it. `--seeds 5` asks for more seeds; what is there already is not run again.
"""

import argparse
import json
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from record import ROOT, conditions

from attention.data.films import load_films
from attention.models.films.measuring import ORDERS, measure
from attention.models.films.practising import STEPS

RESULT = ROOT / "book" / "films.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=STEPS)
    args = parser.parse_args()
    films = load_films()
    record = json.loads(RESULT.read_text("utf-8")) if RESULT.exists() else {}
    if record.get("steps") != args.steps:
        record = {"steps": args.steps, "runs": []}
    done = {(run["order"], run["seed"]) for run in record["runs"]}
    for seed in range(args.seeds):
        for order in ORDERS:
            if (order, seed) in done:
                continue
            start = time.process_time()
            found = measure(films, order, seed, args.steps)
            seconds = round(time.process_time() - start)
            run = {"order": order, "seed": seed, "seconds": seconds, "found": rounded(found)}
            record["runs"].append(run)
            print(order, seed, f"{seconds} s", found["SASRec"]["all"], flush=True)
            record |= conditions(("torch",), 1) | {"command": "python bench/films.py"}
            RESULT.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def rounded(found):
    return {
        name: {group: [round(number, 4) for number in pair] for group, pair in of.items()}
        for name, of in found.items()
    }


if __name__ == "__main__":
    main()
