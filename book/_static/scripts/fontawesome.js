// Stands in for the theme's 1.5 MB of icon drawings: the icons also ship as web fonts, which suffice.
