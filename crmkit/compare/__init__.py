"""Effectiveness comparison that can be trusted (METHOD 6): one room for all that ends in a verdict.

Who calls whom, from the question to the verdict; what stands further right is used by all to its left::

    reps        managers ──► rep_cases (whose) ──► outcomes (cases) ──► mix (kinds of deals);  colleagues
                (like for like) ──► expecting (what others would make of them) ──► rep_gaps ──► rep_verdicts
                two_reps ──► pairs (one by the other);  champions (by stage);  association (work, results)
                left_open (deals left lying);  people (roles, who is new, who owned a deal when it ended)
    a gap       gap ──► gap_sides (whose deals, how far they came) ──► contributions (parts that add up)
                └─────► gap_doubts (whom nobody compares, deals that are not alike)
    periods     periods ──► measure_change (a figure in both) ──► changes (limits) ──► spread (weeks, clients)
                period_cases (their cases);  artefacts (what only the records make);  control (XmR)
    a change    effect ──► series (by week) ──► interrupted (before, after, placebo);  recording (its keeping)
    a claim     answers ──► claims (what is said) and effect, periods, period_figures, two_reps
    a plan      to_be (expected beside measured);  clients (one among a portfolio)
    all         intervals: an interval and the number of cases become one of four labels with its reason

What a script says are words of ``crmkit`` itself: ``compare_managers``, ``explain_gap``, ``compare_periods``,
``measure_effect``, ``check_claim``. Numbers and codes leave this room; words for people are in ``present``.
"""
