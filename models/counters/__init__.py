"""Counters of feedback: tables, and the rules by which items contribute to them.

Key objects:

- ``tables``: the counters, in buckets of time, buckets of order, and the bucket of all time.
- ``criteria_set``: sets of criteria, which are part of a counter's key.
- ``effective_feedback``: the part of an evaluation's feedback that still counts when later statements of the same
  rater replaced earlier ones.
- ``tally``: the sums that items contribute to one bucket.
- ``store.counters``: ``update`` applies changes, ``recount`` fills and checks the counters, ``period`` reads them.

Protocol, within the transaction that adds or retracts feedback and holds the judge's row:

1. Read the other items on each evaluation that the change concerns.
2. Compute the effective feedback of each evaluation before and after the change (``compute_effective``).
3. Subtract the former from the counters of all time and add the latter. Write the columns ``standing`` and
   ``overtaken_at`` of corrections whose effect changed, and move them from their old to their new counter.
4. Add new items, and subtract retracted ones, in the quarter hour of their submission and in their bucket of order.
5. Finalize: convert score pairs to fixed-point sums, and add each bucket of time to the wider buckets around it.
6. Write the sums to the tables as additions.

Why: a summary over any period, and the count of feedback since a version, read a few buckets instead of all items. The
edges of a period that no whole bucket covers are tallied from rows with the same code, so figures are exact. Effective
feedback is a pure function of an evaluation's rows, so a change never requires more than these rows. Sums are integers,
so additions and subtractions leave no rounding errors.

Invariants:

- The counters equal the result of a recount from the rows; ``judgesmith check-counters`` compares them.
- A bucket of time equals the sum of the narrower buckets in it.
- For any selection of criteria, at most one correction of a rater on an evaluation counts as usable.
- Counters change in the same transaction as the feedback. A transaction that fails changes neither.
- ``Judge.counted`` names the edition of the rules that a judge's counters follow; a migration recounts older ones.
"""
