"""Run the code cells of the pages, side by side, and never show an output that is stale.

myst-nb can execute pages too, but its cache looks only at the cells: an edited module would keep
showing its old results. Here the outputs of a page are kept in `_build/executed/<key>.ipynb`,
and the key is made of everything that they follow from (`page.parts`): the cells, the modules
that they import, the versions of the libraries. What is not stored under today's key is run
before Sphinx reads any page (`kernels`); when a page is read, its cells are filled from the store
and myst-nb renders them as those of a notebook that has been run.

Cells run with the repository's root as working directory, one kernel a page.

Settings in conf.py: `cell_timeout` (seconds a cell), `cell_jobs` (kernels at a time),
`cell_imports` (modules that are imported once, before kernels are forked; none of the book's own).
"""

from . import events
from .page import read_page

__all__ = ["read_page", "setup"]


def setup(app):
    app.setup_extension("myst_nb")
    app.add_config_value("cell_timeout", 300, "", int)
    app.add_config_value("cell_jobs", None, "", (int, type(None)))
    app.add_config_value("cell_imports", [], "", list)
    app.add_config_value("cell_store", "_build/executed", "", str)
    app.connect("config-inited", events.take_over_reading)
    app.connect("builder-inited", events.open_store)
    app.connect("env-get-outdated", events.find_stale_pages)
    app.connect("env-before-read-docs", events.run_pages)
    app.connect("build-finished", events.prune_store)
    # env_version: raise it when what is kept in the environment changes shape
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
