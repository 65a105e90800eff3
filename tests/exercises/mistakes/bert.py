"""Known answers to the exercises of bert: what people really write, right and wrong."""

import torch

from grading.known import mistake, right_answer


def _guess(model, tokens, place, mask_token, *, hide=True, score=None):
    """Right in steps, of which each mistake replaces one: what is read, and what is made of it."""
    mode = model.training
    model.eval()
    read = tokens.clone()
    if hide:
        read[place] = mask_token
    with torch.no_grad():
        x, table = model(read[None])[0], model.embed.token.weight
        scores = table @ x[place] if score is None else score(x, table)
    model.train(mode)
    return scores


@mistake("masked_word", caught_by="test_word_has_a_probability_for_each")
def every_place(model, tokens, place, mask_token):
    """Returns probabilities for every place."""
    return _guess(model, tokens, place, mask_token, score=lambda x, table: x @ table.T).softmax(-1)


@mistake("masked_word", caught_by="test_word_has_a_probability_for_each")
def the_best_word(model, tokens, place, mask_token):
    """Returns the number of the likeliest word."""
    return _guess(model, tokens, place, mask_token).argmax()


@mistake("masked_word", caught_by="test_word_has_a_probability_for_each")
def graph_kept(model, tokens, place, mask_token):
    """Records a graph nobody needs."""
    probabilities = _guess(model, tokens, place, mask_token).softmax(-1)
    return probabilities * model.embed.token.weight.sum().detach().requires_grad_().exp() ** 0


@mistake("masked_word", caught_by="test_word_probabilities_sum_to_one")
def scores_alone(model, tokens, place, mask_token):
    """Leaves the softmax out."""
    return _guess(model, tokens, place, mask_token)


@mistake("masked_word", caught_by="test_word_probabilities_sum_to_one")
def softmax_over_the_places(model, tokens, place, mask_token):
    """Lets the places compete for each word."""
    both = _guess(model, tokens, place, mask_token, score=lambda x, table: x @ table.T)
    return both.softmax(0)[place]


@mistake("masked_word", caught_by="test_word_leaves_sentence_and_model_alone")
def hidden_in_place(model, tokens, place, mask_token):
    """Writes into the caller's sentence."""
    tokens[place] = mask_token
    return _guess(model, tokens, place, mask_token).softmax(-1)


@mistake("masked_word", caught_by="test_word_leaves_sentence_and_model_alone")
def left_in_evaluation(model, tokens, place, mask_token):
    """Calls eval() and leaves it at that."""
    model.eval()
    return _guess(model, tokens, place, mask_token).softmax(-1)


@mistake("masked_word", caught_by="test_word_is_read_without_dropout")
@torch.no_grad()
def with_dropout(model, tokens, place, mask_token):
    """Reads in whatever mode the model is in."""
    read = tokens.clone()
    read[place] = mask_token
    return (model.embed.token.weight @ model(read[None])[0, place]).softmax(-1)


@mistake("masked_word", caught_by="test_word_is_hidden")
def never_hidden(model, tokens, place, mask_token):
    """Lets the model read the word that it should guess."""
    return _guess(model, tokens, place, mask_token, hide=False).softmax(-1)


@mistake("masked_word", caught_by="test_word_is_hidden")
def hidden_one_place_off(model, tokens, place, mask_token):
    """Hides the word after it."""
    read = tokens.clone()
    read[(place + 1) % len(read)] = mask_token
    return _guess(model, read, place, mask_token, hide=False).softmax(-1)


@mistake("masked_word", caught_by="test_word_is_told_by_the_others")
def everything_hidden(model, tokens, place, mask_token):
    """Hides the whole sentence."""
    return _guess(model, torch.full_like(tokens, mask_token), place, mask_token).softmax(-1)


