"""Plain sentences to measure attention heads on: no two with the same subject or verb."""

SENTENCES = (
    "The cat sat on the mat.",
    "A student wrote a long letter to her old teacher.",
    "Yesterday the two boats left the harbour before sunrise.",
    "My sister plays the violin and sings in a choir.",
    "Nobody knew why the train had stopped in the tunnel.",
)
