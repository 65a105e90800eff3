"""Small data that the book's examples and models use, made here or shipped with their source.

Read `sentence`, the running example, and of the others what a chapter names: `recall`, `order`,
`sentences`, `tokens`, `dates`, `mirror`, `translation`, `repeated`, `equal_length`, `winograd`,
`characters`, `tales`, `digits`, `melody`, `recordings`, `keywords`, `framed`, `shop`, `sessions`
and `ratings`; `packaged` finds what other packages carry.
"""
