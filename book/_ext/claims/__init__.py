"""Measured statements: each names the test that holds the book to it.

    {claim}`The spread of raw scores grows with √d <test_scoring::test_raw_scores_spread>`

The sentence gets a mark that links to its entry on the page with `{evidence}`, where the test's
source stands. Once all pages are read, the build runs the tests that are named (`running`) and
warns at each sentence whose test fails, was skipped or does not exist; with `-W` it fails. A test
that passed is not run again until its file, a module that it imports, or a library changes. One
that lacks data of others waits for it, and its sentence stands.

The sentence may contain markup: mathematics, emphasis, and, between doubled backticks, code
and roles:

    {claim}``It is {glue:text}`x:.2f` times faster <test_scoring::test_speed>``
"""

from . import build, evidence, sentence


def setup(app):
    app.setup_extension("folded")
    app.add_node(
        sentence.claim_mark,
        html=(sentence.visit_mark, lambda self, node: None),
        **dict.fromkeys(("latex", "text", "man", "texinfo"), (sentence.skip_mark, None)),
    )
    app.add_node(evidence.evidence_list)
    app.add_role("claim", sentence.ClaimRole())
    app.add_directive("evidence", evidence.Evidence)
    app.add_post_transform(evidence.FillEvidence)
    app.connect("builder-inited", build.prepare)
    app.connect("env-purge-doc", build.forget)
    app.connect("env-merge-info", build.merge)
    app.connect("doctree-read", sentence.collect)
    app.connect("env-updated", build.run_claims)
    app.connect("doctree-resolved", sentence.link)
    # env_version: raise it when what is kept in the environment changes shape
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
