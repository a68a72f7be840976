"""Every LaTeX table of a report compiles in a minimal document."""

import re
import shutil
import subprocess

import pytest

from correlate.writeup import folder

PDFLATEX = shutil.which("pdflatex")
DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\usepackage{longtable}
\begin{document}
%s
\end{document}
"""


@pytest.fixture(scope="module")
def written(made_writeup, repo):
    """The made report's tables and the shipped ones, by name."""
    made = {
        name: data.decode()
        for name, data in folder.contents(made_writeup).items()
        if name.endswith(".tex")
    }
    shipped = (repo / "results" / "published" / "tables").glob("*.tex")
    return made | {f"published/{f.name}": f.read_text(encoding="utf-8") for f in shipped}


def test_braces_and_environments_close(written):
    assert {"tables/cards.tex", "tables/tests.tex"} <= set(written)
    for name, text in written.items():
        bare = re.sub(r"\\[{}]", "", text)
        assert bare.count("{") == bare.count("}"), name
        assert re.findall(r"\\begin\{(\w+)\}", text) == re.findall(r"\\end\{(\w+)\}", text)[::-1]
        assert r"\toprule" in text, name
        assert r"\bottomrule" in text, name


def test_they_compile(written, tmp_path):
    if PDFLATEX is None:
        pytest.skip("no pdflatex on this machine (make tex)")
    body = []
    for i, text in enumerate(written.values()):
        (tmp_path / f"t{i}.tex").write_text(text, encoding="utf-8")
        body.append(rf"\input{{t{i}}}\clearpage")
    (tmp_path / "all.tex").write_text(DOCUMENT % "\n".join(body))
    done = subprocess.run(
        [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "all.tex"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "all.pdf").stat().st_size > 0
    assert "Missing character" not in (tmp_path / "all.log").read_text(errors="replace")
