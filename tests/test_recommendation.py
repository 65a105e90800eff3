"""Sessions, rankings, counters and SASRec, and what the chapter claims of them at smaller scale."""

import math

import pytest
import torch
from torch.testing import assert_close

from attention import attention_weights, training_pairs
from attention.data.ratings import read_ratings
from attention.data.sessions import (
    IN_TURN,
    N_EPISODES,
    N_ITEMS,
    chain_sessions,
    name_of,
    series_sessions,
)
from attention.data.shop import ITEMS, SESSION, VECTORS
from attention.models.recommendation.counting import follows, popularity
from attention.models.recommendation.ranking import hit_rate, ndcg, rank_of
from attention.models.recommendation.recommending import last_scores, recommenders, train_sasrec
from attention.models.recommendation.sasrec import SASRec

LENGTH = 19


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


# --- examples and measures ---


def test_training_pairs_are_the_session_beside_itself():
    """Each target is the item after its input; a batch of sessions goes as one."""
    inputs, targets = training_pairs(torch.tensor([[4, 8, 1], [2, 2, 9]]))
    assert inputs.tolist() == [[4, 8], [2, 2]] and targets.tolist() == [[8, 1], [2, 9]]


def test_training_pairs_name_the_rule():
    """One item teaches nothing, and items are whole numbers."""
    with pytest.raises(ValueError, match=r"at least two items.*got shape \(1,\)"):
        training_pairs(torch.tensor([3]))
    with pytest.raises(ValueError, match=r"got shape \(\)"):
        training_pairs(torch.tensor(3))
    for dtype in (torch.float32, torch.bool, torch.complex64):
        with pytest.raises(TypeError, match=f"whole numbers, one for each item, got {dtype}"):
            training_pairs(torch.ones(3, dtype=dtype))


def test_measures_agree_with_a_sorted_list():
    """Against a list that is really sorted, item by item."""
    scores, target = torch.randn(40, 7, generator=dice()), torch.randint(7, (40,), generator=dice())
    for k in (1, 3, 7):
        hits, gains = 0, 0.0
        for row, wanted in zip(scores, target, strict=True):
            place = row.argsort(descending=True).tolist().index(wanted) + 1
            hits += place <= k
            gains += 1 / math.log2(place + 1) if place <= k else 0
        assert hit_rate(scores, target, k).item() == pytest.approx(hits / 40)
        assert ndcg(scores, target, k).item() == pytest.approx(gains / 40)


def test_whoever_scores_all_alike_earns_nothing():
    """Among equals the right item comes last; the best place counts one."""
    target = torch.tensor([2])
    assert rank_of(torch.zeros(1, 5), target).item() == 5
    assert hit_rate(torch.zeros(1, 5), target, 4) == 0
    assert ndcg(torch.eye(5)[2:3], target, 1) == 1


def test_measures_name_the_rule():
    """k counts items, and each list has one target."""
    for measure in (hit_rate, ndcg):
        for k in (0, 6):
            with pytest.raises(ValueError, match=f"from 1 to n_items = 5, got {k}"):
                measure(torch.zeros(2, 5), torch.zeros(2, dtype=torch.long), k)
        with pytest.raises(ValueError, match=r"target \(3,\) and scores \(2, 5\)"):
            measure(torch.zeros(2, 5), torch.zeros(3, dtype=torch.long), 1)


# --- sessions ---


def test_series_go_on_three_places_later():
    """Without noise each item is the next episode of the one three back; three series in all."""
    items = series_sessions(50, LENGTH, dice(), noise=0)
    series, episode = items // N_EPISODES, items % N_EPISODES
    assert (series[:, 3:] == series[:, :-3]).all()
    assert (episode[:, 3:] == (episode[:, :-3] + 1) % N_EPISODES).all()
    assert all(len(row.unique()) == IN_TURN for row in series)


