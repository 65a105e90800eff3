"""Grades the exercises.

`checks` is the vocabulary that a check is written in. The rest is the machinery: `collect` asks
pytest for the checks, `child` runs them in a fork on one answer, `grader` forks, listens and
limits, `results` is what comes out, `card` and `terminal` show it, `exam` holds the known
mistakes against the checks. Nothing is imported here: a build in which nothing changed reads its
results without loading torch.
"""