@mistake("masked_word", caught_by="test_word_is_told_by_the_others")
def only_what_stands_before(model, tokens, place, mask_token):
    """Reads the sentence up to the hidden word, as a model that writes does."""
    return _guess(model, tokens[: place + 1], place, mask_token).softmax(-1)


@mistake("masked_word", caught_by="test_word_probabilities_are_right")
def from_the_first_token(model, tokens, place, mask_token):
    """Reads the answer off [CLS], as a classifier would."""
    score = lambda x, table: table @ x[0]  # noqa: E731
    return _guess(model, tokens, place, mask_token, score=score).softmax(-1)


@mistake("masked_word", caught_by="test_word_probabilities_are_right")
def from_the_place_before(model, tokens, place, mask_token):
    """Reads the vector before the hidden word, as in GPT."""
    score = lambda x, table: table @ x[place - 1]  # noqa: E731
    return _guess(model, tokens, place, mask_token, score=score).softmax(-1)


@mistake("masked_word", caught_by="test_word_probabilities_are_right")
def scaled_like_attention(model, tokens, place, mask_token):
    """Divides by the root of the width."""
    scores = _guess(model, tokens, place, mask_token)
    return (scores / model.embed.token.weight.shape[1] ** 0.5).softmax(-1)


@mistake("masked_word", caught_by="test_word_probabilities_are_right")
def by_the_angle(model, tokens, place, mask_token):
    """Takes cosines for dot products."""
    score = lambda x, table: torch.cosine_similarity(table, x[place][None])  # noqa: E731
    return _guess(model, tokens, place, mask_token, score=score).softmax(-1)


@right_answer("masked_word")
@torch.inference_mode()
def all_places_first(model, tokens, place, mask_token):
    before = model.training
    read = torch.cat([tokens[:place], tokens.new_tensor([mask_token]), tokens[place + 1 :]])
    hidden = model.eval()(read.unsqueeze(0))
    model.train(before)
    return torch.einsum("bld,vd->blv", hidden, model.embed.token.weight).softmax(-1)[0, place]


@right_answer("masked_word")
def on_a_copy_in_evaluation_mode(model, tokens, place, mask_token):
    from copy import deepcopy

    copy = deepcopy(model).eval()
    read = tokens.where(torch.arange(len(tokens)) != place, mask_token)
    scores = torch.nn.functional.linear(copy(read[None])[0, place], copy.embed.token.weight)
    return torch.nn.functional.softmax(scores, dim=0).detach()


@mistake("masked_word", caught_by="test_word_survives_large_scores")
def exponentials_of_scores_as_they_are(model, tokens, place, mask_token):
    """Writes the softmax out, and lets the exponentials overflow."""
    powers = _guess(model, tokens, place, mask_token).exp()
    return powers / powers.sum()


@right_answer("masked_word")
def word_by_word(model, tokens, place, mask_token):
    scores = _guess(model, tokens, place, mask_token)
    powers = [torch.exp(score - scores.max()) for score in scores]
    return torch.stack([power / sum(powers) for power in powers])


def _read(model, tokens, step=None):
    """Walk the blocks with dropout off; `step` says what the next block reads."""
    mode = model.training
    model.eval()
    maps = []
    with torch.no_grad():
        embedded = hidden = model.embed(tokens[None])
        for block in model.blocks:
            output, weights = block(hidden, return_weights=True)
            maps.append(weights[0])
            hidden = step(block, hidden, embedded) if step else output
    model.train(mode)
    return torch.stack(maps)


@mistake("attention_maps", caught_by="test_maps_have_one_for_each_layer_and_head")
def only_the_last_layer(model, tokens):
    """Keeps the weights of the last block."""
    return _read(model, tokens)[-1]


@mistake("attention_maps", caught_by="test_maps_have_one_for_each_layer_and_head")
def heads_averaged(model, tokens):
    """Averages over the heads, as PyTorch's module does by default."""
    return _read(model, tokens).mean(1)


