"""Words that can sit on a mat, by kind: subjects of one grammar and of different meanings."""

ANIMALS = "cat dog bird horse cow mouse tiger fish frog rabbit wolf duck"
THINGS = "clock book box lamp stone bottle machine cake shoe cup vase radio"
PEOPLE = "king girl boy teacher doctor man woman farmer child sister soldier lawyer"

SUBJECTS = {"animals": ANIMALS.split(), "things": THINGS.split(), "people": PEOPLE.split()}
