"""Grades the exercises.

A check is written in the words of `checks`, with `probes` and `pictures`; the answer reaches it as
its `subject`. The rest is the machinery: `collect` asks pytest for the checks, `grader` forks,
`child` runs them in the fork on one answer within its `limits`, `explain` puts what went wrong
into words, `hearing` is what the parent is told, `processes` and `endings` see to a child's end,
`asked` grades what somebody asks for by name,
`results` is what comes out, `results_file` keeps it, `card` and `terminal` show it, `exam` holds
the known mistakes against the checks. Nothing is imported here: a build in which nothing changed
reads its results without loading torch.
"""
