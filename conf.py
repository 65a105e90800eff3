"""Settings of the site. `sphinx-build -c . book _build/html`, or `make html`."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "_ext")]  # this checkout's, whatever is installed

project = "Attention"
project_copyright = "the authors of this book; MIT licence"
language = "en"

extensions = [
    # the book's own, in book/_ext
    "execution",  # runs the cells
    "numbering",  # Figure 6.2, Exercise 2.1, and links to them
    "exercises",
    "questions",
    "minutes",  # how long a page takes
    "claims",
    "package_page",  # what the package offers, who uses it, what holds it
    "previews",  # cards that show what a link leads to
    "long_output",
    "katex",
    "described",  # no picture without words
    "lean",  # one style sheet, few scripts
    "unreadable",  # pipes, links without end, names that are not UTF-8
    "remedies",  # what is wrong, on which line, and what to do
    "myst_nb",  # pages in Markdown with code cells
    "sphinx_design",
    "sphinx_copybutton",
    "notfound.extension",  # the page 404.html
    "sphinxcontrib.bibtex",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]

exclude_patterns = ["_ext", "_static", "_templates", "exercises"]
bibtex_bibfiles = ["book/references.bib"]
bibtex_reference_style = "author_year"
bibtex_default_style = "plain"
bibtex_tooltips = False  # `previews` shows the entries
# A number for each entry would change with every new one, and break links of pages that stay.
bibtex_cite_id = "ref{bibliography_count}-{key}"

# --- text ---

myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 3
math_numfig = False  # `numbering` numbers equations: (6.1) is the first of chapter 6
math_eqref_format = "({number})"
katex_macros = {r"\softmax": r"\operatorname{softmax}"}
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(torch|numpy|matplotlib|collections|pathlib)\b.*")]
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings give shapes, which say more than "Tensor"
add_module_names = False
default_role = "code"  # a single backtick in a docstring
napoleon_numpy_docstring = False
napoleon_use_rtype = False  # else "(2, length): ..." is taken for a type

# --- code cells ---

nb_execution_mode = "off"  # `execution` supplies the outputs
cell_imports = ["matplotlib.pyplot", "torch._dynamo"]  # the latter by every optimizer
nb_merge_streams = True
nb_output_stderr = "remove-warn"
nb_render_text_lexer = "none"
nb_number_source_lines = False
copybutton_selector = "div:not(.output) > div.highlight pre"
copybutton_exclude = ".linenos, .gp, .go"

# --- where it is published ---

# The one place that knows the address: canonical links, the sitemap and the links of 404.html.
html_baseurl = os.environ.get("BOOK_URL") or os.environ.get("READTHEDOCS_CANONICAL_URL", "")
if html_baseurl:
    extensions.append("sphinx_sitemap")
    sitemap_url_scheme = "{link}"
    sitemap_show_lastmod = False
    sitemap_excludes = ["search.html", "404.html"]
notfound_urls_prefix = urlsplit(html_baseurl).path or "/"
notfound_context = {
    "title": "Nothing here",
    "body": "<h1>Nothing here</h1><p>No page of the book has this address. The table of contents "
    "stands beside this text, or behind the button at the top left; the search finds words.</p>",
}

# --- site ---

html_theme = "sphinx_book_theme"
html_title = "Attention: an executable book"
played = [path for path in ("attention/data/austen.wav",) if (ROOT / path).exists()]
html_static_path = ["book/_static", *played]
templates_path = ["book/_templates"]
html_css_files = ["book.css"]
html_js_files = ["keys.js"]
html_favicon = "book/_static/favicon.svg"
html_sidebars = {"**": ["brand.html", "find.html", "sbt-sidebar-nav.html"]}
html_show_sourcelink = False
html_use_index = False  # the page `api` is the package's, and the search finds words
html_copy_source = False
html_theme_options = {
    "navbar_persistent": [],  # else a second search above an empty bar
    "use_download_button": False,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "max_navbar_depth": 2,
    "back_to_top_button": False,
    "search_bar_text": "Search the book",
    "footer_content_items": ["arrow-keys.html", "copyright.html"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
