"""What keeps all answers from being graded: nothing that a learner did."""


class NothingGraded(Exception):
    """Says what is in the way, and what to do."""


class Unfit(NothingGraded):
    """This machine, or this shell, does not let the grader work."""


class CollectionError(NothingGraded):
    """The files of checks are broken: an author's mistake."""
