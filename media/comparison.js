"use strict";

/** Draws the messages of the extension and reports clicks. It knows nothing about runs, and shows text only as text. */
(() => {
  const host = acquireVsCodeApi();
  const send = (message) => host.postMessage(message);
  const part = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const LINE = { width: 60, height: 14 };

  for (const button of document.querySelectorAll("[data-action]"))
    button.addEventListener("click", () => send({ kind: button.dataset.action }));
  window.addEventListener("message", ({ data }) => show(data));
  send({ kind: "ready" });

  function show({ title, note, canStop, columns, rows, charts }) {
    write(part("title"), title);
    write(part("note"), note);
    part("stop").hidden = !canStop;
    keyed(part("columns"), columns, { tag: () => "th", make: makeHeading, update: updateHeading });
    keyed(part("rows"), rows, {
      tag: () => "tr",
      make: () => undefined,
      update: (...row) => updateRow(columns, ...row),
    });
    keyed(part("charts"), charts, { tag: () => "figure", make: makeChart, update: updateChart });
  }

  /** Elements that are there already stay, with focus and selection; only what differs is written. */
  function keyed(parent, models, { tag, make, update }) {
    const known = new Map(
      [...parent.querySelectorAll(":scope > [data-key]")].map((child) => [child.dataset.key, child]),
    );
    const place = parent.querySelectorAll(":scope > :not([data-key])").length;
    models.forEach((model, index) => {
      const child = known.get(model.key) ?? document.createElement(tag(model));
      if (!known.delete(model.key)) {
        child.dataset.key = model.key;
        make(child, model);
      }
      const there = parent.children[place + index];
      if (there !== child) parent.insertBefore(child, there ?? null);
      update(child, model);
    });
    for (const child of known.values()) child.remove();
  }

  function write(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  function add(parent, tag, className = "") {
    const child = parent.appendChild(document.createElement(tag));
    child.className = className;
    return child;
  }

  function makeHeading(heading, { key }) {
    heading.scope = "col";
    add(heading, "button").addEventListener("click", () => send({ kind: "sort", column: key }));
  }

  function updateHeading(heading, { title, isNumeric, sort }) {
    heading.className = isNumeric ? "number" : "";
    heading.ariaSort = sort;
    write(heading.firstChild, title);
  }

  function updateRow(columns, row, { run, tone, cells, line }) {
    row.className = tone;
    const models = cells.map((text, index) => {
      const isName = index === 0;
      const isOutputs = columns[index].key === "outputs" && text !== "";
      const cell = { ...columns[index], text, isName, isOutputs, run: isName || isOutputs ? run : undefined };
      // A cell becomes another element once there is something that it leads to.
      return { ...cell, key: cell.run === undefined ? cell.key : `${cell.key} link` };
    });
    const tag = ({ isName }) => (isName ? "th" : "td");
    keyed(row, models, { tag, make: makeCell, update: updateCell });
    const use = row.querySelector('[data-key="utilization"]');
    if (use) drawLine(use, line);
  }

  function makeCell(cell, { isName, isNumeric, isOutputs, key, run }) {
    cell.className = isNumeric ? "number" : key.replace(" link", "");
    if (isName) cell.scope = "row";
    const content = add(cell, run === undefined ? "span" : "button");
    if (run === undefined) return;
    content.addEventListener("click", () => send({ kind: isOutputs ? "openOutputs" : "show", run }));
    if (!isOutputs) return;
    const keep = add(cell, "button", "keep");
    write(keep, "Keep These Outputs");
    keep.title = "Copy them to their places in the folder";
    keep.addEventListener("click", () => send({ kind: "keepOutputs", run }));
  }

  function updateCell(cell, { text, isNumeric, isOutputs, run }) {
    write(cell.firstChild, text);
    const does = isOutputs ? "Show this folder" : "Show the terminal of this run";
    const title = isNumeric ? "" : run === undefined ? text : `${text}\n${does}`;
    if (cell.title !== title) cell.title = title;
  }

  /** Percents from 0 to 100, as a line behind the cell's text. */
  function drawLine(cell, percents) {
    const line = cell.querySelector("polyline") ?? addLine(cell);
    const place = (percent, index) => {
      const x = (index / Math.max(1, percents.length - 1)) * LINE.width;
      const y = (1 - percent / 100) * (LINE.height - 2) + 1;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    };
    line.setAttribute("points", percents.map(place).join(" "));
  }

  function addLine(cell) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", `0 0 ${LINE.width} ${LINE.height}`);
    picture.setAttribute("aria-hidden", "true");
    cell.append(picture);
    return picture.appendChild(document.createElementNS(SVG, "polyline"));
  }

  function makeChart(figure) {
    add(figure, "figcaption");
    add(figure, "div", "bars").setAttribute("role", "img");
  }

  function updateChart(figure, { title, bars }) {
    const [caption, list] = figure.children;
    write(caption, title);
    list.ariaLabel = `${title}: ${bars.map(({ name, text }) => `${name} ${text}`).join(", ")}`;
    keyed(list, bars, { tag: () => "div", make: makeBar, update: updateBar });
  }

  function makeBar(row) {
    add(row, "span", "name");
    add(add(row, "span", "track"), "span", "bar");
    add(row, "span", "value");
  }

  function updateBar(row, { name, text, share, tone }) {
    const [label, track, value] = row.children;
    row.className = tone;
    write(label, name);
    if (label.title !== name) label.title = name;
    write(value, text);
    track.firstChild.style.width = `${share * 100}%`;
  }
})();
