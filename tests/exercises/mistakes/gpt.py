"""Known answers to the exercises of gpt: what people really write, right and wrong."""

import torch
from torch.nn import functional as F

from grading.known import mistake, right_answer

# --- training_step


def _loss(scores, target):
    return F.cross_entropy(scores.flatten(0, -2), target.flatten())


def _learn(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def _next(model, tokens):
    return _loss(model(tokens)[:, :-1], tokens[:, 1:])


@mistake("training_step", caught_by="test_step_returns_a_number")
def returns_the_graph(model, optimizer, tokens):
    """Returns the loss as it is."""
    loss = _next(model, tokens)
    _learn(optimizer, loss)
    return loss


@mistake("training_step", caught_by="test_step_returns_a_number")
def returns_nothing(model, optimizer, tokens):
    """Forgets to return the loss."""
    _learn(optimizer, _next(model, tokens))


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def never_shifted(model, optimizer, tokens):
    """Holds the scores at each place against the token that stands there."""
    return _learn(optimizer, _loss(model(tokens), tokens))


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def shifted_the_wrong_way(model, optimizer, tokens):
    """Holds the scores against the token before."""
    return _learn(optimizer, _loss(model(tokens)[:, 1:], tokens[:, :-1]))


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def softmax_twice(model, optimizer, tokens):
    """Hands probabilities to cross_entropy, which takes scores."""
    return _learn(optimizer, _loss(model(tokens)[:, :-1].softmax(-1), tokens[:, 1:]))


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def summed(model, optimizer, tokens):
    """Adds up all places."""
    return _learn(optimizer, _next(model, tokens) * tokens[:, 1:].numel())


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def only_the_last_place(model, optimizer, tokens):
    """Asks for the last token alone, as in writing."""
    return _learn(optimizer, _loss(model(tokens[:, :-1])[:, -1], tokens[:, -1]))


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def only_the_first_piece(model, optimizer, tokens):
    """Takes the first sequence of the batch."""
    return _learn(optimizer, _next(model, tokens[:1]))


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def loss_after_the_step(model, optimizer, tokens):
    """Reads once more, and returns that loss."""
    _learn(optimizer, _next(model, tokens))
    return _next(model, tokens).item()


@mistake("training_step", caught_by="test_step_loss_is_about_the_next_token")
def scores_for_probabilities(model, optimizer, tokens):
    """Uses nll_loss without the logarithm of the softmax."""
    scores = model(tokens)[:, :-1]
    return _learn(optimizer, F.nll_loss(scores.flatten(0, 1), tokens[:, 1:].flatten()))


@mistake("training_step", caught_by="test_step_leaves_the_tokens_alone")
def shifted_in_place(model, optimizer, tokens):
    """Moves the caller's tokens on by one."""
    loss = _learn(optimizer, _next(model, tokens))
    tokens[:, :-1] = tokens[:, 1:].clone()
    return loss


@mistake("training_step", caught_by="test_step_moves_the_parameters")
def never_steps(model, optimizer, tokens):
    """Computes gradients and leaves it at that."""
    loss = _next(model, tokens)
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@mistake("training_step", caught_by="test_step_moves_the_parameters")
def steps_before_backward(model, optimizer, tokens):
    """Steps with the gradients of the call before."""
    loss = _next(model, tokens)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


@mistake("training_step", caught_by="test_step_moves_the_parameters")
def forgets_before_it_steps(model, optimizer, tokens):
    """Calls zero_grad between backward and step."""
    loss = _next(model, tokens)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


@mistake("training_step", caught_by="test_step_is_the_optimizers")
def descends_by_itself(model, optimizer, tokens):
    """Takes the step size from the optimizer, and goes down the gradient itself."""
    loss = _next(model, tokens)
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


@mistake("training_step", caught_by="test_step_is_the_optimizers")
def steps_twice(model, optimizer, tokens):
    """Calls step once more."""
    loss = _learn(optimizer, _next(model, tokens))
    optimizer.step()
    return loss


@mistake("training_step", caught_by="test_step_forgets_the_gradients_of_the_last")
def never_forgets(model, optimizer, tokens):
    """Leaves zero_grad out, so that gradients pile up."""
    loss = _next(model, tokens)
    loss.backward()
    optimizer.step()
    return loss.item()


@mistake("training_step", caught_by="test_step_forgets_what_others_left")
def forgets_at_the_end(model, optimizer, tokens):
    """Calls zero_grad after the step, when it is too late for the first."""
    loss = _next(model, tokens)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


@right_answer("training_step")
def reads_all_but_the_last(model, optimizer, tokens):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(tokens[:, :-1]).mT, tokens[:, 1:])
    loss.backward()
    optimizer.step()
    return loss.detach()