@mistake("attention_maps", caught_by="test_maps_have_one_for_each_layer_and_head")
def batch_left_in(model, tokens):
    """Leaves the batch of one between layers and heads."""
    return _read(model, tokens)[:, None]


@mistake("attention_maps", caught_by="test_maps_have_one_for_each_layer_and_head")
def a_list_of_layers(model, tokens):
    """Returns a list, unstacked."""
    return list(_read(model, tokens))


@mistake("attention_maps", caught_by="test_maps_keep_the_special_tokens")
def special_tokens_cut_from_the_maps(model, tokens):
    """Drops the rows and columns of [CLS] and [SEP]."""
    return _read(model, tokens)[:, :, 1:-1, 1:-1]


@mistake("attention_maps", caught_by="test_maps_keep_the_special_tokens")
def special_tokens_cut_from_the_sentence(model, tokens):
    """Lets the model read the words alone."""
    return _read(model, tokens[1:-1] if len(tokens) > 2 else tokens)


@mistake("attention_maps", caught_by="test_model_leaves_in_the_mode_it_came_in")
def mode_never_restored(model, tokens):
    """Calls eval() and leaves it at that."""
    model.eval()
    return _read(model, tokens)


@mistake("attention_maps", caught_by="test_model_leaves_in_the_mode_it_came_in")
def always_back_to_training(model, tokens):
    """Calls train() at the end, whatever the mode was."""
    maps = _read(model, tokens)
    model.train()
    return maps


@mistake("attention_maps", caught_by="test_dropout_plays_no_part")
def dropout_alive(model, tokens):
    """Reads in whatever mode the model is in."""
    with torch.no_grad():
        return model(tokens[None], return_weights=True)[1][:, 0]


@mistake("attention_maps", caught_by="test_maps_carry_no_gradient")
def gradients_kept(model, tokens):
    """Records a graph nobody needs."""
    mode = model.training
    model.eval()
    maps = model(tokens[None], return_weights=True)[1][:, 0]
    model.train(mode)
    return maps


@mistake("attention_maps", caught_by="test_tokens_and_parameters_stay")
def parameters_frozen(model, tokens):
    """Avoids the graph by freezing the model for good."""
    for parameter in model.parameters():
        parameter.requires_grad = False
    return _read(model, tokens)


@mistake("attention_maps", caught_by="test_tokens_and_parameters_stay")
def gradients_off_for_good(model, tokens):
    """Turns gradients off for the whole program, and leaves it at that."""
    torch.set_grad_enabled(False)
    return _read(model, tokens)


@mistake("attention_maps", caught_by="test_rows_sum_to_one")
def turned_over(model, tokens):
    """Exchanges queries and keys."""
    return _read(model, tokens).transpose(-2, -1)


@mistake("attention_maps", caught_by="test_first_layer_reads_the_embeddings")
def words_without_positions(model, tokens):
    """Starts from the table of words, without positions and norm."""
    mode = model.training
    model.eval()
    maps = []
    with torch.no_grad():
        hidden = model.embed.token(tokens[None])
        for block in model.blocks:
            hidden, weights = block(hidden, return_weights=True)
            maps.append(weights[0])
    model.train(mode)
    return torch.stack(maps)


@mistake("attention_maps", caught_by="test_each_layer_reads_the_one_below")
def embeddings_for_every_block(model, tokens):
    """Forgets to pass the hidden vectors on."""
    return _read(model, tokens, step=lambda block, hidden, embedded: embedded)


@mistake("attention_maps", caught_by="test_each_layer_reads_the_one_below")
def attention_output_passed_on(model, tokens):
    """Passes on what the attention returns, without sum, norm and feed-forward."""
    return _read(model, tokens, step=lambda block, hidden, embedded: block.attention(hidden))


@mistake("attention_maps", caught_by="test_one_token_keeps_all_axes")
def squeezed(model, tokens):
    """Removes every axis of size one."""
    return _read(model, tokens).squeeze()


