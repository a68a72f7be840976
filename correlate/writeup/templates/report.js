// Names a dot on hover, focus or arrow keys; highlights a family; sorts and filters tables.
(function () {
  "use strict";
  const tip = document.getElementById("tip");

  function show(dot) {
    hide();
    dot.classList.add("on");
    const lines = dot.getAttribute("aria-label").split("\n");
    const name = document.createElement("b");
    name.textContent = lines[0];
    tip.replaceChildren(name);
    lines.slice(1).forEach(function (text) {
      const line = document.createElement("div");
      line.textContent = text;
      tip.append(line);
    });
    tip.hidden = false;
    const at = dot.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
    const above = at.top - own.height - 8;
    tip.style.left = left + "px";
    tip.style.top = (above > 4 ? above : at.bottom + 8) + "px";
  }

  function hide() {
    tip.hidden = true;
    document.querySelectorAll(".dot.on").forEach(function (d) { d.classList.remove("on"); });
  }

  document.querySelectorAll(".chart svg").forEach(function (svg) {
    // Left to right, so that the right arrow goes right whatever order the dots were drawn in.
    const dots = Array.from(svg.querySelectorAll(".dot"));
    const place = function (d) { return d.transform.baseVal.getItem(0).matrix; };
    dots.sort(function (a, b) { return place(a).e - place(b).e || place(a).f - place(b).f; });
    let at = -1;
    svg.addEventListener("pointerover", function (e) {
      if (e.target.classList.contains("dot")) { at = dots.indexOf(e.target); show(e.target); }
    });
    svg.addEventListener("pointerout", hide);
    svg.addEventListener("keydown", function (e) {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
      if (step && dots.length) {
        at = (at + step + dots.length) % dots.length;
        show(dots[at]);
        e.preventDefault();
      } else if (e.key === "Escape") {
        hide();
      }
    });
    svg.addEventListener("blur", hide);
  });
  addEventListener("scroll", hide, { passive: true });

  function unfold() { // a link to a card opens it
    const card = location.hash && document.getElementById(location.hash.slice(1));
    if (card && card.tagName === "DETAILS") { card.open = true; }
  }
  addEventListener("hashchange", unfold);
  unfold();

  const family = document.getElementById("family");
  family.addEventListener("change", function () {
    document.querySelectorAll("[data-family]").forEach(function (mark) {
      mark.classList.toggle("faded", family.value !== "" && mark.dataset.family !== family.value);
    });
  });

  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
  }

  function compare(a, b) {
    if (typeof a === "number" && typeof b === "number") { return a - b; }
    if (typeof a !== typeof b) { return typeof a === "number" ? -1 : 1; } // unknown goes last
    return a.localeCompare(b);
  }

  document.querySelectorAll(".table").forEach(function (box) {
    const body = box.querySelector("tbody");
    const heads = Array.from(box.querySelectorAll("thead th"));
    heads.forEach(function (head, column) {
      head.querySelector("button").addEventListener("click", function () {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (h) { h.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = Array.from(body.rows);
        rows.sort(function (a, b) { return (down ? -1 : 1) * compare(value(a, column), value(b, column)); });
        body.append(...rows);
      });
    });
    const filter = box.querySelector("input");
    if (!filter) { return; }
    const count = box.querySelector("[data-count]");
    filter.addEventListener("input", function () {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      Array.from(body.rows).forEach(function (row) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every(function (w) { return text.includes(w); });
        left += row.hidden ? 0 : 1;
      });
      count.textContent = left + " of " + body.rows.length + " rows";
    });
  });
})();