@right_answer("training_step")
def by_logarithms(model, optimizer, tokens):
    log_p = model(tokens).log_softmax(-1)
    chosen = [
        log_p[b, t, tokens[b, t + 1]]
        for b in range(tokens.shape[0])
        for t in range(tokens.shape[1] - 1)
    ]
    return _learn(optimizer, -sum(chosen) / len(chosen))


@right_answer("training_step")
def gradients_set_by_hand(model, optimizer, tokens):
    loss = _next(model, tokens)
    parameters = list(model.parameters())
    found = torch.autograd.grad(loss, parameters)
    for parameter, gradient in zip(parameters, found, strict=True):
        parameter.grad = gradient
    optimizer.step()
    return float(loss)


# --- KVCache


class _Cache:
    """A right implementation in steps, of which each mistake replaces one."""

    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        self.keys = torch.zeros(batch, n_kv_heads, max_len, head_dim)
        self.values = torch.zeros(batch, n_kv_heads, max_len, head_dim)
        self.max_len, self.length = max_len, 0

    def check(self, new):
        if self.length + new > self.max_len:
            raise ValueError(f"no room for {new} tokens after {self.length}")

    def places(self, new):
        return slice(self.length, self.length + new)

    def in_use(self):
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def append(self, key, value):
        new = key.shape[2]
        self.check(new)
        self.keys[:, :, self.places(new)] = key
        self.values[:, :, self.places(new)] = value
        self.length += new
        return self.in_use()


@mistake("KVCache", caught_by="test_cache_starts_empty")
class LengthOfTheRoom(_Cache):
    """Takes the length for the room's."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.length = self.max_len


@mistake("KVCache", caught_by="test_cache_starts_empty")
class NoLength(_Cache):
    """Counts the tokens under a name of its own."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        del self.length
        self.n = 0

    def append(self, key, value):
        end = self.n + key.shape[2]
        self.keys[:, :, self.n : end], self.values[:, :, self.n : end] = key, value
        self.n = end
        return self.keys[:, :, :end], self.values[:, :, :end]


@mistake("KVCache", caught_by="test_cache_returns_what_it_was_given")
class ReturnsTheRoom(_Cache):
    """Returns all of the room, with the zeros of tokens that have not come."""

    def in_use(self):
        return self.keys, self.values


@mistake("KVCache", caught_by="test_cache_returns_what_it_was_given")
class ValuesFirst(_Cache):
    """Returns (values, keys)."""

    def in_use(self):
        return super().in_use()[::-1]


@mistake("KVCache", caught_by="test_cache_returns_what_it_was_given")
class KeysForValues(_Cache):
    """Writes the keys into both rooms, a slip of copy and paste."""

    def append(self, key, value):
        return super().append(key, key)


@mistake("KVCache", caught_by="test_cache_returns_what_it_was_given")
class Stacked(_Cache):
    """Returns keys and values as one tensor with an axis more."""

    def in_use(self):
        return torch.stack(super().in_use(), dim=-1)


@mistake("KVCache", caught_by="test_cache_counts_its_tokens")
class CountsTheCalls(_Cache):
    """Adds one to the length however many tokens came."""

    def append(self, key, value):
        end = self.length + key.shape[2]
        self.keys[:, :, self.length : end], self.values[:, :, self.length : end] = key, value
        self.length += 1
        return self.keys[:, :, :end], self.values[:, :, :end]


@mistake("KVCache", caught_by="test_cache_counts_its_tokens")
class NeverCounts(_Cache):
    """Leaves the length at what the last call brought."""

    def append(self, key, value):
        self.length = 0
        return super().append(key, value)


@mistake("KVCache", caught_by="test_cache_returns_all_tokens")
class ReturnsTheNewest(_Cache):
    """Keeps everything and returns what has just come."""

    def append(self, key, value):
        super().append(key, value)
        return key, value