@right_answer("attention_maps")
def block_by_block(model, tokens):
    return _read(model, tokens)


@right_answer("attention_maps")
@torch.inference_mode()
def by_the_models_own_switch(model, tokens):
    before = model.training
    model.eval()
    try:
        return torch.cat(list(model(tokens.unsqueeze(0), return_weights=True)[1]))
    finally:
        model.train(before)


@right_answer("attention_maps")
def from_the_maps_of_query_and_key(model, tokens):
    mode, maps = model.training, []
    model.eval()
    hidden = model.embed(tokens[None])
    for block in model.blocks:
        attention = block.attention
        query, key = (
            layer(hidden).unflatten(-1, (attention.n_heads, -1)).transpose(1, 2)
            for layer in (attention.to_query, attention.to_key)
        )
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        maps.append(scores.softmax(-1).detach())
        hidden = block(hidden)
    model.train(mode)
    return torch.stack(maps)[:, 0]


@right_answer("attention_maps")
def on_a_copy_of_the_model(model, tokens):
    from copy import deepcopy

    copy = deepcopy(model).eval().requires_grad_(False)
    hidden, maps = copy.embed(tokens[None]), []
    for block in copy.blocks:
        hidden, weights = block(hidden, return_weights=True)
        maps.append(weights.squeeze(0))
    return torch.stack(maps)


def _shares(maps, pattern):
    """(n_layers, n_heads, rows): the pattern's share of each row that it says something about."""
    return (maps * pattern).sum(-1)[..., pattern.any(-1)]


def _best(scores):
    layer, head = divmod(scores.argmax().item(), scores.shape[1])
    return layer, head, scores.max().item()


@mistake("head_by_pattern", caught_by="test_pattern_names_a_layer_a_head_and_a_score")
def position_in_the_flattened_table(maps, pattern):
    """Returns what argmax returned, undivided."""
    return _shares(maps, pattern).mean(-1).argmax().item()


@mistake("head_by_pattern", caught_by="test_pattern_names_a_layer_a_head_and_a_score")
def the_head_without_its_score(maps, pattern):
    """Leaves the score out."""
    return _best(_shares(maps, pattern).mean(-1))[:2]


@mistake("head_by_pattern", caught_by="test_pattern_names_a_layer_a_head_and_a_score")
def the_whole_table(maps, pattern):
    """Returns all scores and leaves the choice to the caller."""
    return _shares(maps, pattern).mean(-1)


@mistake("head_by_pattern", caught_by="test_pattern_is_found_in_every_head")
def head_before_layer(maps, pattern):
    """Exchanges the two numbers."""
    layer, head, score = _best(_shares(maps, pattern).mean(-1))
    return head, layer, score


@mistake("head_by_pattern", caught_by="test_pattern_is_found_in_every_head")
def divided_by_the_layers(maps, pattern):
    """Divides the position by the number of layers."""
    scores = _shares(maps, pattern).mean(-1)
    return *divmod(scores.argmax().item(), scores.shape[0]), scores.max().item()


