"""Hold the chapter `films` against RecBole's own SASRec and measures, on the same split.

    pip install --no-deps --target FOLDER recbole==1.2.1 pandas pytz colorlog colorama texttable
    python bench/films_recbole.py FOLDER          (five minutes)

Their module is trained as ours is, on the same batches with the same steps, and all lists are
judged by their `Hit` and `NDCG` too. Adds "recbole" to book/films.json. What RecBole imports to log
and to search settings is not needed and left out.
"""

import importlib.machinery
import json
import os
import sys
from datetime import date
from types import SimpleNamespace
from unittest.mock import MagicMock

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import numpy as np
import torch
from films import RESULT
from torch import nn

from attention.data.films import load_films
from attention.models.films import practising
from attention.models.films.counting import baselines
from attention.models.films.held_out import judge, split, unseen

LOGGING = ("tensorboard", "torch.utils.tensorboard", "hyperopt", "ray", "thop", "plotly", "wandb")
SETTINGS = {
    "USER_ID_FIELD": "user", "ITEM_ID_FIELD": "item", "LIST_SUFFIX": "_list", "NEG_PREFIX": "neg_",
    "ITEM_LIST_LENGTH_FIELD": "length", "MAX_ITEM_LIST_LENGTH": practising.LENGTH, "device": "cpu",
    "n_layers": 2, "n_heads": 2, "hidden_size": 64, "inner_size": 256, "hidden_dropout_prob": 0.3,
    "attn_dropout_prob": 0.3, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    "initializer_range": 0.02, "loss_type": "CE",
    "topk": [10], "metric_decimal_place": 6, "metrics": ["Hit", "NDCG"],
}  # fmt: skip


class LeavesOut:
    """Answers imports of what is not installed and not needed."""

    def find_spec(self, name, path=None, target=None):
        if name in LOGGING or name.partition(".")[0] in LOGGING:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return MagicMock(__path__=[], __spec__=spec)

    def exec_module(self, module):
        pass


class AtEveryPlace(nn.Module):
    """Their SASRec with scores at every place, as ours has; film 0 is their padding, so all are one
    further."""

    def __init__(self, sasrec, n_films):
        super().__init__()
        self.max_len = practising.LENGTH
        self.theirs = sasrec(SETTINGS, SimpleNamespace(num=lambda _: n_films + 1))
        self.theirs.gather_indexes = lambda output, _: output

    def forward(self, items):
        lengths = torch.full((len(items),), items.shape[1])
        return self.theirs(items + 1, lengths) @ self.theirs.item_embedding.weight[1:].T


def by_theirs(scores, question, hit, gain):
    """Their measures of the same lists."""
    ranked = unseen(scores, question.known).topk(10).indices
    right = (ranked == question.target[:, None]).int()
    found = SimpleNamespace(get=lambda _: torch.cat([right, torch.ones(len(right), 1).int()], 1))
    return hit.calculate_metric(found)["hit@10"], gain.calculate_metric(found)["ndcg@10"]


def main():
    sys.path.append(sys.argv[1])
    sys.meta_path.insert(0, LeavesOut())
    np.float = float  # which RecBole 1.2.1 still asks for
    from recbole.evaluator.metrics import NDCG, Hit
    from recbole.model.sequential_recommender.sasrec import SASRec

    films = load_films()
    train, validation, test = split(films.people)
    n_films, measures = len(films.titles), (Hit(SETTINGS), NDCG(SETTINGS))
    # of counters that tie, ours puts the right film last among equals and theirs wherever it falls
    lists = {"neighbours": baselines(train, test.known, n_films)["neighbours"]}
    practising.SASRec = lambda *args, **options: AtEveryPlace(SASRec, n_films)
    for seed in range(3):
        model = practising.train_on_films(train, validation, n_films, seed)
        lists[seed] = practising.next_scores(model, test.known)
        print(seed, judge(lists[seed], test), flush=True)
    apart = 0.0
    for scores in lists.values():
        for own, other in zip(judge(scores, test), by_theirs(scores, test, *measures), strict=True):
            apart = max(apart, abs(own - other))
    record = json.loads(RESULT.read_text("utf-8"))
    record["recbole"] = {
        "version": "1.2.1",
        "date": date.today().isoformat(),
        "command": "python bench/films_recbole.py FOLDER",
        "sasrec": [[round(x, 4) for x in judge(lists[seed], test)] for seed in range(3)],
        "measures differ by": float(f"{apart:.1e}"),
    }
    RESULT.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(record["recbole"])


if __name__ == "__main__":
    main()