@mistake("KVCache", caught_by="test_cache_returns_all_tokens")
class JoinsAlongTheHeads(_Cache):
    """Concatenates along axis 1."""

    def append(self, key, value):
        self.check(key.shape[2])
        if self.length == 0:
            self.keys, self.values = key, value
        else:
            self.keys = torch.cat([self.keys, key], dim=1)
            self.values = torch.cat([self.values, value], dim=1)
        self.length += key.shape[2]
        return self.keys, self.values


@mistake("KVCache", caught_by="test_cache_keeps_the_order")
class NewestInFront(_Cache):
    """Concatenates the wrong way round."""

    def append(self, key, value):
        self.check(key.shape[2])
        keys, values = self.in_use()
        self.keys, self.values = torch.cat([key, keys], 2), torch.cat([value, values], 2)
        self.length += key.shape[2]
        return self.keys, self.values


@mistake("KVCache", caught_by="test_cache_keeps_the_order")
class AlwaysAtTheStart(_Cache):
    """Writes every chunk into the first places."""

    def places(self, new):
        return slice(0, new)


@mistake("KVCache", caught_by="test_cache_keeps_the_order")
class OnePlaceOff(_Cache):
    """Starts at the last kept token instead of after it."""

    def places(self, new):
        start = max(self.length - 1, 0)
        return slice(start, start + new)


@mistake("KVCache", caught_by="test_cache_keeps_a_copy")
class KeepsTheCallersTensors(_Cache):
    """Keeps the first tensors themselves, and concatenates later."""

    def append(self, key, value):
        self.check(key.shape[2])
        if self.length == 0:
            self.keys, self.values = key, value
        else:
            self.keys = torch.cat([self.keys, key], 2)
            self.values = torch.cat([self.values, value], 2)
        self.length += key.shape[2]
        return self.keys, self.values


@mistake("KVCache", caught_by="test_caches_are_apart")
class OneListForAll(_Cache):
    """Keeps the pieces in lists that belong to the class."""

    pieces = ([], [])

    def append(self, key, value):
        self.check(key.shape[2])
        self.length += key.shape[2]
        for pieces, new in zip(self.pieces, (key, value), strict=True):
            pieces.append(new.clone())
        return tuple(torch.cat(pieces, 2) for pieces in self.pieces)


@mistake("KVCache", caught_by="test_cache_holds_max_len_tokens")
class LastPlaceUnused(_Cache):
    """Refuses the token that would fill it: `>=` for `>`."""

    def check(self, new):
        if self.length + new >= self.max_len:
            raise ValueError("full")


@mistake("KVCache", caught_by="test_cache_refuses_what_does_not_fit")
class GrowsWithoutEnd(_Cache):
    """Concatenates, and never asks for the room."""

    def append(self, key, value):
        keys, values = self.in_use()
        self.keys, self.values = torch.cat([keys, key], 2), torch.cat([values, value], 2)
        self.length += key.shape[2]
        return self.keys, self.values


@mistake("KVCache", caught_by="test_cache_refuses_what_does_not_fit")
class ForgetsTheOldest(_Cache):
    """Drops the oldest tokens when it is full, as a window would."""

    def append(self, key, value):
        keys, values = self.in_use()
        self.keys = torch.cat([keys, key], 2)[:, :, -self.max_len :]
        self.values = torch.cat([values, value], 2)[:, :, -self.max_len :]
        self.length = self.keys.shape[2]
        return self.keys, self.values


@mistake("KVCache", caught_by="test_cache_refuses_what_does_not_fit")
class LeavesTheErrorToTorch(_Cache):
    """Lets the assignment fail, with a RuntimeError about shapes."""

    def check(self, new):
        pass


@mistake("KVCache", caught_by="test_cache_refuses_what_does_not_fit")
class CountsBeforeItLooks(_Cache):
    """Moves the length on, and then finds that there is no room."""

    def append(self, key, value):
        start, self.length = self.length, self.length + key.shape[2]
        if self.length > self.max_len:
            raise ValueError("full")
        self.keys[:, :, start : self.length], self.values[:, :, start : self.length] = key, value
        return self.in_use()


@mistake("KVCache", caught_by="test_cache_counts_its_tokens")
class OneTokenAfterThePrompt(_Cache):
    """Takes a prompt at once, and then the last token of whatever comes."""

    def append(self, key, value):
        last = slice(None) if self.length == 0 else slice(-1, None)
        return super().append(key[:, :, last], value[:, :, last])


