"""A student's Markdown, made harmless to look at: nothing runs, nothing is loaded, no word is lost.

Its source does not tell what a browser makes of it, so it is rendered: once as nbconvert does
(formgrader, nbgrader's feedback), and once as CommonMark says (JupyterLab). The rendered page is
held against a list of what may be there. Markdown that passes stays as it is. Where it does not,
the first of these that passes takes its place: the same Markdown with plain TeX and links for
pictures, the cleaned page where cleaning leaves all words, the page with its HTML as text, the
source as a block of code. Knows nothing of notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

import nh3

Attachments = Mapping[str, Mapping[str, str]]
"""Pictures pasted into a cell: by name, their data in base64 by media type."""

_SIGN = re.compile(r"[<\[&\\]|```|~~~")
"""Text without any of these is words, code and links to the web in every Markdown."""
MOST_WORK = 10_000_000
"""Signs times characters; beyond, rendering may take seconds, here and for whoever looks at it."""
MOST_KEPT = 16_384
"""Characters of a text beyond which what was made of it is not kept for the next one."""
_LONG_RUN = re.compile("`{100}|~{100}")
"""Takes as long by itself."""
_HEADINGS = {f"h{level}" for level in range(1, 7)}
_TAGS = _HEADINGS | set(
    "a abbr b blockquote br center code dd del details div dl dt em font hr i img input ins kbd li "
    "mark ol p pre q s samp small span strike strong sub summary sup table tbody td tfoot th thead "
    "tr tt u ul var".split()
)
_ATTRIBUTES = {
    "*": {"class", "style", "title", "align"},
    "a": {"href"},
    "font": {"color"},
    "img": {"src", "alt", "width", "height"},
    "input": {"type", "disabled", "checked"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    **{heading: {"id"} for heading in _HEADINGS},
}
_STYLES = {"color", "background-color", "text-align", "font-weight", "font-style"}
_CLASS = re.compile(
    r"highlight|anchor-link|task-list-item(-checkbox)?|language-(?!mermaid)[\w+#-]+|\w{1,3}"
)
"""What renderers themselves write: a highlighted program's words have one to three letters."""
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_FILE = re.compile(r"(?!.*\.\.)[\w-][\w. /%-]*")
_PICTURE_FILE = re.compile(_FILE.pattern + r"\.(png|jpe?g|gif|webp|svg)", re.IGNORECASE)
_LINK = re.compile(rf"#.*|https?://.*|mailto:.*|{_FILE.pattern}(#.*)?", re.IGNORECASE | re.DOTALL)
_TEX = re.compile(r"\\(href|url|style|class|cssId|data|require|bbox|mmlToken)(?![A-Za-z])", re.I)
"""TeX commands by which a formula links, loads or dresses itself."""


def harmless(markdown: str, attachments: Attachments | None = None) -> str:
    """Markdown in which nothing runs and nothing is loaded when somebody looks at it.

    Args:
        markdown: what a student wrote.
        attachments: the pictures that the cell keeps; links to others are made plain.
    """
    if attachments or len(markdown) > MOST_KEPT:
        return _made_harmless(markdown, attachments or {})
    return _harmless_alone(markdown)


@lru_cache(maxsize=1024)
def _harmless_alone(markdown: str) -> str:
    """A text without pictures; most are the course's own, and stand in every submission."""
    return _made_harmless(markdown, {})


def _made_harmless(markdown: str, attachments: Attachments) -> str:
    signs = len(_SIGN.findall(markdown))
    if not signs:
        return markdown
    if signs * len(markdown) > MOST_WORK or _LONG_RUN.search(markdown):
        return _as_code(markdown)
    return next(
        text for text in _candidates(markdown, attachments) if _is_harmless(text, attachments)
    )


def _candidates(markdown: str, attachments: Attachments) -> Iterator[str]:
    """Forms of a text, the one nearest to what was written first; the last one is harmless."""
    yield markdown
    plain = _without_lost_pictures(_TEX.sub(r"\\text", markdown), attachments)
    yield plain
    yield plain.replace("![", "[picture: ")
    page = _rendered(plain, attachments)
    if page is not None and _keeps_all(page):
        yield _as_block(_clean(page))
    page = _rendered(plain, attachments, html_is_text=True)
    if page is not None:
        yield _as_block(_clean(page))
    yield _as_code(markdown)
    # An odd character may break even that for one of the parsers; words stay readable all the same.
    yield _as_code(re.sub(r"[^\w\s.,;=()+*/-]", "·", markdown))