@mistake("head_by_pattern", caught_by="test_pattern_leaves_its_inputs_alone")
def cut_out_in_place(maps, pattern):
    """Multiplies the caller's maps by the pattern."""
    maps *= pattern
    return _best(_shares(maps, pattern).mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_rows_ask_and_columns_answer")
def pattern_turned_over(maps, pattern):
    """Exchanges askers and answerers."""
    return _best(_shares(maps.mT, pattern).mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_rows_ask_and_columns_answer")
def sums_down_the_columns(maps, pattern):
    """Adds up what each token receives, along axis −2."""
    return _best((maps * pattern).sum(-2)[..., pattern.any(-2)].mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_rows_ask_and_columns_answer")
def columns_summed_and_rows_selected(maps, pattern):
    """Adds up along axis −2, and leaves out empty rows."""
    return _best((maps * pattern).sum(-2)[..., pattern.any(-1)].mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_score_counts_rows_that_get_nothing")
def rows_that_got_something(maps, pattern):
    """Averages over the rows in which the head gives the pattern any weight."""
    inside = (maps * pattern).sum(-1)
    return _best(inside.sum(-1) / (inside > 0).sum(-1).clamp(min=1))


@mistake("head_by_pattern", caught_by="test_pattern_adds_up_the_cells_of_a_row")
def largest_cell_of_a_row(maps, pattern):
    """Takes the largest weight of a row's pattern instead of their sum."""
    return _best((maps * pattern).amax(-1)[..., pattern.any(-1)].mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_adds_up_the_cells_of_a_row")
def counts_the_rows_that_hit(maps, pattern):
    """Counts the rows whose largest weight falls on the pattern."""
    largest = maps.argmax(-1, keepdim=True)
    hits = pattern.expand_as(maps).gather(-1, largest)[..., 0].float()
    return _best(hits[..., pattern.any(-1)].mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_may_be_held_in_a_poor_layer")
def the_best_layer_first(maps, pattern):
    """Chooses the layer with the best average, then its best head."""
    scores = _shares(maps, pattern).mean(-1)
    layer = scores.mean(-1).argmax().item()
    return layer, scores[layer].argmax().item(), scores[layer].max().item()


@mistake("head_by_pattern", caught_by="test_pattern_score_leaves_empty_rows_out")
def empty_rows_counted(maps, pattern):
    """Averages over all rows, the empty ones too."""
    return _best((maps * pattern).sum(-1).mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_score_leaves_empty_rows_out")
def columns_for_rows(maps, pattern):
    """Leaves out empty columns instead of empty rows."""
    return _best((maps * pattern).sum(-1)[..., pattern.any(0)].mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_score_leaves_empty_rows_out")
def total_never_divided(maps, pattern):
    """Adds up everything inside the pattern."""
    return _best((maps * pattern).sum((-2, -1)))


@mistake("head_by_pattern", caught_by="test_pattern_score_counts_each_row_once")
def averaged_over_the_cells(maps, pattern):
    """Divides by the number of cells instead of the number of rows."""
    return _best(maps[..., pattern].mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_score_counts_each_row_once")
def averaged_within_the_row(maps, pattern):
    """Divides each row's share by its number of cells."""
    return _best((_shares(maps, pattern) / pattern.sum(-1)[pattern.any(-1)]).mean(-1))


@mistake("head_by_pattern", caught_by="test_pattern_scores_of_any_maps_are_right")
def median_of_the_rows(maps, pattern):
    """Takes the row in the middle instead of the average."""
    return _best(_shares(maps, pattern).median(-1).values)


@right_answer("head_by_pattern")
def by_a_product_of_sums(maps, pattern):
    shares = torch.einsum("lhij,ij->lhi", maps, pattern.to(maps.dtype))
    scores = shares.sum(-1) / pattern.any(-1).sum()
    layer, head = torch.unravel_index(scores.argmax(), scores.shape)
    return layer, head, scores[layer, head]


@right_answer("head_by_pattern")
def cell_by_cell(maps, pattern):
    best = (0, 0, -1.0)
    for layer, heads in enumerate(maps):
        for head, weights in enumerate(heads):
            rows = [w[p].sum().item() for w, p in zip(weights, pattern, strict=True) if p.any()]
            score = sum(rows) / len(rows)
            best = (layer, head, score) if score > best[2] else best
    return best


@right_answer("head_by_pattern")
def hidden_cells_filled_with_zero(maps, pattern):
    rows = maps[:, :, pattern.any(dim=1)].masked_fill(~pattern[pattern.any(dim=1)], 0)
    scores = rows.sum(dim=(2, 3)) / rows.shape[2]
    flat = scores.flatten().argmax()
    return [int(flat) // maps.shape[1], int(flat) % maps.shape[1], float(scores.flatten()[flat])]