@mistake("KVCache", caught_by="test_cache_sets_its_room_aside_once")
class Concatenated:
    """Joins old and new, which copies the past each time."""

    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        self.keys = self.values = torch.empty(batch, n_kv_heads, 0, head_dim)
        self.max_len = max_len

    @property
    def length(self):
        return self.keys.shape[2]

    def append(self, key, value):
        if self.length + key.shape[2] > self.max_len:
            raise ValueError("the cache is full")
        self.keys = torch.cat([self.keys, key], dim=2)
        self.values = torch.cat([self.values, value], dim=2)
        return self.keys, self.values


@mistake("KVCache", caught_by="test_cache_sets_its_room_aside_once")
class ListOfTokens:
    """Keeps a list of tokens, and stacks all of them in every call."""

    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        self.tokens, self.max_len = [], max_len

    @property
    def length(self):
        return len(self.tokens)

    def append(self, key, value):
        if self.length + key.shape[2] > self.max_len:
            raise ValueError("too many tokens")
        for t in range(key.shape[2]):
            self.tokens.append((key[:, :, t].clone(), value[:, :, t].clone()))
        return tuple(torch.stack(kind, dim=2) for kind in zip(*self.tokens, strict=True))


@mistake("KVCache", caught_by="test_cache_sets_its_room_aside_once")
class ReturnsCopies(_Cache):
    """Has the room, and copies all of it on the way out."""

    def in_use(self):
        return tuple(kept.clone() for kept in super().in_use())


@mistake("KVCache", caught_by="test_cache_returns_what_it_was_given")
class WritesAtTheEnd(_Cache):
    """Fills the room from behind, and returns what stands in front."""

    def places(self, new):
        return slice(self.max_len - new, self.max_len)


@right_answer("KVCache")
class RoomSetAside(_Cache):
    pass


@right_answer("KVCache")
class TokensFirst:
    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        self.room = [torch.zeros(max_len, batch, n_kv_heads, head_dim) for _ in range(2)]
        self.length = 0

    def append(self, key, value):
        start, end = self.length, self.length + key.shape[2]
        if end > len(self.room[0]):
            raise ValueError(f"no room for {key.shape[2]} after {start}")
        for room, new in zip(self.room, (key, value), strict=True):
            room[start:end] = new.permute(2, 0, 1, 3)
        self.length = end
        return tuple(room[:end].permute(1, 2, 0, 3) for room in self.room)


@right_answer("KVCache")
class RoomOfTheFirstChunksKind:
    """Waits for the first keys, to know their dtype and device."""

    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        self.shape, self.rooms, self.length = (batch, n_kv_heads, max_len, head_dim), None, 0

    def append(self, key, value):
        if self.rooms is None:
            self.rooms = key.new_empty(self.shape), value.new_empty(self.shape)
        start, end = self.length, self.length + key.size(2)
        if end > self.shape[2]:
            raise ValueError(f"{end} tokens, room for {self.shape[2]}")
        for room, new in zip(self.rooms, (key, value), strict=True):
            room[:, :, start:end] = new
        self.length = end
        keys, values = self.rooms
        return keys[:, :, :end], values[:, :, :end]


@right_answer("KVCache")
class ByIndexCopy(_Cache):
    def append(self, key, value):
        self.check(key.shape[2])
        places = torch.arange(self.length, self.length + key.shape[2])
        self.keys.index_copy_(2, places, key)
        self.values.index_copy_(2, places, value)
        self.length = int(places[-1]) + 1
        return self.in_use()


@right_answer("KVCache")
class OneRoomForBoth:
    def __init__(self, batch, n_kv_heads, max_len, head_dim):
        self.room = torch.empty(2, batch, n_kv_heads, max_len, head_dim)
        self.length = 0

    def append(self, key, value):
        left = self.room.shape[3] - self.length
        if key.shape[2] > left:
            raise ValueError(f"room for {left} more tokens, got {key.shape[2]}")
        self.room.narrow(3, self.length, key.shape[2]).copy_(torch.stack([key, value]))
        self.length += key.shape[2]
        return tuple(self.room[:, :, :, : self.length])


# --- generate


@torch.no_grad()
def _write(model, prompt, n_new, temperature=0.0, *, read=None, choose=None):
    """A right implementation in steps, of which each mistake replaces one."""
    text = prompt
    for _ in range(n_new):
        scores = model(text if read is None else read(text, prompt))
        newest = (choose or _choose)(scores, temperature)
        text = torch.cat([text, newest], dim=1)
    return text


