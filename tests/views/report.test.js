// The report's script: numbers, label places and the place on another path. `node --test` runs it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { count, digitsApart, logTicks, number, samePlace, shorten, spread } from "../../src/tautnet/views/report.js";

test("a number has three sensible digits in plain notation", () => {
  const shown = [0.071434, 0.56, 12345.6, 0, -0, 6.1e8, -0.00002, 999.6, 1e6, 0.00012345, 2.125, 2.135, null, 13449, 4.2e-10, 6.02e23,
    -12345];
  assert.deepEqual(shown.map((value) => number(value)), [
    "0.0714", "0.56", "12,300", "0", "0", "610,000,000", "-0.00002", "1,000", "1,000,000", "0.000123", "2.12", "2.13",
    "–", "13,400", "4.2e-10", "6.02e+23", "-12,300",
  ]);
});

test("labels of an axis have as many digits as tell them apart", () => {
  const labels = (ticks) => ticks.map((tick) => number(tick, digitsApart(ticks)));
  assert.deepEqual(labels([0, 5000, 10000]), ["0", "5,000", "10,000"]);
  assert.deepEqual(labels([1000, 1002.5, 1005]), ["1,000", "1,002.5", "1,005"]);
  assert.deepEqual(labels([12340, 12350, 12360]), ["12,340", "12,350", "12,360"]);
  assert.deepEqual(labels([0.1 + 0.2, 0.4]), ["0.3", "0.4"]);
  assert.deepEqual([labels([]), labels([0.12345])], [[], ["0.123"]]);
});

test("a count has its thousands apart", () => {
  assert.deepEqual([0, 999, 1000, 1234567].map(count), ["0", "999", "1,000", "1,234,567"]);
});

test("labels keep their order, their distance and the room there is", () => {
  for (let seed = 1; seed < 200; seed += 1) {
    const places = Array.from({ length: 1 + (seed % 12) }, (_, i) => (Math.sin(seed * 7 + i * 13) + 1) * 60);
    const moved = spread(places, 10, 0, 120);
    const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
    for (let n = 1; n < order.length; n += 1) assert.ok(moved[order[n]] - moved[order[n - 1]] >= 10 - 1e-9);
    assert.ok(Math.min(...moved) >= -1e-9 && Math.max(...moved) <= 120);
  }
});

test("labels that are apart stay where they are", () => {
  assert.deepEqual(spread([90, 10, 50], 20, 0, 100), [90, 10, 50]);
  assert.deepEqual(spread([100, 100], 20, 0, 100), [80, 100]);
  assert.deepEqual(spread([], 20, 0, 100), []);
});

test("start, chosen strength and end fall on those of the other path", () => {
  const [from, to] = [[10, 20], [4, 30]].map(([chosen, last]) => ({ chosen, alphas: Array(last + 1) }));
  assert.deepEqual([0, 5, 10, 15, 20].map((i) => samePlace(i, from, to)), [0, 2, 4, 17, 30]);
  const short = { chosen: 0, alphas: [1] };
  assert.deepEqual([samePlace(0, short, to), samePlace(20, from, short)], [4 * 0, 0]);
});

test("a long name keeps both its ends and its characters whole", () => {
  const measure = (text) => Array.from(text).length;
  assert.equal(shorten("short", 5, measure), "short");
  assert.equal(shorten("column number 17", 9, measure), "column…17");
  assert.equal(shorten("😀😀😀😀😀😀😀😀", 5, measure), "😀😀😀…😀");
  assert.equal(shorten("any", 0, measure), "…");
});

test("a logarithmic axis has 1, 2 and 5 where there is room and powers of ten where not", () => {
  assert.deepEqual(logTicks(0.09, 2.1, 6), [0.1, 0.2, 0.5, 1, 2]);
  assert.deepEqual(logTicks(1e-6, 1, 8), [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]);
  assert.deepEqual(logTicks(1e-6, 1, 4), [1e-6, 1e-4, 1e-2, 1]);
  assert.ok(logTicks(2e-6, 30, 3).length <= 4);
});
