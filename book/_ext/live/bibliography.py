"""Formats each reference once: the extension formats all of them in every build, which is most of
the time from a saved sentence to the open page."""

import functools

import pybtex.plugin


def keep_formatted():
    """From now on; to be called before the extension is loaded."""
    find_plugin = pybtex.plugin.find_plugin  # it asks every installed package
    pybtex.plugin.find_plugin = functools.cache(find_plugin)
    from pybtex.style.formatting import BaseStyle

    format_entry, kept = BaseStyle.format_entry, {}

    def once(self, label, entry, bib_data=None):
        key = type(self), label, id(entry)  # a changed file is read into new entries
        if key not in kept:
            kept[key] = entry, format_entry(self, label, entry, bib_data)
        return kept[key][1]

    BaseStyle.format_entry = once
