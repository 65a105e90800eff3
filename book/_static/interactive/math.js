// @ts-check
// The mathematics of the interactive figures: pure functions, tested against the package `attention`.

/**
 * Turn scores into weights: positive numbers that sum to one.
 * @param {number[]} scores
 * @param {number} [temperature] greater than zero; a low one sharpens
 * @returns {number[]}
 */
export function softmax(scores, temperature = 1) {
  const largest = Math.max(...scores);
  const exponentials = scores.map((score) => Math.exp((score - largest) / temperature));
  const sum = exponentials.reduce((total, e) => total + e, 0);
  return exponentials.map((e) => e / sum);
}

/**
 * Average vectors by weight.
 * @param {number[]} weights
 * @param {number[][]} values as many vectors of equal length
 * @returns {number[]}
 */
export function weightedSum(weights, values) {
  return values[0].map((_, axis) =>
    weights.reduce((total, weight, i) => total + weight * values[i][axis], 0),
  );
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
export function dot(a, b) {
  return a.reduce((total, x, i) => total + x * b[i], 0);
}

/**
 * Softmax over the allowed scores of a row; what is hidden gets zero, and so does a row without any.
 * @param {number[]} scores
 * @param {boolean[]} allowed true may attend
 * @returns {number[]}
 */
export function maskedSoftmax(scores, allowed) {
  if (!allowed.some(Boolean)) return scores.map(() => 0);
  return softmax(scores.map((score, j) => (allowed[j] ? score : -Infinity)));
}

/**
 * How far numbers lie from their mean: the root of the mean square, over one less than their count.
 * @param {number[]} numbers two or more
 */
export function spread(numbers) {
  const mean = numbers.reduce((total, x) => total + x, 0) / numbers.length;
  const squares = numbers.reduce((total, x) => total + (x - mean) ** 2, 0);
  return Math.sqrt(squares / (numbers.length - 1));
}

/**
 * The smallest number of keys that hold a share of the weight together.
 * @param {number[]} weights they sum to one
 * @param {number} share
 */
export function keysThatShare(weights, share) {
  let held = 0;
  let count = 0;
  for (const weight of [...weights].sort((a, b) => b - a)) {
    if (held >= share - 1e-9) break; // as the sum of eight sixteenths may fall short of a half
    held += weight;
    count += 1;
  }
  return count;
}

/**
 * Pour numbers into a shape in the order in which they lie, as a tensor's `view` does.
 * @param {any[]} numbers flat
 * @param {number[]} shape
 * @returns {any[]} nested as deep as the shape is long
 */
export function view(numbers, shape) {
  if (shape.length < 2) return [...numbers];
  const [length, ...rest] = shape;
  const part = numbers.length / length;
  return Array.from({ length }, (_, i) => view(numbers.slice(i * part, (i + 1) * part), rest));
}

/**
 * Swap the first two axes.
 * @param {any[][]} x
 * @returns {any[][]}
 */
export function transpose(x) {
  return x[0].map((_, j) => x.map((row) => row[j]));
}

/** What an online softmax knows before it has read anything; the package, too, has no −∞ here. */
export function emptySoftmax(valueDim) {
  return { largest: -Number.MAX_VALUE, rescale: 0, total: 0, mixed: Array(valueDim).fill(0) };
}

/**
 * Take one tile into an online softmax.
 * @param {{largest: number, total: number, mixed: number[]}} state after the tiles before
 * @param {number[]} scores the tile's; −∞ where hidden
 * @param {number[][]} values
 * @returns {{largest: number, rescale: number, total: number, mixed: number[]}} a state of its own
 */
export function foldTile(state, scores, values) {
  const largest = Math.max(state.largest, ...scores);
  const rescale = Math.exp(state.largest - largest);
  const exponentials = scores.map((score) => Math.exp(score - largest));
  const total = rescale * state.total + exponentials.reduce((sum, e) => sum + e, 0);
  const added = weightedSum(exponentials, values);
  return { largest, rescale, total, mixed: added.map((a, axis) => rescale * state.mixed[axis] + a) };
}
