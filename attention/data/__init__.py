"""Small data that the book's examples and models use, made here or shipped with their source.

Read `sentence`, the running example, and `dice`, by which all is drawn; of the others what a
chapter names: `recall`, `order`, `sentences`, `subjects`, `tokens`, `dates`, `mirror`,
`translation`, `hidden_words`, `repeated`, `equal_length`, `winograd`, `characters`, `digits`,
`melody`, `keywords`, `framed`, `shop` and `sessions`. What comes from files is read by `reading`
(`tales`, `ratings`, `titles`, `films`), by `riff` and `sound` (`recordings`, `austen`), and images
by `pictures` (`photographs`); `packaged` finds what other packages carry, of which `ctranslate2`
reads a format.
"""
