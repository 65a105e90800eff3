"""Grades the exercises.

A check is written in the words of `checks`, with `probes`, `gradients` and `pictures`; the answer
reaches it as its `subject`. The rest is the machinery: `collect` asks pytest for the checks,
`grader` forks, `child` runs them in the fork on one answer within its `limits` and among
`stand_ins`. `load` imports the answer, `explain` puts what went wrong into words and finds the
`answer_lines`, `crash` has a hint for an exception, out of its `crash_table`, `telling` and
`hearing` are the two ends of the line to the parent, `printed` is what came beside it, `processes`
and `endings` see to a child's end. `asked` grades what somebody asks for by name on the
`command_line`, `warm` and `watch` what is saved, and what its `users` are; an answer that calls
another which fails is told so by `siblings`.
`results` is what comes out, `results_file` keeps it, `card` and `terminal` show it, `exam` holds
the known mistakes against the checks; `nothing_graded` is no answer's fault. `holes` are looked for
by machine: of the `solutions`, which `defaults` cut down to what is asked for, `slips` make
`mutants`, and `holes_file` keeps what became of them. Nothing is imported here: a build in which
nothing changed reads its results without loading torch.
"""