def _choose(scores, temperature):
    if temperature == 0:
        return scores[:, -1:].argmax(-1)
    return (scores[:, -1] / temperature).softmax(-1).multinomial(1)


@mistake("generate", caught_by="test_text_has_the_prompt_and_n_new_tokens")
def only_what_is_new(model, prompt, n_new, temperature=0.0):
    """Returns the new tokens without the prompt."""
    return _write(model, prompt, n_new, temperature)[:, prompt.shape[1] :]


@mistake("generate", caught_by="test_text_has_the_prompt_and_n_new_tokens")
def n_new_in_all(model, prompt, n_new, temperature=0.0):
    """Takes n_new for the length of the whole text."""
    return _write(model, prompt, n_new - prompt.shape[1], temperature)


@mistake("generate", caught_by="test_text_has_the_prompt_and_n_new_tokens")
def every_place_appended(model, prompt, n_new, temperature=0.0):
    """Appends the best token of every place, not of the last."""
    return _write(model, prompt[:, -1:], n_new, choose=lambda scores, _: scores.argmax(-1))


@mistake("generate", caught_by="test_text_has_the_prompt_and_n_new_tokens")
def probabilities_appended(model, prompt, n_new, temperature=0.0):
    """Appends the highest score instead of its token."""
    text = _write(model, prompt, n_new, temperature)
    return text.float()


@mistake("generate", caught_by="test_text_begins_with_the_prompt")
def over_the_prompt(model, prompt, n_new, temperature=0.0):
    """Starts writing at the first place of the text."""
    text = _write(model, prompt, n_new, temperature)
    return text.roll(n_new, dims=1)


@mistake("generate", caught_by="test_text_begins_with_the_prompt")
def the_callers_tensor_resized(model, prompt, n_new, temperature=0.0):
    """Makes room in the caller's own tensor."""
    text = _write(model, prompt.clone(), n_new, temperature)
    return prompt.resize_(text.shape).copy_(text)


@mistake("generate", caught_by="test_first_token_is_the_best_after_the_prompt")
def scores_of_the_first_place(model, prompt, n_new, temperature=0.0):
    """Reads the scores after the first token."""
    return _write(model, prompt, n_new, choose=lambda scores, _: scores[:, :1].argmax(-1))


@mistake("generate", caught_by="test_first_token_is_the_best_after_the_prompt")
def scores_before_the_last_place(model, prompt, n_new, temperature=0.0):
    """Shifts by one: the scores that guess the prompt's last token."""
    return _write(model, prompt, n_new, choose=lambda scores, _: scores[:, -2:-1].argmax(-1))


@mistake("generate", caught_by="test_first_token_is_the_best_after_the_prompt")
def first_row_for_all(model, prompt, n_new, temperature=0.0):
    """Chooses for the first sequence, and gives that token to all."""

    def choose(scores, temperature):
        return scores[:1, -1:].argmax(-1).expand(len(scores), 1)

    return _write(model, prompt, n_new, choose=choose)


@mistake("generate", caught_by="test_first_token_is_the_best_after_the_prompt")
def the_newest_alone(model, prompt, n_new, temperature=0.0):
    """Reads the last token of the text and nothing before it."""
    return _write(model, prompt, n_new, temperature, read=lambda text, prompt: text[:, -1:])


@mistake("generate", caught_by="test_first_token_is_the_best_after_the_prompt")
def always_draws(model, prompt, n_new, temperature=0.0):
    """Draws at temperature 0 too, as if it were 1."""
    return _write(model, prompt, n_new, temperature or 1.0)


@mistake("generate", caught_by="test_each_token_is_the_best_after_all_before")
def prompt_alone(model, prompt, n_new, temperature=0.0):
    """Reads the prompt each time, and never what was written."""
    return _write(model, prompt, n_new, temperature, read=lambda text, prompt: prompt)


@mistake("generate", caught_by="test_each_token_is_the_best_after_all_before")
def newest_without_a_cache(model, prompt, n_new, temperature=0.0):
    """After the prompt reads the newest token alone, and keeps nothing."""

    def read(text, prompt):
        return text if text.shape[1] == prompt.shape[1] else text[:, -1:]

    return _write(model, prompt, n_new, temperature, read=read)


