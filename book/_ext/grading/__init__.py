"""Grades the exercises.

`checks` is the vocabulary that a check is written in. The rest is the machinery: `collect` asks
pytest for the checks, `grader` forks, `child` runs them in the fork on one answer within its
`limits`, `explain` puts what went wrong into words, `hearing` is what the parent is told,
`processes` and `endings` see to a child's end, `results` is what comes out, `card` and `terminal`
show it, `exam` holds the known mistakes against the checks. Nothing is imported here: a build in which nothing changed reads its results
without loading torch.
"""