def test_chains_go_on_at_once():
    """Without noise each item is the next episode of the last one."""
    items = chain_sessions(50, LENGTH, dice(), noise=0)
    assert (items // N_EPISODES == items[:, :1] // N_EPISODES).all()
    assert (items[:, 1:] % N_EPISODES == (items[:, :-1] + 1) % N_EPISODES).all()


@pytest.mark.parametrize("draw", [series_sessions, chain_sessions])
def test_noise_is_as_frequent_as_asked(draw):
    """All items of the range are drawn; the same dice give the same sessions."""
    items = draw(2000, LENGTH, dice(), noise=1.0)
    counts = torch.bincount(items[:, 1:].flatten(), minlength=N_ITEMS)
    assert len(counts) == N_ITEMS and counts.min() > 0.7 * counts.float().mean()
    assert draw(3, 5, dice(4)).equal(draw(3, 5, dice(4)))


def test_items_have_names():
    """A letter for the series, a number for the episode."""
    assert [name_of(item) for item in (0, 11, 12, 71)] == ["A1", "A12", "B1", "F12"]


# --- files of ratings ---

CSV = "userId,movieId,rating,timestamp\n1,30,5.0,300\n1,10,1.0,100\n2,10,3.5,5\n1,20,4.0,200\n"
DAT = "1::30::5::300\n1::10::1::100\n2::10::3::5\n1::20::4::200\n"


@pytest.mark.parametrize("name, text", [("ratings.csv", CSV), ("ratings.dat", DAT)])
def test_ratings_become_sessions_in_time_order(tmp_path, name, text):
    """Oldest first; whoever has too few films is left out; films get new numbers."""
    (tmp_path / name).write_text(text)
    sessions, _, films = read_ratings(tmp_path / name)
    assert [session.tolist() for session in sessions] == [[0, 1, 2]] and films == [10, 20, 30]
    sessions, _, _ = read_ratings(tmp_path / name, min_length=1)
    assert [session.tolist() for session in sessions] == [[0, 1, 2], [0]]


@pytest.mark.parametrize(
    "line", ["1,2,3", "1,2,five,4", "a,b,c,d", "1,2,3,4,5", "1::2::3", "1,2,3,x"]
)
def test_a_broken_line_is_named(tmp_path, line):
    """File, line number, what was expected and what came."""
    path = tmp_path / "ratings.csv"
    path.write_text(CSV + line + "\n")
    with pytest.raises(
        ValueError, match=r"ratings.csv, line 6: expected userId,movieId.*got '"
    ) as e:
        read_ratings(path)
    assert repr(line) in str(e.value)


def test_missing_and_empty_files_say_what_to_do(tmp_path):
    """A path that leads nowhere, and a file in which nobody rated enough."""
    with pytest.raises(FileNotFoundError, match="download a MovieLens data set"):
        read_ratings(tmp_path / "ratings.csv")
    (tmp_path / "ratings.csv").write_text(CSV)
    with pytest.raises(ValueError, match="no user has rated 4 films or more"):
        read_ratings(tmp_path / "ratings.csv", min_length=4)


# --- counters and SASRec ---


def test_counters_count():
    """By a loop over two sessions."""
    sessions = torch.tensor([[0, 1, 2, 1], [1, 2, 1, 2]])
    assert popularity(sessions, 4).tolist() == [1, 4, 3, 0]
    one, two = follows(sessions, 4), follows(sessions, 4, back=2)
    assert one.floor().tolist() == [[0, 1, 0, 0], [0, 0, 3, 0], [0, 2, 0, 0], [0, 0, 0, 0]]
    assert two.floor().tolist() == [[0, 0, 1, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    assert one[3].argmax() == 1  # nothing ever followed item 3: the most popular comes first


def sasrec():
    torch.manual_seed(0)
    return SASRec(n_items=9, d_model=8, n_heads=2, n_layers=3, max_len=6).eval()


def test_nothing_leaks_from_the_future():
    """A changed item changes no score before it, and every one from it on."""
    model, items = sasrec(), torch.tensor([[1, 2, 3, 4, 5]])
    for place in range(5):
        changed = items.clone()
        changed[0, place] = 8
        before, after = model(items), model(changed)
        assert_close(before[:, :place], after[:, :place])
        assert all(not torch.allclose(before[:, t], after[:, t]) for t in range(place, 5))


def test_padding_in_front_is_not_heard():
    """What a mask hides changes no score behind it."""
    model, mask = sasrec(), torch.ones(1, 5, 5, dtype=torch.bool)
    mask[..., :2] = False
    items = torch.tensor([[0, 0, 3, 4, 5]])
    other = torch.tensor([[7, 6, 3, 4, 5]])
    assert_close(model(items, mask)[:, 2:], model(other, mask)[:, 2:])


def test_weights_come_for_every_head():
    """Causal, each row summing to one; the scores are the same with and without them."""
    model, items = sasrec(), torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]])
    scores, maps = model(items, return_weights=True)
    assert scores.shape == (2, 4, 9) and maps.shape == (3, 2, 2, 4, 4)
    assert_close(scores, model(items))
    assert_close(maps.sum(-1), torch.ones(3, 2, 2, 4))
    assert (maps.triu(1) == 0).all()