@mistake("generate", caught_by="test_each_token_is_the_best_after_all_before")
@torch.no_grad()
def caches_made_anew(model, prompt, n_new, temperature=0.0):
    """Makes new caches in every step."""
    text = unread = prompt
    for _ in range(n_new):
        caches = model.new_cache(len(prompt))
        unread = _choose(model(unread, caches), temperature)
        text = torch.cat([text, unread], dim=1)
    return text


@mistake("generate", caught_by="test_draws_as_often_as_the_softmax_says")
def temperature_ignored(model, prompt, n_new, temperature=0.0):
    """Always takes the best."""
    return _write(model, prompt, n_new)


@mistake("generate", caught_by="test_draws_as_often_as_the_softmax_says")
def any_token(model, prompt, n_new, temperature=0.0):
    """Draws all tokens alike."""

    def choose(scores, temperature):
        if temperature < 0.01:
            return _choose(scores, 0)
        return torch.randint(scores.shape[-1], (len(scores), 1))

    return _write(model, prompt, n_new, temperature, choose=choose)


@mistake("generate", caught_by="test_draws_as_often_as_the_softmax_says")
def one_draw_for_all(model, prompt, n_new, temperature=0.0):
    """Draws once, from the first row, and gives that to every sequence."""

    def choose(scores, temperature):
        newest = _choose(scores, temperature)
        return newest if temperature == 0 else newest[:1].expand_as(newest)

    return _write(model, prompt, n_new, temperature, choose=choose)


@mistake("generate", caught_by="test_temperature_divides_the_scores")
def temperature_multiplied(model, prompt, n_new, temperature=0.0):
    """Multiplies the scores by the temperature."""
    return _write(model, prompt, n_new, temperature and 1 / temperature)


@mistake("generate", caught_by="test_temperature_divides_the_scores")
def temperature_after_the_softmax(model, prompt, n_new, temperature=0.0):
    """Divides the probabilities by the temperature."""

    def choose(scores, temperature):
        if temperature == 0:
            return _choose(scores, 0)
        return (scores[:, -1].softmax(-1) / temperature).multinomial(1)

    return _write(model, prompt, n_new, temperature, choose=choose)


@mistake("generate", caught_by="test_low_temperature_is_nearly_greedy")
def exponentials_by_hand(model, prompt, n_new, temperature=0.0):
    """Takes exponentials of scores as they are, which overflow when they are large."""

    def choose(scores, temperature):
        if temperature == 0:
            return _choose(scores, 0)
        return (scores[:, -1] / temperature).exp().clamp(max=3e38).multinomial(1)

    return _write(model, prompt, n_new, temperature, choose=choose)


@mistake("generate", caught_by="test_every_token_is_drawn")
def temperature_for_the_first_token_only(model, prompt, n_new, temperature=0.0):
    """Calls itself for the rest of the text, and does not hand the temperature on."""
    if n_new == 0:
        return prompt
    longer = _write(model, prompt, 1, temperature)
    return temperature_for_the_first_token_only(model, longer, n_new - 1)


@right_answer("generate")
def all_of_it_each_time(model, prompt, n_new, temperature=0.0):
    return _write(model, prompt, n_new, temperature)


@right_answer("generate")
@torch.no_grad()
def with_caches(model, prompt, n_new, temperature=0.0):
    caches, parts = model.new_cache(len(prompt)), [prompt]
    for _ in range(n_new):
        scores = model(parts[-1], caches, newest_only=True)
        parts.append(_choose(scores, temperature))
    return torch.cat(parts, dim=1)


@right_answer("generate")
@torch.no_grad()
def into_room_set_aside(model, prompt, n_new, temperature=0.0):
    batch, length = prompt.shape
    text = prompt.new_zeros(batch, length + n_new)
    text[:, :length] = prompt
    for place in range(length, length + n_new):
        scores = model(text[:, :place])[:, -1]
        if temperature:
            gumbel = -torch.log(-torch.log(torch.rand_like(scores)))
            scores = scores / temperature + gumbel  # its argmax is a draw from the softmax
        text[:, place] = scores.argmax(-1)
    return text


@right_answer("generate")
def with_a_categorical(model, prompt, n_new, temperature=0.0):
    if n_new == 0:
        return prompt
    scores = model(prompt)[:, -1].detach()
    if temperature > 0:
        newest = torch.distributions.Categorical(logits=scores / temperature).sample()
    else:
        newest = scores.max(-1).indices
    longer = torch.cat([prompt, newest.unsqueeze(1)], dim=1)
    return with_a_categorical(model, longer, n_new - 1, temperature)