def _without_lost_pictures(markdown: str, attachments: Attachments) -> str:
    """The text with links to pictures that are not there made plain; they would break the page."""
    return re.sub(
        r"attachment:(?=([^\s)\"'>]*))",
        lambda found: found[0] if found[1] in attachments else "attachment-",
        markdown,
    )


def _keeps_all(page: str) -> bool:
    """Whether cleaning leaves every word of a page, and takes no element away."""
    events = _events(page)
    tags = {data[0] for kind, data in events if kind == "tag"}
    return tags <= _TAGS and _words(events) == _words(_events(_clean(page)))


def _words(events: list[tuple[str, Any]]) -> list[str]:
    return " ".join(data for kind, data in events if kind in ("text", "code")).split()


def _as_block(page: str) -> str:
    """A page as one HTML block of Markdown: one line, so that no Markdown in it is read."""
    return "<div>" + _TEX.sub(r"\\text", page).replace("\n", "&#10;") + "</div>"


def _as_code(text: str) -> str:
    """A text as a block of code, whatever is in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def _is_harmless(markdown: str, attachments: Attachments) -> bool:
    pages = _rendered(markdown, attachments), _rendered_as_commonmark(markdown)
    return all(page is not None and _is_clean(page) for page in pages)


def _rendered(markdown: str, attachments: Attachments, html_is_text: bool = False) -> str | None:
    """What nbconvert makes of it; None where it makes nothing of it."""
    from nbconvert.filters.markdown_mistune import (
        InvalidNotebook,
        IPythonRenderer,
        MarkdownWithMath,
    )

    pictures = {name: dict(kinds) for name, kinds in attachments.items()}
    renderer = IPythonRenderer(escape=html_is_text, attachments=pictures)
    try:
        return str(MarkdownWithMath(renderer=renderer).render(markdown))
    except (InvalidNotebook, RecursionError, ValueError):
        return None


def _rendered_as_commonmark(markdown: str) -> str | None:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    # A picture that is kept in the cell has an address that means nothing outside of it.
    text = markdown.replace("attachment:", "attachment-")
    try:
        return str(parser.render(text))
    except (RecursionError, ValueError):
        return None


def _is_clean(page: str) -> bool:
    """Whether a page is the same after cleaning, also where another page goes on behind it."""
    whole = page + "<p>end</p>"
    events = _events(whole)
    return events == _events(_clean(whole)) and not any(
        _TEX.search(text) for kind, text in events if kind == "text"
    )


def _clean(page: str) -> str:
    return nh3.clean(
        page,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=_filtered,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties=_STYLES,
        link_rel=None,
        strip_comments=True,
    )


def _filtered(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, or None where the attribute may not stay."""
    allowed = {
        "class": lambda: all(_CLASS.fullmatch(word) for word in value.split()),
        "href": lambda: bool(_LINK.fullmatch(value)),
        "src": lambda: bool(_PICTURE.fullmatch(value) or _PICTURE_FILE.fullmatch(value)),
        "type": lambda: value == "checkbox",
        "id": lambda: tag in _HEADINGS,
    }
    return value if allowed.get(name, lambda: True)() else None


def _events(page: str) -> list[tuple[str, Any]]:
    """What a page consists of, in order: tags, texts outside of code, code, and all the rest."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.events


class _Reader(HTMLParser):
    """Lists what is in a page, texts joined where nothing stands between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[tuple[str, Any]] = []
        self._in_code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_code += tag in ("pre", "code")
        given = frozenset((name, " ".join((value or "").split())) for name, value in attrs)
        self.events.append(("tag", (tag, given)))

    def handle_endtag(self, tag: str) -> None:
        self._in_code = max(0, self._in_code - (tag in ("pre", "code")))
        self.events.append(("end", tag))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._in_code -= tag in ("pre", "code")

    def handle_data(self, data: str) -> None:
        kind = "code" if self._in_code else "text"
        if self.events and self.events[-1][0] == kind:
            data = self.events.pop()[1] + data
        self.events.append((kind, data))

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.events.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.events.append(("instruction", data))

    def unknown_decl(self, data: str) -> None:
        self.events.append(("declaration", data))