@pytest.mark.parametrize("shape", [(4,), (2, 7), (2, 0), (1, 2, 3)])
def test_sessions_of_another_shape_are_refused(shape):
    """Two axes, and no longer than there are positions."""
    with pytest.raises(ValueError, match="length from 1 to max_len = 6, got"):
        sasrec()(torch.zeros(shape, dtype=torch.long))


# --- what the chapter claims ---


def test_attention_follows_the_last_interest():
    """After tent, knife, lantern: attention says sleeping bag, the plain average camp stove."""
    session = VECTORS[SESSION]
    assert [ITEMS[i] for i in SESSION] == ["tent", "knife", "lantern"]
    weights = attention_weights(session, session, is_causal=True)
    new = [i for i in range(len(ITEMS)) if i not in SESSION]
    recommended = [
        ITEMS[max(new, key=lambda i, mixture=mixture: (mixture @ VECTORS[i]).item())]
        for mixture in ((weights @ session)[-1], session.mean(dim=0))
    ]
    assert recommended == ["sleeping bag", "camp stove"]


@pytest.fixture(scope="module")
def trained():
    """A model trained on shorter sessions than the page's, and new sessions to judge it by."""
    train = series_sessions(2000, LENGTH, dice(7))
    return train_sasrec(train, seed=1, steps=250), series_sessions(500, LENGTH, dice(8))


def test_sasrec_beats_what_counts_popularity_and_pairs():
    """HR@1, two seeds: SASRec over .6, the others under .1."""
    for seed in (1, 2):
        train, test = (
            series_sessions(2000, LENGTH, dice(seed)),
            series_sessions(500, LENGTH, dice(9)),
        )
        hits = {
            name: hit_rate(scores(test), test[:, -1], 1)
            for name, scores in recommenders(train, seed, steps=200).items()
        }
        assert hits["SASRec"] > 0.6 and hits["three back"] > 0.6
        assert max(hits["popularity"], hits["bigram"]) < 0.1


@torch.no_grad()
def test_the_heads_look_at_the_series_whose_turn_it_is(trained):
    """Each head gives at least .6 of the last place's weight to places 3, 6, 9, … back."""
    model, test = trained
    _, maps = model(test[:, :-1], return_weights=True)
    given = maps[0, :, :, -1].mean(0).flip(-1)[:, 2::3].sum(-1)
    assert (given > 0.6).all()


def test_noise_three_back_does_not_blind_it(trained):
    """With any item three back, the right one is first ten times as often as by guessing."""
    model, _ = trained
    spoilt = series_sessions(500, LENGTH, dice(3), noise=0)
    spoilt[:, -4] = torch.randint(N_ITEMS, (500,), generator=dice(4))
    assert hit_rate(last_scores(model, spoilt), spoilt[:, -1], 1) > 10 / N_ITEMS


def test_where_the_last_item_decides_counting_is_enough():
    """The bigram's HR@1 is at most .03 behind SASRec's."""
    train, test = chain_sessions(2000, LENGTH, dice(1)), chain_sessions(500, LENGTH, dice(2))
    hits = {
        name: hit_rate(scores(test), test[:, -1], 1)
        for name, scores in recommenders(train, 0, steps=150).items()
    }
    assert hits["bigram"] > hits["SASRec"] - 0.03 and hits["bigram"] > 0.8
