"""The page in a real browser: no errors, dots speak, tables sort and filter, nothing overflows."""

import json
import re
import shutil
import subprocess

import pytest

from correlate.writeup import page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr",
)  # fmt: skip
WATCH = """<script>window.failures = [];
addEventListener("error", function (e) { failures.push(e.message); });</script>"""
DRIVE = """<script>
const said = {};
const tip = document.getElementById("tip");
const charts = document.querySelectorAll(".chart svg");
const dot = charts[1].querySelector(".dot");
dot.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
said.hover = tip.hidden ? "" : tip.textContent;
dot.dispatchEvent(new PointerEvent("pointerout", {bubbles: true}));
said.gone = tip.hidden;
charts[1].focus();
said.focused = document.activeElement === charts[1];
charts[1].dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
said.first = tip.textContent;
charts[1].dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight", bubbles: true}));
said.second = tip.textContent;
charts[1].dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
said.escaped = tip.hidden;
const box = document.querySelector('[data-key="scores"]');
const heads = Array.from(box.querySelectorAll("th"));
const column = heads.findIndex(function (h) { return h.textContent === "score"; });
const values = function () {
  return Array.from(box.querySelectorAll("tbody tr")).map(function (r) {
    return Number(r.cells[column].dataset.v); });
};
heads[column].querySelector("button").click();
said.up = values();
said.sorted = heads[column].getAttribute("aria-sort");
heads[column].querySelector("button").click();
said.down = values();
const input = box.querySelector("input");
input.value = "fam-3 quiz";
input.dispatchEvent(new Event("input"));
said.left = Array.from(box.querySelectorAll("tbody tr")).filter(function (r) {
  return !r.hidden; }).length;
said.count = box.querySelector("[data-count]").textContent;
const family = document.getElementById("family");
family.value = "fam-3";
family.dispatchEvent(new Event("change"));
said.bright = new Set(Array.from(document.querySelectorAll(".dot[data-family]:not(.faded)")).map(
  function (d) { return d.dataset.family; })).size;
said.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
said.width = innerWidth;
said.failures = failures;
said.dark = matchMedia("(prefers-color-scheme: dark)").matches;
said.paper = getComputedStyle(document.body).backgroundColor;
if (parent !== self) { parent.postMessage(JSON.stringify(said), "*"); }
const out = document.createElement("pre");
out.id = "said";
out.textContent = JSON.stringify(said);
document.body.append(out);
</script>"""


# A window is never narrower than 500 pixels, a frame is: this one is a telephone's.
FRAME = """<!doctype html><title>frame</title><script>
addEventListener("message", function (e) {
  const out = document.createElement("pre");
  out.id = "said";
  out.textContent = e.data;
  document.body.append(out);
});</script><body><iframe src="page.html" width="390" height="844" style="border:0"></iframe>"""


@pytest.fixture(scope="module", params=[(1366, "light"), (390, "dark")], ids=["wide", "narrow"])
def said(request, made_writeup, tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    folder = tmp_path_factory.mktemp("browser")
    text = page.render(made_writeup).replace("<head>", "<head>" + WATCH, 1)
    (folder / "page.html").write_text(text.replace("</body>", DRIVE + "</body>"))
    width, colours = request.param
    (folder / "frame.html").write_text(FRAME)
    opened = folder / ("page.html" if width > 500 else "frame.html")
    run = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},900",
         f"--blink-settings=preferredColorScheme={0 if colours == 'dark' else 1}",
         "--virtual-time-budget=10000", "--dump-dom", opened.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = re.search(r'<pre id="said">(.*?)</pre>', run.stdout, re.S)
    assert found, run.stderr[-2000:]
    answer = json.loads(found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))
    assert (answer["width"], answer["dark"]) == (width, colours == "dark")
    answer["console"] = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    return answer


def test_no_errors(said):
    assert said["failures"] == []
    assert said["console"] == []


def test_hovering_names_the_model_its_scores_and_where_they_stand(said):
    assert said["hover"].startswith("fam-")
    for part in ("sums", "contest", "n 200", "exact_match", "sheet.csv#L"):
        assert part in said["hover"]
    assert said["gone"]


def test_arrow_keys_walk_the_dots(said):
    assert said["focused"]
    assert said["first"]
    assert said["second"]
    assert said["first"] != said["second"]
    assert said["escaped"]


def test_a_click_sorts_both_ways_and_says_so(said):
    assert said["up"] == sorted(said["up"])
    assert said["down"] == sorted(said["up"], reverse=True)
    assert said["sorted"] == "ascending"


def test_the_filter_keeps_rows_with_every_word(said):
    assert said["left"] == 4
    assert said["count"] == "4 of 200 rows"


def test_one_family_can_be_picked_out(said):
    assert said["bright"] == 1


def test_nothing_is_wider_than_the_window(said):
    assert said["wide"] <= 0
